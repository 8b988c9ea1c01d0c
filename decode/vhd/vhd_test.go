package vhd_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"platter/decode"
	"platter/decode/decodetest"
	"platter/decode/vhd"
)

func TestTables(t *testing.T) { decodetest.Tables(t, vhd.Layouts()) }

// TestChecksums uses the vectors of vhd.md 4.
func TestChecksums(t *testing.T) {
	raw, err := hex.DecodeString("636f6e65637469780000000200010000ffffffffffffffff3293c82371656d32000500035769326b00000000400000000000000040000000ffff10ff00000002ffffe3581c80ffb1620d49a8a59955efe3d7f95500")
	if err != nil {
		t.Fatal(err)
	}
	footer := append(raw, make([]byte, vhd.FooterSize-len(raw))...)
	if m, why := vhd.FooterChecksum.Field().Verdict(footer); m != decode.Good {
		t.Errorf("footer: %s %s", m, why)
	}
	sealed := bytes.Clone(footer)
	clear(sealed[64:68])
	vhd.FooterTable.Seal(sealed)
	if !bytes.Equal(sealed, footer) {
		t.Errorf("sealed footer has checksum %x", sealed[64:68])
	}
	h := vhd.HeaderTable.Blank()
	vhd.HeaderTableOffset.Put(h, 0x600)
	vhd.HeaderEntries.Put(h, 512)
	vhd.HeaderBlockSize.Put(h, 0x200000)
	vhd.HeaderTable.Seal(h.Bytes())
	if got := vhd.HeaderChecksum.Get(h); got != 0xFFFFF475 {
		t.Errorf("header checksum %x", got)
	}
}

// TestGeometry uses the table of vhd.md 5.
func TestGeometry(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		size uint64
		want vhd.Geometry
	}{
		{1 * mib, vhd.Geometry{Cylinders: 30, Heads: 4, Sectors: 17}},
		{4 * mib, vhd.Geometry{Cylinders: 120, Heads: 4, Sectors: 17}},
		{100 * mib, vhd.Geometry{Cylinders: 1003, Heads: 12, Sectors: 17}},
		{504 * mib, vhd.Geometry{Cylinders: 1024, Heads: 16, Sectors: 63}},
		{278527 * 512, vhd.Geometry{Cylinders: 1023, Heads: 16, Sectors: 17}},
		{278528 * 512, vhd.Geometry{Cylinders: 561, Heads: 16, Sectors: 31}},
		{507904 * 512, vhd.Geometry{Cylinders: 503, Heads: 16, Sectors: 63}},
		{1024 * mib, vhd.Geometry{Cylinders: 2080, Heads: 16, Sectors: 63}},
		{32768 * mib, vhd.Geometry{Cylinders: 16448, Heads: 16, Sectors: 255}},
		{127 * 1024 * mib, vhd.Geometry{Cylinders: 65278, Heads: 16, Sectors: 255}},
		{1 << 60, vhd.Largest},
		{67 * 512, vhd.Geometry{Cylinders: 0, Heads: 4, Sectors: 17}},
	} {
		if got := vhd.GeometryFor(c.size); got != c.want {
			t.Errorf("%d: %v, want %v", c.size, got, c.want)
		}
	}
	if vhd.Largest.Size() != 136899993600 {
		t.Errorf("largest geometry: %d", vhd.Largest.Size())
	}
}

func TestBitmapBytes(t *testing.T) {
	for size, want := range map[int64]int64{512: 512, 512 << 10: 512, 2 << 20: 512, 4 << 20: 1024, 16 << 20: 4096} {
		if got := vhd.BitmapBytes(size); got != want {
			t.Errorf("block of %d: bitmap of %d, want %d", size, got, want)
		}
	}
}

func TestLocatorPath(t *testing.T) {
	little := func(s string) []byte { return decode.EncodeUTF16(s, decode.Little) }
	for _, c := range []struct {
		code uint32
		data []byte
		want string
		ok   bool
	}{
		{vhd.RelativeWindows, little(`.\base.vhd`), `.\base.vhd`, true},
		{vhd.AbsoluteWindows, little("C:\\a\\b.vhd\x00\x00"), `C:\a\b.vhd`, true},
		{vhd.AbsoluteWindows, append([]byte{0xFF, 0xFE}, little("x.vhd")...), "x.vhd", true},
		{vhd.RelativeWindows, append([]byte{0xFE, 0xFF}, decode.EncodeUTF16("x.vhd", decode.Big)...), "x.vhd", true},
		{vhd.RelativeANSI, []byte("p.vhd\x00junk"), "p.vhd", true},
		{vhd.MacURL, []byte("file:///Users/a%20b/p.vhd"), "/Users/a b/p.vhd", true},
		{vhd.MacURL, []byte("./p.vhd"), "./p.vhd", true},
		{vhd.MacAlias, []byte{1, 2, 3}, "", false},
		{0x4D163220, []byte("x"), "", false},
	} {
		if got, ok := vhd.LocatorPath(c.code, c.data); got != c.want || ok != c.ok {
			t.Errorf("%s %q: %q %v, want %q %v", vhd.CodeName(c.code), c.data, got, ok, c.want, c.ok)
		}
	}
}

func TestParentName(t *testing.T) {
	h := vhd.HeaderTable.Blank()
	vhd.HeaderParentName.Put(h, "base.vhd")
	if got := vhd.ParentName(h); got != "base.vhd" {
		t.Errorf("plain name: %q", got)
	}
	copy(h.Bytes()[64:], append([]byte{0xFF, 0xFE}, decode.EncodeUTF16("old.vhd", decode.Little)...))
	clear(h.Bytes()[64+16:][:16])
	if got := vhd.ParentName(h); got != "old.vhd" {
		t.Errorf("little-endian name after a mark: %q", got)
	}
}

func TestSpace(t *testing.T) {
	for stored, want := range map[uint32]int64{0: 0, 1: 512, 511: 511 * 512, 512: 512, 4096: 4096} {
		if got, ok := vhd.Space(stored); got != want || !ok {
			t.Errorf("%d: %d %v, want %d", stored, got, ok, want)
		}
	}
	if _, ok := vhd.Space(1000); ok {
		t.Error("1000 is neither sectors nor bytes")
	}
}

// FuzzTree walks the trees of all tables over any bytes.
func FuzzTree(f *testing.F) {
	for _, l := range vhd.Layouts() {
		f.Add(l.Blank())
		f.Add(l.Blank()[:l.Size()/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, l := range vhd.Layouts() {
			decodetest.Walk(t, l.Node(b, "f", 0), 2000)
		}
		vhd.LocatorPath(vhd.RelativeWindows, b)
		vhd.LocatorPath(vhd.MacURL, b)
	})
}

// TestEntriesAreReadAsDeclared compares the fast way with the table.
func TestEntriesAreReadAsDeclared(t *testing.T) {
	rec := vhd.EntryTable.Blank()
	vhd.EntrySector.Put(rec, 0x01020304)
	b := make([]byte, vhd.EntrySize)
	vhd.PutEntry(b, 0x01020304)
	if vhd.EntryAt(rec.Bytes()) != 0x01020304 || !bytes.Equal(b, rec.Bytes()) || !bytes.Equal(vhd.AppendEntry(nil, 0x01020304), b) {
		t.Errorf("% x, declared % x", b, rec.Bytes())
	}
}
