package edit_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"platter/decode/vhd"
	layout "platter/decode/vhdx"
	"platter/decode/vmdk"
	"platter/engine"
	"platter/engine/edit"
)

// apart are the damages that can be repaired without a risk while an error waits that has only
// repairs with one: by the name of the image, the code and what is damaged.
var apart = []struct {
	image, code string
	damage      func(t *testing.T, b []byte) []byte
}{
	{"d.vhdx", "vhdx/3", func(_ *testing.T, b []byte) []byte { b[layout.HeaderOffset(1)+100] ^= 1; return b }},
	{"d.vhdx", "vhdx/8", func(_ *testing.T, b []byte) []byte {
		raw := b[layout.HeaderOffset(0):][:layout.HeaderSize]
		h, _ := layout.HeaderTable.Of(raw)
		id := layout.HeaderDataGUID.Get(h)
		id[0] ^= 1
		layout.HeaderDataGUID.Put(h, id)
		layout.HeaderTable.Seal(raw)
		return b
	}},
	{"d.vhdx", "vhdx/13", func(_ *testing.T, b []byte) []byte { b[layout.RegionOffset(1)+8] ^= 1; return b }},
	{"d.vhdx", "vhdx/19", func(t *testing.T, b []byte) []byte {
		for i := range 2 {
			table := b[layout.RegionOffset(i):][:layout.RegionTableSize]
			rec, _ := layout.RegionEntryTable.Of(table[entryOfBAT(t, table):])
			layout.RegionRequired.Put(rec, 0)
			layout.RegionTable.Seal(table)
		}
		return b
	}},
	{"d.vhdx", "vhdx/51", func(_ *testing.T, b []byte) []byte { return append(b, make([]byte, 512)...) }},
	{"d.vhd", "vhd/V011", func(_ *testing.T, b []byte) []byte {
		for _, raw := range [][]byte{b[:vhd.FooterSize], b[len(b)-vhd.FooterSize:]} {
			f, _ := vhd.FooterTable.Of(raw)
			vhd.FooterFeatures.Put(f, 0x82)
			vhd.FooterTable.Seal(raw)
		}
		return b
	}},
	{"d.vhd", "vhd/V025", func(_ *testing.T, b []byte) []byte {
		raw := b[vhd.FooterSize:][:vhd.HeaderSize]
		h, _ := vhd.HeaderTable.Of(raw)
		vhd.HeaderNext.Put(h, 0)
		vhd.HeaderTable.Seal(raw)
		return b
	}},
	// an error, which waits for no other
	{"d.vmdk", "vmdk/G5", func(_ *testing.T, b []byte) []byte {
		binary.LittleEndian.PutUint32(b[vmdkTable(b, vmdk.HeaderRedundantOffset.Offset()):], 0x7fffffff)
		return b
	}},
}

// entryOfBAT is where a region table has the entry of the BAT.
func entryOfBAT(t *testing.T, table []byte) int {
	t.Helper()
	at := bytes.Index(table, []byte{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0, 0x42})
	if at < 0 {
		t.Fatal("the region table has no BAT")
	}
	return at
}

// vmdkTable is where the first table of a directory lies that a field of the header leads to.
func vmdkTable(b []byte, field int) uint32 {
	directory := binary.LittleEndian.Uint32(b[field:]) * vmdk.SectorSize
	return binary.LittleEndian.Uint32(b[directory:]) * vmdk.SectorSize
}

// spoil damages something that has only repairs with a risk.
func spoil(t *testing.T, name string, b []byte) {
	t.Helper()
	switch filepath.Ext(name) {
	case ".vhdx":
		table := b[layout.RegionOffset(0):]
		b[binary.LittleEndian.Uint64(table[entryOfBAT(t, table[:layout.RegionTableSize])+16:])] = 4
	case ".vhd":
		h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
		binary.BigEndian.PutUint32(b[vhd.HeaderTableOffset.Get(h):], 1) // the header itself
	case ".vmdk":
		for _, field := range []int{vmdk.HeaderDirectoryOffset.Offset(), vmdk.HeaderRedundantOffset.Offset()} {
			binary.LittleEndian.PutUint32(b[vmdkTable(b, field)+8:], 0x7ffffff0)
		}
	}
}

// TestRepairApart damages a copy of a record and an entry of a table: the error has only repairs
// with a risk, and what is lost by nobody does not wait for it.
func TestRepairApart(t *testing.T) {
	for _, c := range apart {
		t.Run(c.code, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.image)
			if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "8M"}}); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, c.image, b)
			if err := os.WriteFile(path, c.damage(t, b), 0o600); err != nil {
				t.Fatal(err)
			}
			done, err := session(t, path).RepairAll(t.Context(), edit.Wish{})
			if err != nil || len(done) != 1 || done[0].Code != c.code || done[0].Risk != "" {
				t.Errorf("%+v, %v", done, err)
			}
		})
	}
}

// TestNewerHeaderMayHaveTheMark damages the header of a VHDX that counts, in its DataWriteGuid:
// to write over it with the older one loses the mark that children know, and says so. A bit
// anywhere else, with the same mark in both, loses nothing.
func TestNewerHeaderMayHaveTheMark(t *testing.T) {
	for at, wanted := range map[int]bool{layout.HeaderDataGUID.Offset(): false, layout.HeaderFileGUID.Offset(): true} {
		path := filepath.Join(t.TempDir(), "d.vhdx")
		if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "8M"}}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[layout.HeaderOffset(1)+int64(at)] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		done, err := session(t, path).RepairAll(t.Context(), edit.Wish{})
		if riskless := len(done) == 1; err != nil || riskless != wanted {
			t.Errorf("at %d: %+v, %v", at, done, err)
		}
	}
}
