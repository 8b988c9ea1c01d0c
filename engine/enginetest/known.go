package enginetest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Known is an image whose disk is known, to try what is said of it when bytes of its files
// change.
type Known struct {
	Name    string
	Files   *store.Mem
	Image   string
	Disk    []byte
	Opaque  []string // names of regions whose content nobody has published
	Open    func(ctx context.Context, o store.Opener, name string) (disk.Image, error)
	Repairs disk.Repairer
}

// open opens the image as its files are now; nil where that fails.
func (k Known) open(t testing.TB) disk.Image {
	t.Helper()
	img, err := k.Open(t.Context(), k.Files, k.Image)
	if err != nil {
		return nil
	}
	return img
}

// reads reports whether the disk of an image is the known one.
func (k Known) reads(img disk.Image) bool {
	size := img.Info().VirtualSize
	got := make([]byte, min(size, int64(len(k.Disk))))
	n, _ := img.ReadAt(got, 0)
	return size == int64(len(k.Disk)) && n == len(got) && bytes.Equal(got, k.Disk)
}

// spot is a byte of a file, with the region that it lies in.
type spot struct {
	disk.Region
	at decode.Place
}

// Unseen changes bytes at many places of the image's files, one at a time: where the disk still
// reads as before, either it is shown as a field of its structure, or the check names it with a
// warning at least; and nothing that is said of it is false. Of long ranges it takes the ends, the
// places where a look may stop, and some at random; where the run may take long, each byte of short
// ones. Every so many of all places are tried.
func (k Known) Unseen(t *testing.T, every int) {
	t.Helper()
	whole := k.open(t)
	if whole == nil || !k.reads(whole) {
		t.Fatal("the whole image does not open, or has another disk")
	}
	defer whole.Close()
	usual := map[string]bool{}
	for _, f := range told(t, whole) {
		usual[f.Code+f.Text] = true
	}
	tree := whole.Tree()
	for i, s := range k.spots(t, whole) {
		if i%every != 0 || slices.Contains(k.Opaque, s.Name) {
			continue
		}
		k.plant(t, s.at, func(img disk.Image) {
			if img == nil {
				return
			}
			field := shown(tree, s) || shown(img.Tree(), s) // a text goes on with what is planted after it
			if hideouts[s.Kind] && !field {
				Honest(t, k.Files, img, k.Repairs, s.at)
			}
			if k.reads(img) && !field && !named(told(t, img), usual, s.at) {
				t.Errorf("byte 0x%x of %s, in %q, may change unseen", s.at.Offset, s.at.File, s.Name)
			}
		})
	}
}

// told are the findings of a check; what ends it counts as one.
func told(t testing.TB, img disk.Image) (list []disk.Finding) {
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			return append(list, disk.Finding{Severity: disk.SeverityError, Text: err.Error()})
		}
		list = append(list, f)
	}
	return list
}

// named reports whether one of the findings that are not usual is a warning, and about the byte
// or an error.
func named(list []disk.Finding, usual map[string]bool, at decode.Place) bool {
	for _, f := range list {
		if f.Severity < disk.SeverityWarning || usual[f.Code+f.Text] {
			continue
		}
		if f.Severity == disk.SeverityError {
			return true
		}
		for _, p := range append(f.Where, f.More...) {
			if p.Holds(at.File, at.Offset) {
				return true
			}
		}
	}
	return false
}

// hideouts are the kinds of region in which nothing has to be.
var hideouts = map[disk.Kind]bool{
	disk.KindPadding: true, disk.KindSlack: true, disk.KindFree: true, disk.KindTrailing: true, disk.KindUnknown: true, disk.KindPayload: true, disk.KindLog: true,
}

// shown reports whether a byte is that of a field, which has a value to be looked at: not one
// of an entry of a table or of a bit that stands for no sector.
func shown(tree decode.Node, s spot) bool {
	if s.Kind == disk.KindTable {
		return false
	}
	n, above := tree, ""
	for _, i := range tree.Find(s.at.File, s.at.Offset) {
		above = n.Name
		n = n.Child(i)
	}
	switch {
	case n.Field == nil:
		return s.Kind == disk.KindDescriptor || n.Value != "" && n.Len() == 0 && n.Place.Length > 0
	case s.Kind == disk.KindBitmap:
		return !strings.Contains(above, "of no sector")
	}
	return !n.Field.IsReserved()
}

// spots are the places that are worth a look.
func (k Known) spots(t testing.TB, img disk.Image) (list []spot) {
	rnd := rand.New(rand.NewPCG(14, uint64(len(k.Disk))))
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		near := Distances(r.Length)
		for range Scale(4, 60) {
			near = append(near, rnd.Int64N(r.Length))
		}
		if r.Length <= 2048 && Full() {
			near = near[:0]
			for at := range r.Length {
				near = append(near, at)
			}
		}
		for _, at := range near {
			list = append(list, spot{r, decode.Place{File: r.File, Offset: r.Offset + at, Length: 1}})
		}
	}
	return list
}

// plant changes a byte, opens the image, and puts the byte back.
func (k Known) plant(t testing.TB, at decode.Place, try func(img disk.Image)) {
	t.Helper()
	f, err := k.Files.OpenWrite(at.File)
	if err != nil {
		t.Fatal(err)
	}
	old := make([]byte, 1)
	if n, err := f.ReadAt(old, at.Offset); n < 1 {
		t.Fatal(err)
	}
	put := func(b byte) {
		if _, err := f.WriteAt([]byte{b}, at.Offset); err != nil {
			t.Fatal(err)
		}
	}
	put(old[0] ^ 0x35)
	img := k.open(t)
	try(img)
	if img != nil {
		img.Close()
	}
	put(old[0])
}
