package tui

import (
	"testing"

	"platter/decode"
	"platter/engine/disk"
)

// TestScreenCountsAsTheCheckDoes: two findings that say the same of one place are two
// on the screen too; what opening had found already is listed once.
func TestScreenCountsAsTheCheckDoes(t *testing.T) {
	f := disk.Finding{Code: "vmdk/D2", Severity: disk.SeverityWarning, Text: "the line is there twice", Where: []decode.Place{{File: "a.vmdk", Offset: 5}}}
	c := &check{seen: map[known]int{}}
	c.take(checked{list: []disk.Finding{f}})
	c.take(checked{of: c, list: []disk.Finding{f, f}})
	if len(c.list) != 2 {
		t.Errorf("%d findings, want 2", len(c.list))
	}
}
