package unclaimed_test

import (
	"context"
	"iter"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/unclaimed"
)

// image is a file with the regions that a test gives it.
type image struct {
	disk.Image
	file    *store.MemFile
	regions []disk.Region
}

func (i image) Files() []disk.File {
	size, _ := i.file.Size()
	return []disk.File{{Name: "a.img", Size: size, Data: i.file}}
}

func (i image) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(yield func(disk.Region, error) bool) {
		for _, r := range i.regions {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// laid is a file of regions of 12 MiB, one of each kind, and a header in front.
func laid() image {
	const each = 12 << 20
	i := image{}
	kinds := []disk.Kind{disk.KindHeader, disk.KindFree, disk.KindPadding, disk.KindSlack, disk.KindUnknown, disk.KindTrailing}
	for n, kind := range kinds {
		i.regions = append(i.regions, disk.Region{File: "a.img", Offset: int64(n) * each, Length: each, Kind: kind, Name: string(kind)})
	}
	i.file = store.NewMemFile(each * int64(len(kinds)))
	return i
}

func list(t *testing.T, i image) map[string]unclaimed.Range {
	t.Helper()
	all := map[string]unclaimed.Range{}
	for r, err := range unclaimed.Ranges(t.Context(), i) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Name] = r
	}
	return all
}

// TestByteAtEveryDistance plants a byte into each kind of range, far and near: none of
// them is ever called empty, and no other one is called filled.
func TestByteAtEveryDistance(t *testing.T) {
	if got := list(t, laid()); len(got) != 3 || !got["free"].Empty() || !got["unknown"].Empty() || !got["trailing"].Empty() {
		t.Errorf("of empty regions: %v", got)
	}
	for n, r := range laid().regions[1:] {
		for _, distance := range []int64{0, 1, 4095, 65536, 1<<20 + 1, 9<<20 + 7, r.Length - 1} {
			i := laid()
			i.file.WriteAt([]byte{7}, r.Offset+distance)
			got := list(t, i)[r.Name]
			if got.Length != r.Length || got.Empty() || got.Filling.First(r.Offset) != r.Offset+distance {
				t.Errorf("a byte %d into region %d (%s): %+v", distance, n+1, r.Kind, got)
			}
		}
	}
	ones := laid()
	ones.file.WriteAt([]byte{0xFF, 0xFF, 0xFF}, ones.regions[2].Offset)
	if got, ok := list(t, ones)["padding"]; ok {
		t.Errorf("padding that starts with ones is listed: %+v", got)
	}
}

// TestFirstText finds text after other bytes, in both widths, across the pieces that
// are read; what is not text is none.
func TestFirstText(t *testing.T) {
	for _, c := range []struct {
		distance int64
		bytes    string
		want     string
		wide     bool
	}{
		{0, "swordfish", "swordfish", false},
		{64<<10 - 3, "swordfish", "swordfish", false},
		{3 << 20, "\x01swordfish\x02", "swordfish", false},
		{64<<10 - 3, "s\x00w\x00o\x00r\x00d\x00f\x00i\x00s\x00h\x00", "swordfish", true},
		{10, "short", "", false},
		{10, "{{{{||||;;;;<<>>", "", false},
	} {
		i := laid()
		free := i.regions[1]
		i.file.WriteAt([]byte{1}, free.Offset)
		i.file.WriteAt([]byte(c.bytes), free.Offset+c.distance)
		got := list(t, i)["free"].Text
		if got.Words != c.want || got.Wide != c.wide {
			t.Errorf("%q at %d: found %+v", c.bytes, c.distance, got)
		}
	}
}

// TestAt finds the region of a byte, and says how far it was read.
func TestAt(t *testing.T) {
	i := laid()
	free := i.regions[1]
	i.file.WriteAt([]byte{1}, free.Offset+9<<20)
	for off, kind := range map[int64]disk.Kind{0: disk.KindHeader, free.Offset - 1: disk.KindHeader, free.Offset: disk.KindFree, free.Offset + free.Length: disk.KindPadding} {
		got, ok, err := unclaimed.At(t.Context(), i, decode.Place{File: "a.img", Offset: off})
		if err != nil || !ok || got.Kind != kind || kind != disk.KindHeader && unclaimed.About(got.Kind) == "" {
			t.Errorf("byte %d: %+v, %v, %v", off, got, ok, err)
		}
	}
	if _, ok, err := unclaimed.At(t.Context(), i, decode.Place{File: "a.img", Offset: 1 << 40}); ok || err != nil {
		t.Errorf("a byte past the end: %v, %v", ok, err)
	}
}

// TestQuickLookIsNotRepeated holds that what was read whole is not said to be read in part,
// as the layout says of it.
func TestQuickLookIsNotRepeated(t *testing.T) {
	i := laid()
	i.regions[1].Name = "claimed by nothing, zeros in the first 1 MiB, the rest not read"
	for r, err := range unclaimed.Ranges(t.Context(), i) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == disk.KindFree && (r.Name != "claimed by nothing" || !r.Empty()) {
			t.Errorf("%q, whole: %v", r.Name, r.Empty())
		}
	}
}
