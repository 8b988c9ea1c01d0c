package explain_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/decode"
	"platter/decode/guest"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/explain"
)

// entry is a partition entry on the virtual disk with a type that has a name.
func entry(t *testing.T) decode.Node {
	t.Helper()
	rec := guest.MBREntry.Blank()
	guest.MBREntryType.Put(rec, 0x0E)
	guest.MBREntryStatus.Put(rec, 0x33)
	guest.MBREntryLBA.Put(rec, 128)
	return guest.MBREntry.Node(rec.Bytes(), disk.VirtualDisk, 446)
}

func child(t *testing.T, n decode.Node, name string) decode.Node {
	t.Helper()
	for i := range n.Len() {
		if c := n.Child(i); c.Name == name {
			return c
		}
	}
	t.Fatalf("%s has no %s", n.Name, name)
	return decode.Node{}
}

func words(notes []explain.Note) string {
	var b strings.Builder
	for _, n := range notes {
		b.WriteString(n.Label + ": " + n.Text + "\n")
	}
	return b.String()
}

func TestNotes(t *testing.T) {
	for name, want := range map[string][]string{
		"type":      {"It is a hint", "where: 1 byte at 0x1c2 (450) of the virtual disk", "value: 0x0e (FAT16 LBA)", "type: 8-bit integer", "bytes: 0e", "> 14 FAT16 LBA", "  7 NTFS", "defined in: UEFI"},
		"first LBA": {"leads to: partition at 0x10000 (f follows)", "type: 32-bit integer, little-endian"},
		"status":    {"check: wrong: "},
	} {
		got := words(explain.Notes(child(t, entry(t), name), "entry."+name, nil))
		for _, w := range append(want, ": entry."+name) {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", name, w, got)
			}
		}
	}
	second := decode.Place{Offset: 0x5000}
	if got := words(explain.Notes(entry(t), "entry", &second)); !strings.Contains(got, "second copy at 0x5000 (% jumps)") {
		t.Errorf("no second copy in\n%s", got)
	}
}

func TestNotesAreHarmless(t *testing.T) {
	n := decode.Node{Name: "x", Value: "a\x1b[31mb", Words: "c\u202ed", Place: decode.Place{File: "e\x1b[2Jf", Length: 1}}
	if got := words(explain.Notes(n, "x", nil)); strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("not escaped: %q", got)
	}
}

func TestDrawScrolls(t *testing.T) {
	th, err := theme.New("mono", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	notes := []explain.Note{{Text: "one two three"}, {Label: "label", Text: "four"}, {Text: "five"}}
	for top, want := range map[int]string{0: "one two   \nthree     \nl..four   ", 1: "three     \nl..four   \nfive      "} {
		var g grid.Grid
		g.Resize(10, 3)
		if n := explain.Draw(g.Area(), notes, top); n != 4 {
			t.Errorf("from %d: %d lines", top, n)
		}
		if got := ansi.Strip(g.String(th)); got != want {
			t.Errorf("from %d: %q, want %q", top, got, want)
		}
	}
}
