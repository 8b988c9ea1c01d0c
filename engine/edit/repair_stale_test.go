package edit_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode/vhd"
	layout "platter/decode/vhdx"
	"platter/engine"
)

// staircase makes an image of six blocks of 2 MiB, of which the third overlaps the fourth, and
// that the fifth: one of them moved away settles both.
func staircase(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "32M", "block-size": "2M"}}); err != nil {
		t.Fatal(err)
	}
	s := session(t, path)
	for i := range int64(6) {
		if _, err := s.Write(t.Context(), "data", i<<21, []byte("data")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".vhdx" {
		table := b[layout.RegionOffset(0):][:layout.RegionTableSize]
		bat := b[binary.LittleEndian.Uint64(table[entryOfBAT(t, table)+16:]):]
		third := binary.LittleEndian.Uint64(bat[16:])
		binary.LittleEndian.PutUint64(bat[24:], third+1<<20)
		binary.LittleEndian.PutUint64(bat[32:], third+2<<20)
	} else {
		h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
		bat := b[vhd.HeaderTableOffset.Get(h):]
		third := binary.BigEndian.Uint32(bat[8:])
		binary.BigEndian.PutUint32(bat[12:], third+1<<11)
		binary.BigEndian.PutUint32(bat[16:], third+1<<12+1)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRepairSettledMeanwhile repairs a row of overlaps of which the first repair settles the
// second: no block is moved twice, and no more room is left to nobody than that of the blocks
// that had lost their entries before.
func TestRepairSettledMeanwhile(t *testing.T) {
	for name, overlap := range map[string]string{"d.vhdx": "vhdx/44", "d.vhd": "vhd/V034"} {
		path := staircase(t, name)
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		s := session(t, path)
		img, err := s.Image()
		if err != nil {
			t.Fatal(err)
		}
		row := rows(t, img)[0]
		list, err := engine.Repairs(t.Context(), img, row)
		if err != nil || row.Code != overlap || row.Count != 2 {
			t.Fatalf("%s, %d times: %v", row.Text, row.Count, err)
		}
		for _, r := range list {
			if r.All && strings.Contains(r.Title, "cop") {
				if err := s.Repair(t.Context(), r.Title, r); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		if img, err = s.Image(); err != nil {
			t.Fatal(err)
		}
		if rows(t, img)[0].Code == overlap {
			t.Errorf("%s: %s", name, rows(t, img)[0].Text)
		}
		if grown := img.Files()[0].Size - before.Size(); grown < 2<<20 || grown >= 4<<20 {
			t.Errorf("%s: the file grew by %d bytes, one block has 2 MiB", name, grown)
		}
	}
}
