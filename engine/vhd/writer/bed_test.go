package writer_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	reader "platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// shape is an image to be made for a test.
type shape struct {
	kind   uint32
	size   int64
	block  int64
	table  int64         // where the BAT lies; 0: at 1536
	gap    int64         // bytes between the last structure and the footer
	stored map[int64]int // block number to how many of its first sectors are in the file
	id     byte
	parent byte
	name   string // of the parent
}

func (s shape) footer() []byte {
	rec := vhd.FooterTable.Blank()
	g := vhd.GeometryFor(uint64(s.size))
	vhd.FooterFeatures.Put(rec, 2)
	vhd.FooterVersion.Put(rec, vhd.Version)
	vhd.FooterDataOffset.Put(rec, vhd.FooterSize)
	if s.kind == vhd.Fixed {
		vhd.FooterDataOffset.Put(rec, vhd.None)
	}
	vhd.FooterCreator.Put(rec, "win ")
	vhd.FooterCreatorOS.Put(rec, "Wi2k")
	vhd.FooterOriginalSize.Put(rec, uint64(s.size))
	vhd.FooterCurrentSize.Put(rec, uint64(s.size))
	vhd.FooterCylinders.Put(rec, g.Cylinders)
	vhd.FooterHeads.Put(rec, g.Heads)
	vhd.FooterSectors.Put(rec, g.Sectors)
	vhd.FooterType.Put(rec, s.kind)
	vhd.FooterID.Put(rec, identity(s.id))
	vhd.FooterTable.Seal(rec.Bytes())
	return rec.Bytes()
}

func identity(b byte) uuid.UUID {
	return uuid.UUID{b, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, b}
}

func (s shape) header() []byte {
	rec := vhd.HeaderTable.Blank()
	vhd.HeaderTableOffset.Put(rec, uint64(s.table))
	vhd.HeaderVersion.Put(rec, vhd.Version)
	vhd.HeaderEntries.Put(rec, uint32((s.size+s.block-1)/s.block))
	vhd.HeaderBlockSize.Put(rec, uint32(s.block))
	if s.kind == vhd.Differencing {
		vhd.HeaderParentID.Put(rec, identity(s.parent))
		vhd.HeaderParentName.Put(rec, s.name)
	}
	vhd.HeaderTable.Seal(rec.Bytes())
	return rec.Bytes()
}

// sector is what sector n of the image with an identity holds.
func sector(id byte, n int64) []byte {
	b := bytes.Repeat([]byte{id, byte(n), byte(n >> 8), 0x5A}, vhd.Sector/4)
	b[0] = ^id
	return b
}

// file makes the image.
func (s shape) file() *store.MemFile {
	f := store.NewMemFile(0)
	if s.kind == vhd.Fixed {
		for n := int64(0); n < s.size/vhd.Sector; n++ {
			f.WriteAt(sector(s.id, n), n*vhd.Sector)
		}
		f.WriteAt(s.footer(), s.size)
		return f
	}
	s.table = max(s.table, vhd.FooterSize+vhd.HeaderSize)
	entries := (s.size + s.block - 1) / s.block
	bat := bytes.Repeat([]byte{0xFF}, int(roundUp(entries*vhd.EntrySize, vhd.Sector)))
	next := s.table + int64(len(bat))
	bitmap := vhd.BitmapBytes(s.block)
	for i := range entries {
		count, ok := s.stored[i]
		if !ok {
			continue
		}
		rec, _ := vhd.EntryTable.Of(bat[i*vhd.EntrySize:][:vhd.EntrySize])
		vhd.EntrySector.Put(rec, uint32(next/vhd.Sector))
		bits := make([]byte, bitmap)
		for n := range int64(count) {
			bits[n/8] |= 0x80 >> (n % 8)
			f.WriteAt(sector(s.id, i*s.block/vhd.Sector+n), next+bitmap+n*vhd.Sector)
		}
		f.WriteAt(bits, next)
		next += bitmap + s.block
	}
	next += s.gap
	f.WriteAt(s.footer(), 0)
	f.WriteAt(s.header(), vhd.FooterSize)
	f.WriteAt(bat, s.table)
	f.Truncate(next)
	f.WriteAt(s.footer(), next)
	return f
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// folder opens the images of a file system as the facade does.
type folder struct{ store.Opener }

func (o folder) OpenFile(name string) (store.File, string, error) {
	f, err := o.Open(name)
	return f, name, err
}

func (o folder) OpenParent(name, _ string) (disk.Image, error) {
	return read(context.Background(), o, name)
}

func read(ctx context.Context, o store.Opener, name string) (disk.Image, error) {
	f, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	return reader.Open(ctx, disk.Source{Path: name, Name: name, File: f, Opener: folder{o}})
}

func write(ahead int64) func(context.Context, store.FS, string) (disk.Writer, error) {
	return func(ctx context.Context, fs store.FS, name string) (disk.Writer, error) {
		img, err := read(ctx, fs, name)
		if err != nil {
			return nil, err
		}
		return writer.Write(ctx, img, fs, disk.WriteOptions{Ahead: ahead})
	}
}

const (
	small = 32 << 10 // block of the beds
	size  = 20*small - 3*vhd.Sector
)

// beds are images of each kind, with room for mistakes to show: old bytes in
// gaps, parents with a pattern, blocks that are there in part.
func beds(t testing.TB) []enginetest.Bed {
	t.Helper()
	parent := shape{kind: vhd.Dynamic, size: size, block: small, id: 0x50, stored: map[int64]int{0: 64, 1: 64, 2: 10, 5: 64, 9: 33, 12: 64, 18: 64, 19: 61}}.file()
	bed := func(name string, s shape, ahead int64) enginetest.Bed {
		return enginetest.Bed{Name: name, Image: "disk.vhd", Known: []string{"vhd/V027", "vhd/V035"}, Below: []string{"parent.vhd"}, Read: read, Write: write(ahead),
			Files: map[string]*store.MemFile{"disk.vhd": s.file(), "parent.vhd": parent}}
	}
	some := map[int64]int{1: 64, 3: 7, 7: 64, 19: 20}
	gap := shape{kind: vhd.Dynamic, size: size, block: small, id: 3, stored: some, gap: 3584}
	old := bed("dynamic with a gap", gap, 0)
	old.Files["disk.vhd"] = gapFilled(gap)
	return []enginetest.Bed{
		bed("fixed", shape{kind: vhd.Fixed, size: size, id: 1}, 0),
		bed("dynamic", shape{kind: vhd.Dynamic, size: size, block: small, id: 2, stored: some}, 3*small),
		bed("empty", shape{kind: vhd.Dynamic, size: size, block: small, id: 2}, 0),
		old,
		bed("child", shape{kind: vhd.Differencing, size: size, block: small, id: 4, stored: some, parent: 0x50, name: "parent.vhd"}, 2*small),
	}
}

// gapFilled has bytes in the gap before the footer, as an image has that another
// program left after a crash.
func gapFilled(s shape) *store.MemFile {
	f := s.file()
	end, _ := f.Size()
	f.WriteAt(bytes.Repeat([]byte("old "), int(s.gap/4)), end-vhd.FooterSize-s.gap)
	return f
}

var _ decode.Place
