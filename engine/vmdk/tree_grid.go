package vmdk

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// branches are the nodes of the tree below an extent with grain tables.
type branches struct{ *sparse }

// gridNodes are the directories and the tables, the redundant ones first, as
// they lie in the file.
func (s branches) gridNodes() []decode.Node {
	var list []decode.Node
	for _, copy := range []int{1, 0} {
		if copy < s.grid.dirCount {
			list = append(list, s.directoryNode(copy), s.tablesNode(copy))
		}
	}
	return list
}

func (g *grid) title(copy int, name string) string {
	if g.isRedundant(copy) {
		return "redundant " + name
	}
	return name
}

func (s branches) directoryNode(copy int) decode.Node {
	g := s.grid
	n := decode.Node{
		Name: g.title(copy, "grain directory"), Place: g.file.place(g.dirs[copy], g.dirBytes(copy)), Value: fmt.Sprintf("%d entries", g.tables), Ref: "VMware Virtual Disk Format 1.1, Hosted Sparse Extent Metadata",
		Doc: "One entry for each grain table. The redundant directory of a hosted extent leads to tables of its own with the same content.",
	}
	n.SecondCopy = s.second(copy, func(c int) (int64, bool) { return g.dirs[c], true }, n.Place.Length)
	return decode.Repeat(n, g.width, int(g.dirBytes(copy)/g.width), func(i int) decode.Node { return s.directoryEntryNode(copy, int64(i)) })
}

// dirBytes is how much of a directory lies in the file.
func (g *grid) dirBytes(copy int) int64 {
	return max(0, min(g.tables*g.width, (g.file.Size-g.dirs[copy])/g.width*g.width))
}

func (s branches) directoryEntryNode(copy int, t int64) decode.Node {
	g := s.grid
	at := g.dirs[copy] + t*g.width
	opts := []decode.Placed{decode.Named(fmt.Sprintf("%s %d", tableName(0, g.isRedundant(copy)), t))}
	if second := s.second(copy, func(c int) (int64, bool) { return g.dirs[c] + t*g.width, true }, g.width); second != nil {
		opts = append(opts, decode.SecondCopyAt(*second))
	}
	layout, _ := entryLayouts(s.kind)
	raw, ok, err := g.directoryEntry(copy, t)
	to, f := g.tableAt(raw)
	var target *decode.Target
	switch {
	case err != nil || !ok:
	case f != noFault:
		opts = append(opts, decode.Marked(decode.Wrong, faultTexts[f]))
	case to >= 0:
		target = &decode.Target{Place: g.file.place(to, g.tableBytes()), What: "grain table"}
		opts = append(opts, decode.Leads(layout.Fields()[0].Name(), *target))
	}
	n := layout.Read(g.file.Data, g.file.Name, at, opts...)
	n.Value, n.Target = entryValue(raw, to, g), target
	return n
}

// entryValue words an entry in the row of the entry itself.
func entryValue(raw uint64, at int64, g *grid) string {
	switch {
	case raw == 0:
		return "0"
	case at < 0:
		return fmt.Sprintf("0x%x", raw)
	case g.kind == vmdk.KindSeSparse:
		return fmt.Sprintf("0x%x (byte 0x%x)", raw, at)
	}
	return fmt.Sprintf("%d (byte 0x%x)", raw, at)
}

// tablesNode lists the tables of one directory.
func (s branches) tablesNode(copy int) decode.Node {
	g := s.grid
	n := decode.Node{
		Name: g.title(copy, "grain tables"), Value: fmt.Sprintf("%d", g.tables), Ref: "VMware Virtual Disk Format 1.1, Hosted Sparse Extent Metadata",
		Doc: "The tables that the directory's entries lead to, each with an entry for every grain of its part of the disk.",
	}
	n = n.With(int(g.tables), func(i int) decode.Node { return s.tableNode(copy, int64(i)) })
	return n.Indexed(func(file string, off int64) (int, bool) { return s.findTable(copy, file, off) })
}

// findTable finds the table that holds a byte. Tables nearly always lie one
// after the other in the order of the directory, so that the place of the
// first tells where to look; few are tried one by one.
func (s branches) findTable(copy int, file string, off int64) (int, bool) {
	g := s.grid
	if file != g.file.Name {
		return 0, false
	}
	holds := func(t int64) bool {
		at, ok, err := g.tableOf(copy, t)
		return err == nil && ok && off >= at && off < at+g.tableBytes()
	}
	if first, ok, err := g.tableOf(copy, 0); err == nil && ok && off >= first {
		if t := (off - first) / g.tableBytes(); t < g.tables && holds(t) {
			return int(t), true
		}
	}
	for t := range min(g.tables, 4096) {
		if holds(t) {
			return int(t), true
		}
	}
	return 0, false
}

func (s branches) tableNode(copy int, t int64) decode.Node {
	g := s.grid
	n := decode.Node{
		Name: fmt.Sprintf("%s %d", tableName(1, g.isRedundant(copy)), t), Ref: "VMware Virtual Disk Format 1.1, Hosted Sparse Extent Metadata",
		Doc: fmt.Sprintf("Describes the disk from byte 0x%x on, %s.", t*g.coverage(), decode.FormatSize(uint64(g.coverage()))),
	}
	at, ok, err := g.tableOf(copy, t)
	switch {
	case err != nil:
		n.Mark, n.Words = decode.Wrong, err.Error()
		return n
	case !ok:
		n.Value = "no table: all of it is unallocated"
		if raw, _, _ := g.directoryEntry(copy, t); raw != 0 {
			n.Value, n.Mark, n.Words = "", decode.Wrong, "the directory entry leads nowhere"
		}
		return n
	}
	n.Place = g.file.place(at, g.tableBytes())
	n.SecondCopy = s.second(copy, func(c int) (int64, bool) { at, ok, _ := g.tableOf(c, t); return at, ok }, g.tableBytes())
	second := n.SecondCopy
	return decode.Repeat(n, g.width, int(g.perTable), func(i int) decode.Node {
		return s.entryNode(copy, t, int64(i), at, second)
	})
}

func (s branches) entryNode(copy int, t, i, table int64, second *decode.Place) decode.Node {
	g := s.grid
	at := table + i*g.width
	opts := []decode.Placed{decode.Named(fmt.Sprintf("%s %d", tableName(1, g.isRedundant(copy)), i))}
	if second != nil {
		opts = append(opts, decode.SecondCopyAt(second.Sub(i*g.width, g.width)))
	}
	raw, err := g.file.tables.uint(at, g.width)
	if mark, words := g.stateMark(raw); err == nil && words != "" {
		opts = append(opts, decode.Marked(mark, words))
	}
	_, layout := entryLayouts(s.kind)
	r := run{length: g.grain}
	g.judge(raw, 0, &r)
	stored := err == nil && r.state == disk.Data
	var target *decode.Target
	if stored {
		target = &decode.Target{Place: g.file.place(r.offset, g.grain), What: "grain"}
		opts = append(opts, decode.Leads(layout.Fields()[0].Name(), *target))
	}
	n := layout.Read(g.file.Data, g.file.Name, at, opts...)
	n.Value, n.Target = entryValue(raw, r.offset, g), target
	n.Doc = fmt.Sprintf("%s This one stands for the disk from byte 0x%x on.", n.Doc, t*g.coverage()+i*g.grain)
	if stored {
		n = n.Append(s.grainNode(r.offset))
	}
	return n
}

// grainNode is the grain itself: data of the guest, or a marker and compressed
// data.
func (s branches) grainNode(at int64) decode.Node {
	g := s.grid
	if g.packed == nil {
		return decode.Node{
			Name: "grain", Place: g.file.place(at, min(g.grain, g.file.Size-at)), Ref: "VMware Virtual Disk Format 1.1, Hosted Sparse Extents",
			Doc: "Sectors of the disk as the guest sees them.",
		}
	}
	size, ok, err := g.packed.size(at)
	n := decode.Node{Name: "compressed grain", Place: g.file.place(at, g.packed.headBytes()), Ref: "VMware Virtual Disk Format 1.1, Stream-Optimized Compressed Sparse Extents", Doc: "A marker, and a zlib stream that unpacks to one grain."}
	if err != nil || !ok {
		n.Mark, n.Words = decode.Wrong, faultTexts[markerInvalid]
	} else {
		n.Place.Length += size
	}
	if g.packed.markers {
		n = n.Append(vmdk.GrainMarkerTable.Read(g.file.Data, g.file.Name, at))
	}
	if ok {
		n = n.Append(decode.Node{Name: "compressed data", Place: g.file.place(at+g.packed.headBytes(), size), Ref: "VMware Virtual Disk Format 1.1, Stream-Optimized Compressed Sparse Extents", Doc: "A zlib stream (RFC 1950) with the grain's sectors."})
	}
	return n
}

// second is the place of the redundant copy; nil where there is none.
func (s branches) second(copy int, at func(copy int) (int64, bool), length int64) *decode.Place {
	if s.grid.dirCount < 2 {
		return nil
	}
	off, ok := at(1 - copy)
	if !ok {
		return nil
	}
	p := s.file.place(off, length)
	return &p
}
