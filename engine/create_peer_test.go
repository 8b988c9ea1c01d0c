package engine_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	vmdkwriter "platter/engine/vmdk/writer"
)

// regionOf is the first region of a kind.
func regionOf(t *testing.T, img disk.Image, kind disk.Kind, name string) disk.Region {
	t.Helper()
	for r, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == kind && strings.HasPrefix(r.Name, name) {
			return r
		}
	}
	t.Fatalf("there is no %s", name)
	return disk.Region{}
}

// TestOptionsReachTheFile makes a VHDX by default, with the defaults given, and with nothing
// but other values: N1 of the peers' cases.
func TestOptionsReachTheFile(t *testing.T) {
	for i, c := range []struct {
		opt        map[string]string
		kind       string
		block, log int64
	}{
		{values(), "dynamic", 32 * mib, mib},
		{values("type", "dynamic", "block-size", "32M", "log-size", "1M"), "dynamic", 32 * mib, mib},
		{values("type", "fixed", "block-size", "256M", "log-size", "8M"), "fixed", 256 * mib, 8 * mib},
	} {
		path := filepath.Join(t.TempDir(), "a.vhdx")
		img := create(t, path, engine.CreateOptions{Values: with(c.opt, "size", "32M")})
		if info, log := img.Info(), regionOf(t, img, disk.KindLog, ""); info.Type != c.kind || info.BlockSize != c.block || log.Length != c.log {
			t.Errorf("%d: %s, blocks of %d, a log of %d", i, info.Type, info.BlockSize, log.Length)
		}
		var info struct {
			Size    int64 `json:"virtual-size"`
			Cluster int64 `json:"cluster-size"`
		}
		if err := json.Unmarshal([]byte(enginetest.Run(t, "qemu-img", "info", "--output", "json", "-f", "vhdx", path)), &info); err != nil || info.Size != 32*mib || info.Cluster != c.block {
			t.Errorf("%d: qemu-img sees %+v, %v", i, info, err)
		}
		enginetest.Run(t, "vhdiinfo", path)
	}
}

// TestNoOffsetWithoutData holds that table entries of blocks that are not there, or zeros,
// name no place: Hyper-V refuses others. N6 of the peers' cases.
func TestNoOffsetWithoutData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vhdx")
	create(t, path, engine.CreateOptions{Values: values("size", "64M", "block-size", "1M")}).Close()
	put(t, path, []patch{{0, 3 * mib, 7}, {20 * mib, mib, 7}, {mib, mib, 0}, {20 * mib, mib, 0}})
	img := whole(t, path)
	bat := regionOf(t, img, disk.KindTable, "BAT")
	b := make([]byte, bat.Length)
	if _, err := img.Files()[0].Data.ReadAt(b, bat.Offset); err != nil {
		t.Fatal(err)
	}
	states := map[uint64]int{}
	for i := 0; i+8 <= len(b); i += 8 {
		e := binary.LittleEndian.Uint64(b[i:])
		if states[e&7]++; e&7 != 6 && e>>20 != 0 {
			t.Errorf("entry %d is in state %d and names the place %d MiB", i/8, e&7, e>>20)
		}
	}
	if states[6] != 2 || states[2] != 2 {
		t.Errorf("states %v", states)
	}
}

// TestSplitExtents holds how many files a split disk has, their names, and that all agree on
// sizes past 32 bits: N9 of the peers' cases.
func TestSplitExtents(t *testing.T) {
	for _, c := range []struct {
		kind, size string
		extents    int
	}{
		{"twoGbMaxExtentSparse", "512", 1}, {"twoGbMaxExtentSparse", "1G", 1}, {"twoGbMaxExtentSparse", "2G", 2}, {"twoGbMaxExtentSparse", "5G", 3},
		{"twoGbMaxExtentFlat", "20G", 11},
	} {
		path := filepath.Join(t.TempDir(), "a.vmdk")
		img := create(t, path, engine.CreateOptions{Values: values("size", c.size, "type", c.kind)})
		letter := map[string]string{"twoGbMaxExtentSparse": "s", "twoGbMaxExtentFlat": "f"}[c.kind]
		want := []string{"a.vmdk"}
		for i := range c.extents {
			want = append(want, fmt.Sprintf("a-%s%03d.vmdk", letter, i+1))
		}
		var names []string
		for _, f := range img.Files() {
			names = append(names, f.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s of %s: %v", c.kind, c.size, names)
		}
		var info struct {
			Size   int64 `json:"virtual-size"`
			Format struct {
				Data struct {
					Type string `json:"create-type"`
				}
			} `json:"format-specific"`
		}
		if err := json.Unmarshal([]byte(enginetest.Run(t, "qemu-img", "info", "--output", "json", "-f", "vmdk", path)), &info); err != nil || info.Size != img.Info().VirtualSize || info.Format.Data.Type != c.kind {
			t.Errorf("%s of %s: qemu-img sees %+v, %v", c.kind, c.size, info, err)
		}
	}
	path := filepath.Join(t.TempDir(), "big.vmdk")
	create(t, path, engine.CreateOptions{Values: values("size", "4T", "type", "monolithicFlat")}).Close()
	enginetest.Run(t, "qemu-io", "-f", "vmdk", "-c", "write -P 0xa 900G 512", path)
	holdsAt(t, whole(t, path), patch{900 * gib, 512, 0xa})
	put(t, path, []patch{{900*gib + 512, 512, 0xb}})
	enginetest.Run(t, "qemu-io", "-r", "-f", "vmdk", "-c", "read -P 0xa 900G 512", "-c", "read -P 0xb 966367642112 512", path)
}

// TestUnrelatedParent reads a child through its parent, and not through another image of
// the same size, whether the user names it or it has taken the parent's place: N11 of the
// peers' cases.
func TestUnrelatedParent(t *testing.T) {
	dir := t.TempDir()
	parent, child, other := filepath.Join(dir, "b.vmdk"), filepath.Join(dir, "c.vmdk"), filepath.Join(dir, "other.vmdk")
	create(t, parent, engine.CreateOptions{Values: values("size", "16M")}).Close()
	create(t, other, engine.CreateOptions{Values: values("size", "16M")}).Close()
	create(t, child, engine.CreateOptions{Parent: parent}).Close()
	enginetest.Run(t, "qemu-io", "-r", "-f", "vmdk", "-c", "read -P 0 0 512", child)
	refused := func(opt engine.Options) {
		t.Helper()
		img, err := engine.Open(t.Context(), child, opt)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		if _, err := img.ReadAt(make([]byte, 512), 0); err == nil {
			t.Error("the child reads through a disk that is not its parent")
		}
	}
	refused(engine.Options{Parent: other})
	if err := os.Rename(other, parent); err != nil {
		t.Fatal(err)
	}
	refused(engine.Options{})
}

// TestStreamSizes holds the tables of streams of all sizes, up to the largest: N14 of the
// peers' cases.
func TestStreamSizes(t *testing.T) {
	const grain, perTable = 64 << 10, 512
	for _, size := range []int64{512, grain - 512, grain, grain + 512, perTable*grain - 512, perTable * grain, perTable*grain + 512, 129 * perTable * grain, 2048 * gib} {
		last := store.NewMem()
		f, err := last.Create("raw")
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt([]byte{9}, size-1)
		spec, _, err := disk.Resolve(vmdkwriter.Maker{}.Options(), disk.Spec{Values: values("type", "streamOptimized", "size", fmt.Sprint(size)), Filling: f})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := (vmdkwriter.Maker{}).Make(t.Context(), store.NewPipe(&out), "s.vmdk", spec); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		path := filepath.Join(t.TempDir(), "s.vmdk")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		img := whole(t, path)
		holdsAt(t, img, patch{size - 1, 1, 9})
		tables := (size-1)/grain/perTable + 1
		if got := regionOf(t, img, disk.KindTable, "grain directory").Length; img.Info().VirtualSize != size || got != tables*4 && got != (tables*4+511)/512*512 {
			t.Errorf("%d bytes: a directory of %d for %d tables", size, got, tables)
		}
		enginetest.Run(t, "vmdkinfo", path)
		img.Close()
	}
}
