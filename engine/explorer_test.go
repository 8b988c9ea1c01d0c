package engine_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/locate"
)

// TestFileToDiskToFile follows bytes of every image of the corpus from the
// disk to a file and back. The map is the witness for what is stored.
func TestFileToDiskToFile(t *testing.T) {
	for _, s := range enginetest.Manifest(t, "") {
		t.Run(s.Name, func(t *testing.T) {
			img, err := engine.Open(t.Context(), enginetest.Corpus(t, s.Name), engine.Options{})
			if err != nil {
				t.Skip(err)
			}
			defer img.Close()
			if !img.Info().Readable() {
				t.Skip(img.Info().Refused)
			}
			for _, virtual := range storedBytes(t, img) {
				thereAndBack(t, img, virtual)
			}
		})
	}
}

// storedBytes picks bytes of the disk that are stored, in all of it.
func storedBytes(t *testing.T, img disk.Image) []int64 {
	t.Helper()
	const most = 12
	rnd := rand.New(rand.NewPCG(1, uint64(img.Info().VirtualSize)))
	var picked []int64
	seen := 0
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			t.Fatal(err)
		}
		if s.State != disk.Data {
			continue
		}
		seen++
		at := s.Start + rnd.Int64N(s.Length)
		if len(picked) < most {
			picked = append(picked, at)
		} else if i := rnd.IntN(seen); i < most {
			picked[i] = at
		}
	}
	return picked
}

func thereAndBack(t *testing.T, img disk.Image, virtual int64) {
	t.Helper()
	trail, err := locate.ToFile(img, virtual)
	if err != nil || trail.File == "" || !strings.Contains(trail.Text, "@0x") {
		t.Fatalf("virtual 0x%x: %+v, %v", virtual, trail, err)
	}
	if trail.Layer > 0 {
		return // the way back concerns the image's own files
	}
	back, err := locate.ToDisk(t.Context(), img, trail.File, trail.Offset, nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := strings.Contains(trail.Text, "compressed")
	for _, b := range back {
		if b.File == trail.File && b.Offset == trail.Offset && (b.Virtual == virtual || packed && b.Virtual <= virtual && virtual < b.Virtual+img.Info().BlockSize) {
			return
		}
	}
	t.Errorf("virtual 0x%x is at %+v, which leads to %+v", virtual, trail, back)
}

// TestExplorer asks the built-in samples: each partition's first sector leads
// to a file and back.
func TestExplorer(t *testing.T) {
	var x engine.Explorer
	img := open(t, engine.SamplePrefix+"vhd", engine.Options{})
	parts, err := x.Partitions(t.Context(), img)
	if err != nil || len(parts) == 0 {
		t.Fatalf("partitions %+v, %v", parts, err)
	}
	tree, err := x.Guest(t.Context(), img)
	if err != nil || tree.Len() == 0 {
		t.Fatalf("guest tree %+v, %v", tree, err)
	}
	for _, p := range parts {
		trail, err := x.Trail(img, p.Start)
		if err != nil || trail.File == "" {
			t.Fatalf("partition %d: %+v, %v", p.Number, trail, err)
		}
		back, err := x.Disk(t.Context(), img, trail.File, trail.Offset, nil)
		if err != nil || len(back) != 1 || back[0] != trail {
			t.Errorf("back from %+v: %+v, %v", trail, back, err)
		}
	}
	if trail, err := x.Trail(img, img.Info().VirtualSize-(1<<20)); err != nil || trail.File != "" || trail.Offset != -1 {
		t.Errorf("a byte that is not stored: %+v, %v", trail, err)
	}
}
