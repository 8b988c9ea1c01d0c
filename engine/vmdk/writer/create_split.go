package writer

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// maxExtents is how many extents a descriptor may name: half of the lines that it may have.
const maxExtents = vmdk.MaxLines / 2

// makeSplit makes a disk of several files, flat or sparse, with a descriptor beside them
// (vmdk.md 3).
func makeSplit(ctx context.Context, to store.FS, n naming, spec disk.Spec) error {
	if count := ceil(spec.Bytes(disk.OptionSize), spec.Bytes(optionSplit)); count > maxExtents {
		return disk.Errorf(disk.Limit, decode.Place{}, "%d files are too many for a descriptor: split into larger ones", count)
	}
	extents := split(n, spec)
	if _, err := descriptor(spec, extents...); err != nil { // before there are thousands of files
		return err
	}
	first := int64(0)
	for _, e := range extents {
		err := layFlatOrSparse(ctx, to, e, first, spec)
		if err != nil {
			return err
		}
		first += e.sectors
	}
	return writeText(to, n.descriptor, spec, extents...)
}

func layFlatOrSparse(ctx context.Context, to store.FS, e piece, first int64, spec disk.Spec) error {
	if e.kind == vmdk.TypeFlat {
		return layFlat(ctx, to, e, first, spec)
	}
	return writeSparse(ctx, to, e, first, nil, spec)
}

// split divides the disk into extents, numbered from 1.
func split(n naming, spec disk.Spec) []piece {
	kind, letter := vmdk.TypeSparse, "s"
	if spec.Text(disk.OptionType) == splitFlat {
		kind, letter = vmdk.TypeFlat, "f"
	}
	each := spec.Bytes(optionSplit) / vmdk.SectorSize
	var list []piece
	for left := spec.Bytes(disk.OptionSize) / vmdk.SectorSize; left > 0; left -= each {
		name := n.extent(fmt.Sprintf("-%s%03d", letter, len(list)+1))
		list = append(list, piece{kind, min(left, each), name, kind == vmdk.TypeFlat})
	}
	return list
}
