// Package vmdk reads VMDK images: the descriptor with its extents (flat,
// hosted sparse, streamOptimized, COWD, seSparse), chains of deltas over their
// parents, and all that the format's checks find (vmdk.md).
package vmdk

import (
	"errors"
	"io"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Image is an opened VMDK. All methods may be called from several goroutines.
type Image struct {
	src     disk.Source
	main    *file   // the file that was named
	files   []*file // main first, then extents in the order of their lines
	byName  map[string]*file
	byClaim map[string]*file
	absent  map[string]error // names that led to no file

	text     *vmdk.Descriptor // nil for a sparse extent without one
	textAt   decode.Place     // the text itself, or the room reserved for it
	separate bool             // the descriptor is a file of its own

	extents []*extent
	size    int64       // bytes of the virtual disk
	refused *disk.Error // why it can't be read at all
	quick   *grid       // of a child that is one sparse extent: see grid.absent

	layers  []*Image // this one, its parent, and so on as far as they could be opened
	orphan  error    // why the parent below the last layer is not there; nil for a base
	link    link
	info    disk.Info
	opening []disk.Finding
}

// Info is what opening the image found out.
func (m *Image) Info() disk.Info { return m.info }

// Files are the descriptor and the extents of this layer.
func (m *Image) Files() []disk.File {
	list := make([]disk.File, len(m.files))
	for i, f := range m.files {
		list[i] = f.File
	}
	return list
}

// Parent is the next layer; nil for a base disk and where it is missing.
func (m *Image) Parent() disk.Image {
	if m.link.parent == nil {
		return nil
	}
	return m.link.parent
}

// Close closes all files, the parents' too.
func (m *Image) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.handle.Close())
	}
	if m.link.found != nil {
		errs = append(errs, m.link.found.Close())
	}
	return errors.Join(errs...)
}

// ReadAt reads the virtual disk.
func (m *Image) ReadAt(p []byte, off int64) (int, error) {
	if m.refused != nil {
		return 0, m.refused
	}
	return disk.ReadWithin(m.size, "", p, off, m.read)
}

func (m *Image) read(p []byte, off int64) (int, error) {
	var r run
	w := walk{layers: m.layers}
	for done := 0; done < len(p); {
		pos := off + int64(done)
		layer, err := w.next(pos, off+int64(len(p)), &r)
		if err != nil {
			return done, err
		}
		piece := p[done : done+int(r.length)]
		if err := m.fill(piece, pos, layer, &r); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return len(p), nil
}

// fill reads what one run holds.
func (m *Image) fill(p []byte, pos int64, layer int, r *run) error {
	switch r.state {
	case disk.Missing, disk.FromParent:
		return m.missing(pos, layer, r)
	case disk.Data:
	default:
		clear(p)
		return nil
	}
	f := r.extent.file
	if r.packed > 0 {
		return r.extent.sparse.grid.packed.read(p, r.offset, r.skip)
	}
	n, err := f.Data.ReadAt(p, r.offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &disk.Error{Kind: disk.Damaged, Op: "read", At: f.place(r.offset+int64(n), int64(len(p)-n)), What: "the data can't be read", Err: err}
}

// missing words why a range has no bytes.
func (m *Image) missing(pos int64, layer int, r *run) error {
	if r.state == disk.FromParent {
		return &disk.Error{
			Kind: disk.NotFound, Op: "read",
			What: "byte " + hex(pos) + " of the disk is stored in the parent " + decode.InQuotes(m.layers[layer].link.hint) + ", which is not there",
			Err:  m.orphan,
		}
	}
	if r.fault == extentFault {
		return r.extent.fault
	}
	e := &disk.Error{Kind: disk.Damaged, Op: "read", What: "byte " + hex(pos) + " of the disk: " + faultTexts[r.fault]}
	if r.vias > 0 {
		last := r.via[r.vias-1]
		e.At = r.extent.file.place(last.at, r.extent.sparse.grid.width)
		e.What += ", entry " + hex(int64(last.raw))
	} else if r.extent.file != nil {
		e.At = r.extent.file.place(r.extent.file.Size, 0)
	}
	return e
}
