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
func (m *Image) Map(off, n int64) iter.Seq2[disk.Span, error] { return m.stack.Map(off, n) }

// MapOwn maps this layer alone, see [disk.Layered].
func (m *Image) MapOwn(off, n int64) iter.Seq2[disk.Span, error] { return m.stack.MapOwn(off, n) }

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

// isRedundant reports whether a copy of the tables is the redundant one: it may be the only
// one in the file.
func (g *grid) isRedundant(copy int) bool { return copy == 1 || g.turned && g.dirCount == 1 }

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
