package vhdx_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vhdx"
)

var formats = enginetest.Formats{"vhdx": vhdx.Open}

func open(t testing.TB, src disk.Source) disk.Image {
	t.Helper()
	img, err := vhdx.Open(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// isKind reports whether err is of a kind of the engine's errors.
func isKind(err error, kind *disk.Error) bool { return errors.Is(err, kind) }

func TestCorpus(t *testing.T) { enginetest.Samples(t, "vhdx", vhdx.Probe, vhdx.Open) }

// TestQEMU reads images of every subformat that qemu-img makes, filled by
// qemu-io in several places.
func TestQEMU(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	for _, options := range []string{"subformat=dynamic", "subformat=fixed", "subformat=dynamic,block_size=1M,log_size=2M", "subformat=fixed,block_state_zero=off", "subformat=dynamic,block_state_zero=off,block_size=256M"} {
		t.Run(options, func(t *testing.T) {
			dir := t.TempDir()
			raw, image := filepath.Join(dir, "disk.raw"), filepath.Join(dir, "disk.vhdx")
			enginetest.Run(t, "qemu-img", "create", "-f", "vhdx", "-o", options, image, "37M")
			enginetest.Run(t, "qemu-io", "-f", "vhdx", image,
				"-c", "write -P 0x11 0 64k", "-c", "write -P 0x22 2097000 4096", "-c", "write -P 0x33 20M 3M", "-c", "write -P 0x44 38797000 300")
			enginetest.Run(t, "qemu-img", "convert", "-f", "vhdx", "-O", "raw", image, raw)
			compareRaw(t, image, raw)
			again := filepath.Join(dir, "again.vhdx")
			enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vhdx", "-o", options, raw, again)
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
	for _, name := range []string{"synthetic/chain-top.avhdx", "vhdx/diff.vhdx"} {
		t.Run(name, func(t *testing.T) {
			path := enginetest.Corpus(t, name)
			raw := filepath.Join(t.TempDir(), "top.raw")
			out, err := os.Create(raw)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			enginetest.RunTo(t, out, "7z", "e", "-so", "-tvhdx", path)
			compareRaw(t, path, raw)
		})
	}
}

func TestNotVHDX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.vhdx")
	for _, content := range []string{"", "vhdxfil", string(make([]byte, 300<<10))} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		src := enginetest.Host(t, path, formats)
		if words, ok := vhdx.Probe(src); ok {
			t.Errorf("%d bytes recognised %s", len(content), words)
		}
		if _, err := vhdx.Open(t.Context(), src); !isKind(err, disk.ErrNotThisFormat) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}
