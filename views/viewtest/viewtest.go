package viewtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Theme is the dark theme without colours, in ASCII.
func Theme(t testing.TB) *theme.Theme {
	t.Helper()
	th, err := theme.New("dark", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// Run runs a command in line, and those that come of it, until nothing is
// left to do. It returns the messages that the view did not ask for itself:
// those of package views.
func Run(v interface{ Update(tea.Msg) tea.Cmd }, cmd tea.Cmd) []tea.Msg {
	var up []tea.Msg
	queue := []tea.Cmd{cmd}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if next == nil {
			continue
		}
		switch msg := next().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, msg...)
		case views.Goto, views.Failed, views.OpenPath, views.Stage, views.Revert, views.Drop, views.Act, views.Ask, views.Replay, views.CheckAgain, views.Answer:
			up = append(up, msg)
		default:
			queue = append(queue, v.Update(msg))
		}
	}
	return up
}

// Lines is a screen's text, line by line, without colours. It fails the test
// if a line is not w columns wide or their number is not h.
func Lines(t testing.TB, screen string, w, h int) []string {
	t.Helper()
	lines := strings.Split(ansi.Strip(screen), "\n")
	if len(lines) != h {
		t.Errorf("%d lines instead of %d", len(lines), h)
	}
	for i, l := range lines {
		if grid.Width(l) != w {
			t.Errorf("line %d is %d columns wide instead of %d: %q", i, grid.Width(l), w, l)
		}
	}
	return lines
}

// Golden compares a screen's text with testdata/name.golden; -update writes
// the file instead.
func Golden(t testing.TB, name, screen string, w, h int) {
	t.Helper()
	got := strings.Join(Lines(t, screen, w, h), "\n") + "\n"
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs; it is now:\n%s", path, got)
	}
}
