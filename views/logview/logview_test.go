package logview_test

import (
	"fmt"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/logview"
	"platter/views/viewtest"
)

func view(t *testing.T, img *viewtest.Dirty, w, h int) *logview.View {
	t.Helper()
	v := logview.New(views.Env{Image: img, Theme: viewtest.Theme(t)})
	v.SetSize(w, h)
	viewtest.Run(v, v.Start())
	return v
}

func press(v *logview.View, actions ...keymap.Action) (up []any) {
	for _, a := range actions {
		for _, msg := range viewtest.Run(v, v.Do(a)) {
			up = append(up, msg)
		}
	}
	return up
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		w, h := size[0], size[1]
		name := fmt.Sprintf("-%dx%d", w, h)
		v := view(t, viewtest.NewDirty(), w, h)
		viewtest.Golden(t, "replayed"+name, v.View(), w, h)
		press(v, keymap.Up, keymap.Open, keymap.Down)
		viewtest.Golden(t, "fields"+name, v.View(), w, h)
		press(v, keymap.LogBytes, keymap.LogBytes)
		viewtest.Golden(t, "after"+name, v.View(), w, h)
		press(v, keymap.NextPane, keymap.Last)
		viewtest.Golden(t, "torn"+name, v.View(), w, h)
		clean := view(t, &viewtest.Dirty{Image: viewtest.New(), Clean: true}, w, h)
		viewtest.Golden(t, "clean"+name, clean.View(), w, h)
	}
}

// TestFewRows keeps entries and what they change in sight where a lesson leaves few rows.
func TestFewRows(t *testing.T) {
	s := view(t, viewtest.NewDirty(), 80, 11).View()
	if !strings.Contains(s, ">") || !strings.Contains(s, "sequence") || !strings.Contains(s, "what replay changes") {
		t.Errorf("no row of the entries shows:\n%s", s)
	}
}

func TestAnySize(t *testing.T) {
	for h := range 14 {
		for _, w := range []int{0, 1, 10, 60, 130} {
			v := view(t, viewtest.NewDirty(), w, h)
			if w > 0 && h > 0 {
				viewtest.Lines(t, v.View(), w, h)
			}
		}
	}
}

func TestStepsOfTheReplay(t *testing.T) {
	img := viewtest.NewDirty()
	v := view(t, img, 119, 36)
	for _, tt := range []struct {
		action keymap.Action
		want   int
	}{{keymap.ReplayStep, 0}, {keymap.ReplayStep, 1}, {keymap.ReplayAll, 2}, {keymap.ReplayAll, 0}} {
		up := press(v, tt.action)
		if len(up) != 1 || up[0] != (views.Replay{Steps: tt.want}) {
			t.Fatalf("%s asks for %v, want step %d", tt.action, up, tt.want)
		}
		next, err := img.AtStep(t.Context(), tt.want)
		if err != nil {
			t.Fatal(err)
		}
		viewtest.Run(v, v.Update(views.Changed{Image: next}))
	}
	if s := v.View(); !strings.Contains(s, "BEFORE the replay") {
		t.Errorf("the screen does not say which state it shows:\n%s", s)
	}
}

func TestNothingToReplay(t *testing.T) {
	v := view(t, &viewtest.Dirty{Image: viewtest.New(), Clean: true}, 119, 36)
	for _, a := range []keymap.Action{keymap.ReplayStep, keymap.ReplayAll} {
		if v.Disabled(a) == "" {
			t.Errorf("%s is offered where nothing is to be replayed", a)
		}
	}
}

func TestFollow(t *testing.T) {
	v := view(t, viewtest.NewDirty(), 119, 36)
	press(v, keymap.First, keymap.Down) // the first step
	at := func(want int64, actions ...keymap.Action) {
		t.Helper()
		up := press(v, actions...)
		if len(up) != 1 || up[0].(views.Goto).To.Place.Offset != want {
			t.Errorf("%v leads to %v, want 0x%x", actions, up, want)
		}
	}
	at(0xC8000, keymap.Follow)
	at(0x8000, keymap.Open, keymap.Follow)
	at(0x8028, keymap.Down, keymap.Open)
}

func TestVerifiesEntries(t *testing.T) {
	v := view(t, viewtest.NewDirty(), 119, 36)
	ask := func() views.Answer {
		t.Helper()
		up := press(v, keymap.Verify)
		if len(up) != 1 {
			t.Fatalf("%v", up)
		}
		return up[0].(views.Answer)
	}
	press(v, keymap.First)
	if a := ask(); !strings.HasPrefix(a.Note, "whole") || a.Title != "Entry 16 at 0x4000 of the log" || strings.Contains(a.Rows[0].Cells[2], "\x1b") {
		t.Errorf("%+v", a)
	}
	press(v, keymap.Last)
	if a := ask(); a.Note != "NOT WHOLE: 1 rule does not hold" || !a.Rows[1].Bad || a.Rows[1].Cells[1] != "does not hold" {
		t.Errorf("%+v", a)
	}
	if v := view(t, &viewtest.Dirty{Image: viewtest.New(), Clean: true}, 119, 36); v.Disabled(keymap.Verify) != "" {
		t.Error("the entries of a clean log can't be verified")
	}
}

// TestSaveOfAnEntryThatWraps saves both of its parts.
func TestSaveOfAnEntryThatWraps(t *testing.T) {
	v := view(t, viewtest.NewDirty(), 119, 36)
	press(v, keymap.Last)
	s, ok := v.Save()
	if !ok || s.What != "log entry 12" || len(s.Places) != 2 || s.Places[0].Length+s.Places[1].Length != 0x4000 || s.Places[1].Offset != s.Places[0].End()-0x20000 {
		t.Errorf("%v %+v", ok, s)
	}
}

func TestHostileWords(t *testing.T) {
	v := view(t, viewtest.NewDirty(), 199, 56)
	for range 6 {
		press(v, keymap.Down)
		if strings.Contains(v.View(), "\x1b[31m") || strings.Contains(v.Status(), "\x1b") {
			t.Fatal("a text of the image reaches the terminal as it is")
		}
	}
}

func TestOnlyImagesWithALog(t *testing.T) {
	if logview.Lacks(viewtest.New()) == "" || logview.Lacks(viewtest.NewDirty()) != "" {
		t.Error("the screen is offered for the wrong images")
	}
}

// TestVerifyingLeavesTheReading verifies an entry while the log is read again
// and while the entry's changes are.
func TestVerifyingLeavesTheReading(t *testing.T) {
	img := viewtest.NewDirty()
	v := view(t, img, 119, 36)
	load := v.Update(views.Changed{Image: img})
	moved := v.Do(keymap.Up)
	verify := v.Do(keymap.Verify)
	viewtest.Run(v, moved)
	viewtest.Run(v, load)
	answers := viewtest.Run(v, verify)
	if len(answers) != 1 || answers[0].(views.Answer).Image != disk.Image(img) {
		t.Errorf("verifying gives %v", answers)
	}
	if s := strings.Join(viewtest.Lines(t, v.View(), 119, 36), "\n"); strings.Contains(s, "canceled") {
		t.Errorf("reading was cancelled:\n%s", s)
	}
	effect := v.Do(keymap.Up)
	verify = v.Do(keymap.Verify)
	viewtest.Run(v, effect)
	viewtest.Run(v, verify)
	if s := strings.Join(viewtest.Lines(t, v.View(), 119, 36), "\n"); strings.Contains(s, "canceled") {
		t.Errorf("reading was cancelled:\n%s", s)
	}
}
