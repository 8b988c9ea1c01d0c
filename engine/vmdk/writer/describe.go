package writer

import (
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// Described is the descriptor that is missing for files that are there.
type Described struct {
	extents []reader.Guess
	Size    int64 // of the disk, in bytes
	Type    string
}

// Describe finds out what a descriptor of a file has to say: which files are the disk, and
// how long it is; of a single file without a header it may be told how long (vmdk.md 2.4).
func Describe(files reader.Files, name string, size int64) (*Described, error) {
	list, err := reader.PiecesOf(files, name)
	if err != nil {
		return nil, err
	}
	if size > 0 {
		if list[0].Type != vmdk.TypeFlat || len(list) > 1 {
			return nil, disk.Wrong(disk.OptionSize, "the files say how large the disk is")
		}
		if have := int64(list[0].Sectors)*vmdk.SectorSize + list[0].Over; size > have {
			return nil, disk.Wrong(disk.OptionSize, "%d bytes: the file %s has %d", size, decode.InQuotes(name), have)
		}
		list[0].Over += int64(list[0].Sectors)*vmdk.SectorSize - size
		list[0].Sectors = uint64(size / vmdk.SectorSize)
	}
	d := &Described{extents: list}
	var types []string
	for _, g := range list {
		if g.Sectors > maxFlat/vmdk.SectorSize {
			return nil, disk.Errorf(disk.Limit, decode.Place{File: g.Name}, "%d sectors are more than a VMDK can have", g.Sectors)
		}
		d.Size += int64(g.Sectors) * vmdk.SectorSize
		types = append(types, g.Type)
	}
	d.Type = typeOf(types)
	return d, nil
}

// typeOf is the createType of a descriptor that stands alone.
func typeOf(types []string) string {
	many := len(types) > 1
	slices.Sort(types)
	switch types = slices.Compact(types); {
	case len(types) > 1:
		return "custom"
	case types[0] == vmdk.TypeVmfsSparse:
		return vmfsSparse
	case types[0] == vmdk.TypeSeSparse:
		return "seSparse"
	case types[0] == vmdk.TypeSparse:
		return splitSparse
	case many:
		return splitFlat
	}
	return monolithicFlat
}

// Layer reports whether the files can only be a layer over a parent.
func (d *Described) Layer() bool { return d.Type == vmfsSparse || d.Type == "seSparse" }

// Names reports whether one of the files has a name, in whatever case.
func (d *Described) Names(name string) bool {
	return slices.ContainsFunc(d.extents, func(g reader.Guess) bool { return strings.EqualFold(g.Name, name) })
}

// Over is how many bytes of a single flat file come after what the disk has of it.
func (d *Described) Over() int64 { return d.extents[0].Over }

// Write makes the descriptor. The type of the spec counts where the files leave a choice.
func (d *Described) Write(to store.FS, name string, spec disk.Spec) error {
	var list []piece
	kind := d.Type
	if kind == monolithicFlat && spec.Text(disk.OptionType) == vmfs {
		kind = vmfs
	}
	for _, g := range d.extents {
		p := piece{kind: g.Type, sectors: int64(g.Sectors), name: g.Name, offset: g.Type == vmdk.TypeFlat}
		if kind == vmfs {
			p.kind, p.offset = "VMFS", false
		}
		list = append(list, p)
	}
	spec.Values[disk.OptionType] = kind
	spec.Values[disk.OptionSize] = fmt.Sprint(d.Size)
	return writeText(to, name, spec, list...)
}
