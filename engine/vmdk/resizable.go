package vmdk

import (
	"strconv"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Tail is the last extent of a disk, which grows with it.
type Tail struct {
	Extent
	Named string // the file's name in the line, as it is there
	First int64  // length of the first extent, in bytes
	Count int    // of extents
	Size  int64  // of the file
}

// Tail is the last extent; an error where nothing can follow it: it has no file of its own.
func (p Parts) Tail() (Tail, error) {
	list := p.image.extents
	last := list[len(list)-1]
	if last.fault != nil {
		return Tail{}, last.fault
	}
	if last.file == nil || last.line == nil && last.sparse == nil {
		return Tail{}, disk.Copied(p.TextAt, "the disk ends with an extent that has no file")
	}
	t := Tail{Extent: Extent{File: last.file.Name, End: last.base + last.length, Length: last.length, extent: last}, First: list[0].length, Count: len(list), Size: last.file.Size}
	if last.sparse != nil {
		t.Sparse = last.sparse.part()
	}
	if last.line != nil {
		t.Named = last.line.Extent.Name
	}
	for _, e := range list[:len(list)-1] {
		if e.file != nil && e.file.isSame(last.file) {
			return Tail{}, disk.Copied(last.file.place(t.End, 0), "several extents lie in %s", last.file.Name)
		}
	}
	return t, nil
}

// Lengthen is the change of the text by which the last extent counts n sectors, and other
// lines follow it.
func (t Text) Lengthen(n int64, lines string) []vmdk.Splice {
	last := t.image.extents[len(t.image.extents)-1].line
	if last == nil {
		return nil
	}
	parts := []vmdk.Splice{{At: last.Extent.SectorsAt, Text: strconv.FormatInt(n, 10)}}
	if lines == "" {
		return parts
	}
	if last.Ending == "" {
		lines = "\n" + lines
	}
	return append(parts, vmdk.Splice{At: vmdk.Part{Offset: last.At.Offset + last.At.Length}, Text: lines})
}

// Untracked is the change of the text that ends change tracking, whose map is of the old
// size; none where nothing is tracked (vmdk.md 10).
func (t Text) Untracked() (parts []vmdk.Splice) {
	l := t.Setting("changeTrackPath")
	if l == nil {
		return nil
	}
	parts = append(parts, l.Drop())
	if v := t.Setting("version"); v != nil {
		parts = append(parts, vmdk.Splice{At: v.ValueAt, Text: "1"})
	}
	return parts
}
