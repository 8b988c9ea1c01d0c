package disk_test

import (
	"fmt"
	"testing"

	"platter/decode"
	"platter/engine/disk"
)

// TestMerge makes one row of what is said again and again.
func TestMerge(t *testing.T) {
	var list []disk.Finding
	for i := range int64(60) {
		list = append(list, disk.Finding{Code: "x/42", Severity: disk.SeverityError, Text: fmt.Sprintf("block %d is at 0x%x", i, i<<20+0xabc),
			Where: []decode.Place{{File: "f", Offset: i * 8, Length: 8}}, Lost: 1 << 20, Needs: (i%7 + 50) << 20})
		if i == 30 {
			list = append(list, disk.Finding{Code: "x/42", Severity: disk.SeverityError, Text: "block 7: its last 0x10 bytes are missing", Lost: 16})
		}
	}
	got := disk.Merge(list)
	if len(got) != 2 {
		t.Fatalf("%d rows, want 2: %+v", len(got), got)
	}
	first := got[0]
	if first.Count != 60 || first.Lost != 60<<20 || first.Needs != 56<<20 || len(first.Where) != 1 || len(first.More) != 59 || first.Text != list[0].Text {
		t.Errorf("%+v", first)
	}
	if want := "60 findings like this one; 60 MiB of the disk can't be read; the file was at least 56 MiB long"; first.Sum() != want {
		t.Errorf("%q, want %q", first.Sum(), want)
	}
	if want := "16 B of the disk can't be read"; got[1].Sum() != want {
		t.Errorf("%q, want %q", got[1].Sum(), want)
	}
	for _, differs := range []disk.Finding{{Severity: disk.SeverityWarning}, {Profile: "azure"}, {Detail: "why"}, {Code: "x/1"}, {Text: "other"}, {Repairable: true}} {
		if got := disk.Merge([]disk.Finding{{}, differs}); len(got) != 2 {
			t.Errorf("%+v is taken for the same", differs)
		}
	}
}

// TestMergeCapped counts those that the check does not list, and sums up what they cost.
func TestMergeCapped(t *testing.T) {
	var list []disk.Finding
	r := disk.NewReporter(func(f disk.Finding, err error) bool {
		list = append(list, f)
		return err == nil
	})
	for i := range disk.PerCode + 50 {
		if i <= disk.PerCode+20 || !r.FullLosing("x/1", 4096) {
			r.Report(disk.Finding{Code: "x/1", Text: fmt.Sprintf("block %d is lost", i), Lost: 4096})
		}
	}
	r.Rest()
	got := disk.Merge(list)
	if len(got) != 1 || got[0].Count != disk.PerCode+50 {
		t.Fatalf("%d rows, the first counts %d", len(got), got[0].Count)
	}
	if want := "1050 findings like this one; 4.1 MiB of the disk can't be read"; got[0].Sum() != want {
		t.Errorf("%q, want %q", got[0].Sum(), want)
	}
}
