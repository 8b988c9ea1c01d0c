package blockmap_test

import (
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/keymap"
)

// TestStripUsesOneWord holds that legend and status line call what the strip's
// cursor is on by the same name.
func TestStripUsesOneWord(t *testing.T) {
	for _, kind := range []disk.Kind{
		disk.KindHeader, disk.KindDescriptor, disk.KindTable, disk.KindBitmap, disk.KindMetadata, disk.KindLog, disk.KindPayload,
		disk.KindPadding, disk.KindSlack, disk.KindFree, disk.KindTrailing, disk.KindUnknown,
	} {
		w := archive()
		w.regions = []disk.Region{{File: name, Length: w.size, Kind: kind, Name: "all of it"}}
		v := open(t, w, 119, 36)
		press(v, keymap.NextPane)
		if s := v.Status(); !strings.Contains(s, "  "+string(kind)+"  ") {
			t.Errorf("the status line does not say %s: %s", kind, s)
		}
		if legend := screen(v); !strings.Contains(legend, " "+string(kind)+"   ") {
			t.Errorf("the legend does not say %s:\n%s", kind, legend)
		}
	}
}

// TestSmallMapTellsOfTheStrip holds that a map without frames names the key to
// its other pane.
func TestSmallMapTellsOfTheStrip(t *testing.T) {
	v := open(t, archive(), 79, 20)
	for _, want := range []string{"tab: file", "tab: map", "tab: file"} {
		head, _, _ := strings.Cut(screen(v), "\n")
		if !strings.HasSuffix(strings.TrimRight(head, " "), want) || !strings.Contains(head, "  zoom ") {
			t.Errorf("the head is %q, want %q at its end", head, want)
		}
		press(v, keymap.NextPane)
	}
	v.SetSize(79, 9) // no strip: nowhere to go
	if head, _, _ := strings.Cut(screen(v), "\n"); strings.Contains(head, "tab") {
		t.Errorf("the head is %q", head)
	}
}
