package writer

import (
	"fmt"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// Relink has a child name another parent, or the same by another name, see
// [disk.Relinker] (vmdk.md 9).
func Relink(img disk.Image, to disk.Relink) (disk.Repair, error) {
	child, ok := img.(*reader.Image)
	if !ok || !child.Parts().Wanted {
		return disk.Repair{}, disk.NoChild(img.Info().Path)
	}
	m := &image{child.Parts()}
	if to.Base == nil {
		return m.alone()
	}
	parent, ok := parentOf(disk.Spec{Parent: to.Base})
	switch {
	case !ok:
		return disk.Repair{}, disk.OtherFormat(img.Info(), to.Base.Image.Info())
	case m.Text.Descriptor == nil:
		return disk.Repair{}, disk.Errorf(disk.Unsupported, decode.Place{File: img.Info().Path}, "the file has no descriptor, which names the parent: open the disk by its descriptor")
	case m.Text.Fault != "":
		return disk.Repair{}, disk.Errorf(disk.Damaged, m.Place(), "the descriptor: %s", m.Text.Fault)
	}
	var parts []vmdk.Splice
	if to.Identity {
		cid, ok := parent.ContentID()
		if !ok {
			return disk.Repair{}, disk.Errorf(disk.Unsupported, decode.Place{File: parent.Info().Path}, "the parent has no content ID by which a child could name it")
		}
		parts = append(parts, m.Text.Set("parentCID", fmt.Sprintf("%08x", cid)))
		parts = append(parts, m.virtualBox(parent.Parts())...)
	}
	if to.Names {
		hint, err := parentHint(to.Base)
		if err == nil {
			hint, err = m.Encoded(hint)
		}
		if err != nil {
			return disk.Repair{}, err
		}
		parts = append(parts, m.Text.Set("parentFileNameHint", hint))
	}
	if need, have := m.Room(parts...); need > have {
		return disk.Repair{}, disk.NoRoomForNames(m.Place(), "the descriptor", need, have)
	}
	return disk.Repair{Title: "name the parent", Apply: m.Rewrite(parts...)}, nil
}

// alone takes what names the parent out of the descriptor.
func (m *image) alone() (disk.Repair, error) {
	if m.Text.Descriptor == nil || m.Text.Fault != "" {
		return disk.Repair{}, disk.Errorf(disk.Damaged, m.Place(), "the descriptor can't be changed: repair it first")
	}
	if kind, _ := m.Text.Get("createType"); slices.Contains([]string{vmfsSparse, "seSparse"}, kind) {
		return disk.Repair{}, disk.Errorf(disk.Unsupported, m.Place(), "a %s can't stand alone: platter convert, or merge --out, makes a disk of another type of it", kind)
	}
	parts := []vmdk.Splice{m.Text.Set("parentCID", "ffffffff")}
	if hint := m.Text.Setting("parentFileNameHint"); hint != nil {
		parts = append(parts, hint.Drop())
	}
	return disk.Repair{Title: "name no parent", Apply: m.Rewrite(parts...)}, nil
}

// virtualBox keeps what VirtualBox knows the parent by in step, where both disks have it.
func (m *image) virtualBox(parent reader.Parts) (parts []vmdk.Splice) {
	for _, row := range [][2]string{{"ddb.uuid.parent", "uuid.image"}, {"ddb.uuid.parentmodification", "uuid.modification"}} {
		value, ok := parent.Text.Database(row[1])
		if m.Text.Setting(row[0]) != nil && ok {
			parts = append(parts, m.Text.Set(row[0], value))
		}
	}
	return parts
}
