package writer

import (
	"context"
	"errors"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// maxGrown bounds how long a repair makes a file, in bytes. What hosts can't
// hold is refused by them at commit.
const maxGrown = 64 << 40

// work is a sparse file under repair. What is read of it is what it was when the
// image was opened.
type work struct {
	*reader.Sparse
	to   store.File
	size int64 // the file's length now
}

// repaired has a sparse file changed by several writes.
func repaired(s *reader.Sparse, change func(ctx context.Context, w *work) error) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		f, err := to.OpenWrite(s.Name)
		if err != nil {
			return err
		}
		return errors.Join(change(ctx, &work{s, f, s.Size}), f.Close())
	}
}

// resize gives the file another length. What it gains is zeros.
func (w *work) resize(size int64) error {
	if size > maxGrown && size > w.Size {
		return w.Impossible(w.Size, 0, "the file would grow to %d bytes, at most %d are supported", size, int64(maxGrown))
	}
	w.size = size
	return w.to.Truncate(size)
}

// grow makes the file at least that long.
func (w *work) grow(size int64) error {
	if size <= w.size {
		return nil
	}
	return w.resize(size)
}

// write puts bytes at an offset; the file grows where they reach past its end.
func (w *work) write(off int64, b []byte) error {
	if off < 0 {
		return w.Impossible(0, 0, "%d bytes before the start of the file would have to change", -off)
	}
	if err := w.grow(off + int64(len(b))); err != nil {
		return err
	}
	_, err := w.to.WriteAt(b, off)
	return err
}

// move copies bytes of the file to another place in it.
func (w *work) move(from, to, n int64) error {
	b, err := w.Head(from, n)
	if err != nil {
		return err
	}
	return w.write(to, append(b, make([]byte, n-int64(len(b)))...))
}

// entry sets a table entry of width bytes.
func (w *work) entry(off, width int64, v uint64) error {
	b := make([]byte, width)
	vmdk.PutEntry(b, width, v)
	return w.write(off, b)
}

// header changes the header in the first sector.
func (w *work) header(change func(h decode.Record[vmdk.Header])) error {
	b, err := w.Head(0, vmdk.SectorSize)
	if err != nil {
		return err
	}
	h, ok := vmdk.HeaderTable.Of(b)
	if !ok {
		return w.Impossible(0, vmdk.SectorSize, "the header is cut off")
	}
	change(h)
	return w.write(0, h.Bytes())
}

// sector is the number of the sector at a byte offset as a table entry of a
// hosted extent or a COWD can hold it.
func (w *work) sector(off int64) (uint64, error) {
	n := uint64(off / vmdk.SectorSize)
	if n >= 1<<32 {
		return 0, w.Impossible(off, 0, "a table entry can't lead past 2 TiB of the file")
	}
	return n, nil
}

// roundUp rounds n up to a multiple of unit.
func roundUp(n, unit int64) int64 {
	if rest := n % unit; rest != 0 {
		return n + unit - rest
	}
	return n
}
