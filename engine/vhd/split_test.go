package vhd_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"platter/decode"
	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

// split puts an image into several files, cut at the offsets.
func split(b []byte, cuts ...int) *store.Mem {
	m := store.NewMem()
	name := "Disk.VHD"
	for i, cut := range append(cuts, len(b)) {
		start := 0
		if i > 0 {
			start, name = cuts[i-1], fmt.Sprintf("Disk.v%02d", i)
		}
		m.PutFile(name, b[start:cut])
	}
	return m
}

// TestSplitImages reads images in pieces, cut inside all kinds of structures,
// and compares them with the same in one file. What lies where is the same.
func TestSplitImages(t *testing.T) {
	old := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{3, 0}, id: 5})
	old.bytes = old.bytes[:len(old.bytes)-1]
	for name, f := range map[string]*fixture{
		"fixed":   build(t, plan{kind: layout.Fixed, size: mib, id: 3}),
		"dynamic": build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{5, 1}, id: 4, partial: true}),
		"oldest":  old,
	} {
		n := len(f.bytes)
		for _, cuts := range [][]int{{n / 2}, {300, 1100, 1700, n - 700}, {n / 2, n/2 + 1, n - 512}} {
			img := open(t, enginetest.Memory(t, split(f.bytes, cuts...), "Disk.VHD", formats))
			whole := openBytes(t, f.bytes)
			enginetest.Conform(t, img)
			enginetest.Regions(t, img)
			if enginetest.SHA256(t, img) != enginetest.SHA256(t, whole) {
				t.Errorf("%s cut at %v reads otherwise than in one file", name, cuts)
			}
			if got, want := codes(check(t, img)), codes(check(t, whole)); got != want {
				t.Errorf("%s cut at %v has the findings %s, in one file %s", name, cuts, got, want)
			}
			if !told(img, "Split", fmt.Sprintf("%d files", len(cuts)+1), fmt.Sprintf("Disk.v01 from 0x%x", cuts[0])) {
				t.Errorf("%s: no word of the pieces in %v", name, img.Info().Details)
			}
		}
	}
}

func codes(list []disk.Finding) string {
	var all []string
	for _, f := range list {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

func told(img disk.Image, label string, words ...string) bool {
	for _, d := range img.Info().Details {
		if d.Label != label {
			continue
		}
		for _, w := range words {
			if !strings.Contains(d.Value, w) {
				return false
			}
		}
		return true
	}
	return false
}

// TestSplitImagesAreOnlyRead holds that nothing offers to change one: offsets
// run through all of its files.
func TestSplitImagesAreOnlyRead(t *testing.T) {
	f := build(t, dynamicPlan)
	f.bytes[20]++ // the copy of the footer
	img := open(t, enginetest.Memory(t, split(f.bytes, len(f.bytes)/2), "Disk.VHD", formats))
	if s, ok := img.(disk.Sealer); !ok || s.Sealed() == "" {
		t.Error("a split image can be edited")
	}
	found := false
	for _, finding := range check(t, img) {
		found = found || finding.Code == "vhd/V003"
		if finding.Repairable {
			t.Errorf("%s of a split image has repairs", finding.Code)
		}
	}
	if !found {
		t.Error("the damage is not found")
	}
	if s := openBytes(t, f.bytes).(disk.Sealer); s.Sealed() != "" {
		t.Errorf("an image in one file is sealed: %s", s.Sealed())
	}
}

// TestSetsThatAreNone opens images beside which a file has the name of a piece.
func TestSetsThatAreNone(t *testing.T) {
	f := build(t, dynamicPlan)
	m := split(f.bytes, len(f.bytes)/2)
	m.PutFile("Disk.VHD", f.bytes)
	img := open(t, enginetest.Memory(t, m, "Disk.VHD", formats))
	if told(img, "Split") || img.(disk.Sealer).Sealed() != "" {
		t.Error("an image with a footer is taken for the start of a set")
	}

	third := len(f.bytes) / 3
	m = split(f.bytes, third, 2*third)
	if err := m.Remove("Disk.v01"); err != nil {
		t.Fatal(err)
	}
	img = open(t, enginetest.Memory(t, m, "Disk.VHD", formats))
	if told(img, "Split") || img.Info().FileSize != int64(third) {
		t.Error("a piece is read after one that lacks")
	}

	m = split(f.bytes, third, 2*third)
	m.PutFile("Disk.v02", nil)
	_, err := m.Open("Disk.v02")
	if img = open(t, enginetest.Memory(t, m, "Disk.VHD", formats)); err != nil || img.Info().FileSize != int64(2*third) {
		t.Error("an empty piece is not read as one")
	}
	b := make([]byte, third)
	if n, err := img.Files()[0].Data.ReadAt(b, int64(2*third-10)); n != 10 || err == nil {
		t.Errorf("reading over the end gives %d bytes, %v", n, err)
	} else if !bytes.Equal(b[:10], f.bytes[2*third-10:2*third]) {
		t.Error("the last bytes are others")
	}
}

var errPiece = errors.New("bad sector")

// unreadable is a file that can't be read.
type unreadable struct{ store.File }

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, errPiece }

func TestFaultsOfPiecesAreTold(t *testing.T) {
	f := build(t, dynamicPlan)
	m := split(f.bytes, 600)
	first, err := m.Open("Disk.VHD")
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.Open("Disk.v01")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := store.Join(first, unreadable{second})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 700)
	if n, err := whole.ReadAt(b, 0); n != 600 || !errors.Is(err, errPiece) {
		t.Errorf("reading into a piece that can't be read gives %d bytes, %v", n, err)
	}
	if _, err := whole.WriteAt(b, 0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("writing gives %v", err)
	}
	if err := whole.Truncate(0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("cutting gives %v", err)
	}
}

// barred is an opener that may not open one file.
type barred struct {
	disk.Opener
	name string
}

func (b barred) OpenFile(name string) (store.File, string, error) {
	if name == b.name {
		return nil, "", &store.NameError{Op: "open", Name: name, Err: store.ErrNotRegular}
	}
	return b.Opener.OpenFile(name)
}

// TestSetsWithAnUnreadablePiece shows what lies in front of the piece, and names
// it.
func TestSetsWithAnUnreadablePiece(t *testing.T) {
	f := build(t, dynamicPlan)
	third := len(f.bytes) / 3
	src := enginetest.Memory(t, split(f.bytes, third, 2*third), "Disk.VHD", formats)
	src.Opener = barred{src.Opener, "Disk.v02"}
	if _, ok := vhd.Probe(src); !ok {
		t.Error("the set is not recognised")
	}
	img := open(t, src)
	if !told(img, "Split", "Disk.v01 from", `it ends there: open "Disk.v02": not a regular file`) || img.Info().FileSize != int64(2*third) {
		t.Errorf("%d bytes, %v", img.Info().FileSize, img.Info().Details)
	}
	if img.(disk.Sealer).Sealed() == "" {
		t.Error("what is there of a set can be edited")
	}
}

// TestSplitIsNamedWhole: a place in the joined bytes is never said to be one of the
// first piece.
func TestSplitIsNamedWhole(t *testing.T) {
	f := build(t, plan{kind: layout.Fixed, size: 64 << 10, id: 1})
	folder := store.NewMem()
	folder.PutFile("disk.vhd", f.bytes[:32<<10])
	folder.PutFile("disk.v01", f.bytes[32<<10:])
	img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
	const name = "disk.vhd to disk.v01, joined"
	if got := img.Files()[0]; got.Name != name || got.Size != int64(len(f.bytes)) {
		t.Errorf("the file is %q of %d bytes", got.Name, got.Size)
	}
	for r, err := range img.Regions(t.Context()) {
		if err != nil || r.File != name {
			t.Errorf("region %q in %q, %v", r.Name, r.File, err)
		}
	}
}

// TestPiecesOnDisk: the files of a split image are named as they lie in the folder, with
// places that go on in the next one.
func TestPiecesOnDisk(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{3, 0}, id: 5})
	cut := int(f.blocks[0]) + 1000
	img := open(t, enginetest.Memory(t, split(f.bytes, cut, cut+512), "Disk.VHD", formats))
	var got []string
	for _, file := range disk.FilesOnDisk(img) {
		b := make([]byte, file.Size)
		if n, err := file.Data.ReadAt(b, 0); n < len(b) {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d", file.Name, len(b)))
	}
	want := fmt.Sprintf("[Disk.VHD %d Disk.v01 512 Disk.v02 %d]", cut, len(f.bytes)-cut-512)
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	at := decode.Place{File: img.Files()[0].Name, Offset: int64(cut) - 10, Length: 1000}
	places := fmt.Sprint(disk.PlacesOnDisk(img, at))
	want = fmt.Sprint([]decode.Place{{File: "Disk.VHD", Offset: int64(cut) - 10, Length: 10}, {File: "Disk.v01", Length: 512}, {File: "Disk.v02", Length: 478}})
	if places != want {
		t.Errorf("%s, want %s", places, want)
	}
	if one := openBytes(t, f.bytes); len(disk.FilesOnDisk(one)) != 1 || disk.PlacesOnDisk(one, at)[0] != at {
		t.Error("an image of one file has pieces")
	}
}
