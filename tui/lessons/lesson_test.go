package lessons_test

import (
	"errors"
	"strings"
	"testing"

	"platter/tui/lessons"
)

func TestAll(t *testing.T) {
	all := lessons.All()
	if len(all) < 8 {
		t.Fatalf("%d lessons", len(all))
	}
	for _, l := range all {
		for _, s := range l.Steps {
			for _, text := range append(append([]string{s.Task}, s.Text...), s.Hints...) {
				if k := lessons.Keys(text); strings.ContainsAny(k, "{}") || strings.Contains(k, "(no key") {
					t.Errorf("%s, %s: %s", l.Name, s.Title, k)
				}
			}
			if s.Task != "" && len(s.Hints) == 0 {
				t.Errorf("%s, %s: a task without a hint", l.Name, s.Title)
			}
		}
		if again, ok := lessons.Named(strings.ToUpper(l.Name)); !ok || again.Title != l.Title {
			t.Errorf("%s is not found by its name", l.Name)
		}
	}
}

// TestParseIsStrict takes what is no lesson, and expects the line to be named.
func TestParseIsStrict(t *testing.T) {
	const head = "title: t\nabout: a\nimage: sample:vhd\n"
	if _, err := lessons.Parse("x", []byte(head+"# comment\nstep: s\ntext {screen-2}\nmore\n\nlast\ntask: do\nhint: h\ndone: at footer\n")); err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		"":                                     "title:, about: and image: are needed",
		head:                                   "no step",
		head + "step: s\n":                     "it is empty",
		head + "text\n":                        "line 4",
		head + "task: t\n":                     "belongs to a step",
		head + "title: again\n":                "stands once",
		head + "step:\n":                       "nothing follows the keyword step",
		head + "step: s\ntask: t\n":            "a task needs done:",
		head + "step: s\nx\ndone: at footer\n": "a task needs done:",
		head + "step: s\ntask: t\ntask: u\ndone: at x\n":       "one task",
		head + "step: s\n{nothing}\n":                          "{nothing}: no action",
		head + "step: s\n{screen-2\n":                          "no action",
		head + "step: s\ntask: t\ndone: near footer\n":         "expected one of: at, screen",
		head + "step: s\ntask: t\ndone: sector x\n":            "expected a number",
		head + "step: s\ntask: t\ndone: byte 12\n":             "an offset and a length",
		head + "step: s\ntask: t\ndone: value footer.cookie\n": "= between them",
		head + "step: s\ntask: t\ndone: at footer\nand text\n": "before its task",
		head + "step: s\na\x1b[2Jb\n":                          "can't be shown",
		head + strings.Repeat("step: s\nx\n", 101):             "more than 100 steps",
		head + "step: s\n" + strings.Repeat("x", 300<<10):      "at most",
	} {
		_, err := lessons.Parse("x", []byte(text))
		if !errors.Is(err, lessons.ErrFormat) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	if n := lessons.NameOf(`C:\school\my-lesson.txt`); n != "my-lesson" {
		t.Error(n)
	}
}

// TestNamedByItsStart takes the start of a name if only one lesson has it.
func TestNamedByItsStart(t *testing.T) {
	if l, ok := lessons.Named("VHDX-1"); !ok || l.Name != "vhdx-1-headers" {
		t.Errorf("%q, %v", l.Name, ok)
	}
	for _, name := range []string{"vhd", "", "vhdx-9"} {
		if l, ok := lessons.Named(name); ok {
			t.Errorf("%q is %s", name, l.Name)
		}
	}
}
