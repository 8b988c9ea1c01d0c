package vmdk_test

import (
	"bytes"
	"testing"
)

// TestLostEntriesKeepTables loses directory entries, not the tables: they are found in
// their usual places, and nothing is written over them without a word.
func TestLostEntriesKeepTables(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(f *built)
		kept   bool
	}{
		"first of both":  {func(f *built) { f.u32(f.gd, 0); f.u32(f.rgd, 0) }, true},
		"second of both": {func(f *built) { f.u32(f.gd+4, 0); f.u32(f.rgd+4, 0) }, true},
		"all":            {func(f *built) { f.u64(f.gd, 0); f.u64(f.rgd, 0) }, true},
		"tables damaged": {func(f *built) { f.u32(f.gd, 0); f.u32(f.rgd, 0); f.u32(f.gts[0], 1<<30); f.u32(f.rgts[0], 1<<30) }, false},
		"tables lost too": {func(f *built) {
			f.u32(f.gd, 0)
			f.u32(f.rgd, 0)
			clear(f.b[f.gts[0]:][:tableBytes])
			clear(f.b[f.rgts[0]:][:tableBytes])
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			files := inSparse(c.damage)
			for _, f := range findingsOf(t, openMem(t, files, "d.vmdk"), "G1") {
				for _, r := range repairs(t, openMem(t, files, "d.vmdk"), f) {
					if (r.Risk == "") != c.kept {
						t.Errorf("%s: %s, risk %q", f.Text, r.Title, r.Risk)
					}
				}
			}
			if !c.kept {
				return
			}
			_, after, _ := repaired(t, files, "vmdk/G1", 0)
			if got := diskOf(t, after); !bytes.Equal(got, content(grains(), diskSectors*sector)) {
				t.Error("the disk holds something else")
			}
		})
	}
}

// TestEntryToAnothersTable has a directory entry lead to the table of another one, and the
// other directory's entry lead nowhere: it is led to its own table where that is there, and no
// table is made a copy of another's.
func TestEntryToAnothersTable(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(f *built)
		whole  bool
	}{
		"first":                             {func(f *built) { f.u32(f.gd+4, uint32(f.gts[0]/sector)) }, true},
		"first, the other one leads astray": {func(f *built) { f.u32(f.gd+4, uint32(f.gts[0]/sector)); f.u32(f.rgd+4, 1<<30) }, true},
		"redundant":                         {func(f *built) { f.u32(f.rgd+4, uint32(f.rgts[0]/sector)) }, true},
		"redundant, the first leads astray": {func(f *built) { f.u32(f.rgd+4, uint32(f.rgts[0]/sector)); f.u32(f.gd+4, 1<<30) }, true},
		"both":                              {func(f *built) { f.u32(f.gd+4, uint32(f.gts[0]/sector)); f.u32(f.rgd+4, uint32(f.rgts[0]/sector)) }, true},
		"an old table is there": {func(f *built) {
			f.u32(f.gd+4, uint32(f.gts[0]/sector))
			f.u32(f.rgd+4, 1<<30)
			copy(f.b[f.gts[1]:], f.b[f.gts[0]:][:tableBytes/2])
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			files, want := inSparse(c.damage), content(grains(), diskSectors*sector)
			for range 4 {
				img := openMem(t, files, "d.vmdk")
				list := findingsOf(t, img, "G2")
				var done bool
				for _, f := range list {
					for _, r := range repairs(t, img, f) {
						if r.Risk != "" || done {
							continue
						}
						out, err := carryOut(t, files, r)
						if err != nil {
							t.Fatal(err)
						}
						files, done = out, true
					}
				}
				if !done {
					break
				}
			}
			img := openMem(t, files, "d.vmdk")
			if got := diskOf(t, img); bytes.Equal(got, want) != c.whole || c.whole && len(findingsOf(t, img, "G2")) > 0 {
				t.Errorf("the disk is whole: %v; %v", !c.whole, findingsOf(t, img, "G2"))
			}
			if hasError(t, img, "G8") {
				t.Error("grains are shared")
			}
		})
	}
}
