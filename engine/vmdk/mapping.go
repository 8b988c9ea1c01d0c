package vmdk

import (
	"iter"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// Map tells where [off, off+n) of the virtual disk comes from. Neighbouring
// grains are one span where they are neighbours in the file too; compressed
// grains never are.
func (m *Image) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return m.mapLayers(m.layers, off, n)
}

// MapOwn maps this layer alone, see [disk.Layered].
func (m *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] {
	return m.mapLayers(m.layers[:min(len(m.layers), 1)], off, n)
}

func (m *Image) mapLayers(layers []*Image, off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		switch {
		case m.refused != nil:
			yield(disk.Span{}, m.refused)
			return
		case off < 0 || n < 0:
			yield(disk.Span{}, disk.Errorf(disk.OutOfRange, decode.Place{}, "map of %d bytes at %d", n, off))
			return
		}
		end := m.size
		if n < end-off {
			end = off + n
		}
		w := walk{layers: layers}
		var r run
		var via []disk.Via
		for pos := off; pos < end; {
			layer, err := w.next(pos, end, &r)
			if err != nil {
				yield(disk.Span{}, err)
				return
			}
			if via, err = m.trail(via[:0], pos, layer, &r); err != nil {
				yield(disk.Span{}, err)
				return
			}
			if !yield(span(pos, layer, &r, via), nil) {
				return
			}
			pos += r.length
		}
	}
}

func span(pos int64, layer int, r *run, via []disk.Via) disk.Span {
	s := disk.Span{Start: pos, Length: r.length, State: r.state, Layer: layer, Offset: -1, Via: via}
	if r.state == disk.Data {
		s.File, s.Offset, s.Packed = r.extent.file.Name, r.offset, r.packed
	}
	return s
}

// trail lists the table entries that decided about the byte at pos, in all
// layers down to the one that answered with r.
func (m *Image) trail(via []disk.Via, pos int64, layer int, r *run) ([]disk.Via, error) {
	var above run
	for l, img := range m.layers[:layer] {
		if pos >= img.size {
			break
		}
		if err := img.own(pos, 1, &above); err != nil {
			return via, err
		}
		via = above.trail(via, l)
	}
	return r.trail(via, layer), nil
}

// trail lists the entries that led to a run of a layer.
func (r *run) trail(via []disk.Via, layer int) []disk.Via {
	for i, e := range r.via[:r.vias] {
		g := r.extent.sparse.grid
		via = append(via, disk.Via{
			Table: tableName(i, r.second), Index: e.index,
			Place: g.file.place(e.at, g.width), Raw: e.raw, Layer: layer,
		})
	}
	return via
}

// tableName is the format's word for a level of tables.
func tableName(level int, redundant bool) string {
	switch {
	case level == 0 && redundant:
		return "RGD"
	case level == 0:
		return "GD"
	case redundant:
		return "RGT"
	}
	return "GT"
}

// entryLayouts are the tables that describe the entries of a kind of extent.
func entryLayouts(kind vmdk.Kind) (directory, table *decode.Layout) {
	switch kind {
	case vmdk.KindCowd:
		return &vmdk.CowdDirectoryEntryTable.Layout, &vmdk.CowdTableEntryTable.Layout
	case vmdk.KindSeSparse:
		return &vmdk.SeDirectoryEntryTable.Layout, &vmdk.SeTableEntryTable.Layout
	}
	return &vmdk.DirectoryEntryTable.Layout, &vmdk.TableEntryTable.Layout
}
