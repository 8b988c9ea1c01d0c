package vhd

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// tree is an image taken as the nodes of its tree.
type tree struct{ *Image }

// Tree is the file's structures in the order in which a reader meets them.
func (v *Image) Tree() decode.Node {
	t := tree{v}
	root := decode.Node{
		Name:  v.src.Name,
		Place: v.place(0, v.size),
		Value: v.typeName() + " VHD",
		Doc:   "A disk image in the format of Virtual PC and Hyper-V (generation 1), also the upload format of Azure. The footer in the last sector makes it one.",
		Ref:   "VHD specification 1.0, Overview of Hard Disk Image Types",
	}
	var nodes []decode.Node
	if v.footers.front.present && v.kind != vhd.Fixed {
		nodes = append(nodes, t.footerNode("footer copy", v.footers.front, v.footers.tail))
	}
	if v.header.placed {
		nodes = append(nodes, t.headerNode())
	}
	nodes = append(nodes, t.locatorNodes()...)
	if v.table.placed {
		nodes = append(nodes, t.tableNode())
	}
	if v.batmap.found {
		nodes = append(nodes, t.batmapNodes()...)
	}
	if v.table.placed && v.dynamicKind() {
		nodes = append(nodes, t.blocksNode())
	}
	if v.kind == vhd.Fixed {
		nodes = append(nodes, decode.Node{
			Name: "disk", Place: v.place(0, min(v.virtual, v.dataEnd)),
			Doc: "The virtual disk itself: byte n of the disk is byte n of the file. A fixed image is a raw disk with a footer.", Ref: "VHD specification 1.0, Overview of Hard Disk Image Types",
		})
	}
	if v.footers.tail.present {
		nodes = append(nodes, t.footerNode("footer", v.footers.tail, v.footers.front))
	}
	return root.WithNodes(nodes...)
}

func (v tree) footerNode(name string, c, second footerCopy) decode.Node {
	opts := []decode.Placed{decode.Named(name)}
	if second.present && v.kind != vhd.Fixed {
		opts = append(opts, decode.SecondCopyAt(v.place(second.off, second.length)))
	}
	mark, words := v.footerVerdict(c)
	n := vhd.FooterTable.Node(c.raw, v.src.Name, c.off, append(opts, decode.Marked(mark, words))...)
	n.Place.Length = c.length
	return n
}

// footerVerdict says whether a copy rules, and why.
func (v tree) footerVerdict(c footerCopy) (decode.Mark, string) {
	rules := v.footers.rules()
	switch {
	case c.off == rules.off && c.off > 0 && c.valid:
		return decode.Good, "rules: the valid footer at the end"
	case c.off == rules.off && c.valid:
		return decode.Doubt, "rules, since the end of the file has no valid footer"
	case c.off == rules.off:
		return decode.Wrong, "rules, since no copy is valid"
	case !c.valid:
		return decode.Wrong, "not used"
	case string(c.raw) != string(rules.raw):
		return decode.Doubt, "not used; differs from the footer at the end"
	}
	return decode.Good, "identical copy of the footer at the end"
}

func (v tree) headerNode() decode.Node {
	return vhd.HeaderTable.Node(v.header.rec.Bytes(), v.src.Name, v.header.off)
}

// locatorNodes are the paths of the parent locators, which lie outside the
// header.
func (v tree) locatorNodes() []decode.Node {
	var nodes []decode.Node
	for _, l := range v.locators {
		if !l.fits {
			continue
		}
		n := decode.Node{
			Name:  fmt.Sprintf("parent path %d", l.slot+1),
			Place: v.place(l.off, l.length),
			Value: decode.InQuotes(l.path),
			Words: vhd.CodeName(l.code),
			Doc:   "The path of a parent locator: where the parent of this differencing image was when it was made. W2ru paths count from the folder of the child, W2ku paths from the root of a drive; both are little-endian UTF-16, unlike everything else in the file.",
			Ref:   "VHD specification 1.0, Dynamic Disk Header Format",
		}
		if !l.isPath {
			n.Value, n.Mark, n.Words = "", decode.Note, "not a path of a platform that is known: "+decode.Printable(vhd.CodeName(l.code))
		}
		nodes = append(nodes, n)
	}
	return nodes
}

func (v tree) tableNode() decode.Node {
	t := &v.table
	n := decode.Node{
		Name:  "BAT",
		Place: v.place(t.off, vhd.EntrySize*t.entries),
		Value: fmt.Sprintf("%d entries, %d needed", t.entries, t.needed),
		Doc:   "Block allocation table: for each block of the virtual disk the sector of the file where it is stored, or all ones. There is no second copy; an entry lost is a block lost.",
		Ref:   "VHD specification 1.0, Block Allocation Table and Data Blocks",
	}
	return decode.Repeat(n, 4, count(t.entries), func(i int) decode.Node { return v.entryNode(int64(i)) })
}

// count bounds a number of children to what an int can say everywhere.
func count(n int64) int { return int(min(n, 1<<31-1)) }

func (v tree) entryNode(i int64) decode.Node {
	t := &v.table
	opts := []decode.Placed{decode.Named(fmt.Sprintf("entry %d", i))}
	sector, err := t.entry(i)
	switch {
	case err != nil:
		opts = append(opts, decode.Marked(decode.Wrong, err.Error()))
	case sector == vhd.Unallocated:
		opts = append(opts, decode.Marked(decode.Plain, "not stored"))
	case v.misplaced(sector) != "":
		opts = append(opts, decode.Marked(decode.Wrong, v.misplaced(sector)))
	case i >= t.needed:
		opts = append(opts, decode.Marked(decode.Doubt, "after the last entry that the disk needs"))
	}
	if err == nil && sector != vhd.Unallocated {
		to := decode.Target{Place: v.place(int64(sector)*vhd.Sector, t.stored()), What: fmt.Sprintf("block %d", i)}
		opts = append(opts, decode.Leads(vhd.EntrySector.Field().Name(), to))
	}
	n := vhd.EntryTable.Read(v.src.File, v.src.Name, t.at(i), opts...)
	field := n.Child(0)
	n.Value, n.Target = field.Value, field.Target
	return n
}

// batmapNodes are tapdisk's header and map.
func (v tree) batmapNodes() []decode.Node {
	b := v.batmap
	head := vhd.BatmapTable.Node(b.rec.Bytes(), v.src.Name, b.off)
	if b.length == 0 {
		return []decode.Node{head}
	}
	n := decode.Node{
		Name: "batmap", Place: v.place(b.mapOff, b.length),
		Doc: "A bit for each block, the first one in the most significant bit: set when all of the block's sectors are stored.", Ref: "blktap: dd_batmap_hdr",
	}
	return []decode.Node{head, decode.Repeat(n, 1, count(b.length), func(i int) decode.Node {
		name := fmt.Sprintf("blocks %d to %d", 8*i, 8*i+7)
		return vhd.BatmapByteTable.Read(v.src.File, v.src.Name, b.mapOff+int64(i), decode.Named(name))
	})}
}

// blocksNode has a child for each block of the virtual disk.
func (v tree) blocksNode() decode.Node {
	n := decode.Node{
		Name:  "blocks",
		Place: v.place(0, 0),
		Value: fmt.Sprintf("%d of %s", v.table.usable(), decode.FormatSize(uint64(v.table.blockSize))),
		Doc:   "The blocks of the virtual disk in its order. Stored ones lie in the file in any order: first a sector bitmap, then the data.",
		Ref:   "VHD specification 1.0, Block Allocation Table and Data Blocks",
	}
	n = n.With(count(v.table.usable()), func(i int) decode.Node { return v.blockNode(int64(i)) })
	return n.Indexed(func(file string, off int64) (int, bool) { return v.blockAt(file, off) })
}

// blockSearch bounds the entries that are gone through to find a block by its
// place in the file.
const blockSearch = 1 << 21

func (v tree) blockAt(file string, off int64) (int, bool) {
	t := &v.table
	if file != v.src.Name || off < 0 || off >= v.dataEnd {
		return 0, false
	}
	for b, err := range v.owners(context.Background(), min(t.usable(), blockSearch)) {
		if err != nil {
			return 0, false
		}
		if off >= start(b) && off < start(b)+t.stored() {
			return int(b.Index), true
		}
	}
	return 0, false
}

func (v tree) blockNode(i int64) decode.Node {
	t := &v.table
	n := decode.Node{
		Name: fmt.Sprintf("block %d", i), Place: v.place(t.at(i), 0),
		Doc: "One block of the virtual disk.", Ref: "VHD specification 1.0, Block Allocation Table and Data Blocks",
		Words: fmt.Sprintf("virtual bytes from 0x%x on", i*t.blockSize),
	}
	sector, err := t.entry(i)
	switch {
	case err != nil:
		n.Mark, n.Words = decode.Wrong, err.Error()
		return n
	case sector == vhd.Unallocated:
		n.Value = "not stored"
		return n
	case v.misplaced(sector) != "":
		n.Mark, n.Words = decode.Wrong, v.misplaced(sector)
		return n
	}
	start := int64(sector) * vhd.Sector
	n.Place = v.place(start, min(t.stored(), v.dataEnd-start))
	n.Value = fmt.Sprintf("at 0x%x", start)
	data := decode.Node{
		Name: "data", Place: n.Place.Sub(t.bitmapBytes, n.Place.Length-t.bitmapBytes),
		Doc: "The sectors of the block. Those whose bit is clear should be zero, and are not read.", Ref: "VHD specification 1.0, Block Allocation Table and Data Blocks",
	}
	return n.WithNodes(v.bitmapNode(i, start), data)
}

func (v tree) bitmapNode(block, start int64) decode.Node {
	sectors := int((min(v.virtual-block*v.table.blockSize, v.table.blockSize) + vhd.Sector - 1) / vhd.Sector)
	n := decode.Node{
		Name: "sector bitmap", Place: v.place(start, v.table.bitmapBytes),
		Doc: "One bit for each sector of the block, the first one in the most significant bit of the first byte. Only in differencing images does it usually matter: there a clear bit means that the parent has the sector.",
		Ref: "VHD specification 1.0, Block Allocation Table and Data Blocks",
	}
	return decode.Repeat(n, 1, count(v.table.bitmapBytes), func(i int) decode.Node {
		name := fmt.Sprintf("bits %d to %d, of no sector", 8*i, 8*i+7)
		if 8*i < sectors {
			name = fmt.Sprintf("sectors %d to %d", 8*i, min(8*i+7, sectors-1))
		}
		return vhd.BitmapTable.Read(v.src.File, v.src.Name, start+int64(i), decode.Named(name))
	})
}

var _ disk.Locator = (*Image)(nil)
