package vhdx_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
)

// raw is the content of a chain, the child first.
func raw(list ...*fixture) []byte {
	var b []byte
	for at := int64(0); at < list[0].size; at += 512 {
		b = append(b, want(at, list...)...)
	}
	return b[:list[0].size]
}

// conforms compares an image with the content expected, runs the suite, and
// expects nothing of severity warning or above.
func conforms(t *testing.T, img disk.Image, content []byte) {
	t.Helper()
	enginetest.CrossRead(t, img, bytes.NewReader(content), int64(len(content)))
	enginetest.Conform(t, img)
	enginetest.Clean(t, img, disk.SeverityWarning, "vhdx/55")
}

func TestSingleImages(t *testing.T) {
	all := map[int64]uint64{0: layout.FullyPresent, 1: layout.ZeroBlock, 2: layout.Unmapped, 3: layout.Undefined, 5: layout.FullyPresent, 6: layout.FullyPresent}
	for name, p := range map[string]plan{
		"dynamic":              {size: 8*mib - 512, states: all},
		"fixed":                {size: 3*mib + 1024, fixed: true},
		"sectors of 4096":      {size: 9*mib + 4096, sector: 4096, states: all},
		"larger blocks":        {size: 15 * mib, block: 2 * mib, states: all},
		"second chunk":         {size: 4100 * mib, states: map[int64]uint64{4095: layout.FullyPresent, 4096: layout.FullyPresent, 4099: layout.FullyPresent}},
		"disk below one block": {size: 512, block: 32 * mib, states: map[int64]uint64{0: layout.FullyPresent}},
	} {
		t.Run(name, func(t *testing.T) {
			f := build(t, p)
			img := openFixture(t, f)
			if p.size > 100*mib {
				enginetest.Conform(t, img)
				enginetest.Clean(t, img, disk.SeverityWarning, "vhdx/55")
				got := make([]byte, 512)
				for _, off := range []int64{4095 * mib, 4096*mib - 512, 4096 * mib, 4100*mib - 512} {
					if _, err := img.ReadAt(got, off); err != nil || !bytes.Equal(got, want(off, f)) {
						t.Errorf("read at 0x%x: %v", off, err)
					}
				}
				return
			}
			conforms(t, img, raw(f))
		})
	}
}

// chain builds depth images, each the parent of the one before; the last is
// dynamic. File 0 is the child.
func chain(t testing.TB, depth int) []*fixture {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(depth), 1))
	states := []uint64{layout.NotPresent, layout.NotPresent, layout.ZeroBlock, layout.PartiallyPresent, layout.FullyPresent, layout.Unmapped}
	var list []*fixture
	for i := range depth {
		p := plan{size: 6 * mib, id: i + 1, parent: i + 2, name: chainName(i + 1), states: map[int64]uint64{}}
		shift := int64(i)
		p.here = func(sector int64) bool { return odd(sector + shift) }
		for b := range int64(6) {
			p.states[b] = states[rnd.IntN(len(states))]
			if depth > 10 && rnd.IntN(3) > 0 {
				p.states[b] = layout.NotPresent
			}
		}
		if i == depth-1 {
			p.parent, p.states = 0, map[int64]uint64{0: layout.FullyPresent, 1: layout.FullyPresent, 3: layout.FullyPresent}
		}
		list = append(list, build(t, p))
	}
	return list
}

func chainName(i int) string { return fmt.Sprintf("layer%d.avhdx", i) }

func chainFiles(list []*fixture) *store.Mem {
	named := map[string]*fixture{}
	for i, f := range list {
		named[chainName(i)] = f
	}
	return files(named)
}

func TestChainIsComposed(t *testing.T) {
	for _, depth := range []int{2, 3, 10} {
		list := chain(t, depth)
		conforms(t, open(t, enginetest.Memory(t, chainFiles(list), chainName(0), formats)), raw(list...))
	}
}

// TestStatesOverParent is the sample of vhdx.md 19: all states over a parent.
func TestStatesOverParent(t *testing.T) {
	for _, sector := range []int64{512, 4096} {
		child := build(t, plan{size: 6 * mib, sector: sector, id: 1, parent: 2, name: "base.vhdx", here: odd,
			states: map[int64]uint64{0: 0, 1: 1, 2: 2, 3: 3, 4: 6, 5: 7}})
		base := build(t, plan{size: 6 * mib, sector: sector, block: 2 * mib, id: 2, fixed: true})
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": child, "base.vhdx": base}), "disk.vhdx", formats))
		conforms(t, img, raw(child, base))
		for i, wanted := range []disk.State{disk.Data, disk.Unmapped, disk.Zero, disk.Unmapped, disk.Data, disk.Data} {
			for s, err := range img.Map(int64(i)*mib, 512) {
				layer := map[bool]int{true: 1}[i == 0 || i == 5 && !odd(5*mib/sector)]
				if err != nil || s.State != wanted || s.State == disk.Data && s.Layer != layer {
					t.Errorf("block %d: %+v, %v", i, s, err)
				}
			}
		}
	}
}

// TestVia expects the entries and the bit that decide, of every layer asked.
func TestVia(t *testing.T) {
	child := build(t, plan{size: 3 * mib, id: 1, parent: 2, name: "base.vhdx", here: odd, states: map[int64]uint64{2: layout.PartiallyPresent}})
	base := build(t, plan{size: 3 * mib, id: 2, fixed: true})
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": child, "base.vhdx": base}), "disk.vhdx", formats))
	for s, err := range img.Map(2*mib+512, 512) {
		if err != nil || s.Layer != 1 || len(s.Via) != 4 {
			t.Fatalf("%+v, %v", s, err)
		}
		bit := s.Via[2]
		if s.Via[0].Index != 2 || s.Via[0].Raw != uint64(child.at[2])|7 || s.Via[1].Index != 4096 || !bit.IsBit || bit.Raw != 0 || bit.Index != 4097 || bit.Place.Offset != child.sbm[0]+512 || s.Via[3].Layer != 1 {
			t.Errorf("via %+v", s.Via)
		}
	}
}

// TestChainLimits opens a chain of 256 layers and refuses one of 257.
func TestChainLimits(t *testing.T) {
	open := func(depth int) disk.Image {
		m := store.NewMem()
		for i := range depth {
			p := plan{size: mib, id: i + 1, parent: i + 2, name: chainName(i + 1)}
			if i == depth-1 {
				p.parent, p.states = 0, map[int64]uint64{0: layout.FullyPresent}
			}
			m.Put(chainName(i), build(t, p).MemFile)
		}
		img, err := vhdx.Open(t.Context(), enginetest.Memory(t, m, chainName(0), formats))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	img := open(256)
	got := make([]byte, 512)
	if _, err := img.ReadAt(got, 512); err != nil || !bytes.Equal(got, content(256, 512)) {
		t.Errorf("256 layers: %v", err)
	}
	for s, err := range img.Map(0, mib) {
		if err != nil || s.Layer != 255 || s.Length != mib {
			t.Errorf("span %+v, %v", s, err)
		}
	}
	img = open(257)
	if err := img.Info().Refused; !isKind(err, disk.ErrChain) || len(err.Error()) > 1000 {
		t.Errorf("257 layers: %v", err)
	}
}

// TestCycle lets two images name each other.
func TestCycle(t *testing.T) {
	one := build(t, plan{size: mib, id: 1, parent: 2, name: "two.vhdx"})
	two := build(t, plan{size: mib, id: 2, parent: 1, name: "one.vhdx"})
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"one.vhdx": one, "two.vhdx": two}), "one.vhdx", formats))
	if err := img.Info().Refused; !isKind(err, disk.ErrChain) || len(err.Error()) > 1000 {
		t.Errorf("refused: %v", err)
	}
	enginetest.Conform(t, img)
}

var childPlan = plan{size: 4 * mib, id: 1, parent: 2, name: "base.vhdx", here: odd, states: map[int64]uint64{1: layout.PartiallyPresent, 2: layout.FullyPresent}}

// TestMissingParent expects the child's own sectors, and errors that name the
// parent for the others.
func TestMissingParent(t *testing.T) {
	child := build(t, childPlan)
	for name, base := range map[string]*fixture{
		"missing":      nil,
		"another disk": build(t, plan{size: 4 * mib, id: 9}),
		"other sector": build(t, plan{size: 4 * mib, id: 2, sector: 4096}),
	} {
		t.Run(name, func(t *testing.T) {
			folder := map[string]*fixture{"disk.vhdx": child}
			if base != nil {
				folder["base.vhdx"] = base
			}
			img := open(t, enginetest.Memory(t, files(folder), "disk.vhdx", formats))
			got := make([]byte, 512)
			own := int64(mib + 1024)
			if _, err := img.ReadAt(got, own); err != nil || !bytes.Equal(got, content(1, own)) {
				t.Errorf("own sector: %v", err)
			}
			n, err := img.ReadAt(make([]byte, 1024), own)
			if n != 512 || !isKind(err, disk.ErrMissing) || !strings.Contains(err.Error(), "base.vhdx") {
				t.Errorf("sector of the parent: %d, %v", n, err)
			}
			enginetest.Conform(t, img)
			expectCodes(t, check(t, img), "vhdx/34")
		})
	}
}

// TestMissingBase has a parent that lacks its own: the child says so, since
// reading it fails.
func TestMissingBase(t *testing.T) {
	list := chain(t, 4)
	img := open(t, enginetest.Memory(t, chainFiles(list[:3]), chainName(0), formats))
	expectCodes(t, check(t, img), "vhdx/34")
	enginetest.Conform(t, img)
}

// TestRefusedParent has a parent that is found but can't be read.
func TestRefusedParent(t *testing.T) {
	base := build(t, plan{size: 4 * mib, id: 2})
	base.metadata(base.usualItems()[1:]...)
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": build(t, childPlan), "base.vhdx": base}), "disk.vhdx", formats))
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
	child := build(t, childPlan)
	base := build(t, plan{size: 2*mib + 512, id: 2, fixed: true})
	img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": child, "base.vhdx": base}), "disk.vhdx", formats))
	conforms(t, img, raw(child, base))
}

// TestLocators finds the parent by every kind of path.
func TestLocators(t *testing.T) {
	linkage := "{" + strings.ToUpper(identity(2).String()) + "}"
	null := "{" + uuid.UUID{}.String() + "}"
	for name, pairs := range map[string][]string{
		"relative":       {layout.KeyLinkage, linkage, layout.KeyRelativePath, `.\base.vhdx`},
		"folder gone":    {layout.KeyLinkage, linkage, layout.KeyRelativePath, `..\elsewhere\base.vhdx`},
		"absolute":       {layout.KeyWin32Path, `\\?\c:\vm\base.vhdx`, layout.KeyLinkage, linkage},
		"plain absolute": {layout.KeyLinkage, linkage, layout.KeyWin32Path, `C:\vm\base.vhdx`},
		"volume":         {layout.KeyLinkage, linkage, layout.KeyVolumePath, `\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\vm\base.vhdx`},
		"second linkage": {layout.KeyLinkage, "{" + identity(50).String() + "}", layout.KeyLinkage2, linkage, layout.KeyRelativePath, "base.vhdx"},
		"null linkage2":  {layout.KeyLinkage, linkage, layout.KeyLinkage2, null, layout.KeyRelativePath, "base.vhdx"},
		"stale first":    {layout.KeyLinkage, linkage, layout.KeyRelativePath, `.\stale.vhdx`, layout.KeyWin32Path, `D:\base.vhdx`},
	} {
		t.Run(name, func(t *testing.T) {
			p := childPlan
			p.locator = pairs
			child, base := build(t, p), build(t, plan{size: 4 * mib, id: 2, fixed: true})
			stale := build(t, plan{size: 4 * mib, id: 3, fixed: true})
			img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhdx": child, "base.vhdx": base, "stale.vhdx": stale}), "disk.vhdx", formats))
			conforms(t, img, raw(child, base))
		})
	}
}

// TestParentsOfManyNames opens a folder of images that each name several
// others: the work must not multiply with the depth.
func TestParentsOfManyNames(t *testing.T) {
	const n = 40
	named := map[string]*fixture{}
	for i := range n {
		named[chainName(i)] = build(t, plan{size: mib, id: i + 1, parent: 900, locator: []string{
			layout.KeyLinkage, "{" + identity(900).String() + "}", layout.KeyRelativePath, chainName((i + 1) % n),
			layout.KeyVolumePath, chainName((i + 2) % n), layout.KeyWin32Path, chainName((i + 3) % n)}})
	}
	opened := 0
	counting := enginetest.Formats{"vhdx": func(ctx context.Context, src disk.Source) (disk.Image, error) {
		opened++
		return vhdx.Open(ctx, src)
	}}
	img := open(t, enginetest.Memory(t, files(named), chainName(0), counting))
	if img.Parent() != nil || opened > 2*n {
		t.Errorf("parent %v, %d images opened", img.Parent(), opened)
	}
}

// TestReadsDoNotAllocate holds for a warm chain of 32 layers.
func TestReadsDoNotAllocate(t *testing.T) {
	img := open(t, enginetest.Memory(t, chainFiles(chain(t, 32)), chainName(0), formats))
	enginetest.ReadsMakeNoGarbage(t, img, 6*mib)
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

// writeBenchChain makes layers that store nothing, in half of their blocks
// with a bitmap that says so, over a base that has all.
func writeBenchChain(b *testing.B, dir string, depth int, partial bool) {
	b.Helper()
	for i := range depth {
		p := plan{size: 64 * mib, block: 2 * mib, id: i + 1, parent: i + 2, name: chainName(i + 1), states: map[int64]uint64{}, here: func(int64) bool { return false }}
		for block := int64(0); partial && block < 32; block += 2 {
			p.states[block] = layout.PartiallyPresent
		}
		if i == depth-1 {
			p.parent, p.fixed = 0, true
		}
		writeHost(b, filepath.Join(dir, chainName(i)), build(b, p))
	}
}

// writeHost writes a fixture to the host, sparsely.
func writeHost(t testing.TB, path string, f *fixture) {
	t.Helper()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	size, _ := f.Size()
	for at := int64(0); at < size; {
		r, err := f.NextData(at)
		if err != nil {
			break
		}
		if _, err := out.WriteAt(f.get(r.Offset, int(min(r.Length, size-r.Offset))), r.Offset); err != nil {
			t.Fatal(err)
		}
		at = r.End()
	}
	if err := out.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// expectCodes expects these codes, and no other of severity warning or above.
func expectCodes(t *testing.T, list []disk.Finding, codes ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, c := range codes {
		missing[c] = true
	}
	for _, f := range list {
		expected := false
		for _, c := range codes {
			expected = expected || f.Code == c
		}
		delete(missing, f.Code)
		if !expected && f.Severity >= disk.SeverityWarning {
			t.Errorf("unexpected %s %s: %s", f.Severity, f.Code, f.Text)
		}
		if f.Text == "" || f.Detail == "" || strings.Contains(f.Text, "%!") || len(f.Where) == 0 || f.Text != decode.Printable(f.Text) {
			t.Errorf("%s says too little, or too much: %+v", f.Code, f)
		}
	}
	for c := range missing {
		t.Errorf("no finding %s", c)
	}
}
