package writer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"math"
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

// worker compresses grains with writers of its own.
func (p *press) worker() func(rawGrain) pressedGrain {
	fast, err := zlib.NewWriterLevel(io.Discard, p.level)
	var thorough *zlib.Writer
	return func(g rawGrain) pressedGrain {
		out, ok := p.packs.Get().(*bytes.Buffer)
		if !ok {
			out = new(bytes.Buffer)
		}
		defer p.raws.Put(g.bytes)
		if err == nil {
			err = pack(out, fast, *g.bytes)
		}
		if err == nil && p.level > 0 && p.level < thoroughLevel && out.Len() > len(*g.bytes)/8*7 && dense(*g.bytes) {
			if thorough == nil {
				thorough, err = zlib.NewWriterLevel(io.Discard, thoroughLevel)
			}
			if err == nil {
				err = pack(out, thorough, *g.bytes)
			}
		}
		return pressedGrain{g.number, out, err}
	}
}

// thoroughLevel is the least level at which the encoder gives up on nothing: the faster
// ones store text without repetitions as it is, such as long hex numbers.
const thoroughLevel = 7

// pack compresses a grain after its marker.
func pack(out *bytes.Buffer, compress *zlib.Writer, content []byte) error {
	out.Reset()
	out.Write(vmdk.GrainMarkerTable.Blank().Bytes())
	compress.Reset(out)
	_, err := compress.Write(content)
	return errors.Join(err, compress.Close())
}

// dense reports whether the bytes are so unequally frequent that they can be written
// shorter, by a sixteenth at least.
func dense(b []byte) bool {
	var counts [256]int
	for _, v := range b {
		counts[v]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			bits -= float64(n) * math.Log2(float64(n)/float64(len(b)))
		}
	}
	return bits < float64(len(b))*7.5
}
