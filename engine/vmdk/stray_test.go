package vmdk_test

import (
	"bytes"
	"testing"

	"platter/engine/disk"
)

// TestStrayGrains loses entries of files that need not have them all, so that an entry of
// 0 alone is no damage: what the file still has is missed, with an error, and what it has
// not reads as before. Where the place of what was lost is certain, a repair brings it back.
func TestStrayGrains(t *testing.T) {
	esx := func(name string, b []byte) map[string][]byte {
		files := map[string][]byte{"d-x.vmdk": b}
		files["d.vmdk"] = kinds()[name].files["d.vmdk"]
		return files
	}
	redo := func(damage func(f *built)) map[string][]byte {
		f := cowd(small(sector))
		damage(f)
		return esx("cowd", f.b)
	}
	se := func(damage func(f *built)) map[string][]byte {
		f := seSparse(small(4096))
		damage(f)
		return esx("se", f.b)
	}
	const tables = vmdkCowdCoverage
	for name, c := range map[string]struct {
		kind  string
		files map[string][]byte
		code  string
		lost  []int64 // bytes of the disk that can't be read
		fine  []int64 // that can
		back  bool    // the first repairs of the code bring all back
	}{
		"an entry of a stream": {"stream", inStream(func(f *built) { f.u32(f.gts[0]+4*3, 0) }), "S10",
			[]int64{3 * grainBytes, 4*grainBytes - 1}, []int64{2 * grainBytes, 4 * grainBytes, 5 * grainBytes}, true},
		"a directory entry of a stream": {"stream", inStream(func(f *built) { f.u32(f.gd+4, 0) }), "S10",
			[]int64{512 * grainBytes, 639 * grainBytes}, []int64{511 * grainBytes, 513 * grainBytes, 638 * grainBytes}, true},
		"a table of a stream": {"stream", inStream(func(f *built) { clear(f.b[f.gts[0]:][:tableBytes]) }), "S10",
			[]int64{0, 3 * grainBytes, 511 * grainBytes}, []int64{grainBytes, 510 * grainBytes, 512 * grainBytes}, true},
		"a directory entry of a redo log": {"cowd", redo(func(f *built) { f.u32(f.gd+4, 0) }), "C6",
			[]int64{5000 * sector, tables + 1}, []int64{0, 9 * sector, 10 * sector}, false},
		"the directory entry of a redo log": {"cowd", redo(func(f *built) { f.u32(f.gd, 0); f.u32(12, 4096); f.u32(24, 1) }), "C6",
			[]int64{0}, nil, true},
		"the directory entry of a seSparse": {"se", se(func(f *built) { f.u64(f.gd, 0) }), "Z6",
			[]int64{0, 900 * 4096}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			img := openMem(t, c.files, "d.vmdk")
			b := make([]byte, 1)
			for _, off := range c.lost {
				if _, err := img.ReadAt(b, off); err == nil {
					t.Errorf("byte %d, which is lost, can be read", off)
				}
			}
			for _, off := range c.fine {
				if _, err := img.ReadAt(b, off); err != nil || b[0] != kinds()[c.kind].want[off] {
					t.Errorf("byte %d: %d, %v", off, b[0], err)
				}
			}
			if !hasError(t, img, c.code) {
				t.Errorf("no error %s", c.code)
			}
			files := c.files
			for c.back && hasError(t, openMem(t, files, "d.vmdk"), c.code) {
				_, _, files = repaired(t, files, "vmdk/"+c.code, 0)
			}
			if want := kinds()[c.kind].want; c.back && c.kind == "stream" && !bytes.Equal(diskOf(t, openMem(t, files, "d.vmdk")), want) {
				t.Error("the disk is not what it was")
			}
		})
	}
}

// vmdkCowdCoverage is what one table of a redo log with grains of a sector describes.
const vmdkCowdCoverage = 4096 * sector

// TestWholeStreamsHaveNoStrays reads what good images do not store: zeros, without an error.
func TestWholeStreamsHaveNoStrays(t *testing.T) {
	for name, k := range kinds() {
		for _, f := range openMem(t, k.files, "d.vmdk").Info().Findings {
			if f.Severity > disk.SeverityInfo {
				t.Errorf("%s: %s", name, f.Text)
			}
		}
	}
}
