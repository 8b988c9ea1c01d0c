package vhd_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

var formats = enginetest.Formats{"vhd": vhd.Open}

func open(t testing.TB, src disk.Source) disk.Image {
	t.Helper()
	img, err := vhd.Open(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestCorpus(t *testing.T) { enginetest.Samples(t, "vhd", vhd.Probe, vhd.Open) }

// TestQEMU reads images of every subformat that qemu-img makes, filled by
// qemu-io in several places.
func TestQEMU(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	for _, options := range []string{"subformat=dynamic", "subformat=dynamic,force_size=on", "subformat=fixed", "subformat=fixed,force_size=on"} {
		t.Run(options, func(t *testing.T) {
			dir := t.TempDir()
			raw, image := filepath.Join(dir, "disk.raw"), filepath.Join(dir, "disk.vhd")
			enginetest.Run(t, "qemu-img", "create", "-f", "vpc", "-o", options, image, "37M")
			enginetest.Run(t, "qemu-io", "-f", "vpc", image,
				"-c", "write -P 0x11 0 64k", "-c", "write -P 0x22 2097000 4096", "-c", "write -P 0x33 20M 3M", "-c", "write -P 0x44 38797000 300")
			enginetest.Run(t, "qemu-img", "convert", "-f", "vpc", "-O", "raw", image, raw)
			compareRaw(t, image, raw)
			again := filepath.Join(dir, "again.vhd")
			enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, raw, again)
			enginetest.Run(t, "qemu-img", "convert", "-f", "vpc", "-O", "raw", again, raw)
			compareRaw(t, again, raw)
		})
	}
}

func compareRaw(t *testing.T, image, raw string) {
	t.Helper()
	img := open(t, enginetest.Host(t, image, formats))
	enginetest.Conform(t, img)
	enginetest.Clean(t, img, disk.SeverityError)
	enginetest.SameAs(t, img, raw)
}

// TestChainAgrees7z compares composed chains with 7-Zip, which honours the
// sector bitmaps.
func TestChainAgrees7z(t *testing.T) {
	path := enginetest.Corpus(t, "synthetic/chain-top.vhd")
	raw := filepath.Join(t.TempDir(), "top.raw")
	out, err := os.Create(raw)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	enginetest.RunTo(t, out, "7z", "e", "-so", path)
	compareRaw(t, path, raw)
}

// TestNestedFooter has a whole fixed VHD near the end of a file that is none.
func TestNestedFooter(t *testing.T) {
	f := build(t, fixedPlan)
	for _, c := range []struct {
		before, after int
		ok            bool
	}{{0, 3000, true}, {512, 3000, false}, {0, 70_000, false}} {
		m := store.NewMem()
		m.PutFile("f", slices.Concat(make([]byte, c.before), f.bytes, make([]byte, c.after)))
		if words, ok := vhd.Probe(enginetest.Memory(t, m, "f", formats)); ok != c.ok {
			t.Errorf("%d bytes before and %d after: %v %s", c.before, c.after, ok, words)
		}
	}
}

func TestNotVHD(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.vhd")
	fixed := build(t, plan{kind: layout.Fixed, size: 1 << 20})
	moved := string(fixed.bytes[fixed.tail:]) + string(make([]byte, 1<<20)) // a fixed image has no copy at the front
	for _, content := range []string{"", "conectix", string(make([]byte, 5000)), moved} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		src := enginetest.Host(t, path, formats)
		if words, ok := vhd.Probe(src); ok {
			t.Errorf("%d bytes recognised %s", len(content), words)
		}
		if _, err := vhd.Open(context.Background(), src); !isKind(err, disk.ErrNotThisFormat) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}
