package vhdx

import (
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
)

// metadataNode is the metadata region: table, entries and items.
func (v tree) metadataNode() decode.Node {
	m := &v.meta
	off := m.region.off
	n := decode.Node{
		Name: "metadata", Place: v.place(off, m.region.length),
		Doc: "What the format and programs keep about the disk: a table in the first 64 KiB, and after it the items.", Ref: "MS-VHDX 2.6",
	}
	table := vhdx.MetadataTable.Node(m.raw, v.src.Name, off, v.overlaid(off, vhdx.MetadataTableSize)...)
	var entries, items []decode.Node
	for _, it := range m.items {
		at := it.entry - off
		entries = append(entries, v.metadataEntryNode(it, m.raw[at:at+vhdx.MetadataEntrySize]))
		if it.placed {
			items = append(items, v.itemNode(it))
		}
	}
	table = table.Append(entries...)
	table.Place.Length = min(vhdx.MetadataTableSize, m.region.length)
	return n.WithNodes(append([]decode.Node{table}, items...)...)
}

func (v tree) metadataEntryNode(it item, raw []byte) decode.Node {
	opts := []decode.Placed{decode.RelativeTo(v.meta.region.off)}
	if it.placed {
		opts = append(opts, decode.Leads(vhdx.EntryOffset.Field().Name(), decode.Target{Place: v.itemPlace(it), What: it.name()}))
	}
	n := vhdx.MetadataEntryTable.Node(raw, v.src.Name, it.entry, opts...)
	n.Value = it.name()
	return n
}

// itemNode is an item with the fields of its kind.
func (v tree) itemNode(it item) decode.Node {
	at := v.itemPlace(it)
	n := decode.Node{Name: it.name(), Place: at, Doc: "A metadata item that the format does not define.", Ref: "MS-VHDX 2.6.2"}
	known, ok := vhdx.ItemOf(it.id)
	if !ok || it.user {
		return n
	}
	n.Doc = known.Doc
	if known.Layout == nil || known.Length >= 0 && it.length != known.Length {
		return n
	}
	raw, err := readUpTo(v.data, at.Offset, int(it.length))
	if err != nil {
		n.Mark, n.Words = decode.Wrong, err.Error()
		return n
	}
	opts := v.overlaid(at.Offset, at.Length, decode.Named(it.name()), decode.RelativeTo(at.Offset))
	if it.id == vhdx.ItemParentLocator {
		return v.locatorNode(raw, at, opts)
	}
	node := known.Layout.Node(raw, v.src.Name, at.Offset, opts...)
	node.Place.Length = at.Length
	if node.Len() > 0 {
		node.Value = node.Child(0).Value
	}
	return node
}

// locatorNode is the parent locator with its pairs; keys and values are nodes
// of their own where their bytes are.
func (v tree) locatorNode(raw []byte, at decode.Place, opts []decode.Placed) decode.Node {
	n := vhdx.LocatorTable.Node(raw, v.src.Name, at.Offset, opts...)
	var nodes []decode.Node
	pairs := vhdx.Pairs(raw)
	for _, p := range pairs {
		rec := raw[p.Entry : p.Entry+vhdx.LocatorEntrySize]
		e := vhdx.LocatorEntryTable.Node(rec, v.src.Name, at.Offset+p.Entry, decode.RelativeTo(at.Offset))
		e.Value = decode.InQuotes(p.Key)
		nodes = append(nodes, e)
	}
	for i, p := range pairs {
		if p.KeyBad == "" {
			nodes = append(nodes, locatorText(at.Sub(p.KeyOffset, p.KeyLength), fmt.Sprintf("key %d", i+1), p.Key, "The key of a pair."))
		}
		if p.ValueBad == "" {
			nodes = append(nodes, locatorText(at.Sub(p.ValueOffset, p.ValueLength), fmt.Sprintf("value %d", i+1), p.Value, vhdx.KeyDoc(p.Key)))
		}
	}
	n = n.Append(nodes...)
	n.Place.Length = at.Length
	return n
}

func locatorText(at decode.Place, name, text, doc string) decode.Node {
	return decode.Node{Name: name, Place: at, Value: decode.InQuotes(text), Doc: doc, Ref: "MS-VHDX 2.6.2.6"}
}
