package listing_test

import (
	"fmt"
	"strings"
	"testing"

	"platter/keymap"
	"platter/views"
	"platter/views/viewtest"
	"platter/views/widget/listing"
)

// list has 30 rows in a frame of 40 by 9: six of them show below the head.
func list() *listing.List {
	l := &listing.List{Title: "Hits", Note: "30 hits", Head: []string{"offset", "what"}, Empty: "none"}
	for i := range 30 {
		l.Add(listing.Row{Cells: []string{fmt.Sprintf("0x%x", i*512), "row number " + strings.Repeat("i", i)}})
	}
	l.SetSize(40, 9)
	return l
}

func screen(t *testing.T, l *listing.List) string {
	return strings.Join(viewtest.Lines(t, l.View(viewtest.Theme(t)), 40, 9), "\n")
}

func TestMoves(t *testing.T) {
	l := list()
	for _, tt := range []struct {
		action keymap.Action
		want   int
	}{
		{keymap.Down, 1}, {keymap.PageDown, 6}, {keymap.Last, 29}, {keymap.Down, 29}, {keymap.PageUp, 24}, {keymap.Up, 23}, {keymap.First, 0}, {keymap.Up, 0},
	} {
		if !l.Do(tt.action) {
			t.Errorf("%s is no move", tt.action)
		}
		if at, ok := l.Cursor(); at != tt.want || !ok {
			t.Errorf("%s leads to %d, want %d", tt.action, at, tt.want)
		}
		if !strings.Contains(screen(t, l), fmt.Sprintf("> 0x%x ", tt.want*512)) {
			t.Errorf("after %s the cursor does not show:\n%s", tt.action, screen(t, l))
		}
	}
	if l.Do(keymap.Accept) {
		t.Error("accept is a move")
	}
	l.Go(15)
	if l.Mouse(2, views.Click); l.Mouse(4, views.Click) {
		t.Error("a click chooses")
	}
	if at, _ := l.Cursor(); at != 14 {
		t.Errorf("a click on the third row leads to %d:\n%s", at, screen(t, l))
	}
	if !l.Mouse(4, views.DoubleClick) || l.Mouse(30, views.DoubleClick) {
		t.Error("a double click chooses a row, or none where there is none")
	}
}

func TestGrowsUnderTheCursor(t *testing.T) {
	l := &listing.List{Empty: "nothing yet"}
	l.SetSize(40, 9)
	if _, ok := l.Cursor(); ok || !strings.Contains(screen(t, l), "nothing yet") {
		t.Error("an empty list has a cursor")
	}
	l.Add(listing.Row{Cells: []string{"a"}}, listing.Row{Cells: []string{"b"}})
	l.Do(keymap.Down)
	l.Add(listing.Row{Cells: []string{"c"}})
	if at, _ := l.Cursor(); at != 1 || !strings.Contains(screen(t, l), "> b") {
		t.Errorf("the cursor is at %d:\n%s", at, screen(t, l))
	}
	l.Set(l.Rows()[:1])
	if at, ok := l.Cursor(); at != 0 || !ok {
		t.Errorf("the cursor is at %d", at)
	}
}

func TestWideColumnsGiveWay(t *testing.T) {
	l := &listing.List{}
	l.Add(listing.Row{Cells: []string{strings.Repeat("a", 60), "b", "the end"}})
	l.SetSize(40, 9)
	if s := screen(t, l); !strings.Contains(s, "aa..") || !strings.Contains(s, "b  the end") {
		t.Errorf("the last column does not show:\n%s", s)
	}
	for w := range 12 {
		l.SetSize(w, w/2)
		l.View(viewtest.Theme(t))
	}
}
