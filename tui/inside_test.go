package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/viewtest"
)

func TestCompletesPaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"disk.vhd", "disc.vhd", ".hidden", "bad\x1b[31m"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("disks", 0o700); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"": "disc.vhd disk.vhd disks/", "disk": "disk.vhd disks/", "disk.vhd": "", "b": "", ".h": ".hidden", "nowhere/": "", "sam": "sample:vhd", dir + "/disc": dir + "/disc.vhd",
	} {
		var got []string
		for _, c := range completePath(typed, []string{"sample:vhd"}) {
			got = append(got, filepath.ToSlash(c.Text))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q completes as %q, want %q", typed, s, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"a/b-c.vhd": "a/b-c.vhd", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "x\x1b[2J": `$'x\x1b\x5b2J'`, "$(rm)": "'$(rm)'",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestHitsBeyondTheLimit(t *testing.T) {
	h := &search{query: query{Pattern: disk.Pattern{Text: "x"}, file: "f"}}
	h.run(func(yield func(disk.Hit, error) bool) {
		for i := int64(0); yield(disk.Hit{Place: decode.Place{File: "f", Offset: i, Length: 1}}, nil); i++ {
			if i%5000 == 0 && !yield(disk.Hit{}, &disk.Error{Kind: disk.Damaged, What: "lost"}) {
				return
			}
		}
	}, func(disk.Hit) string { return "" })
	(&searches{}).collect(h)
	if len(h.hits) != hitLimit || !h.full || h.complete || !strings.Contains(h.Note, "2 ranges can't be read") {
		t.Errorf("%d hits, %s", len(h.hits), h.Note)
	}
}

// TestMarksAscend has a search go backwards: what the views are told does not.
func TestMarksAscend(t *testing.T) {
	h := &search{query: query{back: true}, hits: []disk.Hit{{Place: decode.Place{Offset: 9}}, {Place: decode.Place{Offset: 2}}}}
	if got := h.ascending(); len(got) != 2 || got[0].Offset > got[1].Offset {
		t.Errorf("the marks are not ascending: %v", got)
	}
}

// adoptive is an image one file of which lies in another folder.
type adoptive struct {
	*viewtest.Image
	file string
}

func (a adoptive) Files() []disk.File { return []disk.File{{Name: filepath.ToSlash(a.file)}} }

// TestFilesOfAParentStay names a file of an adopted parent as where to save.
func TestFilesOfAParentStay(t *testing.T) {
	dir := t.TempDir()
	parent := filepath.Join(dir, "elsewhere.vmdk")
	if err := os.WriteFile(parent, []byte("parent"), 0o600); err != nil {
		t.Fatal(err)
	}
	if unwritable(parent, adoptive{viewtest.New(), parent}, filepath.Join(dir, "sub", "child.vmdk")) == "" {
		t.Error("an extent of a parent in another folder would be overwritten")
	}
}

// TestDoubleClickStaysWhereItBegan closes a dialog with the first of two
// clicks: the second is no double click on what lies beneath.
func TestDoubleClickStaysWhereItBegan(t *testing.T) {
	var last click
	over, beneath := &dialog{}, &dialog{}
	press := tea.MouseMsg{X: 9, Y: 9, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	if what, _ := last.kind(press, over); what != views.Click {
		t.Fatal("the first click is none")
	}
	last.at = last.at.Add(time.Hour)
	if what, _ := last.kind(press, beneath); what != views.Click {
		t.Error("a click on the dialog and one on the view beneath it are a double click")
	}
	last.at = last.at.Add(time.Hour)
	if what, _ := last.kind(press, beneath); what != views.DoubleClick {
		t.Error("two clicks on the view are no double click")
	}
}
