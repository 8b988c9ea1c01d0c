package vmdk

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
)

// disguised is the header of a sparse file at the start of what its line calls flat; nil
// if there is none that is whole. The data are read as the line says all the same: a
// guest may put there what it likes.
func (e *extent) disguised() *sparse {
	if e.line == nil || e.file == nil || e.fault != nil || e.sparse != nil || e.base != 0 {
		return nil
	}
	b, err := e.file.head(0, vmdk.CowdHeaderSize)
	if err != nil {
		return nil
	}
	kind := vmdk.SniffWhole(b)
	if kind == vmdk.KindNone {
		return nil
	}
	s := &sparse{kind: kind, file: e.file}
	switch kind {
	case vmdk.KindCowd:
		s.cowd, _ = vmdk.CowdTable.Of(b)
	case vmdk.KindSeSparse:
		s.fixed, _ = vmdk.ConstHeaderTable.Of(b)
	default:
		s.header, _ = vmdk.HeaderTable.Of(b)
		s.rules = s.header
	}
	if s.capacity() == 0 || s.capacity() > maxSectors {
		return nil
	}
	return s
}

// disguise is X6 for a line that calls a sparse file flat.
func (c *checker) disguise(e *extent) {
	if s := e.disguised(); s != nil {
		c.error("X6", c.m.linePlace(e.line), "the extent line says %s, but the file %s begins with the whole header of a %s with %d sectors: it is read as raw data, and if it is what it says, the disk is another one",
			e.line.Extent.Type, decode.InQuotes(e.file.Name), s.kind, s.capacity())
	}
}

// Unmasked is a way to have a line say what the header in its file says.
type Unmasked struct {
	Title string
	Named bool // a parent was found by its name
	Parts []vmdk.Splice
}

// Unmask lists the ways to have a line that calls a sparse file flat say what it is; a
// layer gets a parent, by the usual names of snapshots.
func (t Text) Unmask(e Extent) (list []Unmasked) {
	s := e.disguised()
	if s == nil {
		return nil
	}
	x, kind := e.line.Extent, typeOfKind(s.kind)
	title := fmt.Sprintf("let the line say %s and %d sectors, as the header in the file does", kind, s.capacity())
	parts := append(t.typed(e, kind), vmdk.Splice{At: x.TypeAt, Text: kind}, vmdk.Splice{At: x.SectorsAt, Text: fmt.Sprint(s.capacity())})
	if x.HasOffset {
		parts = append(parts, vmdk.Splice{At: vmdk.Part{Offset: x.NameAt.Offset + x.NameAt.Length + 1, Length: x.OffsetAt.Offset + x.OffsetAt.Length - x.NameAt.Offset - x.NameAt.Length - 1}})
	}
	if s.kind == vmdk.KindHosted || t.image.link.wanted {
		return []Unmasked{{title, false, append(parts, t.Renewing()...)}}
	}
	for _, name := range t.earlier() {
		n, err := t.image.peek(name)
		if err != nil {
			continue
		}
		if cid, ok := n.cid(); ok && cid != noParent {
			with := append(slices.Clone(parts), t.Set("parentCID", fmt.Sprintf("%08x", cid)), t.Set("parentFileNameHint", name))
			list = append(list, Unmasked{title + ", and take " + decode.InQuotes(name) + " for the parent", true, with})
		}
	}
	return list
}

// snapshot is the name of a descriptor of a snapshot, with what is common to all of the
// disk's and the number.
var snapshot = regexp.MustCompile(`^(.+)-([0-9]{6})\.vmdk$`)

// earlier are the names that the parent of a snapshot usually has: that of the snapshot
// before, and that of the disk.
func (t Text) earlier() (list []string) {
	m := snapshot.FindStringSubmatch(path.Base(t.image.main.Name))
	if m == nil || !plain(m[1]) {
		return nil
	}
	var n int
	if _, err := fmt.Sscan(strings.TrimLeft(m[2], "0"), &n); err == nil && n > 1 {
		list = append(list, fmt.Sprintf("%s-%06d.vmdk", m[1], n-1))
	}
	return append(list, m[1]+".vmdk")
}
