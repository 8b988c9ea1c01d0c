package engine_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// allKnown are images of every kind that can be made, with data here and there.
func allKnown(t testing.TB) []enginetest.Known {
	var list []enginetest.Known
	for _, l := range append(chains(), alone()...) {
		if l.block < 16<<10 && l.format == "vmdk" && l.top == nil && l.name != "vmdk with zero grains" && l.name != "vmdk monolithicSparse" && l.name != "vmdk twoGbMaxExtentSparse" {
			l.block = 16 << 10
		}
		list = append(list, l.known(t))
	}
	return append(list, knownStream(t))
}

// known makes one with data in a few blocks, one of them of a few sectors only.
func (l layered) known(t testing.TB) enginetest.Known {
	t.Helper()
	bed := l.made(t)
	files := store.NewMem()
	for name, f := range bed.Files {
		files.Put(name, f)
	}
	rnd := rand.New(rand.NewPCG(14, 1))
	l.write(t, files, bed.Image, func(w disk.Writer) error {
		for _, at := range []int64{min(3*l.block, w.Size()/2) + 1024, 0, w.Size() - 4096} {
			b := make([]byte, 4096)
			for i := range b {
				b[i] = byte(1 + rnd.IntN(250))
			}
			if at == 0 {
				b = bytes.Repeat(b, int(min(l.block, w.Size()/2)/4096))
			}
			if _, err := w.WriteAt(b, at); err != nil {
				return err
			}
		}
		return nil
	})
	return knownIn(t, l.name, files, bed.Image)
}

func knownIn(t testing.TB, kind string, files *store.Mem, name string) enginetest.Known {
	t.Helper()
	return enginetest.Known{Name: kind, Files: files, Image: name, Disk: diskIn(t, files, name), Open: readIn, Repairs: engine.Repairs}
}

func diskIn(t testing.TB, files *store.Mem, name string) []byte {
	t.Helper()
	img, err := readIn(t.Context(), files, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatal(name, err)
	}
	return b
}

// someData is what a stream is made of.
type someData []byte

func (d someData) ReadAt(b []byte, off int64) (int, error) { return bytes.NewReader(d).ReadAt(b, off) }

func (d someData) NextData(off int64) (store.Range, error) {
	for at := off; at < int64(len(d)); at++ {
		if d[at] != 0 {
			return store.Range{Offset: at, Length: min(4096, int64(len(d))-at)}, nil
		}
	}
	return store.Range{}, io.EOF
}

func knownStream(t testing.TB) enginetest.Known {
	t.Helper()
	files := store.NewMem()
	content := make([]byte, 1<<20)
	rnd := rand.New(rand.NewPCG(14, 2))
	for _, at := range []int{0, 200 << 10, 1<<20 - 4096} {
		for i := range 4096 {
			content[at+i] = byte(1 + rnd.IntN(20))
		}
	}
	if err := makeNamed(t, files, "base.vmdk", kindMade{"vmdk", values("type", "streamOptimized", "size", "1M", "block-size", "8K")}, disk.Spec{Filling: someData(content)}); err != nil {
		t.Fatal(err)
	}
	return knownIn(t, "vmdk streamOptimized", files, "base.vmdk")
}

// TestNothingUnseen changes bytes all over images of every kind: see [enginetest.Known.Unseen].
func TestNothingUnseen(t *testing.T) {
	for _, k := range allKnown(t) {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			k.Unseen(t, enginetest.Scale(9, 1))
		})
	}
}

// TestNothingDestroyed damages every structure of images of every kind, and carries out all
// repairs: see [enginetest.Known.Damaged].
func TestNothingDestroyed(t *testing.T) {
	for _, k := range allKnown(t) {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			if n := k.Damaged(t, enginetest.Scale(13, 1)); n == 0 && enginetest.Full() {
				t.Error("nothing was offered")
			}
		})
	}
}
