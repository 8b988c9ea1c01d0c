package vmdk_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"platter/engine/disk"
)

// moved moves the entries of a table by some bytes.
func moved(f *built, table int64, by int) {
	b := f.b[table:][:tableBytes]
	old := slices.Clone(b)
	clear(b)
	if by > 0 {
		copy(b[by:], old)
		copy(b[:by], old) // a program that moves bytes leaves what was there
	} else {
		copy(b, old[-by:])
	}
}

// TestCopiesThatDiffer damages one copy of a table. What is offered first gives the whole
// disk back, and is all that is offered before the copies are settled; no repair without a
// risk makes another disk. Where nothing tells which copy is right, neither goes before the other.
func TestCopiesThatDiffer(t *testing.T) {
	const at3, at4 = 4 * 3, 4 * 4
	for name, c := range map[string]struct {
		damage func(f *built)
		code   string
		even   bool
		safe   bool // the first repair names no risk
	}{
		"shared grain in the first":            {func(f *built) { f.u32(f.gts[0]+at3, uint32(f.grain[4]/sector)) }, "G5", false, false},
		"shared grain in the redundant":        {func(f *built) { f.u32(f.rgts[0]+at3, uint32(f.grain[4]/sector)) }, "G5", false, false},
		"grain of another table":               {func(f *built) { f.u32(f.gts[0]+at3, uint32(f.grain[512]/sector)) }, "G5", false, false},
		"shared grain in place of 0":           {func(f *built) { f.u32(f.gts[0]+4*7, uint32(f.grain[4]/sector)) }, "G5", false, false},
		"shared grain in the redundant, for 0": {func(f *built) { f.u32(f.rgts[0]+4*7, uint32(f.grain[4]/sector)) }, "G5", false, false},
		"a byte changed":                       {func(f *built) { f.u32(f.gts[0]+at3, uint32(f.grain[3]/sector)^0x35) }, "G5", false, false},
		"outside":                              {func(f *built) { f.u32(f.gts[0]+at3, 1<<30) }, "G5", false, true},
		"redundant outside":                    {func(f *built) { f.u32(f.rgts[0]+at3, 1<<30) }, "G5", false, true},
		"redundant outside for 0":              {func(f *built) { f.u32(f.rgts[0]+4*7, 1<<30) }, "G5", false, true},
		"zero":                                 {func(f *built) { f.u32(f.gts[0]+at3, 0) }, "G4", false, false},
		"moved by an entry":                    {func(f *built) { moved(f, f.gts[0], 4) }, "G5", false, false},
		"redundant moved by an entry":          {func(f *built) { moved(f, f.rgts[0], 4) }, "G5", false, false},
		"moved back by an entry":               {func(f *built) { moved(f, f.gts[0], -4) }, "G5", false, false},
		"moved by three bytes":                 {func(f *built) { moved(f, f.gts[0], 3) }, "G5", false, true},
		"ones":                                 {func(f *built) { copy(f.b[f.gts[0]:], bytes.Repeat([]byte{0xFF}, tableBytes)) }, "G5", false, true},
		"redundant, ones":                      {func(f *built) { copy(f.b[f.rgts[0]:], bytes.Repeat([]byte{0xFF}, tableBytes)) }, "G5", false, true},
		"exchanged": {func(f *built) {
			f.u32(f.gts[0]+at3, uint32(f.grain[4]/sector))
			f.u32(f.gts[0]+at4, uint32(f.grain[3]/sector))
		}, "G5", true, false},
		"both share":   {func(f *built) { f.entry(7, uint32(f.grain[4]/sector)); f.u32(f.gts[0]+4*7, 1<<30) }, "G5", true, false},
		"other grains": {func(f *built) { f.entry(639, 0); f.u32(f.gts[0]+at3, uint32(f.grain[639]/sector)) }, "G5", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			files := inSparse(c.damage)
			img := openMem(t, files, "d.vmdk")
			var list []disk.Finding
			for f, err := range img.Check(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, f)
			}
			want := sha256.Sum256(content(grains(), diskSectors*sector))
			first := true
			for _, f := range disk.Nest(disk.Merge(list)) {
				if f.Cause != "" {
					continue
				}
				for i, r := range repairs(t, img, f) {
					out, err := carryOut(t, files, r)
					if err != nil {
						t.Errorf("%s: %v", r.Title, err)
						continue
					}
					same := sha256.Sum256(diskOf(t, openMem(t, out, "d.vmdk"))) == want
					choice := f.Code == "vmdk/"+c.code
					switch {
					case f.Code == "vmdk/G8":
						t.Errorf("G8 is not said to follow: %s", f.Text)
					case r.Even && !(choice && c.even), choice && c.even && r.Risk == "":
						t.Errorf("%s: %s: even is %v, risk %q", f.Text, r.Title, r.Even, r.Risk)
					case !same && r.Risk == "":
						t.Errorf("%s: %s names no risk, and makes another disk", f.Text, r.Title)
					case choice && first && i == 0 && !c.even && (!same || (r.Risk == "") != c.safe):
						t.Errorf("%s: the first repair, %s, risk %q, makes the same disk: %v", f.Text, r.Title, r.Risk, same)
					}
				}
				first = first && f.Code != "vmdk/"+c.code
			}
			if first {
				t.Errorf("no %s", c.code)
			}
		})
	}
}

// TestTableMovedOverTheNext has what a table lost in the first entry of the next one: what is
// right there is told once the first table is.
func TestTableMovedOverTheNext(t *testing.T) {
	files := inSparse(func(f *built) {
		copy(f.b[f.gts[0]+4:], slices.Clone(f.b[f.gts[0]:][:tableBytes]))
		f.u32(f.gts[0], 0)
	})
	for range 2 {
		_, _, files = repaired(t, files, "vmdk/G5", 0)
	}
	img := openMem(t, files, "d.vmdk")
	if list := findingsOf(t, img, "G5"); len(list) > 0 || !bytes.Equal(diskOf(t, img), content(grains(), diskSectors*sector)) {
		t.Errorf("another disk, and %v", list)
	}
}

// TestSharedGrainNamesRisk has two entries, in both copies, share a grain: what the other one had
// is lost, and a copy of the grain does not bring it back.
func TestSharedGrainNamesRisk(t *testing.T) {
	files := inSparse(func(f *built) { f.entry(3, uint32(f.grain[4]/sector)) })
	for _, r := range repairsOf(t, openMem(t, files, "d.vmdk"), "vmdk/G8") {
		if r.Risk == "" {
			t.Errorf("%s names no risk", r.Title)
		}
	}
}
