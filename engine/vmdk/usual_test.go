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
