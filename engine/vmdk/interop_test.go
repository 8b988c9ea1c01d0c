package vmdk_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

// guestData is a raw disk with data in places that matter: the start, the end,
// across the borders of grains and tables, and a run that can't be compressed.
func guestData(t *testing.T, dir string, size int64) string {
	t.Helper()
	path := filepath.Join(dir, "disk.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 3))
	noise := make([]byte, 200<<10)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	text := []byte(strings.Repeat("what a guest might write. ", 500))
	for _, w := range []struct {
		b   []byte
		off int64
	}{
		{text, 0}, {text, 65536 - 100}, {noise, 5<<20 + 512}, {text, 32<<20 - 3000}, {noise, 33 << 20}, {text, size - int64(len(text))},
	} {
		if _, err := f.WriteAt(w.b, w.off); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestQemuWrites reads what qemu-img and qemu-io write, in every subformat.
func TestQemuWrites(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "qemu-io")
	const size = 40<<20 + 7*512
	for _, options := range []string{
		"subformat=monolithicSparse", "subformat=monolithicFlat", "subformat=twoGbMaxExtentSparse", "subformat=twoGbMaxExtentFlat",
		"subformat=streamOptimized", "subformat=monolithicSparse,zeroed_grain=on", "subformat=monolithicSparse,compat6=on", "subformat=monolithicSparse,adapter_type=lsilogic",
	} {
		t.Run(options, func(t *testing.T) {
			dir := t.TempDir()
			raw, path := guestData(t, dir, size), filepath.Join(dir, "d.vmdk")
			enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, raw, path)
			if !strings.Contains(options, "stream") {
				for _, write := range []string{"write -P 7 1M 3000", "write -z 5M 64k", "write -z 5376k 64k", "write -P 9 39M 70k", "write -P 1 34M 512"} {
					enginetest.Run(t, "qemu-io", "-f", "vmdk", "-c", write, path)
				}
				enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", path, raw)
			}
			img := open(t, path)
			if err := img.Info().Refused; err != nil {
				t.Fatal(err)
			}
			enginetest.Conform(t, img)
			enginetest.SameAs(t, img, raw)
			enginetest.Clean(t, img, disk.SeverityWarning)
			if !strings.Contains(options, "Flat") {
				sameMap(t, img, path)
			}
		})
	}
}

// sameMap compares the map with qemu-img's, as to what is data.
func sameMap(t *testing.T, img disk.Image, path string) {
	t.Helper()
	var list []struct {
		Start, Length int64
		Data          bool
	}
	if err := json.Unmarshal([]byte(enginetest.Run(t, "qemu-img", "map", "--output", "json", "-f", "vmdk", path)), &list); err != nil {
		t.Fatal(err)
	}
	var want, got ranges
	for _, r := range list {
		if r.Data {
			want.add(r.Start, r.Length)
		}
	}
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			t.Fatal(err)
		}
		if s.State == disk.Data {
			got.add(s.Start, s.Length)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("data is at %v\nqemu-img says %v", got, want)
	}
}

// ranges are starts and ends, neighbours joined.
type ranges [][2]int64

func (r *ranges) add(start, length int64) {
	if n := len(*r); n > 0 && (*r)[n-1][1] == start {
		(*r)[n-1][1] += length
		return
	}
	*r = append(*r, [2]int64{start, start + length})
}

// TestQemuChain reads a chain of deltas with zeroed grains in the middle.
func TestQemuChain(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "qemu-io")
	dir := t.TempDir()
	raw := guestData(t, dir, 40<<20)
	last := filepath.Join(dir, "l0.vmdk")
	enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", raw, last)
	for i, writes := range [][]string{{"write -P 1 64k 100k", "write -z 0 64k"}, {"write -P 2 5M 1M"}, {"write -z 5M 128k", "write -P 3 39M 4k"}} {
		next := filepath.Join(dir, fmt.Sprintf("l%d.vmdk", i+1))
		enginetest.Run(t, "qemu-img", "create", "-f", "vmdk", "-o", "zeroed_grain=on", "-F", "vmdk", "-b", last, next)
		for _, w := range writes {
			enginetest.Run(t, "qemu-io", "-f", "vmdk", "-c", w, next)
		}
		last = next
	}
	enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", last, raw)
	img := open(t, last)
	enginetest.Conform(t, img)
	enginetest.SameAs(t, img, raw)
	enginetest.Clean(t, img, disk.SeverityError)
}

// TestQemuReads lets QEMU read the images that the tests build: what they
// prove of the reader counts only if the images are right.
func TestQemuReads(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, b := range k.files {
				if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			raw := filepath.Join(dir, "disk.raw")
			enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", filepath.Join(dir, "d.vmdk"), raw)
			got, err := os.ReadFile(raw)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(k.want) {
				t.Error("QEMU reads another disk")
			}
		})
	}
}
