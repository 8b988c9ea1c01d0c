// Package vmdk reads VMDK images: the descriptor with its extents (flat,
// hosted sparse, streamOptimized, COWD, seSparse), chains of deltas over their
// parents, and all that the format's checks find (vmdk.md).
package vmdk

import (
	"errors"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
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
	untitled bool             // the first lines of the text are damaged
	separate bool             // the descriptor is a file of its own

	extents []*extent
	size    int64       // bytes of the virtual disk
	refused *disk.Error // why it can't be read at all
	turned  bool        // the disk is read by redundant tables
	quick   *grid       // of a child that is one sparse extent: see grid.absent

	stack   layer.Stack // this one, its parent, and so on as far as they could be opened
	orphan  error       // why the parent below the last layer is not there; nil for a base
	link    link
	info    disk.Info
	opening []disk.Finding
}

var _ disk.TwoSets = (*Image)(nil)

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

// ReadAt reads the virtual disk, composed of all layers.
func (m *Image) ReadAt(p []byte, off int64) (int, error) { return m.stack.ReadAt(p, off) }
