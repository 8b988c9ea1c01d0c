package engine_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestPartedBlocks lets the table entry of a block lead to that of its neighbour: first among
// the repairs is the one that leads it back to its own, which no entry names any more.
func TestPartedBlocks(t *testing.T) {
	for _, c := range []struct {
		name, code string
		k          kindMade
		width      int64
	}{
		{"d.vhd", "vhd/V034", kindMade{"vhd", values("size", "4M", "block-size", "512K")}, 4},
		{"d.vhdx", "vhdx/44", kindMade{"vhdx", values("size", "8M", "block-size", "1M")}, 8},
	} {
		files := store.NewMem()
		if err := makeNamed(t, files, c.name, c.k, disk.Spec{}); err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte("block of data "), 8<<20/14+1)[:sizeOf(t, files, c.name)]
		layered{}.write(t, files, c.name, func(w disk.Writer) error { _, err := w.WriteAt(want, 0); return err })
		table := disk.Region{}
		img := openIn(t, files, c.name)
		for r, err := range img.Regions(t.Context()) {
			if err == nil && r.Name == "BAT" {
				table = r
			}
		}
		img.Close()
		for from := int64(2); from < 4; from++ {
			f, err := files.OpenWrite(c.name)
			if err != nil {
				t.Fatal(err)
			}
			whole, other := make([]byte, c.width), make([]byte, c.width)
			f.ReadAt(whole, table.Offset+from*c.width)
			f.ReadAt(other, table.Offset+(from+1)*c.width)
			f.WriteAt(other, table.Offset+from*c.width)
			img := openIn(t, files, c.name)
			found := false
			for _, of := range allFound(t, img) {
				if of.Code != c.code {
					continue
				}
				list, err := engine.Repairs(t.Context(), img, of)
				if err != nil || len(list) == 0 || !strings.Contains(list[0].Title, "0x") {
					t.Fatalf("%s: %v, %v", c.code, list, err)
				}
				found = true
				w := store.NewWorkspace(files, c.name)
				if err := enginetest.Repair(t, w, list[0]); err != nil {
					t.Fatal(err)
				}
				again, err := readIn(t.Context(), w.Snapshot(), c.name)
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(want))
				if n, err := again.ReadAt(got, 0); n < len(got) || !bytes.Equal(got, want) {
					t.Errorf("%s, entry %d: another disk after %q, %v", c.code, from, list[0].Title, err)
				}
				again.Close()
				w.Close()
			}
			if !found {
				t.Errorf("%s is not found", c.code)
			}
			img.Close()
			f.WriteAt(whole, table.Offset+from*c.width)
		}
	}
}

// allFound are the findings of a whole check.
func allFound(t testing.TB, img disk.Image) (list []disk.Finding) {
	t.Helper()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}
