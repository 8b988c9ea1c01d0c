// Package locate connects the addresses of a byte: its offset in a file, on
// the virtual disk and in a partition, with the trail of table entries that
// decided it. It also finds who points at a place, and reads the expressions
// in which a person says where to go.
package locate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// trail is a [disk.Trail], but for its Text, with what that says.
type trail struct {
	disk.Trail
	length int64 // bytes from Virtual on for which the trail holds
	unit   string
	block  int64      // number of the allocation unit; -1 if the image has none
	within int64      // bytes from the start of the allocation unit
	via    []disk.Via // the table entries and bits that decided, outermost first
	packed int64      // length of the compressed data that starts at Offset; 0 if it is stored plainly
}

// reach is how far a trail looks for its own end.
const reach = 1 << 20

// ToFile follows a byte of the virtual disk to its place in a file.
func ToFile(img disk.Image, virtual int64) (disk.Trail, error) {
	t, err := follow(img, virtual)
	if err != nil {
		return disk.Trail{}, err
	}
	return t.worded(), nil
}

func follow(img disk.Image, virtual int64) (trail, error) {
	info := img.Info()
	if virtual < 0 || virtual >= info.VirtualSize {
		return trail{}, &disk.Error{Kind: disk.OutOfRange, Op: "locate", What: fmt.Sprintf("virtual 0x%x: the disk has 0x%x bytes", virtual, info.VirtualSize)}
	}
	for s, err := range img.Map(virtual, min(reach, info.VirtualSize-virtual)) {
		if err != nil {
			return trail{}, err
		}
		return newTrail(info, s, virtual), nil
	}
	return trail{}, &disk.Error{Kind: disk.Damaged, Op: "locate", What: fmt.Sprintf("virtual 0x%x has no place in the map", virtual)}
}

// newTrail is the trail of a byte of the span.
func newTrail(info disk.Info, s disk.Span, virtual int64) trail {
	t := trail{
		Trail:  disk.Trail{Virtual: virtual, State: s.State, Layer: s.Layer, File: s.File, Offset: -1},
		length: s.Start + s.Length - virtual, unit: unit(info), block: -1, via: slices.Clone(s.Via), packed: s.Packed,
	}
	if info.BlockSize > 0 {
		t.block, t.within = virtual/info.BlockSize, virtual%info.BlockSize
	}
	if s.File != "" {
		t.Offset = s.Offset
		if s.Packed == 0 {
			t.Offset += virtual - s.Start
		}
	}
	return t
}

// worded is the trail with its text, in one line that can stand in a report:
//
//	virtual 0x750000d -> block 3 +0x150000d: BAT[3] @0x300018 = 0x1c800 -> web01.vhd @0x590000d
func (t trail) worded() disk.Trail {
	t.Text = t.text()
	return t.Trail
}

// unit is the format's word for its allocation unit.
func unit(info disk.Info) string {
	if info.Format == "vmdk" {
		return "grain"
	}
	return "block"
}

func (t trail) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "virtual 0x%x", t.Virtual)
	if t.block >= 0 {
		fmt.Fprintf(&b, " -> %s %d +0x%x", t.unit, t.block, t.within)
	}
	for i, v := range t.via {
		b.WriteString(map[bool]string{true: ": ", false: ", "}[i == 0])
		b.WriteString(t.viaText(v))
	}
	b.WriteString(" -> ")
	switch {
	case t.File == "":
		b.WriteString(stateText(t.State))
	case t.packed > 0:
		fmt.Fprintf(&b, "in the compressed %s of %d bytes at %s @0x%x", t.unit, t.packed, decode.Printable(t.File), t.Offset)
	default:
		fmt.Fprintf(&b, "%s @0x%x", decode.Printable(t.File), t.Offset)
	}
	if t.File != "" && t.State != disk.Data {
		fmt.Fprintf(&b, " (%s)", stateText(t.State))
	}
	if t.Layer > 0 {
		fmt.Fprintf(&b, " (layer %d)", t.Layer)
	}
	return b.String()
}

// viaText leaves out what the end of the trail says too: file and layer.
func (t trail) viaText(v disk.Via) string {
	var b strings.Builder
	if v.Layer != t.Layer {
		fmt.Fprintf(&b, "layer %d ", v.Layer)
	}
	if v.IsBit {
		fmt.Fprintf(&b, "%s bit %d", v.Table, v.Index)
	} else {
		fmt.Fprintf(&b, "%s[%d]", v.Table, v.Index)
	}
	if v.Place.File != t.File && v.Place.File != "" {
		b.WriteString(" in " + decode.Printable(v.Place.File))
	}
	fmt.Fprintf(&b, " @0x%x = ", v.Place.Offset)
	if v.IsBit {
		fmt.Fprintf(&b, "%d", v.Raw)
	} else {
		fmt.Fprintf(&b, "0x%x", v.Raw)
	}
	return b.String()
}

func stateText(s disk.State) string {
	switch s {
	case disk.Zero:
		return "zero by the table, reads as zeros"
	case disk.Unallocated:
		return "unallocated, reads as zeros"
	case disk.FromParent:
		return "the parent's, which is not open"
	case disk.Unmapped:
		return "unmapped, reads as zeros"
	case disk.Missing:
		return "missing, can't be read"
	}
	return s.String()
}

// window is how much of the map is asked for at once.
const window = 64 << 30

// scan walks the whole map, stoppable also where there is nothing for
// terabytes.
func scan(ctx context.Context, img disk.Image, progress func(done, total int64), visit func(disk.Span) (more bool)) error {
	size := img.Info().VirtualSize
	seen := 0
	for off := int64(0); off < size; off += window {
		for s, err := range img.Map(off, min(window, size-off)) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if !visit(s) {
				return nil
			}
			if seen++; seen%4096 == 0 && progress != nil {
				progress(s.Start, size)
			}
		}
		if progress != nil {
			progress(min(off+window, size), size)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// ToDisk finds the bytes of the virtual disk that are stored at off of a file
// of the image's own layer: none for what is no guest data, several if the image
// is damaged. For compressed data it is the start of what is packed there. An
// image that knows the way answers at once; else the whole map is gone through.
// Progress may be nil.
func ToDisk(ctx context.Context, img disk.Image, file string, off int64, progress func(done, total int64)) ([]disk.Trail, error) {
	if l, ok := img.(disk.Locator); ok {
		if trails, ok, err := known(ctx, img, l, file, off); ok || err != nil {
			return trails, err
		}
	}
	var found []int64
	err := scan(ctx, img, progress, func(s disk.Span) bool {
		if virtual, ok := stored(s, file, off); ok {
			found = append(found, virtual)
		}
		return len(found) < most
	})
	// A span of several blocks names the entry of the first only: ask again.
	var trails []disk.Trail
	for _, virtual := range found {
		t, mapErr := ToFile(img, virtual)
		if mapErr != nil {
			return trails, mapErr
		}
		trails = append(trails, t)
	}
	return trails, err
}

// known asks an image that knows the way. It reports false if the image's map
// says otherwise.
func known(ctx context.Context, img disk.Image, l disk.Locator, file string, off int64) (trails []disk.Trail, ok bool, err error) {
	for virtual, err := range l.LocateFile(ctx, file, off) {
		if err != nil {
			return nil, false, err
		}
		t, err := follow(img, virtual)
		if err != nil || !t.holds(file, off) {
			return nil, false, nil
		}
		if trails = append(trails, t.worded()); len(trails) == most {
			break
		}
	}
	return trails, true, nil
}

// most bounds the trails to one place: a hostile table can have any number.
const most = 64

func (t trail) holds(file string, off int64) bool {
	return t.Layer == 0 && t.File == file && off >= t.Offset && off < t.Offset+max(t.packed, 1)
}

// stored finds the byte of the span that lies at off of the file.
func stored(s disk.Span, file string, off int64) (virtual int64, ok bool) {
	if s.State != disk.Data || s.Layer != 0 || s.File != file || off < s.Offset {
		return 0, false
	}
	d := off - s.Offset
	if s.Packed > 0 {
		return s.Start, d < s.Packed
	}
	return s.Start + d, d < s.Length
}
