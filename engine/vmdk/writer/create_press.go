package writer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/klauspost/compress/zlib"

	"platter/decode/vmdk"
)

// press compresses the grains of a disk.
type press struct {
	data   window
	length int64 // of a grain, in bytes
	level  int
	raws   sync.Pool // of *[]byte, a grain each
	packs  sync.Pool // of *bytes.Buffer
}

// rawGrain is the content of a grain. One that the disk ends in is padded with zeros:
// readers want whole ones (vmdk.md 5.2).
type rawGrain struct {
	number int64
	bytes  *[]byte
}

// pressedGrain is a marker, still empty, and the compressed grain after it.
type pressedGrain struct {
	number int64
	packed *bytes.Buffer
	err    error
}

// errEnough ends the walk over the grains when nobody wants more of them.
var errEnough = errors.New("no more grains are wanted")

// grains reads the grains that are to be stored, in their order.
func (p *press) grains(ctx context.Context) iter.Seq2[rawGrain, error] {
	return func(yield func(rawGrain, error) bool) {
		err := p.data.units(ctx, p.length, func(n int64) error {
			b, ok := p.raws.Get().(*[]byte)
			if !ok {
				fresh := make([]byte, p.length)
				b = &fresh
			}
			if err := p.data.read(*b, n*p.length); err != nil {
				return err
			}
			if !yield(rawGrain{n, b}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(rawGrain{}, err)
		}
	}
}

// worker compresses grains with a writer of its own.
func (p *press) worker() func(rawGrain) pressedGrain {
	compress, err := zlib.NewWriterLevel(io.Discard, p.level)
	return func(g rawGrain) pressedGrain {
		out, ok := p.packs.Get().(*bytes.Buffer)
		if !ok {
			out = new(bytes.Buffer)
		}
		defer p.raws.Put(g.bytes)
		out.Reset()
		out.Write(vmdk.GrainMarkerTable.Blank().Bytes())
		if err == nil {
			compress.Reset(out)
			_, e := compress.Write(*g.bytes)
			err = errors.Join(e, compress.Close())
		}
		return pressedGrain{g.number, out, err}
	}
}
