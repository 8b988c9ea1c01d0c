package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
	"platter/tui/lessons"
)

// TestLessonList lists lessons with how far the user has come, and names what is no lesson.
func TestLessonList(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	if err := os.MkdirAll(filepath.Join(state, "platter"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(state, "platter", "lessons.json")
	if err := os.WriteFile(kept, []byte(`{"vhd-1-footer": {"step": 3, "done": [0, 2]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := ran(t, "lesson")
	for _, l := range lessons.All() {
		if !strings.Contains(out, l.Name) || !strings.Contains(out, l.Title) {
			t.Errorf("%s is not listed", l.Name)
		}
	}
	if !strings.Contains(out, "vhd-1-footer       2 of  7 done") {
		t.Errorf("lists\n%s", out)
	}
	for line := range strings.Lines(out) {
		if len(line) > 80 {
			t.Errorf("%d characters don't fit a terminal of 80: %s", len(line), line)
		}
	}
	if _, out, _ = ran(t, "lesson", "--no-state"); strings.Contains(out, " 2 of ") {
		t.Errorf("without state it lists\n%s", out)
	}
	var doc struct {
		Lessons []struct {
			Name        string
			Done, Tasks int
		}
	}
	_, out, _ = ran(t, "lesson", "--json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Lessons) != len(lessons.All()) {
		t.Errorf("%v: %s", err, out)
	}
	mine := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(mine, []byte("title: t\nabout: a\nimage: sample:vhd\nstep: s\n{nothing}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, says string
		code       int
	}{
		{"nonsense", "platter lesson lists them", cli.ExitUsage},
		{mine, "line 5: {nothing}", cli.ExitFailed},
		{filepath.Join(t.TempDir(), "none.txt"), "no such file", cli.ExitFailed},
		{"vhd-1-footer", "needs a terminal", cli.ExitUsage},
	} {
		if code, _, errs := ran(t, "lesson", c.name); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: %d %s", c.name, code, errs)
		}
	}
}
