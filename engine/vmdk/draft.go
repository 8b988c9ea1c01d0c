package vmdk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// maxDraft bounds the bytes that one repair changes: half of what a workspace
// takes in, so that a hostile size can't fill it. Growth alone costs nothing.
const maxDraft = store.MaxStaged / 2

// maxGrown bounds how long a repair makes a file, in bytes. What hosts can't
// hold is refused by them at commit.
const maxGrown = 64 << 40

// draft collects what a repair changes in one file: bytes at places that do
// not overlap, and a new length.
type draft struct {
	f       *file
	size    int64 // the file's length when all is done
	changed int64
	edits   []disk.Edit
}

// drafted is the repair of carrying out a draft that is made when it is asked for.
func (f *file) drafted(title, risk string, fill func(ctx context.Context, d *draft) error) disk.Repair {
	return disk.Repair{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		d := &draft{f: f, size: f.Size}
		if err := fill(ctx, d); err != nil {
			return nil, err
		}
		return d.finish()
	}}
}

// impossible is why a repair can't be carried out.
func (f *file) impossible(off, n int64, format string, args ...any) error {
	return &disk.Error{Kind: disk.Unsupported, Op: "repair", At: f.place(off, n), What: fmt.Sprintf(format, args...)}
}

// write puts bytes at an offset; the file grows where they reach past its end.
// Only sectors that differ become edits.
func (d *draft) write(off int64, b []byte) error {
	if off < 0 {
		return d.f.impossible(0, 0, "%d bytes before the start of the file would have to change", -off)
	}
	old, err := d.f.head(off, int64(len(b)))
	if err != nil {
		return err
	}
	before := make([]byte, len(b)) // what a file gains by growing is zeros
	copy(before, old)
	for at := 0; at < len(b); {
		end := min(len(b), at+vmdk.SectorSize)
		if bytes.Equal(before[at:end], b[at:end]) {
			at = end
			continue
		}
		for end < len(b) && !bytes.Equal(before[end:min(len(b), end+vmdk.SectorSize)], b[end:min(len(b), end+vmdk.SectorSize)]) {
			end = min(len(b), end+vmdk.SectorSize)
		}
		if d.changed += int64(end - at); d.changed > maxDraft {
			return d.f.impossible(off, int64(len(b)), "more than %d MiB would change: a copy of the disk mends it", maxDraft>>20)
		}
		d.edits = append(d.edits, disk.Edit{File: d.f.Name, Offset: off + int64(at), Data: b[at:end]})
		at = end
	}
	d.size = max(d.size, off+int64(len(b)))
	return nil
}

// move copies bytes of the file to another place in it.
func (d *draft) move(from, to, n int64) error {
	b, err := d.f.head(from, n)
	if err != nil {
		return err
	}
	return d.write(to, append(b, make([]byte, n-int64(len(b)))...))
}

// entry sets a table entry of width bytes.
func (d *draft) entry(off, width int64, v uint64) error {
	b := make([]byte, 8)
	binary.LittleEndian.PutUint64(b, v)
	return d.write(off, b[:width])
}

// header changes the header in the first sector.
func (d *draft) header(change func(h decode.Record[vmdk.Header])) error {
	b, err := d.f.head(0, vmdk.SectorSize)
	if err != nil {
		return err
	}
	h, ok := vmdk.HeaderTable.Of(b)
	if !ok {
		return d.f.impossible(0, vmdk.SectorSize, "the header is cut off")
	}
	change(h)
	return d.write(0, h.Bytes())
}

// finish gives the edits in the order in which they can be staged.
func (d *draft) finish() ([]disk.Edit, error) {
	switch size := d.f.Size; {
	case d.size > maxGrown && d.size > size:
		return nil, d.f.impossible(size, 0, "the file would grow to %d bytes, at most %d are supported", d.size, int64(maxGrown))
	case size-d.size > maxDraft:
		return nil, d.f.impossible(d.size, size-d.size, "more than %d MiB would be cut off: a copy of the disk mends it", maxDraft>>20)
	case d.size > size:
		return append([]disk.Edit{disk.Resized(d.f.Name, d.size)}, d.edits...), nil
	case d.size < size:
		return append(d.edits, disk.Resized(d.f.Name, d.size)), nil
	}
	return d.edits, nil
}

// sector is the number of the sector at a byte offset as a table entry of a
// hosted extent or a COWD can hold it.
func (d *draft) sector(off int64) (uint64, error) {
	n := uint64(off / vmdk.SectorSize)
	if n >= 1<<32 {
		return 0, d.f.impossible(off, 0, "a table entry can't lead behind 2 TiB of the file")
	}
	return n, nil
}

// write64 sets a number of eight bytes.
func (d *draft) write64(off int64, v uint64) error { return d.entry(off, 8, v) }
