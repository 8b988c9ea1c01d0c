package vmdk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"platter/engine/disk"
)

// inOrder is a disk whose grains lie in the file as they do on the disk.
func inOrder(damage func(f *built)) (files map[string][]byte, want []byte) {
	stored := map[int64][]byte{}
	for i := range int64(12) {
		stored[i+i/9*3] = bytes.Repeat(fmt.Appendf(nil, "grain %03d contents ", i), 500)[:grainBytes]
	}
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), stored)
	damage(f)
	return map[string][]byte{"d.vmdk": f.b}, content(stored, diskSectors*sector)
}

// TestGrainsBetween loses entries of both copies of a table. Where they lie between others as
// the grains do that nothing leads to, they are named, with a risk, and the disk is whole again;
// else nothing is offered.
func TestGrainsBetween(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(f *built)
		code   string // "": nothing is offered
	}{
		"one entry":                {func(f *built) { f.entry(4, 0) }, "G15"},
		"three entries":            {func(f *built) { f.entry(4, 0); f.entry(5, 0); f.entry(6, 0) }, "G15"},
		"before a gap of the disk": {func(f *built) { f.entry(8, 0) }, ""},
		"the last":                 {func(f *built) { f.entry(14, 0) }, ""},
		"shared with the next":     {func(f *built) { f.entry(4, f.where(5)) }, "G8"},
		"shared with one before":   {func(f *built) { f.entry(7, f.where(2)) }, "G8"},
		"shared, two are lost":     {func(f *built) { f.entry(4, f.where(5)); f.entry(7, 0) }, ""},
		"grains in another order":  {func(f *built) { reorder(f); f.entry(4, 0) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files, want := inOrder(c.damage)
			img := openMem(t, files, "d.vmdk")
			lead := ""
			for _, code := range []string{"G8", "G15"} {
				for _, f := range findingsOf(t, img, code) {
					for i, r := range repairs(t, img, f) {
						if r.Risk == "" {
							t.Errorf("%s: %s names no risk", f.Text, r.Title)
						}
						if !strings.HasPrefix(r.Title, "lead ") || i > 0 {
							continue
						}
						lead = code
						out, err := carryOut(t, files, r)
						if err != nil || !bytes.Equal(diskOf(t, openMem(t, out, "d.vmdk")), want) {
							t.Errorf("%s: another disk, %v", r.Title, err)
						}
					}
				}
			}
			if lead != c.code {
				t.Errorf("led by %q, want %q", lead, c.code)
			}
		})
	}
}

// reorder exchanges the places of grains.
func reorder(f *built) {
	for _, pair := range [][2]int64{{0, 9 + 3}, {1, 7}, {2, 8}, {3, 6}} {
		a, b := f.where(pair[0]), f.where(pair[1])
		f.entry(pair[0], b)
		f.entry(pair[1], a)
	}
}

// TestWipedTables wipes tables in both copies: what nothing leads to is told, as an error where
// no table has an entry left, and no zeros are cut off as long as it is there.
func TestWipedTables(t *testing.T) {
	for name, c := range map[string]struct {
		tables   []int
		severity disk.Severity
		words    string
	}{
		"one": {[]int{1}, warns, "1 table of the disk has no entry at all"},
		"all": {[]int{0, 1}, wrong, "no table has an entry"},
	} {
		t.Run(name, func(t *testing.T) {
			files := inSparse(func(f *built) {
				for _, i := range c.tables {
					clear(f.b[f.gts[i]:][:tableBytes])
					clear(f.b[f.rgts[i]:][:tableBytes])
				}
				f.b = append(f.b, make([]byte, 4*grainBytes)...)
			})
			list := findingsOf(t, openMem(t, files, "d.vmdk"), "G12")
			told := slices.ContainsFunc(list, func(f disk.Finding) bool {
				return f.Severity == c.severity && strings.Contains(f.Text, c.words)
			})
			for _, f := range list {
				told = told && !f.Repairable
			}
			if !told {
				t.Errorf("%+v", list)
			}
		})
	}
}

// TestZerosStayInDoubt cuts nothing off as long as another finding is to be settled first.
func TestZerosStayInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(f *built)
		cut    bool
	}{
		"nothing else": {func(*built) {}, true},
		"G1":           {func(f *built) { f.u32(f.gd+4, 0) }, false},
		"G4":           {func(f *built) { f.u32(f.gts[0], 0) }, false},
		"G8":           {func(f *built) { f.entry(3, f.where(4)) }, false},
	} {
		files := inSparse(func(f *built) { f.b = append(f.b, make([]byte, 4*grainBytes)...); c.damage(f) })
		cut := false
		for _, f := range findingsOf(t, openMem(t, files, "d.vmdk"), "G12") {
			cut = cut || f.Repairable
		}
		if cut != c.cut {
			t.Errorf("%s: cut is %v", name, cut)
		}
	}
}
