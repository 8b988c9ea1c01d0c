package findings_test

import (
	"fmt"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/findings"
	"platter/views/viewtest"
)

// list has a finding of each severity, one of them with hostile words.
var list = []disk.Finding{
	{Code: "fake/B2", Severity: disk.SeverityError, Fatal: true, Where: []decode.Place{{File: "fake.vhdx", Offset: 0x8018, Length: 8}, {File: "fake.vhdx", Offset: 0x8048, Length: 8}},
		Text: "blocks 3 and 9 share a range of the file", Detail: "Writing one of them changes the other. Hyper-V refuses such a file; qemu opens it without a word."},
	{Code: "fake/H1", Severity: disk.SeverityWarning, Where: []decode.Place{{File: "fake.vhdx", Offset: 0x1004, Length: 4}}, Text: "header 1 has a wrong checksum"},
	{Code: "fake/N3", Severity: disk.SeverityInfo, Text: "the creator is \x1b[31mred\u202e"},
}

func view(t *testing.T, w, h int) *findings.View {
	t.Helper()
	v := findings.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t)})
	v.SetSize(w, h)
	v.Update(views.Findings{List: list, Complete: true})
	return v
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 20}, {120, 36}, {200, 56}} {
		w, h := size[0], size[1]
		v := view(t, w, h)
		viewtest.Golden(t, fmt.Sprintf("findings-%dx%d", w, h), v.View(), w, h)
	}
	empty := findings.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t)})
	empty.SetSize(80, 20)
	empty.Update(views.Findings{Complete: true})
	viewtest.Golden(t, "nothing-80x20", empty.View(), 80, 20)
}

func TestAnySize(t *testing.T) {
	for h := range 12 {
		for _, w := range []int{0, 1, 10, 60} {
			v := view(t, w, h)
			if w > 0 && h > 0 {
				viewtest.Lines(t, v.View(), w, h)
			}
		}
	}
}

func TestEnterGoesThroughTheEvidence(t *testing.T) {
	v := view(t, 80, 20)
	var got []int64
	for range 3 {
		for _, msg := range viewtest.Run(v, v.Do(keymap.Open)) {
			got = append(got, msg.(views.Goto).To.Place.Offset)
		}
	}
	if fmt.Sprint(got) != "[32792 32840 32792]" {
		t.Errorf("enter, three times, goes to %v", got)
	}
	v.Do(keymap.Last)
	if v.Do(keymap.Open) != nil || v.Disabled(keymap.Open) == "" {
		t.Error("a finding without evidence leads somewhere, or does not say why it does not")
	}
}

func TestSeverityFilter(t *testing.T) {
	v := view(t, 80, 20)
	var got []string
	for range 3 {
		v.Do(keymap.Severity)
		got = append(got, strings.Join(codes(viewtest.Lines(t, v.View(), 80, 20)), " "))
	}
	want := []string{"fake/B2 fake/H1", "fake/B2", "fake/B2 fake/H1 fake/N3"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d shows %q, want %q", i, got[i], want[i])
		}
	}
}

// codes are those of the rows of the list.
func codes(lines []string) []string {
	var out []string
	upper, _, _ := strings.Cut(strings.Join(lines, "\n"), "What it means")
	for _, word := range strings.Fields(upper) {
		if strings.HasPrefix(word, "fake/") {
			out = append(out, word)
		}
	}
	return out
}

func TestStatus(t *testing.T) {
	v := view(t, 80, 20)
	if got, want := v.Status(), "1 error, 1 warning, 1 note | all structures and tables checked"; got != want {
		t.Errorf("status %q, want %q", got, want)
	}
	v.Update(views.Changed{Image: viewtest.New()})
	if got := v.Status(); !strings.HasSuffix(got, "checking ...") {
		t.Errorf("after a change the status is %q", got)
	}
}

func TestReviewed(t *testing.T) {
	v := view(t, 80, 20)
	v.Do(keymap.Reviewed)
	v.Do(keymap.Reviewed)
	v.Do(keymap.First)
	v.Do(keymap.Reviewed) // takes the first mark back
	screen := strings.Join(viewtest.Lines(t, v.View(), 80, 20), "\n")
	for _, want := range []string{"|>!!  fake/B2", "| ! vfake/H1", "1 reviewed"} {
		if !strings.Contains(strings.ReplaceAll(screen, "! v fake", "! vfake"), want) {
			t.Errorf("no %q in\n%s", want, screen)
		}
	}
	v.Update(views.Findings{List: list, Complete: true})
	if !strings.Contains(v.View(), "1 reviewed") {
		t.Error("a mark is lost when the check runs again")
	}
}

func TestProfiles(t *testing.T) {
	v := view(t, 80, 20)
	var got []string
	for range len(disk.Profiles()) + 1 {
		for _, msg := range viewtest.Run(v, v.Do(keymap.Profile)) {
			ask := msg.(views.CheckAgain)
			got = append(got, ask.Profile)
			v.Update(views.Findings{List: list, Complete: true, Profile: ask.Profile})
		}
	}
	if want := append(disk.Profiles(), disk.Profiles()[0]); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("p goes through %q, want %q", got, want)
	}
	if up := viewtest.Run(v, v.Do(keymap.CheckAgain)); len(up) != 1 || up[0] != (views.CheckAgain{Profile: disk.Profiles()[0]}) {
		t.Errorf("! asks for %v", up)
	}
}

// TestNoImageIsNotFine: a file of an unknown format must not look as if it
// had passed a check.
func TestNoImageIsNotFine(t *testing.T) {
	img := viewtest.New()
	img.Describe = func(i *disk.Info) { i.Format, i.Findings = "unknown", nil }
	v := findings.New(views.Env{Image: img, Theme: viewtest.Theme(t)})
	v.SetSize(100, 20)
	v.Update(views.Findings{Complete: true})
	screen := strings.Join(viewtest.Lines(t, v.View(), 100, 20), "\n")
	if strings.Contains(screen, "Nothing was found") || strings.Contains(v.Status(), "checked") {
		t.Errorf("an unknown file looks healthy: %s\n%s", v.Status(), screen)
	}
}

func TestHidesReviewed(t *testing.T) {
	v := view(t, 80, 20)
	if v.Disabled(keymap.HideSeen) == "" {
		t.Error("nothing is reviewed, and a is offered")
	}
	v.Do(keymap.Reviewed)
	v.Do(keymap.HideSeen)
	lines := viewtest.Lines(t, v.View(), 80, 20)
	if got := strings.Join(codes(lines), " "); got != "fake/H1 fake/N3" || !strings.Contains(strings.Join(lines, "\n"), "1 reviewed, hidden") {
		t.Errorf("shows %q", got)
	}
	v.Do(keymap.Reviewed) // the next one has moved up
	if got := strings.Join(codes(viewtest.Lines(t, v.View(), 80, 20)), " "); got != "fake/N3" {
		t.Errorf("shows %q", got)
	}
	v.Do(keymap.HideSeen)
	if got := strings.Join(codes(viewtest.Lines(t, v.View(), 80, 20)), " "); got != "fake/B2 fake/H1 fake/N3" {
		t.Errorf("shows %q", got)
	}
}

// TestLongTextsCanBeRead holds that no line of what a finding means is out of
// reach, and that it shows when there are more.
func TestLongTextsCanBeRead(t *testing.T) {
	long := disk.Finding{Code: "fake/L9", Severity: disk.SeverityError, Text: "a long story"}
	for i := range 150 {
		long.Detail += fmt.Sprintf("word%03d ", i)
	}
	for i := range 5 {
		long.Where = append(long.Where, decode.Place{File: "fake.vhdx", Offset: int64(0x1000 * (i + 1)), Length: 8})
	}
	v := view(t, 80, 20)
	v.Update(views.Findings{List: append([]disk.Finding{long}, list...), Complete: true})
	screen := func() string { return strings.Join(viewtest.Lines(t, v.View(), 80, 20), "\n") }
	viewtest.Golden(t, "long-80x20", v.View(), 80, 20)
	v.Do(keymap.NextPane)
	seen := screen()
	for range 20 {
		v.Do(keymap.PageDown)
		seen += screen()
	}
	viewtest.Golden(t, "long-end-80x20", v.View(), 80, 20)
	for _, want := range []string{"word000", "word075", "word149", "0x1000 ", "0x5000 "} {
		if !strings.Contains(seen, want) {
			t.Errorf("%s can't be reached", want)
		}
	}
	v.Do(keymap.NextPane)
	v.Do(keymap.Down)
	if s := screen(); !strings.Contains(s, "|>!!  fake/B2") || !strings.Contains(s, "| blocks 3 and 9") {
		t.Errorf("the next finding is not told from its start:\n%s", s)
	}
	v.Do(keymap.First)
	v.Mouse(5, 15, views.WheelDown)
	if s := screen(); !strings.Contains(s, "|>!!  fake/L9") || strings.Contains(s, "| a long story") {
		t.Errorf("the wheel does not turn the lower pane:\n%s", s)
	}
}
