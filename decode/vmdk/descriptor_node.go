package vmdk

import (
	"fmt"
	"sort"
	"strings"

	"platter/decode"
)

// DescriptorDoc explains the descriptor as a whole.
const DescriptorDoc = "Text that describes the disk: settings first, then the extents that make up its address space in their order, then the disk database. It is a file of its own or sits inside a sparse extent, and ends at the first NUL. VMware rewrites it from a template when anything changes."

// DescriptorRef is the section of the format reference that defines it.
const DescriptorRef = "VMware Virtual Disk Format 1.1, The Descriptor File"

// Node makes the tree of a descriptor whose text starts at base of a file: a
// child for every line, with its parts. leads tells where the value of a line
// points to, by its number; it may be nil.
func (d *Descriptor) Node(file string, base int64, leads func(line int) *decode.Target) decode.Node {
	n := decode.Node{
		Name:  "descriptor",
		Place: Part{0, d.Size}.Place(file, base),
		Doc:   DescriptorDoc,
		Ref:   DescriptorRef,
	}
	if d.Fault != "" {
		n.Mark, n.Words = decode.Doubt, d.Fault
	}
	n = n.With(len(d.Lines), func(i int) decode.Node {
		var to *decode.Target
		if leads != nil {
			to = leads(i)
		}
		return d.Lines[i].node(i, file, base, to)
	})
	return n.Indexed(func(in string, off int64) (int, bool) {
		if !n.Place.Holds(in, off) {
			return 0, false
		}
		at := int(off - base)
		i := sort.Search(len(d.Lines), func(i int) bool { return d.Lines[i].At.Offset > at }) - 1
		return i, i >= 0
	})
}

func (l *Line) node(i int, file string, base int64, to *decode.Target) decode.Node {
	n := decode.Node{Place: l.At.Place(file, base), Ref: DescriptorRef, Raw: []byte(l.Text)}
	if l.Fault != "" {
		n.Mark, n.Words = decode.Doubt, l.Fault
	}
	part := func(name string, at Part, value, doc string) decode.Node {
		return decode.Node{Name: name, Place: at.Place(file, base), Value: value, Raw: []byte(value), Doc: doc, Ref: DescriptorRef}
	}
	switch l.Kind {
	case LineBlank:
		n.Name, n.Doc = "blank line", "Separates the sections; no meaning."
	case LineComment:
		n.Name, n.Value, n.Doc = "comment", strings.TrimSpace(l.Text), "A comment. The headings of the sections are comments too, and some programs insist on them."
	case LineSetting:
		key := part("key", l.KeyAt, l.Key, "Name of the setting. Write it in exactly this case: some programs read it so.")
		value := part("value", l.ValueAt, l.Value, SettingDoc(l.Key))
		value.Target = to
		n.Name, n.Value, n.Doc, n.Target = l.Key, l.Value, SettingDoc(l.Key), to
		if n.Name == "" {
			n.Name = "setting"
		}
		n = n.WithNodes(key, value)
	case LineExtent:
		n = l.Extent.fill(n, part, to)
	default:
		n.Name, n.Value, n.Doc = fmt.Sprintf("line %d", i+1), l.Text, "A line that is no setting, extent or comment. It is kept as it is."
	}
	return n
}

func (e *Extent) fill(n decode.Node, part func(string, Part, string, string) decode.Node, to *decode.Target) decode.Node {
	n.Name, n.Doc, n.Target = "extent", "A run of the disk's sectors and the file that holds them. The extents follow one another on the disk in the order of their lines.", to
	n.Value = fmt.Sprintf("%s %d %s", e.Access, e.Sectors, e.Type)
	parts := []decode.Node{
		part("access", e.AccessAt, e.Access, "RW may be written, RDONLY only read, NOACCESS not even read. QEMU ignores every line that is not RW: "+accessDocs[e.Access]+"."),
		part("sectors", e.SectorsAt, fmt.Sprint(e.Sectors), "How many sectors of the disk this extent holds. It counts even where a sparse extent's own header claims more or less."),
		part("type", e.TypeAt, e.Type, "What the file is: "+orUnknown(TypeDoc(e.Type))+"."),
	}
	if e.Named {
		n.Value += " " + decode.Quote(e.Name)
		name := part("file name", e.NameAt, e.Name, "The file, beside the descriptor. In an embedded descriptor it means this file, whatever name stands here. A path that leaves the folder is an attack more often than not.")
		name.Target = to
		parts = append(parts, name)
	}
	if e.HasOffset {
		n.Value += fmt.Sprintf(" %d", e.Offset)
		parts = append(parts, part("offset", e.OffsetAt, fmt.Sprint(e.Offset), "Sector of the file or device where the data of a flat extent starts."))
	}
	if e.Rest != "" {
		parts = append(parts, part("device", e.RestAt, e.Rest, "Identity of the partition or device, written by newer VMware Players."))
	}
	return n.WithNodes(parts...)
}

func orUnknown(s string) string {
	if s == "" {
		return "a type that the format does not know"
	}
	return s
}
