package damage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/locate"
	"platter/engine/store"
)

// Bench is where an image is damaged: its changes are staged, and can be undone one by one.
type Bench interface {
	// Image is the image as staged.
	Image() (disk.Image, error)
	// Set makes a change of giving a field another value, by its path in the tree.
	Set(ctx context.Context, path, value string, wrong bool) ([]disk.SettingValue, []string, error)
	// Stage makes a change of overwriting bytes.
	Stage(title string, edits ...disk.Edit) error
	// Repair makes a change of whatever a function writes.
	Repair(ctx context.Context, title string, r disk.Repair) error
	// Undo takes back the last change.
	Undo() (string, error)
}

// errNowhere says that an image has nothing that a fault could be planted in.
var errNowhere = errors.New("this image has nothing to plant it in")

// planter plants one fault.
type planter struct {
	Bench
	ctx     context.Context
	img     disk.Image // before
	rnd     *rand.Rand
	changes int // that were staged
}

// pick chooses one of several.
func pick[T any](p *planter, list []T) T { return list[p.rnd.IntN(len(list))] }

// node is the structure or field that a path leads to.
func (p *planter) node(path string) (decode.Node, error) {
	n, err := locate.Node(p.img, path)
	if err != nil {
		return n, fmt.Errorf("%w: %w", errNowhere, err)
	}
	return n, nil
}

// set gives fields other values: path, value, path, value. One that has the value already
// stays as it is.
func (p *planter) set(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		done, _, err := p.Set(p.ctx, pairs[i], pairs[i+1], false)
		if err != nil {
			return fmt.Errorf("%w: %w", errNowhere, err)
		}
		if len(done) > 0 && done[0].Old != done[0].New {
			p.changes++
		}
	}
	return nil
}

// flip flips a bit of a structure or field.
func (p *planter) flip(path string) error {
	n, err := p.node(path)
	if err != nil {
		return err
	}
	if n.Place.Length == 0 {
		return errNowhere
	}
	at := n.Place.Offset + p.rnd.Int64N(n.Place.Length)
	b, err := p.read(n.Place.File, at, 1)
	if err != nil {
		return err
	}
	b[0] ^= 1 << p.rnd.IntN(8)
	return p.put(n.Place.File, at, b)
}

// read reads bytes of a file of the image, all of them.
func (p *planter) read(file string, off, n int64) ([]byte, error) {
	for _, f := range p.img.Files() {
		if f.Name != file {
			continue
		}
		if off < 0 || n < 0 || n > maxRead || off > f.Size-n {
			return nil, errNowhere
		}
		b := make([]byte, n)
		if got, err := f.Data.ReadAt(b, off); got < len(b) {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		return b, nil
	}
	return nil, errNowhere
}

// maxRead bounds what is read at once, in bytes.
const maxRead = 64 << 20

// put overwrites bytes of a file.
func (p *planter) put(file string, off int64, b []byte) error {
	if err := p.Stage("fault", disk.Edit{File: file, Offset: off, Data: b}); err != nil {
		return err
	}
	p.changes++
	return nil
}

// secrets are what is hidden where nothing should be.
var secrets = []string{"meet me at the north gate at nine", "the key is under the third stone", "account 4711, password swordfish", "burn this after reading"}

// hide writes a text somewhere in a range of a file that holds zeros there.
func (p *planter) hide(file string, from, to int64) error {
	text := []byte(pick(p, secrets))
	room := to - from - int64(len(text))
	if room <= 0 {
		return errNowhere
	}
	for range 20 {
		at := from + p.rnd.Int64N(room)
		b, err := p.read(file, at, int64(len(text)))
		if err != nil {
			return err
		}
		if isZero(b) {
			return p.put(file, at, text)
		}
	}
	return errNowhere
}

// resize gives the image's first file another length, more or fewer bytes; what it gains is
// filled with a byte.
func (p *planter) resize(by int64, fill byte) error {
	f := p.img.Files()[0]
	if f.Size+by < 0 {
		return errNowhere
	}
	err := p.Repair(p.ctx, "fault", disk.Repair{Apply: func(_ context.Context, to store.FS) (err error) {
		w, err := to.OpenWrite(f.Name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		if err := w.Truncate(f.Size + by); err != nil || by <= 0 {
			return err
		}
		b := make([]byte, by)
		for i := range b {
			b[i] = fill
		}
		_, err = w.WriteAt(b, f.Size)
		return err
	}})
	if err == nil {
		p.changes++
	}
	return err
}

// resizes is a fault of the length of the file: so many bytes more or fewer.
func resizes(code, about string, by int64, fill byte) Fault {
	return Fault{code, about, func(p *planter) error { return p.resize(by, fill) }}
}

// stored is a range of the disk that the image itself stores, with the table entry that
// places it.
type stored struct {
	disk.Span
	entry decode.Place
}

// entriesLooked bounds the ranges of the disk among which one is chosen.
const entriesLooked = 4096

// storage lists ranges that the image itself stores plainly, each under another entry of the
// table; at least so many.
func (p *planter) storage(table string, least int) ([]stored, error) {
	var list []stored
	if !p.img.Info().Readable() {
		return nil, errNowhere
	}
	for span, err := range p.img.Map(0, p.img.Info().VirtualSize) {
		if err != nil {
			return nil, err
		}
		if span.State != disk.Data || span.Layer != 0 {
			continue
		}
		for _, v := range span.Via {
			if v.Table == table && !v.IsBit && v.Layer == 0 && (len(list) == 0 || list[len(list)-1].entry != v.Place) {
				list = append(list, stored{span, v.Place})
			}
		}
		if len(list) == entriesLooked {
			break
		}
	}
	if len(list) < least {
		return nil, errNowhere
	}
	p.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list, nil
}

// entry gives a table entry other bytes.
func (p *planter) entry(at decode.Place, b []byte) error { return p.put(at.File, at.Offset, b) }

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
