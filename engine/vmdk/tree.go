package vmdk

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Tree is the image's structures, a node for each file.
func (m *Image) Tree() decode.Node {
	root := decode.Node{
		Name: "VMDK", Value: m.info.Type, Ref: "VMware Virtual Disk Format 1.1",
		Doc: "A VMware disk: a descriptor that lists extents, and the extents that hold the data. All of it may be one file, or each a file of its own.",
	}
	return root.With(len(m.files), func(i int) decode.Node { return m.fileNode(m.files[i]) })
}

func (m *Image) fileNode(f *file) decode.Node {
	n := decode.Node{
		Name: f.Name, Place: f.place(0, f.Size), Value: decode.FormatSize(uint64(f.Size)),
		Doc: "A file with the raw data of an extent: no header, no tables, the disk's sectors one after the other.", Ref: "VMware Virtual Disk Format 1.1, Simple Extents",
	}
	if f == m.main && m.separate {
		n.Doc, n.Ref = "The descriptor file. It holds no data, only names of files that do.", vmdk.DescriptorRef
		return n.Append(m.textNode())
	}
	if f.sparse == nil {
		return n.Append(m.flatNodes(f)...)
	}
	n.Doc, n.Ref = "A file of a sparse format: tables that tell for each grain of the disk where in this file it lies, if anywhere.", "VMware Virtual Disk Format 1.1, Hosted Sparse Extents"
	if fault := f.sparse.fault; fault != nil {
		n.Mark, n.Words = decode.Wrong, fault.Error()
	}
	switch f.sparse.kind {
	case vmdk.KindCowd:
		return n.Append(f.sparse.cowdNodes()...)
	case vmdk.KindSeSparse:
		return n.Append(f.sparse.seNodes()...)
	}
	return n.Append(m.hostedNodes(f.sparse)...)
}

// textNode is the descriptor, its lines leading to the files they name.
func (m *Image) textNode() decode.Node {
	to := map[*vmdk.Line]*decode.Target{}
	for _, e := range m.extents {
		if e.line != nil && e.file != nil {
			to[e.line] = &decode.Target{Place: e.file.place(e.base, 0), What: "extent file"}
		}
	}
	n := m.text.Node(m.textAt.File, m.textAt.Offset, func(i int) *decode.Target { return to[&m.text.Lines[i]] })
	if rest := m.textAt.Length - n.Place.Length; rest > 0 {
		n = n.Append(decode.Node{
			Name: "unused room", Place: m.textAt.Sub(n.Place.Length, rest), Ref: vmdk.DescriptorRef,
			Doc: "Reserved for the descriptor to grow; NULs. Nothing reads what stands here, which makes it a hiding place.",
		})
		n.Place = m.textAt
		lines := len(m.text.Lines)
		index := m.text.Node(m.textAt.File, m.textAt.Offset, nil)
		n = n.Indexed(func(file string, off int64) (int, bool) {
			if path := index.Find(file, off); len(path) > 0 {
				return path[0], true
			}
			return lines, m.textAt.Holds(file, off)
		})
	}
	return n
}

// flatNodes are the extents in a flat file.
func (m *Image) flatNodes(f *file) []decode.Node {
	var list []decode.Node
	for _, e := range m.extents {
		if e.file == f && len(list) < maxFlatNodes {
			list = append(list, decode.Node{
				Name: "flat extent", Place: f.place(min(e.base, f.Size), max(0, min(e.length, f.Size-e.base))), Ref: "VMware Virtual Disk Format 1.1, Simple Extents",
				Value: fmt.Sprintf("disk bytes 0x%x to 0x%x", e.start, e.start+e.length),
				Doc:   "The sectors of the disk as the guest sees them. Nothing in here is read as a structure of the format.",
			})
		}
	}
	return list
}

// maxFlatNodes bounds the nodes of one file that many extent lines share.
const maxFlatNodes = 4096

func (m *Image) hostedNodes(s *sparse) []decode.Node {
	list := []decode.Node{s.headerNode()}
	switch {
	case s.text != nil && s.file == m.main && !m.separate:
		list = append(list, m.textNode())
	case s.text != nil:
		list = append(list, s.text.Node(s.file.Name, s.textAt.Offset, nil))
	case s.textAt.Length > 0:
		list = append(list, decode.Node{Name: "descriptor room", Place: s.textAt, Doc: "Reserved for a descriptor, but empty: this extent is described by another file.", Ref: vmdk.DescriptorRef})
	}
	if s.grid != nil {
		list = append(list, branches{s}.gridNodes()...)
	}
	if s.footer != 0 {
		list = append(list, s.tailNodes()...)
	}
	return list
}

func (s *sparse) headerNode() decode.Node {
	words := "the header that counts"
	opts := []decode.Placed{}
	if s.footer != 0 {
		opts = append(opts, decode.SecondCopyAt(s.file.place(s.footer, vmdk.SectorSize)))
		words = "the footer counts, where it differs"
		if s.lost {
			words = "the footer that should count is not there"
		}
	}
	opts = append(opts, decode.Marked(decode.Plain, words))
	return vmdk.HeaderTable.Node(s.header.Bytes(), s.file.Name, 0, opts...)
}

// tailNodes are the footer of a stream and its markers.
func (s *sparse) tailNodes() []decode.Node {
	marker := func(at int64, name string) decode.Node {
		return vmdk.MarkerTable.Read(s.file.Data, s.file.Name, at, decode.Named(name))
	}
	footer := vmdk.HeaderTable.Read(s.file.Data, s.file.Name, s.footer, decode.Named("footer"),
		decode.SecondCopyAt(s.file.place(0, vmdk.SectorSize)), decode.Marked(decode.Plain, "the header that counts"))
	return []decode.Node{
		marker(s.footer-vmdk.SectorSize, "footer marker"), footer, marker(s.footer+vmdk.SectorSize, "end-of-stream marker"),
	}
}

func (s *sparse) cowdNodes() []decode.Node {
	list := []decode.Node{vmdk.CowdTable.Node(s.cowd.Bytes(), s.file.Name, 0)}
	if s.grid != nil {
		list = append(list, branches{s}.gridNodes()...)
	}
	return list
}

func (s *sparse) seNodes() []decode.Node {
	list := []decode.Node{vmdk.ConstHeaderTable.Node(s.fixed.Bytes(), s.file.Name, 0)}
	if at, length := s.area(vmdk.ConstVolatile, vmdk.ConstVolatileSize); length > 0 {
		list = append(list, vmdk.VolatileHeaderTable.Read(s.file.Data, s.file.Name, at))
	}
	if s.grid != nil {
		list = append(list, branches{s}.gridNodes()...)
	}
	docs := map[string]string{
		"journal header": "Head of the journal. Its format was never published.",
		"journal":        "Metadata writes that may have to be repeated after a crash. The format was never published.",
		"free bitmap":    "A bit for each grain in the area of grains: 1 if it is in use.",
		"back map":       "Eight bytes for each grain: the index of the table that it belongs to.",
	}
	for _, a := range s.areas() {
		if doc := docs[a.name]; doc != "" {
			list = append(list, decode.Node{Name: a.name, Place: s.file.place(a.off, a.bytes), Doc: doc, Ref: "no published specification: known from what other programs read"})
		}
	}
	return list
}

// stateMark words what a table entry means.
func (g *grid) stateMark(raw uint64) (decode.Mark, string) {
	r := run{length: g.grain}
	g.judge(raw, 0, &r)
	switch {
	case r.state == disk.Missing:
		return decode.Wrong, faultTexts[r.fault]
	case r.state == disk.Zero && g.kind == vmdk.KindHosted && !g.zeroGrains:
		return decode.Doubt, "1 is read as zeros, but the header does not allow it"
	}
	return decode.Plain, ""
}
