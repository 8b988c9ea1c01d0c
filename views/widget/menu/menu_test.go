package menu_test

import (
	"strings"
	"testing"

	"platter/keymap"
	"platter/views"
	"platter/views/viewtest"
	"platter/views/widget/menu"
)

func keys() *menu.Menu {
	m := menu.New("Commands", []menu.Item{
		{Name: "go-to", Help: "Go to an address", Key: "ctrl+g"},
		{Name: "twin", Help: "Go to the second copy", Key: "%", Why: "there is none"},
		{Name: "search", Help: "Search for text", Key: "/"},
	})
	m.SetSize(60, 8)
	return m
}

func TestNarrowing(t *testing.T) {
	for _, tt := range []struct {
		typed string
		want  int
	}{{"", 0}, {"TWIN", 1}, {"sch tx", 2}, {"second", 1}, {"addr", 0}, {"zz", -1}} {
		m := keys()
		m.Type(tt.typed)
		got, ok := m.Choice()
		if !ok {
			got = -1
		}
		if got != tt.want {
			t.Errorf("%q finds %d, want %d", tt.typed, got, tt.want)
		}
	}
}

func TestErasing(t *testing.T) {
	m := keys()
	m.Type("twinx")
	if _, ok := m.Choice(); ok {
		t.Error("twinx finds something")
	}
	if got, _ := m.Choice(); !m.Erase(false) || got != 0 {
		t.Errorf("finds %d", got)
	}
	if got, ok := m.Choice(); got != 1 || !ok {
		t.Errorf("finds %d", got)
	}
	if !m.Erase(true) || m.Erase(true) || m.Erase(false) {
		t.Error("what is erased is not gone")
	}
}

func TestMovesAndLooks(t *testing.T) {
	m := keys()
	m.Do(keymap.Down)
	screen := strings.Join(viewtest.Lines(t, m.View(viewtest.Theme(t)), 60, 8), "\n")
	for _, part := range []string{"= Commands =", "> twin", "(there is none) Go to the second", "ctrl+g"} {
		if !strings.Contains(screen, part) {
			t.Errorf("no %q in\n%s", part, screen)
		}
	}
	if m.Mouse(0, views.Click) || m.Mouse(5, views.WheelDown) || !m.Mouse(5, views.Click) {
		t.Error("a click on a row chooses, and nothing else")
	}
	if got, _ := m.Choice(); got != 2 {
		t.Errorf("the click chose %d", got)
	}
	for w := range 12 {
		m.SetSize(w, w/2)
		m.View(viewtest.Theme(t))
	}
}

// TestWhatARowCutsIsToldBelow holds that the whole text of the chosen row shows, and none is
// covered by it.
func TestWhatARowCutsIsToldBelow(t *testing.T) {
	var items []menu.Item
	for i := range 12 {
		items = append(items, menu.Item{Name: "item " + string(rune('a'+i)), Help: "turn each group of bytes round", Why: "the selection is no multiple of so many bytes"})
	}
	m := menu.New("Change", items)
	m.SetSize(60, 16)
	m.Do(keymap.Last)
	lines := viewtest.Lines(t, m.View(viewtest.Theme(t)), 60, 16)
	all := strings.Join(lines, "\n")
	for _, want := range []string{"(the selection is no multiple of so many bytes) turn", "| each group of bytes round", "item l", "item c"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	m.SetSize(140, 16)
	if all := strings.Join(viewtest.Lines(t, m.View(viewtest.Theme(t)), 140, 16), "\n"); strings.Count(all, "turn each group") != 12 {
		t.Errorf("told again though nothing is cut:\n%s", all)
	}
}
