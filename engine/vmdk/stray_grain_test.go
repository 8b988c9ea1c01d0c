package vmdk_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vmdk"
	"platter/engine/vmdk/writer"
)

// firstOf are the titles of the repairs of the first finding of a code, with the
// workspace after the first of them.
func firstOf(t *testing.T, files map[string][]byte, code string) (titles []string, w *store.Workspace) {
	t.Helper()
	w = store.NewWorkspace(folder(files), "d.vmdk")
	t.Cleanup(func() { w.Close() })
	img := openMem(t, files, "d.vmdk")
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Code != code || titles != nil {
			continue
		}
		list, err := writer.Repairs(t.Context(), img, f)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %v %v", f.Text, list, err)
		}
		for _, r := range list {
			titles = append(titles, r.Title)
		}
		if err := enginetest.Repair(t, w, list[0]); err != nil {
			t.Fatal(err)
		}
	}
	return titles, w
}

// everything is what a small disk holds.
func everything(t *testing.T, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("%d of %d bytes: %v", n, len(b), err)
	}
	return b
}

// TestEntryLedAstray has the entry of each grain in turn lead past the end, or into the
// tables: as only one range can be its grain, the first repair brings the disk back.
func TestEntryLedAstray(t *testing.T) {
	kinds := kinds()
	for kind, code := range map[string]string{"sparse": "vmdk/G6", "stream": "vmdk/G6", "cowd": "vmdk/C4"} {
		for _, value := range []uint32{1 << 30, 2} {
			for _, grain := range []int64{0, 3, 512} {
				var f *built
				name := "d.vmdk"
				switch kind {
				case "sparse":
					f = hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
				case "stream":
					if f = stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains()); value == 2 {
						value, code = uint32(f.grain[4]/sector), "vmdk/S4" // another one's
					}
				default:
					f, name = cowd(small(sector)), "d-x.vmdk"
					grain = map[int64]int64{0: 0, 3: 1, 512: 9}[grain]
				}
				files := map[string][]byte{name: f.b}
				if name != "d.vmdk" {
					files["d.vmdk"] = kinds["cowd"].files["d.vmdk"]
				}
				want := everything(t, openMem(t, files, "d.vmdk"))
				f.entry(grain, value)
				titles, w := firstOf(t, files, code)
				img, err := vmdk.Open(t.Context(), enginetest.Staged(t, w, "d.vmdk", formats))
				if err != nil {
					t.Fatal(err)
				}
				if got := everything(t, img); !bytes.Equal(got, want) {
					t.Errorf("%s: grain %d, entry %d: the disk is not as before: %q", kind, grain, value, titles)
				}
			}
		}
	}
}

// TestStrayThatNothingTells has two entries that lead nowhere, two ranges, or two grains
// in one place: which grain is whose nobody can tell, so that none is offered.
func TestStrayThatNothingTells(t *testing.T) {
	for name, plant := range map[string]func(f *built){
		"two entries": func(f *built) { f.entry(3, 1<<30); f.entry(100, 1<<30) },
		"two ranges":  func(f *built) { f.entry(3, 1<<30); f.entry(511, 0) },
		"shared room": func(f *built) { f.entry(3, 1<<30); f.entry(100, uint32(f.grain[511]/sector)) },
		"two copies":  func(f *built) { f.entry(3, 1<<30); f.u32(f.gts[0]+4*100, uint32(f.grain[3]/sector)) },
	} {
		f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
		plant(f)
		titles, _ := firstOf(t, map[string][]byte{"d.vmdk": f.b}, "vmdk/G6")
		if strings.Contains(strings.Join(titles, "\n"), "lead the entry") || len(titles) == 0 {
			t.Errorf("%s: %q", name, titles)
		}
	}
}
