package store

import "slices"

// What a rehearsal keeps. Lengths are in bytes.
const (
	sectorBytes  = 512
	alwaysKept   = 1 << 20  // at the start of each file: headers
	keptOfTables = 16 << 20 // of short writes
	keptOfData   = 4 << 20  // of long ones
	longWrite    = 16 << 10 // more than a table is written with at once
)

// shelved is a sector of a file that is kept for a while.
type shelved struct {
	f      *rehearsed
	number int64
}

// keptPiece is a long write.
type keptPiece struct {
	f    *rehearsed
	off  int64
	data []byte
}

// shelve keeps a sector as long as it is among the last, or is used again.
func (r *Rehearsal) shelve(s shelved) {
	r.shelf = append(r.shelf, s)
	for len(r.shelf) > keptOfTables/sectorBytes {
		first := r.shelf[0]
		r.shelf = r.shelf[1:]
		switch old := first.f.sectors[first.number]; {
		case old == nil: // a long write has come over it
		case old.again:
			old.again = false
			r.shelf = append(r.shelf, first)
		default:
			delete(first.f.sectors, first.number)
		}
	}
}

// lay keeps a copy of a piece, and lets go of the oldest ones.
func (r *Rehearsal) lay(p keptPiece) {
	var room []byte
	for r.held > 0 && r.held+len(p.data) > keptOfData {
		room = r.pieces[0].data[:0]
		r.held -= len(r.pieces[0].data)
		r.pieces = slices.Delete(r.pieces, 0, 1)
	}
	p.data = append(room, p.data...)
	r.pieces, r.held = append(r.pieces, p), r.held+len(p.data)
}

// cut forgets what lies past the end of a file that has become shorter.
func (r *Rehearsal) cut(f *rehearsed, size int64) {
	for i := range r.pieces {
		if p := &r.pieces[i]; p.f == f && p.off+int64(len(p.data)) > size {
			n := int(max(size-p.off, 0))
			r.held -= len(p.data) - n
			p.data = p.data[:n]
		}
	}
}
