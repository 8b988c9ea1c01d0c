package vhd_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// chain builds depth images, each the parent of the one before; the last is
// dynamic. File 0 is the child.
func chain(t *testing.T, depth int) []*fixture {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(depth), 1))
	var list []*fixture
	for i := range depth {
		p := plan{kind: layout.Differencing, size: 4 * mib, block: 512 << 10, id: byte(i), parent: byte(i + 1), name: chainName(i + 1), partial: true}
		for b := range int64(8) {
			if rnd.IntN(2) == 0 {
				p.stored = append(p.stored, b)
			}
		}
		if i == depth-1 {
			p.kind, p.partial = layout.Dynamic, false
		}
		list = append(list, build(t, p))
	}
	return list
}

func chainName(i int) string { return fmt.Sprintf("layer%d.vhd", i) }

func chainFiles(list []*fixture) *store.Mem {
	named := map[string]*fixture{}
	for i, f := range list {
		named[chainName(i)] = f
	}
	return files(named)
}

func TestChainIsComposed(t *testing.T) {
	for _, depth := range []int{1, 2, 3, 10} {
		list := chain(t, depth)
		img := open(t, enginetest.Memory(t, chainFiles(list), chainName(0), formats))
		var raw []byte
		for at := int64(0); at < 4*mib; at += layout.Sector {
			raw = append(raw, want(at, list...)...)
		}
		enginetest.CrossRead(t, img, bytes.NewReader(raw), 4*mib)
		enginetest.Conform(t, img)
		enginetest.Clean(t, img, disk.SeverityWarning)
	}
}

// TestChainLimits opens a chain of 256 layers and refuses one of 257.
func TestChainLimits(t *testing.T) {
	build := func(depth int) disk.Image {
		m := store.NewMem()
		for i := range depth {
			p := plan{kind: layout.Differencing, size: 512 << 10, block: 512 << 10, id: byte(i), parent: byte(i + 1), name: chainName(i + 1)}
			if i == depth-1 {
				p.kind, p.stored = layout.Dynamic, []int64{0}
			}
			m.PutFile(chainName(i), build(t, p).bytes)
		}
		return open(t, enginetest.Memory(t, m, chainName(0), formats))
	}
	img := build(256)
	got := make([]byte, 512)
	if _, err := img.ReadAt(got, 512); err != nil || !bytes.Equal(got, content(255, 512)) {
		t.Errorf("256 layers: %v", err)
	}
	img = build(257)
	if err := img.Info().Refused; !isKind(err, disk.ErrChain) || len(err.Error()) > 1000 {
		t.Errorf("257 layers: %v", err)
	}
}

// TestCycle lets two images name each other.
func TestCycle(t *testing.T) {
	one := build(t, plan{kind: layout.Differencing, size: 4 * mib, block: 512 << 10, id: 1, parent: 2, name: "two.vhd"})
	two := build(t, plan{kind: layout.Differencing, size: 4 * mib, block: 512 << 10, id: 2, parent: 1, name: "one.vhd"})
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"one.vhd": one, "two.vhd": two}), "one.vhd", formats))
	if err := img.Info().Refused; !isKind(err, disk.ErrChain) {
		t.Errorf("refused: %v", err)
	}
	enginetest.Conform(t, img)
}

// TestMissingParent expects the child's own sectors, and errors that name the
// parent for the others.
func TestMissingParent(t *testing.T) {
	child := build(t, childPlan)
	for name, folder := range map[string]map[string]*fixture{
		"missing":  {"disk.vhd": child},
		"mismatch": {"disk.vhd": child, "base.vhd": build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, id: 77})},
	} {
		t.Run(name, func(t *testing.T) {
			img := open(t, enginetest.Memory(t, files(folder), "disk.vhd", formats))
			got := make([]byte, 512)
			own := int64(512<<10 + 3*512)
			if _, err := img.ReadAt(got, own); err != nil || !bytes.Equal(got, want(own, child)) {
				t.Errorf("own sector: %v", err)
			}
			n, err := img.ReadAt(make([]byte, 1024), own)
			if n != 512 || !isKind(err, disk.ErrMissing) || !strings.Contains(err.Error(), "base.vhd") {
				t.Errorf("sector of the parent: %d, %v", n, err)
			}
			if img.Parent() != nil {
				t.Error("there is a parent")
			}
			enginetest.Conform(t, img)
		})
	}
}

// TestMissingBase has a parent that lacks its own: the child says so, since
// reading it fails.
func TestMissingBase(t *testing.T) {
	list := chain(t, 4)
	img := open(t, enginetest.Memory(t, chainFiles(list[:3]), chainName(0), formats))
	if !slices.ContainsFunc(img.Info().Findings, func(f disk.Finding) bool {
		return f.Code == "vhd/V043" && f.Severity == bad && strings.Contains(f.Text, chainName(3))
	}) {
		t.Errorf("findings: %+v", img.Info().Findings)
	}
	enginetest.Conform(t, img)
}

// TestDamagedLayers has layers with errors below a good child: its check tells
// one of each, under the code that the layer's own check gives it.
func TestDamagedLayers(t *testing.T) {
	for _, c := range []struct {
		damaged []int
		plant   func(*fixture)
		want    string
	}{
		{nil, func(*fixture) {}, ""},
		{[]int{3}, func(f *fixture) { f.setEntry(0, 0); f.setEntry(1, 3) }, "vhd/V031 layer3.vhd"},
		{[]int{1, 3}, func(f *fixture) { f.setEntry(7, 0x7FFFFFFF) }, "vhd/V032 layer1.vhd|vhd/V032 layer3.vhd"},
		{[]int{2}, func(f *fixture) { f.bytes[30]++ }, "vhd/V003 layer2.vhd"},
	} {
		list := chain(t, 4)
		for _, i := range c.damaged {
			c.plant(list[i])
		}
		var got []string
		for _, f := range check(t, open(t, enginetest.Memory(t, chainFiles(list), chainName(0), formats))) {
			if f.Severity < bad {
				continue
			}
			if len(f.Where) == 0 || !strings.Contains(f.Text, f.Where[0].File) || f.Fatal || f.Repairable {
				t.Errorf("%+v", f)
				continue
			}
			got = append(got, f.Code+" "+f.Where[0].File)
		}
		if text := strings.Join(got, "|"); text != c.want {
			t.Errorf("layers %v: %s, want %s", c.damaged, text, c.want)
		}
	}
}

// TestRefusedParent has a parent that is found but can't be read.
func TestRefusedParent(t *testing.T) {
	base := build(t, dynamicPlan)
	layout.HeaderBlockSize.Put(base.header(), 3)
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": build(t, childPlan), "base.vhd": base}), "disk.vhd", formats))
	if _, err := img.ReadAt(make([]byte, 512), 0); !isKind(err, disk.ErrMissing) {
		t.Errorf("read: %v", err)
	}
	if img.Parent() == nil {
		t.Error("the parent can't be looked at")
	}
	enginetest.Conform(t, img)
}

// TestLargerChild reads zeros past the end of its parent.
func TestLargerChild(t *testing.T) {
	child := build(t, plan{kind: layout.Differencing, size: 6 * mib, block: 2 * mib, stored: []int64{2}, id: 3, parent: 2, name: "base.vhd", partial: true})
	base := build(t, dynamicPlan)
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": child, "base.vhd": base}), "disk.vhd", formats))
	var raw []byte
	for at := int64(0); at < 6*mib; at += layout.Sector {
		raw = append(raw, want(at, child, base)...)
	}
	enginetest.CrossRead(t, img, bytes.NewReader(raw), 6*mib)
	enginetest.Conform(t, img)
}

// TestSmallerMiddle ends a disk in the middle of a chain, within a block: what the
// base has past that end is not seen, whether the tables were read before or not.
func TestSmallerMiddle(t *testing.T) {
	const middle = 2*mib + 100<<10
	list := []*fixture{
		build(t, plan{kind: layout.Differencing, size: 4 * mib, block: 512 << 10, id: 0, parent: 1, name: chainName(1)}),
		build(t, plan{kind: layout.Differencing, size: middle, block: 512 << 10, id: 1, parent: 2, name: chainName(2)}),
		build(t, plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, id: 2, stored: []int64{0, 1, 2, 3, 4, 5, 6, 7}}),
	}
	img := open(t, enginetest.Memory(t, chainFiles(list), chainName(0), formats))
	var raw []byte
	for at := int64(0); at < 4*mib; at += layout.Sector {
		raw = append(raw, want(at, list...)...)
	}
	got := make([]byte, 4096)
	for _, tables := range []string{"unread", "read"} {
		if _, err := img.ReadAt(got, middle-2048); err != nil || !bytes.Equal(got, raw[middle-2048:][:4096]) {
			t.Errorf("tables %s: across the end of the middle layer: other bytes, %v", tables, err)
		}
	}
	enginetest.CrossRead(t, img, bytes.NewReader(raw), 4*mib)
	enginetest.Conform(t, img)
}

// rawDisk is a stand-in for the raw format.
type rawDisk struct {
	disk.Image
	data []byte
}

func (r rawDisk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(r.data).ReadAt(p, off)
}
func (r rawDisk) Parent() disk.Image { return nil }
func (r rawDisk) Info() disk.Info {
	return disk.Info{Format: "raw", VirtualSize: int64(len(r.data))}
}

func (r rawDisk) Files() []disk.File {
	return []disk.File{{Name: "base.raw", Size: int64(len(r.data)), Data: bytes.NewReader(r.data)}}
}

func (r rawDisk) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		yield(disk.Span{Start: off, Length: n, File: "base.raw", Offset: off}, nil)
	}
}

// TestRawParent is tapdisk's way: no identity, and the parent is a raw disk.
func TestRawParent(t *testing.T) {
	child := build(t, plan{kind: layout.Differencing, size: 4 * mib, block: 2 * mib, stored: []int64{1}, id: 3, name: "base.raw", creator: "tap", partial: true})
	layout.HeaderParentID.Put(child.header(), uuid.UUID{})
	child.sealHeader()
	base := build(t, plan{kind: layout.Fixed, size: 3 * mib, id: 9})
	m := files(map[string]*fixture{"disk.vhd": child})
	m.PutFile("base.raw", base.bytes[:3*mib])
	both := enginetest.Formats{"vhd": vhd.Open, "raw": func(context.Context, disk.Source) (disk.Image, error) {
		return rawDisk{data: base.bytes[:3*mib]}, nil
	}}
	img := open(t, enginetest.Memory(t, m, "disk.vhd", both))
	var raw []byte
	for at := int64(0); at < 4*mib; at += layout.Sector {
		raw = append(raw, want(at, child, base)...)
	}
	enginetest.CrossRead(t, img, bytes.NewReader(raw), 4*mib)
	enginetest.Conform(t, img)
}

// TestParentsOfManyNames opens a folder of images that each name all others:
// the work must not multiply with the depth.
func TestParentsOfManyNames(t *testing.T) {
	const n = 40
	named := map[string]*fixture{}
	for i := range n {
		f := build(t, plan{kind: layout.Differencing, size: 512 << 10, block: 512 << 10, id: byte(i), parent: 200, name: chainName((i + 1) % n)})
		for slot := 1; slot < layout.Locators; slot++ {
			at := uint64(len(f.bytes))
			path := decode.EncodeUTF16(chainName((i+slot*5)%n), decode.Little)
			copy(f.locator(slot).Bytes(), f.locator(0).Bytes())
			layout.LocatorLength.Put(f.locator(slot), uint32(len(path)))
			layout.LocatorOffset.Put(f.locator(slot), at-512)
			f.insert(append(path, make([]byte, 512-len(path))...))
		}
		f.sealHeader()
		named[chainName(i)] = f
	}
	opened := 0
	counting := enginetest.Formats{"vhd": func(ctx context.Context, src disk.Source) (disk.Image, error) {
		opened++
		return vhd.Open(ctx, src)
	}}
	img := open(t, enginetest.Memory(t, files(named), chainName(0), counting))
	if img.Parent() != nil || opened > 2*n {
		t.Errorf("parent %v, %d images opened", img.Parent(), opened)
	}
}

// TestParentTime uses the clock of the host's files (V045, V050).
func TestParentTime(t *testing.T) {
	dir := t.TempDir()
	child, base := build(t, childPlan), build(t, dynamicPlan)
	layout.HeaderParentTime.Put(child.header(), 600_000_000)
	child.sealHeader()
	write(t, filepath.Join(dir, "disk.vhd"), child.bytes)
	write(t, filepath.Join(dir, "base.vhd"), base.bytes)
	codes := func(changed time.Time) string {
		if err := os.Chtimes(filepath.Join(dir, "base.vhd"), changed, changed); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, f := range check(t, open(t, enginetest.Host(t, filepath.Join(dir, "disk.vhd"), formats))) {
			list = append(list, f.Code)
		}
		return strings.Join(list, " ")
	}
	stored := layout.Epoch().Add(600_000_000 * time.Second)
	if got := codes(stored); got != "" {
		t.Errorf("time as stored: %s", got)
	}
	if got := codes(stored.Add(61 * time.Minute)); got != "vhd/V045 vhd/V050" {
		t.Errorf("changed later: %s", got)
	}
	if got := codes(stored.Add(-time.Hour)); got != "vhd/V045" {
		t.Errorf("an hour off: %s", got)
	}
	img := open(t, enginetest.Host(t, filepath.Join(dir, "disk.vhd"), formats))
	w := store.NewWorkspace(files(map[string]*fixture{"disk.vhd": child}), "disk.vhd")
	defer w.Close()
	for _, f := range check(t, img) {
		list, err := writer.Repairs(t.Context(), img, f)
		if err != nil || len(list) != 1 || !strings.Contains(f.Text, "exactly one hour apart, as daylight saving") {
			t.Fatalf("%d repairs, %v: %s", len(list), err, f.Text)
		}
		if err := enginetest.Repair(t, w, list[0]); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Snapshot().Open("disk.vhd")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, layout.HeaderSize)
	f.ReadAt(b, 512)
	if h, _ := layout.HeaderTable.Of(b); layout.HeaderParentTime.Get(h) != 600_000_000-3600 {
		t.Errorf("the repair stores %d, not the time of the parent's file", layout.HeaderParentTime.Get(h))
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadsDoNotAllocate holds for a warm chain of 32 layers.
func TestReadsDoNotAllocate(t *testing.T) {
	img := open(t, enginetest.Memory(t, chainFiles(chain(t, 32)), chainName(0), formats))
	enginetest.ReadsMakeNoGarbage(t, img, 4*mib)
}

// BenchmarkRandomRead compares 4 KiB reads through chains of 1 and 32 layers
// on the host: all data lies in the base, the worst case.
func BenchmarkRandomRead(b *testing.B) {
	for _, c := range []struct {
		depth   int
		partial bool
	}{{1, false}, {32, false}, {32, true}} {
		b.Run(fmt.Sprintf("depth%d-partial=%v", c.depth, c.partial), func(b *testing.B) {
			dir := b.TempDir()
			writeBenchChain(b, dir, c.depth, c.partial)
			img := open(b, enginetest.Host(b, filepath.Join(dir, chainName(0)), formats))
			enginetest.RandomReads(b, img, 64*mib)
		})
	}
}

// writeBenchChain makes children without any block, or with blocks that all
// have a bitmap but no sector.
func writeBenchChain(b *testing.B, dir string, depth int, partial bool) {
	b.Helper()
	var t testing.T
	for i := range depth {
		p := plan{kind: layout.Differencing, size: 64 * mib, block: 2 * mib, id: byte(i), parent: byte(i + 1), name: chainName(i + 1)}
		if i == depth-1 {
			p.kind = layout.Dynamic
		}
		if partial || i == depth-1 {
			for n := range int64(32) {
				p.stored = append(p.stored, n)
			}
		}
		f := build(&t, p)
		if i < depth-1 {
			for _, at := range f.blocks {
				clear(f.bytes[at:][:512])
			}
		}
		if err := os.WriteFile(filepath.Join(dir, chainName(i)), f.bytes, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
