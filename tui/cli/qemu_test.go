package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
)

// TestReadsWhatQEMUWrites has qemu-img write one disk in every form that it
// knows of, and an empty disk too.
func TestReadsWhatQEMUWrites(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	dir := t.TempDir()
	raw := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(raw, done(t, "read", "sample:vhdx"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := document[hashDocument](t, "hash", raw, "--format", "raw")
	empty := filepath.Join(dir, "empty.raw")
	if err := os.Truncate(emptied(t, empty), 64<<20); err != nil {
		t.Fatal(err)
	}
	wantEmpty := document[hashDocument](t, "hash", empty, "--format", "raw")
	picked := enginetest.Third(19)
	for _, form := range []string{
		"vpc subformat=dynamic,force_size=on", "vpc subformat=fixed,force_size=on",
		"vhdx subformat=dynamic", "vhdx subformat=fixed", "vhdx subformat=dynamic,block_size=1M",
		"vmdk subformat=monolithicSparse", "vmdk subformat=monolithicFlat", "vmdk subformat=twoGbMaxExtentSparse",
		"vmdk subformat=twoGbMaxExtentFlat", "vmdk subformat=streamOptimized", "vmdk subformat=monolithicSparse,zeroed_grain=on",
	} {
		if !picked() {
			continue
		}
		driver, options, _ := strings.Cut(form, " ")
		name := strings.NewReplacer("=", "-", ",", "-").Replace(options) + "." + driver
		made := filepath.Join(dir, "made-"+name)
		enginetest.Run(t, "qemu-img", "create", "-q", "-f", driver, "-o", options, made, "64M")
		if got := document[hashDocument](t, "hash", made); got.Digests["sha256"] != wantEmpty.Digests["sha256"] || got.Bytes != wantEmpty.Bytes {
			t.Errorf("create %s: %d bytes with SHA-256 %s", form, got.Bytes, got.Digests["sha256"])
		}
		converted := filepath.Join(dir, "converted-"+name)
		enginetest.Run(t, "qemu-img", "convert", "-f", "raw", "-O", driver, "-o", options, raw, converted)
		if got := document[hashDocument](t, "hash", converted); got.Digests["sha256"] != want.Digests["sha256"] || got.Bytes != want.Bytes {
			t.Errorf("convert %s: %d bytes with SHA-256 %s", form, got.Bytes, got.Digests["sha256"])
		}
		if info := document[infoDocument](t, "info", converted); info.Findings["error"]+info.Findings["warning"] > 0 {
			t.Errorf("convert %s: %+v", form, info.Notes)
		}
	}
}

func emptied(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
