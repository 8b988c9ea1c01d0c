package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	vmdkwriter "platter/engine/vmdk/writer"
)

// qemuFormats are the names that QEMU has for the formats.
var qemuFormats = map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk", "raw": "raw"}

// TestCreateOthers asks other programs about every kind: they see a disk of the exact size
// that reads as zeros, and no fault.
func TestCreateOthers(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "7z")
	const size = 40<<20 + 4096
	for _, k := range kindsMade() {
		if strings.HasPrefix(k.opt["sector"], "4096") {
			continue // QEMU knows no such sectors: see TestCreateOtherKinds
		}
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "d."+k.format)
			img := create(t, path, engine.CreateOptions{Format: k.format, Values: with(k.opt, "size", fmt.Sprint(size))})
			want := img.Info().VirtualSize
			var info struct {
				Size int64 `json:"virtual-size"`
			}
			if err := json.Unmarshal([]byte(enginetest.Run(t, "qemu-img", "info", "--output", "json", "-f", qemuFormats[k.format], path)), &info); err != nil || info.Size != want {
				t.Errorf("qemu-img info: %d bytes, %v", info.Size, err)
			}
			if k.format == "vhdx" || k.format == "vmdk" {
				enginetest.Run(t, "qemu-img", "check", "-f", k.format, path)
			}
			zero := filepath.Join(t.TempDir(), "zero.raw")
			if err := errors.Join(os.WriteFile(zero, nil, 0o600), os.Truncate(zero, want)); err != nil {
				t.Fatal(err)
			}
			enginetest.Run(t, "qemu-img", "compare", "-f", qemuFormats[k.format], "-F", "raw", path, zero)
			libyal(t, k, path, want)
			if seven := k.format != "raw" && !strings.Contains(k.opt["type"], "Flat") && k.opt["type"] != "vmfs"; seven {
				enginetest.Run(t, "7z", "t", path)
			}
		})
	}
}

// libyal asks libvhdi and libvmdk where they are there.
func libyal(t *testing.T, k kindMade, path string, size int64) {
	t.Helper()
	tool := map[string]string{"vhd": "vhdiinfo", "vhdx": "vhdiinfo", "vmdk": "vmdkinfo"}[k.format]
	if tool == "" {
		return
	}
	enginetest.Tool(t, tool)
	if out := enginetest.Run(t, tool, path); !strings.Contains(out, strconv.FormatInt(size, 10)+" bytes") {
		t.Errorf("%s sees another size:\n%s", tool, out)
	}
}

// TestCreateOtherKinds are those that only some programs read: children, large sectors.
func TestCreateOtherKinds(t *testing.T) {
	enginetest.Tool(t, "7z")
	enginetest.Tool(t, "qemu-img")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	create(t, at("k.vhdx"), engine.CreateOptions{Values: values("size", "64M", "sector", "4096")})
	enginetest.Run(t, "7z", "t", at("k.vhdx"))
	for _, name := range []string{"base.vhd", "base.vhdx", "base.vmdk"} {
		create(t, at(name), engine.CreateOptions{Values: values("size", "64M")})
		child := at("child" + filepath.Ext(name))
		img := create(t, child, engine.CreateOptions{Parent: at(name)})
		if img.Info().VirtualSize != 64<<20 || img.Parent() == nil {
			t.Errorf("%+v", img.Info())
		}
		if filepath.Ext(name) == ".vmdk" {
			enginetest.Run(t, "qemu-img", "check", child)
			enginetest.Run(t, "qemu-img", "compare", child, at(name))
			continue
		}
		enginetest.Run(t, "7z", "t", child)
	}
}

// TestCreateChild makes children of every kind over parents of every kind, in the folder of
// the parent and in others, and finds the parent again: N8, N11, N12.
func TestCreateChild(t *testing.T) {
	for _, c := range []struct {
		parent, child string
		opt, childOpt map[string]string
		kind          string
	}{
		{"p.vhd", "c.vhd", values(), values(), "differencing"},
		{"p.vhd", "c.avhd", values("type", "fixed"), values(), "differencing"},
		{"p.vhd", "c.vhd", values("block-size", "512K"), values("size", "50M"), "differencing"},
		{"p.vhdx", "c.vhdx", values(), values(), "differencing"},
		{"p.vhdx", "c.avhdx", values("type", "fixed"), values("block-size", "1M"), "differencing"},
		{"p.vhdx", "c.vhdx", values("sector", "4096"), values("size", "50M"), "differencing"},
		{"p.vmdk", "c.vmdk", values("adapter", "ide"), values(), "monolithicSparse"},
		{"p.vmdk", "c.vmdk", values("type", "monolithicFlat"), values("type", "twoGbMaxExtentSparse"), "twoGbMaxExtentSparse"},
		{"p.vmdk", "c.vmdk", values("type", "vmfs"), values(), "vmfsSparse"},
	} {
		for _, below := range []string{"", "sub"} {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, below), 0o700); err != nil {
				t.Fatal(err)
			}
			parent, child := filepath.Join(dir, c.parent), filepath.Join(dir, below, c.child)
			create(t, parent, engine.CreateOptions{Values: with(c.opt, "size", "40M")})
			if _, err := engine.Create(t.Context(), child, engine.CreateOptions{Values: c.childOpt, Parent: parent, Relative: below == ""}); err != nil {
				t.Fatal(err)
			}
			img, err := engine.Open(t.Context(), child, engine.Options{Allow: []string{dir}})
			if err != nil {
				t.Fatal(err)
			}
			if info := img.Info(); info.Type != c.kind || info.Refused != nil || img.Parent() == nil {
				t.Errorf("%s over %s %v: %+v", child, c.parent, c.opt, info)
			}
			allZero(t, img)
			if c.childOpt["size"] == "" { // a larger child is worth a warning
				enginetest.Clean(t, img, disk.SeverityWarning)
			}
			img.Close()
		}
	}
}

// TestCreateChildRefuses holds what no child can be made with.
func TestCreateChildRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"p.vhd", "p.vhdx", "p.vmdk"} {
		create(t, at(name), engine.CreateOptions{Values: values("size", "40M")})
	}
	for _, c := range []struct {
		child, parent string
		opt           map[string]string
		want          error
	}{
		{"c.vhd", "p.vhdx", values(), disk.ErrWrongOption},
		{"c.vhdx", "p.vhd", values(), disk.ErrWrongOption},
		{"c.vmdk", "p.vhd", values(), disk.ErrWrongOption},
		{"c.raw", "p.vhd", values(), disk.ErrWrongOption},
		{"c.vhd", "p.vhd", values("size", "39M"), disk.ErrWrongOption},
		{"c.vhd", "p.vhd", values("type", "fixed"), disk.ErrWrongOption},
		{"c.vhdx", "p.vhdx", values("sector", "4096"), disk.ErrWrongOption},
		{"c.vhdx", "p.vhdx", values("id", "07793c23-b9cc-422e-ad4e-17389caeeac2"), disk.ErrWrongOption},
		{"c.vmdk", "p.vmdk", values("size", "50M"), disk.ErrLimit},
		{"c.vmdk", "p.vmdk", values("type", "monolithicFlat"), disk.ErrWrongOption},
		{"c.vhd", "missing.vhd", values(), os.ErrNotExist},
	} {
		if _, err := engine.Create(t.Context(), at(c.child), engine.CreateOptions{Values: c.opt, Parent: at(c.parent)}); !errors.Is(err, c.want) {
			t.Errorf("%s over %s %v: %v", c.child, c.parent, c.opt, err)
		}
		if _, err := os.Stat(at(c.child)); err == nil {
			t.Errorf("%s over %s %v: it was made", c.child, c.parent, c.opt)
		}
	}
}

// TestCreateExact holds bytes of other producers: the first 80 of a sparse VMDK of 5 GiB, and
// where its tables lie for other sizes (vmdk.md 4.5), and the size of a VHD by everybody's
// rule: N3.
func TestCreateExact(t *testing.T) {
	dir := t.TempDir()
	const want = "4b444d560100000003000000" + "0000a00000000000" + "8000000000000000" + "0100000000000000" + "1400000000000000" + "00020000" + "1500000000000000" + "9702000000000000" + "8005000000000000" + "000a200d0a000000"
	for _, c := range []struct {
		size               string
		rgd, gd, over, end int64
	}{{"1M", 21, 26, 128, 65536}, {"33M", 21, 30, 128, 65536}, {"1G", 21, 150, 384, 196608}, {"2047M", 21, 278, 640, 327680}, {"5G", 21, 663, 1408, 720896}, {"64G", 21, 8229, 16512, 16512 * 512}} {
		path := filepath.Join(dir, c.size+".vmdk")
		create(t, path, engine.CreateOptions{Values: values("size", c.size, "block-size", "64K")})
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := func(off int) (n int64) {
			for i := range 8 {
				n |= int64(b[off+i]) << (8 * i)
			}
			return n
		}
		if at(48) != c.rgd || at(56) != c.gd || at(64) != c.over || int64(len(b)) != c.end {
			t.Errorf("%s: %d %d %d, %d bytes", c.size, at(48), at(56), at(64), len(b))
		}
		if got := fmt.Sprintf("%x", b[:80]); c.size == "5G" && got != want {
			t.Errorf("header\n%s, want\n%s", got, want)
		}
	}
	enginetest.Tool(t, "qemu-io")
	path := filepath.Join(dir, "a.vhd")
	create(t, path, engine.CreateOptions{Values: values("size", "4G")})
	for _, rule := range []string{"chs", "current_size"} {
		out, err := exec.Command("qemu-io", "-c", "open -o driver=vpc,force_size_calc="+rule+" "+path, "-c", "length").CombinedOutput()
		if err != nil || !slices.Contains(strings.Fields(string(out)), "GiB") || !strings.HasPrefix(string(out), "4 GiB") {
			t.Errorf("by %s: %s %v", rule, out, err)
		}
	}
}

// TestCreateFilledOthers has other programs read what images were made with.
func TestCreateFilledOthers(t *testing.T) {
	enginetest.Tool(t, "qemu-img")
	enginetest.Tool(t, "7z")
	const size = 70<<20 + 512
	dir := t.TempDir()
	want := written(size)
	raw := filepath.Join(dir, "want.raw")
	b := make([]byte, size)
	want.ReadAt(b, 0)
	if err := os.WriteFile(raw, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, k := range []kindMade{
		{"vhd", values("type", "fixed")}, {"vhdx", values("type", "fixed")}, {"vmdk", values()}, {"vmdk", values("block-size", "1M")},
		{"vmdk", values("type", "twoGbMaxExtentSparse", "split", "33M")}, {"vmdk", values("type", "twoGbMaxExtentFlat", "split", "33M")},
		{"vmdk", values("type", "vmfs")}, {"vmdk", values("type", "streamOptimized")},
	} {
		folder := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, "d."+k.format)
		files, _, err := store.OpenTarget(path)
		if err != nil {
			t.Fatal(err)
		}
		k.opt = with(k.opt, "size", fmt.Sprint(size))
		if err := makeIn(t, files, k, want); err != nil {
			t.Fatal(err)
		}
		files.Close()
		enginetest.Run(t, "qemu-img", "compare", "-f", qemuFormats[k.format], "-F", "raw", path, raw)
		if k.opt["type"] == "streamOptimized" {
			enginetest.Run(t, "7z", "t", path)
		}
	}
}

// TestStreamInOnePass holds that a stream needs nothing but a pipe: the same bytes come out
// as in a file, however many workers there are.
func TestStreamInOnePass(t *testing.T) {
	const size = 70<<20 + 512
	want, files := written(size), store.NewMem()
	k := kindMade{"vmdk", values("type", "streamOptimized", "seed", "x", "size", fmt.Sprint(size))}
	if err := makeIn(t, files, k, want); err != nil {
		t.Fatal(err)
	}
	f, _ := files.Open("d.vmdk")
	length, _ := f.Size()
	made := make([]byte, length)
	f.ReadAt(made, 0)

	for _, width := range []int{1, 2, 5} {
		spec, _, err := disk.Resolve(vmdkwriter.Maker{}.Options(), disk.Spec{Values: k.opt, Filling: want, Width: width})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = vmdkwriter.Maker{}.Make(t.Context(), store.NewPipe(&out), "d.vmdk", spec)
		if err != nil || !bytes.Equal(out.Bytes(), made) {
			t.Errorf("%d workers: %d bytes, the file has %d: %v", width, out.Len(), length, err)
		}
	}
}

// TestStreamsOfText holds that text without repetitions is compressed, though the fast
// encoder gives up on it: half of each byte of a hex number says nothing.
func TestStreamsOfText(t *testing.T) {
	const size = 1 << 20
	b := make([]byte, size)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = "0123456789abcdef"[rnd.IntN(16)]
	}
	path := filepath.Join(t.TempDir(), "d.vmdk")
	opt := wish(engine.CreateOptions{Values: values("type", "streamOptimized")})
	if _, err := engine.Convert(t.Context(), rawOf(t, b), path, opt); err != nil {
		t.Fatal(err)
	}
	sameDisk(t, whole(t, path), b)
	if fi, err := os.Stat(path); err != nil || fi.Size() > size*6/10 {
		t.Errorf("%d bytes of text take %d: %v", size, fi.Size(), err)
	}
}
