package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
)

// TestResizedByOthers lets disks with a real file system grow, in each kind, and has other
// programs look at them: the file system's own checker at the content, QEMU, 7-Zip and libvmdk at
// size and structures. Libvhdi takes a VHD's original size for its size (vhd.md 3.3).
func TestResizedByOthers(t *testing.T) {
	for _, tool := range []string{"mkfs.ext4", "e2fsck", "qemu-img", "7z", "vmdkinfo"} {
		enginetest.Tool(t, tool)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	raw := at("disk.raw")
	enginetest.Run(t, "mkfs.ext4", "-q", "-b", "1024", "-d", filepath.Join("..", "..", "testdata"), raw, "6M")
	const before, more = 6 << 20, 70 << 20
	for _, k := range []struct{ name, args, format, info string }{
		{"d.raw", "", "raw", ""},
		{"f.vhd", "--type fixed", "vpc", ""},
		{"d.vhd", "", "vpc", ""},
		{"s.vhd", "--block-size 4K", "", ""},
		{"d.vhdx", "--block-size 1M", "vhdx", ""},
		{"f.vhdx", "--type fixed", "vhdx", ""},
		{"d.vmdk", "", "vmdk", "vmdkinfo"},
		{"s.vmdk", "--type twoGbMaxExtentSparse --split 5M", "vmdk", "vmdkinfo"},
		{"f.vmdk", "--type monolithicFlat", "vmdk", "vmdkinfo"},
		{"t.vmdk", "--type twoGbMaxExtentFlat --split 5M", "vmdk", "vmdkinfo"},
		{"v.vmdk", "--type vmfs", "vmdk", ""},
	} {
		image, out := at(k.name), at("out.raw")
		if code, _, errs := run(t, append([]string{"convert", raw, image}, strings.Fields(k.args)...)...); code != 0 {
			t.Fatalf("%s: %s", k.name, errs)
		}
		if code, _, errs := run(t, "resize", image, fmt.Sprintf("+%d", more)); code != 0 {
			t.Fatalf("%s: %s", k.name, errs)
		}
		if code, text, _ := run(t, "check", image); code > 1 && !strings.HasSuffix(k.name, "raw") && !strings.Contains(string(text), "vhd/V027") {
			t.Errorf("%s: %s", k.name, text)
		}
		done(t, "convert", image, out, "--force", "--format", filepath.Ext(k.name)[1:])
		if fi, err := os.Stat(out); err != nil || fi.Size() != before+more {
			t.Fatalf("%s: %v %v", k.name, fi, err)
		}
		enginetest.Run(t, "e2fsck", "-fn", out)
		if k.format != "" {
			enginetest.Run(t, "qemu-img", "compare", "-f", k.format, "-F", "raw", image, out)
		}
		if k.format == "vhdx" || k.format == "vmdk" && strings.HasPrefix(k.name, "d") {
			enginetest.Run(t, "qemu-img", "check", "-f", k.format, image)
		}
		if size := fmt.Sprint(before + more); strings.HasPrefix(k.name, "d.v") && !strings.Contains(string(enginetest.Run(t, "7z", "l", image)), size) {
			t.Errorf("%s: 7-Zip sees another size than %s", k.name, size)
		}
		if k.info != "" {
			if text := string(enginetest.Run(t, k.info, image)); !strings.Contains(text, fmt.Sprint(before+more)) {
				t.Errorf("%s: %s", k.name, text)
			}
		}
	}
}
