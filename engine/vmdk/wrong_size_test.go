package vmdk_test

import (
	"bytes"
	"fmt"
	"testing"
)

// TestWrongGrainSize has the header give the grains another size than they have. It is found
// before all that follows from it, and the repair gives the whole disk back: without a risk
// where nothing else fits.
func TestWrongGrainSize(t *testing.T) {
	stored := map[int64][]byte{}
	for i := range int64(14) {
		stored[20+i+i/5] = bytes.Repeat(fmt.Appendf(nil, "grain %03d contents ", i), 500)[:grainBytes]
	}
	stored[600] = stored[20]
	single := func(f *built) { f.u32(8, 1); f.u64(48, 0) }
	trimmed := func(f *built) { // every other grain was given up, and is not zero
		for i := range stored {
			if f.grain[i]/grainBytes%2 == 0 {
				f.entry(i, 0)
			}
		}
	}
	for name, c := range map[string]struct {
		said   uint64
		damage func(f *built)
		safe   bool
		none   bool
	}{
		"half":                        {8, func(*built) {}, true, false},
		"a quarter":                   {4, func(*built) {}, true, false},
		"twice":                       {32, func(*built) {}, true, false},
		"eight times":                 {128, func(*built) {}, true, false},
		"half, an entry is damaged":   {8, func(f *built) { f.entry(21, f.where(21)+3) }, true, false},
		"half, one directory":         {8, single, false, false},
		"twice, one directory":        {32, single, false, false},
		"half, the line says another": {8, func(f *built) { copy(f.b[bytes.Index(f.b, []byte("RW 10240")):], "RW 10239") }, false, false},
		"as it is":                    {16, func(*built) {}, false, true},
		"trimmed":                     {16, trimmed, false, true},
		"two entries meet":            {16, func(f *built) { f.entry(21, f.where(20)+3) }, false, true},
		"a smaller disk":              {16, func(f *built) { f.u64(12, 5000) }, false, true},
		"a larger disk":               {16, func(f *built) { f.u64(12, 20000) }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), stored)
			c.damage(f)
			want := diskOf(t, openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk"))
			f.u64(20, c.said)
			files := map[string][]byte{"d.vmdk": f.b}
			list := findingsOf(t, openMem(t, files, "d.vmdk"), "H6")
			for i := len(list) - 1; i >= 0; i-- {
				if !list[i].Repairable {
					list = append(list[:i], list[i+1:]...) // other programs refuse the size
				}
			}
			if c.none != (len(list) == 0) {
				t.Fatalf("found: %v", list)
			}
			if c.none {
				return
			}
			r := repairs(t, openMem(t, files, "d.vmdk"), list[0])
			if len(r) != 1 || (r[0].Risk == "") != c.safe {
				t.Fatalf("%s: %+v", list[0].Text, r)
			}
			out, err := carryOut(t, files, r[0])
			if err != nil || !bytes.Equal(diskOf(t, openMem(t, out, "d.vmdk")), want) {
				t.Errorf("%s: another disk, %v", list[0].Text, err)
			}
		})
	}
}

// where is the sector that the entry of a grain names.
func (f *built) where(grain int64) uint32 { return uint32(f.grain[grain] / sector) }
