package enginetest

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"platter/engine/disk"
)

// SameAs compares a disk with a raw file of the host.
func SameAs(t *testing.T, img disk.Image, raw string) {
	t.Helper()
	f, err := os.Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	CrossRead(t, img, f, fi.Size())
}

// Links holds what a child tells of its parent, under the format's term: one
// that fits, another disk under its name, and none; and that a base tells nothing.
func Links(t *testing.T, term string, fits, other, none, base disk.Image) {
	t.Helper()
	link := func(img disk.Image) (disk.LinkInfo, []string) {
		linked, ok := img.(disk.Linked)
		if !ok {
			t.Fatal("the image tells nothing of its parent")
		}
		l := linked.Link()
		var fates []string
		for _, n := range l.Names {
			fates = append(fates, n.Fate)
		}
		return l, fates
	}
	l, fates := link(fits)
	if l.Term != term || l.Fault != nil || len(l.Wanted) != 1 || l.Wanted[0] != l.Found || !slices.Contains(fates, "found, used") {
		t.Errorf("a parent that fits: %+v", l)
	}
	if l, _ := link(base); l.Term != "" {
		t.Errorf("a base: %+v", l)
	}
	l, fates = link(other)
	if l.Fault == nil || l.Found == "" || slices.Contains(l.Wanted, l.Found) || !slices.Contains(fates, disk.ErrOtherDisk.Error()) {
		t.Errorf("another disk: %+v", l)
	}
	l, fates = link(none)
	if l.Fault == nil || l.Found != "" || !slices.Contains(fates, "not there") {
		t.Errorf("no parent: %+v", l)
	}
}

// RandomReads times reads of 4 KiB in the first size bytes of a disk.
func RandomReads(b *testing.B, img disk.Image, size int64) {
	rnd := rand.New(rand.NewPCG(1, 1))
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := img.ReadAt(buf, rnd.Int64N(size/4096)*4096); err != nil {
			b.Fatal(err)
		}
	}
}

// ReadsMakeNoGarbage expects that reads of 4 KiB all over the first size bytes of
// a disk allocate nothing once its tables were read.
func ReadsMakeNoGarbage(t *testing.T, img disk.Image, size int64) {
	t.Helper()
	buf := make([]byte, 4096)
	read := func() {
		for at := int64(0); at <= size-4096; at += 61 * 1024 {
			if _, err := img.ReadAt(buf, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	if n := testing.AllocsPerRun(5, read); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Samples reads the images of a format in the corpus, and compares their
// content with the digests that other programs agree on.
func Samples(t *testing.T, format string, probe func(disk.Source) (string, bool), open Opening) {
	for _, s := range Manifest(t, format) {
		t.Run(s.Name, func(t *testing.T) {
			src := Host(t, Corpus(t, s.Name), Formats{format: open})
			if words, ok := probe(src); !ok || words == "" {
				t.Fatal("not recognised")
			}
			img, err := open(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			info := img.Info()
			if !info.Readable() || info.VirtualSize != s.VirtualSize || info.Type != s.Subformat {
				t.Fatalf("%s of %d bytes (%v), want %s of %d", info.Type, info.VirtualSize, info.Refused, s.Subformat, s.VirtualSize)
			}
			Conform(t, img)
			Clean(t, img, disk.SeverityError)
			if got := SHA256(t, img); got != s.SHA256 {
				t.Errorf("content has SHA-256 %s, want %s", got, s.SHA256)
			}
		})
	}
}
