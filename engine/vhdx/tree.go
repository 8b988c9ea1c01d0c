package vhdx

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"platter/decode"
	"platter/decode/vhdx"
)

// tree is an image taken as the nodes of its tree.
type tree struct{ *Image }

// Tree is the file's structures in the order in which a reader meets them.
// What the log changes is shown as it is after replay.
func (v *Image) Tree() decode.Node {
	t := tree{v}
	root := decode.Node{
		Name:  v.src.Name,
		Place: v.place(0, v.size),
		Value: v.typeName() + " VHDX",
		Doc:   "A disk image in the format of Hyper-V since 2012. Everything outside its first MiB starts at a multiple of 1 MiB, and all changes of the tables go through a log.",
		Ref:   "MS-VHDX 2.1",
	}
	nodes := []decode.Node{t.identifierNode(), t.headerNode(0), t.headerNode(1), t.regionTableNode(0), t.regionTableNode(1)}
	lazy := []func() decode.Node{}
	if v.log.length > 0 {
		lazy = append(lazy, t.logNode)
	}
	for i := range v.regions {
		r := v.regions[i]
		switch {
		case !r.placed:
		case r.guid == vhdx.RegionBAT && r.entry == v.bat.entry:
			lazy = append(lazy, t.batNode)
		case r.guid == vhdx.RegionMetadata && r.entry == v.meta.region.entry:
			lazy = append(lazy, t.metadataNode)
		default:
			lazy = append(lazy, func() decode.Node { return t.unknownRegionNode(r) })
		}
	}
	if v.sized {
		lazy = append(lazy, t.blocksNode)
		if v.params.hasParent {
			lazy = append(lazy, t.bitmapsNode)
		}
	}
	return root.With(len(nodes)+len(lazy), func(i int) decode.Node {
		if i < len(nodes) {
			return nodes[i]
		}
		return lazy[i-len(nodes)]()
	})
}

func (v tree) identifierNode() decode.Node {
	n := vhdx.IdentifierTable.Node(v.identifier.Bytes(), v.src.Name, 0)
	rest := decode.Node{
		Name: "reserved", Place: v.place(vhdx.IdentifierSize, vhdx.SlotSize-vhdx.IdentifierSize),
		Doc: "The rest of the first 64 KiB has no meaning and should be zero.", Ref: "MS-VHDX 2.2.1",
	}
	n = n.Append(rest)
	n.Place.Length = vhdx.SlotSize
	return n
}

func (v tree) headerNode(i int) decode.Node {
	c := v.headers.copies[i]
	opts := []decode.Placed{
		decode.Named(fmt.Sprintf("header %d", i+1)),
		decode.SecondCopyAt(v.place(vhdx.HeaderOffset(1-i), vhdx.HeaderSize)),
		decode.Marked(v.headerVerdict(i)),
	}
	if c.valid && v.log.length > 0 && i == v.headers.current {
		opts = append(opts, decode.Leads(vhdx.HeaderLogOffset.Field().Name(), decode.Target{Place: v.place(v.log.off, v.log.length), What: "log"}))
	}
	return vhdx.HeaderTable.Node(c.raw, v.src.Name, vhdx.HeaderOffset(i), opts...)
}

// headerVerdict says whether a header is current, and why.
func (v tree) headerVerdict(i int) (decode.Mark, string) {
	h := &v.headers
	switch {
	case !h.copies[i].valid:
		return decode.Wrong, "not valid: " + h.copies[i].why
	case h.tied && !h.identical():
		return decode.Wrong, "same sequence number as the other one, but different content"
	case h.tied:
		return decode.Good, "identical to the other one"
	case i == h.current:
		return decode.Good, "current: " + h.reason
	}
	return decode.Good, "not current"
}

// overlaid adds to a record's options that the log changes its bytes.
func (v tree) overlaid(off, n int64, opts ...decode.Placed) []decode.Placed {
	if v.data.touched(off, n) {
		opts = append(opts, decode.Marked(decode.Note, "as after replay of the log; the file still holds other bytes"))
	}
	return opts
}

func (v tree) regionTableNode(i int) decode.Node {
	c, other := v.tables.copies[i], v.tables.copies[1-i]
	off := vhdx.RegionOffset(i)
	mark, words := decode.Good, "not used; identical to the other one"
	switch {
	case !c.valid:
		mark, words = decode.Wrong, "not valid: "+c.why
	case i == v.tables.used:
		words = "used"
	case !bytes.Equal(c.raw, other.raw):
		mark, words = decode.Doubt, "not used; differs from the other one"
	}
	second := v.place(vhdx.RegionOffset(1-i), vhdx.RegionTableSize)
	n := vhdx.RegionTable.Node(c.raw, v.src.Name, off,
		v.overlaid(off, vhdx.RegionTableSize, decode.Named(fmt.Sprintf("region table %d", i+1)), decode.SecondCopyAt(second), decode.Marked(mark, words))...)
	var entries []decode.Node
	for e := range c.entries() {
		at := int64(vhdx.RegionHeadSize + e*vhdx.RegionEntrySize)
		entries = append(entries, v.regionEntryNode(c.entry(e), off+at, second.Sub(at, vhdx.RegionEntrySize)))
	}
	n = n.Append(entries...)
	n.Place.Length = vhdx.RegionTableSize
	return n
}

func (v tree) regionEntryNode(rec decode.Record[vhdx.RegionEntry], off int64, second decode.Place) decode.Node {
	opts := []decode.Placed{decode.SecondCopyAt(second)}
	name := vhdx.RegionName(vhdx.RegionGUID.Get(rec))
	if at, length := vhdx.RegionFileOffset.Get(rec), int64(vhdx.RegionLength.Get(rec)); regionFault(at, length, v.data.grown) == "" {
		opts = append(opts, decode.Leads(vhdx.RegionFileOffset.Field().Name(), decode.Target{Place: v.place(int64(at), length), What: name}))
	}
	n := vhdx.RegionEntryTable.Node(rec.Bytes(), v.src.Name, off, opts...)
	n.Value = name
	return n
}

func (v tree) unknownRegionNode(r region) decode.Node {
	return decode.Node{
		Name: vhdx.RegionName(r.guid), Place: v.place(r.off, r.length),
		Doc: "A region that the format does not define, or the second one of its kind. Programs that do not know it leave it alone.", Ref: "MS-VHDX 2.2.3",
	}
}

// count is n as a number of children.
func count(n int64) int { return int(min(n, math.MaxInt32)) }

func (v tree) batNode() decode.Node {
	n := decode.Node{
		Name: "BAT", Place: v.place(v.bat.off, v.bat.length),
		Doc: "The block allocation table: for each block of the virtual disk where it lies in the file and in which state it is. After the entries of each chunk there is one for its sector bitmap.",
		Ref: "MS-VHDX 2.5",
	}
	if !v.sized {
		return n
	}
	entries := v.geo.Entries(v.params.hasParent)
	n.Value = fmt.Sprintf("%d entries", entries)
	n = decode.Repeat(n, vhdx.EntrySize, count(entries), func(i int) decode.Node { return v.entryNode(int64(i)) })
	used := entries * vhdx.EntrySize
	if used < v.bat.length {
		n = n.Append(decode.Node{
			Name: "padding", Place: v.place(v.bat.off+used, v.bat.length-used),
			Doc: "Room after the last entry that the disk needs. It should be zero, and nobody reads it.", Ref: "MS-VHDX 2.5",
		})
	}
	return n
}

// entryNode is a BAT entry; its value and target are those of its fields.
func (v tree) entryNode(i int64) decode.Node {
	at := v.bat.off + i*vhdx.EntrySize
	number, bitmap := v.geo.IsBitmap(i)
	b, err := readUpTo(v.data, at, vhdx.EntrySize)
	if err != nil {
		return decode.Node{Name: fmt.Sprintf("BAT[%d]", i), Place: v.place(at, vhdx.EntrySize), Doc: "A BAT entry that can't be read.", Mark: decode.Wrong, Words: err.Error()}
	}
	layout, name := &vhdx.PayloadTable.Layout, fmt.Sprintf("BAT[%d] block %d", i, number)
	if bitmap {
		layout, name = &vhdx.BitmapEntryTable.Layout, fmt.Sprintf("BAT[%d] sector bitmap %d", i, number)
	}
	opts := v.overlaid(at, vhdx.EntrySize, decode.Named(name))
	if len(b) < vhdx.EntrySize {
		return layout.Node(b, v.src.Name, at, decode.Named(name))
	}
	entry := vhdx.EntryAt(b)
	what, off, length := v.claimOf(i, entry)
	if what != useNone {
		to := decode.Target{Place: v.place(off, min(length, max(v.size-off, 0))), What: v.useName(i, what)}
		opts = append(opts, decode.Leads(vhdx.PayloadOffset.Field().Name(), to))
	}
	n := layout.Node(b, v.src.Name, at, opts...)
	n.Value = vhdx.StateName(vhdx.State(entry))
	if what != useNone {
		n.Value += fmt.Sprintf(" at 0x%x", off)
	}
	n.Target = n.Child(n.Len() - 1).Target
	return n
}

// blocksNode has a child for each block of the virtual disk.
func (v tree) blocksNode() decode.Node {
	n := decode.Node{
		Name: "blocks", Place: v.place(0, 0),
		Value: fmt.Sprintf("%d of %s", v.geo.Blocks, decode.FormatSize(uint64(v.geo.BlockSize))),
		Doc:   "The payload blocks in the order of the virtual disk. Stored ones lie anywhere in the file, at multiples of 1 MiB.", Ref: "MS-VHDX 2.4",
	}
	n = n.With(count(v.geo.Blocks), func(i int) decode.Node { return v.blockNode(int64(i)) })
	return n.Indexed(func(file string, off int64) (int, bool) {
		block, ok := v.find(file, off, usePayload)
		return int(block), ok
	})
}

// findSearch bounds the BAT entries that are gone through to find what lies at
// a place of the file.
const findSearch = 1 << 21

// find is the number of the block or sector bitmap that lies at off.
func (v tree) find(file string, off int64, wanted use) (int64, bool) {
	if file != v.src.Name || off < vhdx.MiB || off >= v.size {
		return 0, false
	}
	for p, err := range v.pieces(context.Background()) {
		if err != nil || p.first >= findSearch {
			return 0, false
		}
		for i := p.first; i < p.first+p.count; i++ {
			what, start, length := v.claimOf(i, p.at(i))
			if (what == wanted || wanted == usePayload && what == useAnchor) && off >= start && off < start+length {
				number, _ := v.geo.IsBitmap(i)
				return number, true
			}
		}
	}
	return 0, false
}

func (v tree) blockNode(block int64) decode.Node {
	index := v.geo.PayloadIndex(block)
	n := decode.Node{
		Name: fmt.Sprintf("block %d", block), Place: v.entryPlaceAt(index),
		Doc: "One block of the virtual disk.", Ref: "MS-VHDX 2.5.1.1",
		Words: fmt.Sprintf("virtual bytes from 0x%x on", block*v.geo.BlockSize),
	}
	n.Place.Length = 0
	entry, err := v.entry(index)
	if err != nil {
		n.Mark, n.Words = decode.Wrong, err.Error()
		return n
	}
	n.Value = vhdx.StateName(vhdx.State(entry))
	n.Target = &decode.Target{Place: v.entryPlaceAt(index), What: fmt.Sprintf("BAT[%d]", index)}
	if _, why := v.stateOf(entry); why != "" {
		n.Mark, n.Words = decode.Wrong, why
	}
	if what, off, length := v.claimOf(index, entry); what != useNone && off < v.size {
		n.Place = v.place(off, min(length, v.size-off))
		n.Value += fmt.Sprintf(" at 0x%x", off)
		if why := v.misplaced(entry); why != "" {
			n.Mark, n.Words = decode.Wrong, why
		}
	}
	return n
}

// bitmapsNode has a child for each chunk of a differencing image.
func (v tree) bitmapsNode() decode.Node {
	n := decode.Node{
		Name: "sector bitmaps", Place: v.place(0, 0), Value: fmt.Sprintf("%d chunks", v.geo.Chunks),
		Doc: "For each chunk of the virtual disk 1 MiB with a bit for each sector, which tells whether it is in this file or in the parent. They count only for blocks that are partially present.", Ref: "MS-VHDX 2.4",
	}
	n = n.With(count(v.geo.Chunks), func(i int) decode.Node { return v.bitmapNode(int64(i)) })
	return n.Indexed(func(file string, off int64) (int, bool) {
		chunk, ok := v.find(file, off, useBitmap)
		return int(chunk), ok
	})
}

func (v tree) bitmapNode(chunk int64) decode.Node {
	n := decode.Node{
		Name: fmt.Sprintf("sector bitmap %d", chunk), Place: v.entryPlaceAt(v.geo.BitmapIndex(chunk)),
		Doc: "The bits of one chunk, 2^23 sectors: the first sector has the least significant bit of the first byte.", Ref: "MS-VHDX 2.4",
	}
	n.Place.Length = 0
	off, why, err := v.bitmapAt(chunk)
	switch {
	case err != nil:
		n.Mark, n.Words = decode.Wrong, err.Error()
		return n
	case why != "":
		n.Words = why
		return n
	}
	n.Place = v.place(off, min(vhdx.MiB, max(v.size-off, 0)))
	n.Value = fmt.Sprintf("at 0x%x", off)
	first, sectors := chunk*vhdx.ChunkSectors, (v.geo.DiskSize+v.geo.SectorSize-1)/v.geo.SectorSize
	return decode.Repeat(n, 1, count(n.Place.Length), func(i int) decode.Node {
		from := first + int64(8*i)
		name := fmt.Sprintf("bits %d to %d, of no sector", 8*i, 8*i+7)
		if from < sectors {
			name = fmt.Sprintf("sectors %d to %d", from, min(from+7, sectors-1))
		}
		return vhdx.BitmapTable.Read(v.data, v.src.Name, off+int64(i), v.overlaid(off+int64(i), 1, decode.Named(name))...)
	})
}
