package vmdk_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestCopiesAfterACut writes into a file that a power cut left with tables that differ:
// afterwards, when it is closed cleanly, they do not.
func TestCopiesAfterACut(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.b[72] = 1 // unclean
	f.u32(f.rgts[0]+4*3, 0)
	f.u32(f.rgts[0]+4*7, 1)
	files := enginetest.Bed{Name: "cut", Image: "d.vmdk", Read: readBed, Write: writeBed(disk.WriteOptions{})}
	files.Files = map[string]*store.MemFile{"d.vmdk": memFile(f.b)}
	files.Known = append([]string{"vmdk/H12", "vmdk/G4", "vmdk/G5"}, enginetest.Leaks...)
	left := enginetest.RandomWrites(t, files, []enginetest.Step{{Kind: enginetest.WriteStep, Off: 700, N: 5000, Seed: 1}})
	img, err := readBed(t.Context(), left, "d.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Code == "vmdk/G4" || f.Code == "vmdk/G5" || f.Code == "vmdk/H12" {
			t.Errorf("%s %s %v", f.Code, f.Text, err)
		}
	}
}
