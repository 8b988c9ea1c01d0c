package writer

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// neverWritten is the CID that VMware gives a disk until its first write (vmdk.md 9).
const neverWritten = 0xFFFFFFFE

// piece is one extent of a disk.
type piece struct {
	kind    string // vmdk.TypeFlat, ...
	sectors int64
	name    string
	offset  bool // the line ends with an offset, which is 0
}

// line is an extent line (vmdk.md 2.4).
func (p piece) line() string {
	text := fmt.Sprintf("RW %d %s \"%s\"", p.sectors, p.kind, path.Base(p.name))
	if p.offset {
		text += " 0"
	}
	return text + "\n"
}

// descriptor is the text of a disk that consists of these extents, in the one order and
// with the headings that all programs read (vmdk.md 2.2).
func descriptor(spec disk.Spec, extents ...piece) ([]byte, error) {
	sectors := spec.Bytes(disk.OptionSize) / vmdk.SectorSize
	cid, kind := freshCID(spec), spec.Text(disk.OptionType)
	var b strings.Builder
	fmt.Fprintf(&b, "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\nparentCID=%08x\n", cid, parentCID(spec))
	if kind == vmfs || kind == vmfsSparse {
		b.WriteString("isNativeSnapshot=\"no\"\n")
	}
	fmt.Fprintf(&b, "createType=\"%s\"\n", kind)
	if spec.Parent != nil {
		hint, err := parentHint(spec.Parent)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "parentFileNameHint=\"%s\"\n", hint)
	}
	b.WriteString("\n# Extent description\n")
	for _, e := range extents {
		b.WriteString(e.line())
	}
	b.WriteString("\n# The Disk Data Base\n#DDB\n\n")
	for _, e := range database(spec, sectors, cid) {
		fmt.Fprintf(&b, "ddb.%s = \"%s\"\n", e.key, e.value)
	}
	if b.Len() > vmdk.MaxDescriptor {
		return nil, disk.Errorf(disk.Limit, decode.Place{}, "a descriptor of %d bytes is too long: programs read 1 MiB", b.Len())
	}
	return []byte(b.String()), nil
}

// freshCID is a new content ID: neither the mark of a base disk nor that of a new one.
func freshCID(spec disk.Spec) uint32 {
	for i := 0; ; i++ {
		id := spec.Fresh(fmt.Sprint("CID", i))
		if cid := id.ID(); cid != noParent && cid != neverWritten {
			return cid
		}
	}
}

func parentCID(spec disk.Spec) uint32 {
	if m, ok := parentOf(spec); ok {
		cid, _ := m.ContentID() // parentFits has looked
		return cid
	}
	return noParent
}

// parentHint is where the parent lies: from the child's folder, where that can be said.
func parentHint(b *disk.Base) (string, error) {
	hint := b.Relative
	switch first, _, _ := strings.Cut(hint, "/"); {
	case hint == "":
		hint = b.Absolute
	case strings.Contains(first, ":"):
		hint = "./" + hint // or it would be a drive, and to QEMU a protocol
	}
	if hint == "" || strings.ContainsFunc(hint, func(r rune) bool { return r == '"' || r < ' ' || r == 0x7F }) {
		return "", disk.Wrong("parent", "%q: a descriptor can't hold this path", hint)
	}
	return hint, nil
}

// writeText makes the file of a descriptor that stands alone. It comes after the files
// that it names.
func writeText(to store.FS, name string, spec disk.Spec, extents ...piece) (err error) {
	text, err := descriptor(spec, extents...)
	if err != nil {
		return err
	}
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return store.Put(f, store.Piece{Data: text})
}
