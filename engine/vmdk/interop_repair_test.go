package vmdk_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/engine/enginetest"
)

// TestOthersReadRepairs has qemu-img check and convert, and 7z list, what
// repairs made of damaged images: they find the disk that we find.
func TestOthersReadRepairs(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "7z")
	for name, c := range map[string]struct {
		files  map[string][]byte
		code   string
		repair int
	}{
		"table put back":    {inSparse(func(f *built) { f.u32(f.gd+4, 1<<30) }), "vmdk/G2", 0},
		"tables made":       {inSparse(func(f *built) { f.u64(f.gd, 0); f.u64(f.rgd, 0) }), "vmdk/G1", 0},
		"second set":        {inSparse(func(f *built) { f.u64(48, uint64(f.gd/sector)) }), "vmdk/G3", 0},
		"grain copied":      {inSparse(func(f *built) { f.entry(3, uint32(f.grain[4]/sector)) }), "vmdk/G8", 0},
		"grain extended":    {inSparse(func(f *built) { f.b = f.b[:len(f.b)-sector] }), "vmdk/G11", 0},
		"overHead":          {inSparse(func(f *built) { f.u64(64, 1<<20) }), "vmdk/H10", 0},
		"stream rebuilt":    {inStream(func(f *built) { f.b = f.b[:len(f.b)-5*sector] }), "vmdk/S1", 0},
		"descriptor sorted": {inText("# Extent description\n", "ddb.deletable = \"true\"\n# Extent description\n"), "vmdk/D9", 0},
		"flat extended":     {inText(`"d-x.vmdk" 0`, `"d-x.vmdk" 8`), "vmdk/X2", 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, after, out := repaired(t, c.files, c.code, c.repair)
			dir := t.TempDir()
			for file, b := range out {
				if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			path, raw := filepath.Join(dir, "d.vmdk"), filepath.Join(dir, "raw")
			if _, flat := out["d-x.vmdk"]; !flat {
				enginetest.Run(t, "qemu-img", "check", "-f", "vmdk", path)
				enginetest.Run(t, "7z", "l", path)
			}
			enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", path, raw)
			got, err := os.ReadFile(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, diskOf(t, after)) {
				t.Error("qemu-img reads another disk")
			}
		})
	}
}
