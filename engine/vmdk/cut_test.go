package vmdk_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
)

// told are the findings of an image as they are told: alike ones in a row, consequences after
// their cause.
func told(t *testing.T, files map[string][]byte, name string) []disk.Finding {
	t.Helper()
	var list []disk.Finding
	for f, err := range openMem(t, files, name).Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return disk.Arrange(disk.Merge(list))
}

// wantCut expects one cause of all errors.
func wantCut(t *testing.T, list []disk.Finding, text string, needs int64) {
	t.Helper()
	if first := list[0]; first.Code != "vmdk/H10" || first.Needs != needs || first.Repairable || !strings.Contains(first.Text, text) {
		t.Errorf("%+v", first)
	}
	if n := disk.TallyOf(list).By[disk.SeverityError]; n != 1 {
		t.Errorf("%d errors are told of one cause", n)
	}
	for _, f := range list[1:] {
		if f.Severity == disk.SeverityError && f.Cause != "vmdk/H10" {
			t.Errorf("%s does not follow from it: %s", f.Code, f.Text)
		}
	}
}

// TestCutOff cuts a sparse extent at each structure. As long as the tables are not all there,
// that is the one cause of all errors, with what is needed, and it has no repair.
func TestCutOff(t *testing.T) {
	whole := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	over := whole.overHead * sector
	for _, length := range []int64{whole.rgd + 1, whole.rgd + sector, whole.gts[0] - 1, whole.gd, whole.gd + sector, whole.gts[1], over - 1} {
		t.Logf("cut at %d", length)
		list := told(t, map[string][]byte{"d.vmdk": whole.b[:length]}, "d.vmdk")
		wantCut(t, list, "the file is cut", over)
		for _, f := range list {
			if length <= whole.gd && strings.HasPrefix(f.Text, "GD") {
				t.Errorf("only the redundant directory is there: %s", f.Text)
			}
		}
	}
	for _, f := range told(t, map[string][]byte{"d.vmdk": whole.b[:over]}, "d.vmdk") {
		if f.Code == "vmdk/H10" {
			t.Errorf("cut after the tables: %s", f.Text)
		}
	}
}

// TestCutCase is the first part of a large download, where the case lies beside the project.
func TestCutCase(t *testing.T) {
	files := caseFiles(t, "c07-first-64k")
	for name, text := range map[string]string{"market.vmdk": "65536 of at least 5308416 bytes", "market-1.5M.vmdk": "1572864 of at least 5308416 bytes"} {
		list := told(t, files, name)
		wantCut(t, list, text, 5308416)
		var lost int64
		for _, f := range list {
			lost += f.Lost
		}
		if lost < 16<<30 || lost > 40<<30 || name == "market.vmdk" && lost != 1256*32<<20 {
			t.Errorf("%s: %d bytes of the disk are said to be lost", name, lost)
		}
	}
}

// TestOverHeadDamaged has a number that no file would need: it is the number that is wrong, not
// the file.
func TestOverHeadDamaged(t *testing.T) {
	for _, f := range told(t, inSparse(func(f *built) { f.u64(64, 1<<20) }), "d.vmdk") {
		if f.Code == "vmdk/H10" && (!f.Repairable || strings.Contains(f.Text, "the file is cut")) {
			t.Errorf("%+v", f)
		}
	}
}
