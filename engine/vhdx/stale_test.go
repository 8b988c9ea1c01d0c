package vhdx_test

import (
	"strings"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
)

// TestHiddenInStaleEntries puts text into an entry that is left over, whose checksum fits: after
// its descriptors, into the page of the BAT that it once changed, and into one of the metadata.
// What an update leaves behind raises no warning.
func TestHiddenInStaleEntries(t *testing.T) {
	const secret = "the key is under the mat"
	for name, c := range map[string]struct {
		hide func(f *fixture) logRecord
		says string
	}{
		"an update": {func(f *fixture) logRecord { return f.record(0, 1, 0, f.batPage(func([]byte) {})) }, ""},
		"a page of the BAT": {func(f *fixture) logRecord {
			return f.record(0, 1, 0, f.batPage(func(page []byte) { copy(page[800:], secret) }))
		}, `can't be what was once written to the image: "` + secret + `"`},
		"a page of the metadata": {func(f *fixture) logRecord {
			page := f.get(metadataAt, layout.LogSector)
			copy(page[3000:], secret)
			return f.record(0, 1, 0, logChange{target: metadataAt, page: page})
		}, secret},
		"the metadata as they are": {func(f *fixture) logRecord {
			return f.record(0, 1, 0, logChange{target: metadataAt, page: f.get(metadataAt, layout.LogSector)})
		}, ""},
	} {
		f := build(t, plain)
		f.put(logAt, c.hide(f).bytes())
		wantHidden(t, name, f, c.says)
	}
	f := build(t, plain)
	b := f.record(0, 1, 0, f.batPage(func([]byte) {})).bytes()
	copy(b[1000:], secret)
	head, _ := layout.LogEntryTable.Of(b)
	layout.LogChecksum.Put(head, 0)
	layout.LogChecksum.Put(head, uint32(layout.Checksum(b)))
	f.put(logAt, b)
	wantHidden(t, "after the descriptors", f, "1 entry of the log hold 24 bytes after the descriptors")
}

// wantHidden expects one warning of the check that says something of the log, or none.
func wantHidden(t *testing.T, name string, f *fixture, says string) {
	t.Helper()
	var found []string
	for _, x := range checkAll(t, openFixture(t, f)) {
		if x.Code == "vhdx/52" && x.Severity == disk.SeverityWarning {
			found = append(found, x.Text)
		}
	}
	if text := strings.Join(found, "; "); says == "" && text != "" || !strings.Contains(text, says) || len(found) > 1 {
		t.Errorf("%s: the check says %q, expected %q", name, text, says)
	}
}
