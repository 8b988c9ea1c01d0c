package vmdk_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestLostDataIsNoZeros loses what finds the data of a disk, one way after the
// other: reading it then fails, and the check has an error. What can be read is
// right.
func TestLostDataIsNoZeros(t *testing.T) {
	whole := func(damage func(f *built)) *built {
		f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
		damage(f)
		return f
	}
	single := func(damage func(f *built)) *built {
		return whole(func(f *built) { f.u32(8, 1); f.u64(48, 0); damage(f) })
	}
	for name, c := range map[string]struct {
		built  *built
		code   string
		grains []int64 // that are lost
	}{
		"first directory entry zero":       {whole(func(f *built) { f.u32(f.gd, 0) }), "G1", []int64{0, 3, 4, 511}},
		"first table zero":                 {whole(func(f *built) { clear(f.b[f.gts[0]:][:tableBytes]) }), "G4", []int64{0, 3, 4, 511}},
		"an entry zero in the first table": {whole(func(f *built) { f.u32(f.gts[1], 0) }), "G4", []int64{512}},
		"both directory entries zero":      {whole(func(f *built) { f.u32(f.gd, 0); f.u32(f.rgd, 0) }), "G1", []int64{0, 3, 4, 511}},
		"the only directory entry zero":    {single(func(f *built) { f.u32(f.gd+4, 0) }), "G1", []int64{512, 639}},
		"entry to the first table":         {single(func(f *built) { f.u32(f.gts[0]+4*3, uint32(f.gts[0]/sector)) }), "G6", []int64{3}},
		"entry into a table":               {single(func(f *built) { f.u32(f.gts[0]+4*3, uint32(f.gts[1]/sector)-1) }), "G6", []int64{3}},
		"entry to the descriptor":          {whole(func(f *built) { f.entry(3, 2) }), "G6", []int64{3}},
		"a smaller capacity":               {whole(func(f *built) { f.u64(12, 8000) }), "X5", []int64{511, 512, 639}},
	} {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, map[string][]byte{"d.vmdk": c.built.b}, "d.vmdk")
			lost := map[int64]bool{}
			for _, g := range c.grains {
				lost[g] = true
			}
			said := false
			for _, f := range img.Info().Findings {
				said = said || strings.TrimPrefix(f.Code, "vmdk/") == c.code && f.Severity == disk.SeverityError
			}
			if strings.Contains("G1 G4 X5", c.code) != said {
				t.Errorf("the overview says %s: %v", c.code, said)
			}
			got := make([]byte, grainBytes)
			for g, want := range grains() {
				_, err := img.ReadAt(got, g*grainBytes)
				switch {
				case lost[g] && err == nil:
					t.Errorf("grain %d, which is lost, reads as %q...", g, got[:8])
				case !lost[g] && (err != nil || !bytes.Equal(got, want)):
					t.Errorf("grain %d reads as %q..., %v", g, got[:8], err)
				}
			}
			for span, err := range img.Map(0, img.Info().VirtualSize) {
				if err != nil {
					t.Fatal(err)
				}
				for g := range lost {
					if span.Start <= g*grainBytes && g*grainBytes < span.Start+span.Length && span.State != disk.Missing {
						t.Errorf("the map calls lost grain %d %v", g, span.State)
					}
				}
			}
			if !hasError(t, img, c.code) {
				t.Errorf("no error %s", c.code)
			}
		})
	}
}

// TestMovedTables takes bytes out of the text, or puts some in, so that all that
// follows moves.
func TestMovedTables(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	for name, b := range map[string][]byte{
		"longer":       slices.Insert(slices.Clone(f.b), sector+100, []byte("12345")...),
		"shorter":      slices.Delete(slices.Clone(f.b), sector+100, sector+102),
		"by a sector":  slices.Insert(slices.Clone(f.b), sector+100, make([]byte, sector)...),
		"by a grain":   slices.Insert(slices.Clone(f.b), sector+100, make([]byte, grainBytes)...),
		"by one entry": slices.Insert(slices.Clone(f.b), sector+100, make([]byte, 4)...),
	} {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, map[string][]byte{"d.vmdk": b}, "d.vmdk")
			if !hasError(t, img, "H15") {
				t.Error("no error H15")
			}
			for g := range grains() {
				if _, err := img.ReadAt(make([]byte, grainBytes), g*grainBytes); err == nil {
					t.Errorf("grain %d can be read", g)
				}
			}
		})
	}
}

// TestUncleanTables cuts a file between the two writes of an entry: it was not
// closed cleanly, and says so, so that the first copy still counts.
func TestUncleanTables(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.b[72] = 1
	f.u32(f.gts[0]+4*3, 0)
	img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
	if _, err := img.ReadAt(make([]byte, grainBytes), 3*grainBytes); err != nil {
		t.Error(err)
	}
	if hasError(t, img, "G4") {
		t.Error("G4 is an error")
	}
}

// hasError reports whether the check has an error of a code.
func hasError(t *testing.T, img disk.Image, code string) bool {
	t.Helper()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimPrefix(f.Code, "vmdk/") == code && f.Severity == disk.SeverityError {
			return true
		}
	}
	return false
}

// TestDescriptorIsFound damages the header's place for the descriptor of a child:
// the text in its usual place is used, with an error, and so is its parent.
func TestDescriptorIsFound(t *testing.T) {
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains())
	for name, damage := range map[string]func(f *built){
		"offset past the end": func(f *built) { f.u64(28, 1<<20) },
		"offset of 2^63":      func(f *built) { f.u64(28, 1<<63) },
		"no offset":           func(f *built) { f.u64(28, 0) },
		"no size":             func(f *built) { f.u64(36, 0) },
		"neither":             func(f *built) { f.u64(28, 0); f.u64(36, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			child := hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "00000001", "12345678", "base.vmdk"), nil)
			damage(child)
			img := openMem(t, map[string][]byte{"d.vmdk": child.b, "base.vmdk": base.b}, "d.vmdk")
			if got := diskOf(t, img); !bytes.Equal(got, content(grains(), diskSectors*sector)) {
				t.Error("the parent's data are not there")
			}
			if !hasError(t, img, "H14") {
				t.Error("no error H14")
			}
			repaired(t, map[string][]byte{"d.vmdk": child.b, "base.vmdk": base.b}, "vmdk/H14", 0)
		})
	}
}

// TestAloneIsNotZeros opens extents without the descriptor that would name their
// parent: what they do not store can't be read.
func TestAloneIsNotZeros(t *testing.T) {
	lost := hosted("", grains())
	lost.u64(28, 1<<40)
	for name, c := range map[string]struct {
		b      []byte
		stored int64
		grain  int64
		fails  bool
	}{
		"redo log":            {cowd(small(sector)).b, 0, sector, true},
		"seSparse":            {seSparse(small(4096)).b, 0, 4096, true},
		"descriptor past end": {lost.b, 0, grainBytes, true},
		"piece of a disk":     {hosted("", grains()).b, 0, grainBytes, true},
	} {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, map[string][]byte{"d.vmdk": c.b}, "d.vmdk")
			b := make([]byte, sector)
			if _, err := img.ReadAt(b, c.stored*c.grain); err != nil {
				t.Errorf("what is stored: %v", err)
			}
			if _, err := img.ReadAt(b, 1<<20); (err != nil) != c.fails {
				t.Errorf("what is not stored: %v", err)
			}
		})
	}
}

// TestImpossibleEntryIsNotOffered has two copies of an entry differ, of which one leads
// out of the file: only the other one is offered.
func TestImpossibleEntryIsNotOffered(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.u32(f.gts[0]+4*3, 16777200)
	for g := range 2 {
		if g == 1 {
			f.u32(f.gts[0]+4*3, uint32(f.grain[3]/sector))
			f.u32(f.rgts[0]+4*3, 16777200)
		}
		img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
		for _, r := range repairsOf(t, img, "vmdk/G5") {
			if strings.Contains(r.Title, "16777200") {
				t.Errorf("offered: %s", r.Title)
			}
		}
	}
}

// TestTableInItsUsualPlace writes over the entry of the only directory: the table still
// lies where the format puts it, and the entry is led there.
func TestTableInItsUsualPlace(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	f.u32(8, 1)
	f.u64(48, 0)
	f.u32(f.gd, 0x36363636)
	files := map[string][]byte{"d.vmdk": f.b}
	before, after, _ := repaired(t, files, "vmdk/G2", 0)
	if _, err := before.ReadAt(make([]byte, sector), 0); err == nil {
		t.Error("what the table describes can be read without it")
	}
	if !bytes.Equal(diskOf(t, after), content(grains(), diskSectors*sector)) {
		t.Error("the disk is not what it was")
	}
}

// TestRedundantTables reads by the second set of tables what the first has lost, and the
// other way round: what only the set has that is not read by is no zeros.
func TestRedundantTables(t *testing.T) {
	for name, c := range map[string]struct {
		damage       func(f *built)
		first, other bool // grain 3 can be read by the set
	}{
		"both whole":             {func(*built) {}, true, true},
		"first entry lost":       {func(f *built) { f.u32(f.gts[0]+4*3, 0) }, false, true},
		"first table lost":       {func(f *built) { f.u32(f.gd, 0) }, false, true},
		"redundant entry lost":   {func(f *built) { f.u32(f.rgts[0]+4*3, 0) }, true, false},
		"redundant table lost":   {func(f *built) { f.u32(f.rgd, 0) }, true, false},
		"redundant leads astray": {func(f *built) { f.u32(f.rgd, 1<<30) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
			c.damage(f)
			for set, want := range []bool{c.first, c.other} {
				src := memory(t, folder(map[string][]byte{"d.vmdk": f.b}))
				src.Redundant = set == 1
				img := openSource(t, src)
				if two := img.(disk.TwoSets).ReadsRedundant(); two != src.Redundant {
					t.Errorf("set %d: redundant %t", set, two)
				}
				got := make([]byte, grainBytes)
				_, err := img.ReadAt(got, 3*grainBytes)
				if (err == nil) != want || err == nil && !bytes.Equal(got, grains()[3]) {
					t.Errorf("set %d: %q..., %v", set, got[:8], err)
				}
			}
		})
	}
}
