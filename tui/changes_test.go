package tui_test

import (
	"bytes"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func init() {
	special["alt+u"] = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("u"), Alt: true}
	special["home"] = tea.KeyMsg{Type: tea.KeyHome}
	special["end"] = tea.KeyMsg{Type: tea.KeyEnd}
}

// TestTravelInTheHistory goes to each state of a history and back, before and after a commit.
func TestTravelInTheHistory(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab")
	for _, at := range []string{"0x600", "0x604", "0x608"} {
		b.keys(":", at, "enter", "e", "11", "esc")
	}
	b.keys("alt+u").expect("History", "3 changes", "the image as it was opened", "1 byte typed at 0x608")
	want := func(n int) {
		t.Helper()
		got := make([]byte, 12)
		if _, err := b.image().Files()[0].Data.ReadAt(got, 0x600); err != nil {
			t.Fatal(err)
		}
		set := 0
		for _, at := range []int{0, 4, 8} {
			if got[at] == 0x11 && got[at] != b.first[0x600+at] {
				set++
			}
		}
		if set != n {
			t.Errorf("%d changes are made, expected %d: % x", set, n, got)
		}
	}
	want(3)
	b.keys("home", "enter").expect("the image as it was opened")
	want(0)
	b.keys("down", "down", "enter").expect("as it was after: 1 byte typed at 0x604", "undone")
	want(2)
	b.keys("esc")
	b.write()
	b.keys("H").expect("on disk").keys("home", "enter").expect("on disk, undone")
	want(0)
	b.keys("esc").expect("Staged changes").keys("esc", "alt+u", "end", "enter")
	want(3)
	b.keys("esc", "u")
	if bytes.Equal(b.file(), b.first) {
		t.Error("nothing was written")
	}
}

// TestChangesChangePlaces moves a change in the history: the one that is then the last is
// undone first. One that builds on another stays after it, and the new mark of the content
// before what it came with.
func TestChangesChangePlaces(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "0x1b8", "enter", "e", "01", "esc", ":", "0x1ba", "enter", "e", "02", "esc", ":", "0x1ba", "enter", "e", "03", "esc")
	b.keys("alt+u").expect("History", "4 changes").keys("K").expect("a later change touches the same bytes")
	b.keys("up", "K").expect("now first: 1 byte typed at LBA 0 +0x1ba, then: 1 byte typed at LBA 0 +0x1b8").keys("K").expect("the new mark of the disk's content stays before")
	b.keys("J").expect("now first: 1 byte typed at LBA 0 +0x1b8").keys("K", "home", "K").expect("there is no change to change places with").keys("esc")
	b.holds(0x1b8, 1, 0, 3)
	b.keys("u").expect("undone: 1 byte typed at LBA 0 +0x1ba").keys("u").expect("undone: 1 byte typed at LBA 0 +0x1b8")
}
