package vmdk

import (
	"errors"
	"io"
	"iter"
	"path"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// maxNeighbours bounds how many files of a folder are looked into.
const maxNeighbours = 200

// neighbour is what the descriptor of another file in the folder says.
type neighbour struct {
	name string
	text *vmdk.Descriptor
}

// cid is the neighbour's content ID.
func (n *neighbour) cid() (uint32, bool) {
	v, _ := n.text.Get("CID")
	return parseCID(v)
}

// child reports whether the neighbour names a file as its parent.
func (n *neighbour) child(of string) bool {
	v, _ := n.text.Get("parentCID")
	cid, ok := parseCID(v)
	hint, _ := n.text.Get("parentFileNameHint")
	return ok && cid != noParent && strings.EqualFold(path.Base(strings.ReplaceAll(hint, `\`, "/")), of)
}

// neighbours reads the descriptors of the other images in the folder, as far
// as the opener can list it: their starts only, a bounded number of them, and one
// at a time, since each may be large.
func (m *Image) neighbours() iter.Seq[*neighbour] {
	return func(yield func(*neighbour) bool) {
		folder, ok := m.src.Opener.(disk.Lister)
		if !ok {
			return
		}
		names, err := folder.List()
		if err != nil {
			return
		}
		looked := 0
		for _, name := range names {
			if !strings.EqualFold(path.Ext(name), ".vmdk") || name == path.Base(m.main.Name) {
				continue
			}
			if looked++; looked > maxNeighbours {
				return
			}
			if n, err := m.peek(name); err == nil && !yield(n) {
				return
			}
		}
	}
}

// peek reads the descriptor at the start of another file of the folder, without
// opening what it names.
func (m *Image) peek(name string) (*neighbour, error) {
	if m.src.Opener == nil {
		return nil, disk.Errorf(disk.NotFound, m.textAt, "there is no way to open other files")
	}
	f, _, err := m.src.Opener.OpenFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := descriptorOf(f)
	if err != nil {
		return nil, &disk.Error{Kind: disk.NotThisFormat, At: m.textAt, Err: err}
	}
	return &neighbour{name, text}, nil
}

// descriptorOf reads the descriptor at the start of a file, or in a sparse extent.
func descriptorOf(f io.ReaderAt) (*vmdk.Descriptor, error) {
	b := make([]byte, sniffBytes)
	n, err := f.ReadAt(b, 0)
	if b = b[:n]; err != nil && err != io.EOF {
		return nil, err
	}
	if vmdk.Sniff(b) == vmdk.KindHosted {
		off := uint64(0)
		if r, ok := vmdk.HeaderTable.Of(b[:min(len(b), vmdk.SectorSize)]); ok {
			off = vmdk.HeaderDescriptorOffset.Get(r)
		}
		if off == 0 || off >= uint64(len(b)/vmdk.SectorSize) {
			return nil, errors.New("no descriptor within its first bytes")
		}
		b = b[off*vmdk.SectorSize:]
	} else if !vmdk.IsDescriptor(b) {
		return nil, errors.New("no descriptor at its start")
	}
	return vmdk.ParseDescriptor(b), nil
}

// Kin reads a VMDK's identity, and the parent's that it wants; false if it has no
// descriptor at its start.
func Kin(src disk.Source) (disk.Kin, bool) {
	text, err := descriptorOf(src.File)
	if err != nil {
		return disk.Kin{}, false
	}
	n := neighbour{text: text}
	k := disk.Kin{}
	if cid, ok := n.cid(); ok && cid != neverWritten && cid != noParent {
		k.ID = contentID(cid)
	}
	v, _ := text.Get("parentCID")
	if cid, ok := parseCID(v); ok && cid != noParent {
		k.Child, k.Wanted = true, []string{contentID(cid)}
		if hint, ok := text.Get("parentFileNameHint"); ok && hint != "" {
			k.Names = []string{hint}
		}
	}
	return k, true
}
