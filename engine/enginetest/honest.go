package enginetest

import (
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Dense is a source whose file knows of no holes, so that nothing is known of it
// without reading.
func Dense(src disk.Source) disk.Source {
	src.File = dense{src.File}
	return src
}

type dense struct{ store.File }

// NextData says that all of the file is data.
func (d dense) NextData(off int64) (store.Range, error) {
	size, err := d.Size()
	return store.Range{Offset: off, Length: max(size-off, 1)}, err
}

// Distances are where in a range of n bytes a byte is worth planting: its start and
// end, and where looks at it may end.
func Distances(n int64) []int64 {
	var list []int64
	for _, at := range []int64{0, 511, 512, 4095, 1<<20 - 1, 1 << 20, 8 << 20, n - 1} {
		if at < n {
			list = append(list, at)
		}
	}
	return list
}

// Honest checks what an image says of a byte of its file that is neither zero nor
// 0xFF: no region and no finding may call it so, and no repair that names no risk
// may remove it.
func Honest(t testing.TB, files *store.Mem, img disk.Image, repairs disk.Repairer, at decode.Place) {
	t.Helper()
	covers := func(p decode.Place) bool { return p.File == at.File && p.Offset <= at.Offset && at.Offset < p.End() }
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if p := (decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}); covers(p) && lies(r.Name, at.Offset-r.Offset) {
			t.Errorf("byte 0x%x: the region at 0x%x is called %q", at.Offset, r.Offset, r.Name)
		}
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f.Where {
			if covers(p) && lies(f.Text, at.Offset-p.Offset) {
				t.Errorf("byte 0x%x: %s says %q", at.Offset, f.Code, f.Text)
			}
		}
		list, err := repairs(t.Context(), img, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Risk == "" {
				keeps(t, files, r, at)
			}
		}
	}
}

// lies reports whether a text says zeros or ones of a byte so far into the range.
func lies(text string, distance int64) bool {
	for _, known := range []string{"not zero", "neither all ones nor all zeros", "zero grains", "grains hold"} {
		text = strings.ReplaceAll(text, known, "")
	}
	if strings.Contains(text, "in the first 1 MiB, the rest not read") {
		return distance < 1<<20
	}
	return strings.Contains(text, "zero") || strings.Contains(text, "of ones") || strings.Contains(text, "with ones")
}

// keeps checks that a byte is still there after a repair.
func keeps(t testing.TB, files *store.Mem, r disk.Repair, at decode.Place) {
	t.Helper()
	ws := store.NewWorkspace(files, at.File)
	defer ws.Close()
	before, after := make([]byte, 1), make([]byte, 1)
	readByte(t, ws, before, at)
	if err := Repair(t, ws, r); err != nil {
		return
	}
	if readByte(t, ws, after, at); after[0] != before[0] {
		t.Errorf("byte 0x%x: %q removes it, and says nothing of it", at.Offset, r.Title)
	}
}

func readByte(t testing.TB, ws *store.Workspace, b []byte, at decode.Place) {
	t.Helper()
	f, err := ws.Snapshot().Open(at.File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, _ := f.ReadAt(b, at.Offset); n == 0 {
		b[0] = 0 // cut off
	}
}
