package store

import (
	"bytes"
	"io"
	"time"
)

// rehearsed is a file of a rehearsal.
type rehearsed struct {
	all    *Rehearsal // whose lock guards what follows
	base   File
	name   string
	before int64

	size    int64
	low     int64 // how short the file was at least: from there on nothing of the base is left
	written written
	blank   written // whole sectors that were made zeros last, by long writes
	sectors map[int64]*keptSector
}

var blankSector [sectorBytes]byte

// keptSector is a sector as it was written last.
type keptSector struct {
	bytes [sectorBytes]byte
	again bool // it was read or written since it came
}

// ReadAt reads the file as it would be.
func (f *rehearsed) ReadAt(p []byte, off int64) (int, error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if off < 0 {
		return 0, errOffset
	}
	short := int64(len(p)) > f.size-off
	if short {
		p = p[:max(f.size-off, 0)]
	}
	if err := f.read(p, off); err != nil {
		return 0, err
	}
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// read fills p, which lies in the file.
func (f *rehearsed) read(p []byte, off int64) error {
	n := int(max(min(int64(len(p)), f.low-off), 0))
	if got, err := f.base.ReadAt(p[:n], off); got < n {
		return err
	}
	clear(p[n:])
	end := off + int64(len(p))
	for r, ok := f.written.next(off); ok && r.Offset < end; r, ok = f.written.next(r.End()) {
		for at := max(off, r.Offset); at < min(end, r.End()); at += sectorBytes - at%sectorBytes {
			b := f.kept(at)
			if b == nil {
				return f.forgotten(at)
			}
			copy(p[at-off:min(r.End(), end)-off], b)
		}
	}
	return nil
}

// write keeps bytes for a while.
func (f *rehearsed) write(p []byte, off int64) (int, error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if off < 0 {
		return 0, errOffset
	}
	if err := f.keep(p, off); err != nil || len(p) == 0 {
		return 0, err
	}
	f.written.add(off, int64(len(p)))
	f.size = max(f.size, off+int64(len(p)))
	return len(p), nil
}

// keep keeps a long write as a piece, but for headers and the sectors at its ends.
func (f *rehearsed) keep(p []byte, off int64) error {
	end := off + int64(len(p))
	from, to := end, end
	if len(p) > longWrite {
		from = min(max(off+sectorBytes-1, alwaysKept)/sectorBytes*sectorBytes, end)
		to = max(end/sectorBytes*sectorBytes, from)
	}
	if err := f.keepShort(p[:from-off], off); err != nil {
		return err
	}
	if err := f.keepShort(p[to-off:], to); err != nil {
		return err
	}
	if from < to {
		f.keepLong(p[from-off:to-off], from)
	}
	return nil
}

// keepShort keeps the sectors of a write, which take over what they hold besides.
func (f *rehearsed) keepShort(p []byte, off int64) error {
	if len(p) > 0 {
		start, end := off/sectorBytes*sectorBytes, (off+int64(len(p))+sectorBytes-1)/sectorBytes*sectorBytes
		defer f.blank.drop(start, end-start)
	}
	for len(p) > 0 {
		number, into := off/sectorBytes, off%sectorBytes
		s := f.sectors[number]
		if s == nil {
			s = &keptSector{}
			if start := off - into; into > 0 || len(p) < sectorBytes {
				if err := f.read(s.bytes[:min(sectorBytes, max(f.size-start, 0))], start); err != nil {
					return err
				}
			}
			f.sectors[number] = s
			if off >= alwaysKept {
				f.all.shelve(shelved{f, number})
			}
		} else {
			s.again = true
		}
		n := copy(s.bytes[into:], p)
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// keepLong keeps whole sectors in one piece, instead of what was kept of them. Zeros take
// no room.
func (f *rehearsed) keepLong(p []byte, off int64) {
	end := off + int64(len(p))
	for number := off / sectorBytes; number < end/sectorBytes && len(f.sectors) > 0; number++ {
		delete(f.sectors, number)
	}
	if len(bytes.TrimLeft(p, "\x00")) == 0 {
		f.blank.add(off, int64(len(p)))
		return
	}
	f.blank.drop(off, int64(len(p)))
	if rest := len(p) - keptOfData; rest > 0 {
		p, off = p[rest:], off+int64(rest)
	}
	f.all.lay(keptPiece{f, off, p})
}

// kept is what is kept of a sector from a byte on; nil if nothing is.
func (f *rehearsed) kept(off int64) []byte {
	if r, ok := f.blank.next(off); ok && r.Offset <= off {
		return blankSector[off%sectorBytes:]
	}
	if s := f.sectors[off/sectorBytes]; s != nil {
		s.again = true
		return s.bytes[off%sectorBytes:]
	}
	for i := len(f.all.pieces) - 1; i >= 0; i-- {
		if p := f.all.pieces[i]; p.f == f && off >= p.off && off < p.off+int64(len(p.data)) {
			at := off - p.off
			return p.data[at:min(at+sectorBytes-off%sectorBytes, int64(len(p.data)))]
		}
	}
	return nil
}

// truncate changes the length. What the file gains is zeros.
func (f *rehearsed) truncate(size int64) error {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if size < 0 {
		return errOffset
	}
	if size < f.size {
		f.low = min(f.low, size)
		f.written.cut(size)
		f.blank.cut(size)
		f.all.cut(f, size)
		for number, s := range f.sectors {
			if number*sectorBytes >= size {
				delete(f.sectors, number)
			} else if end := size - number*sectorBytes; end < sectorBytes {
				clear(s.bytes[end:])
			}
		}
	}
	f.size = size
	return nil
}

// Size is the length that the file would have.
func (f *rehearsed) Size() (int64, error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	return f.size, nil
}

// NextData is what the base has, or what was written.
func (f *rehearsed) NextData(off int64) (Range, error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	r, err := NextData(f.base, off, f.low)
	w, ok := f.written.next(off)
	switch {
	case err != nil && err != io.EOF:
		return r, err
	case ok && (err != nil || w.Offset < r.Offset):
		start := max(off, w.Offset)
		return Range{start, w.End() - start}, nil
	}
	return r, err
}

// Sync has nothing to do.
func (f *rehearsed) Sync() error { return nil }

// ID is that of the file underneath.
func (f *rehearsed) ID() (FileID, error) { return f.base.ID() }

// ModTime is that of the file underneath.
func (f *rehearsed) ModTime() (time.Time, error) { return f.base.ModTime() }
