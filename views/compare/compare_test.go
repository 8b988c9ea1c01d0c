package compare_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/compare"
	"platter/views/viewtest"
)

// large is a disk of a size with a few bytes in it.
type large struct {
	*viewtest.Image
	size int64
	at   map[int64]byte
}

func (l large) Info() disk.Info {
	return disk.Info{Path: "/vm/la\x1b[31mrge.vhdx", Format: "vhdx", VirtualSize: l.size, BlockSize: 1 << 20, LogicalSectorSize: 512}
}

func (l large) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		b[i] = l.at[off+int64(i)]
	}
	return len(b), nil
}

func (large) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) { yield(disk.Span{Start: off, Length: n}, nil) }
}

const tib = 1 << 40

// pair are two disks of which the second is larger and has other bytes in two
// blocks, with what a comparison says of them.
func pair() (a, b large, p compare.Progress) {
	a = large{viewtest.New(), 40 * tib, map[int64]byte{0x1005: 'a', 0x1006: 'b', 30*tib + 7: 0xFF}}
	b = large{viewtest.New(), 41 * tib, map[int64]byte{0x1005: 'x', 0x1006: 'b', 0x1020: 'y', 30*tib + 7: 0xFE}}
	p = compare.Progress{Over: true, Unread: 4096, Blocks: []disk.BlockDiff{
		{Start: 0, Length: 1 << 20, First: 0x1005, Bytes: 2},
		{Start: 30 * tib, Length: 1 << 20, First: 30*tib + 7, Bytes: 1, Sides: [2]disk.Side{{State: disk.Data, Mixed: true}, {State: disk.Unallocated}}},
		{Start: 40 * tib, Length: tib, First: 40 * tib, Bytes: tib, Sides: [2]disk.Side{{Past: true}, {State: disk.Zero}}},
	}}
	return a, b, p
}

func view(t *testing.T, w, h int) *compare.View {
	t.Helper()
	a, b, p := pair()
	v := compare.New(views.Env{Image: a, Theme: viewtest.Theme(t)}, b)
	v.SetSize(w, h)
	viewtest.Run(v, v.Take(p))
	return v
}

func press(v *compare.View, actions ...keymap.Action) (up []any) {
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
		a, b, _ := pair()
		v := compare.New(views.Env{Image: a, Theme: viewtest.Theme(t)}, b)
		v.SetSize(w, h)
		viewtest.Run(v, v.Start())
		viewtest.Golden(t, "begun"+name, v.View(), w, h)
		v = view(t, w, h)
		viewtest.Golden(t, "list"+name, v.View(), w, h)
		press(v, keymap.Last, keymap.Up, keymap.NextPane)
		viewtest.Golden(t, "bytes"+name, v.View(), w, h)
	}
}

func TestAnySize(t *testing.T) {
	for h := range 14 {
		for _, w := range []int{0, 1, 10, 60, 130} {
			v := view(t, w, h)
			press(v, keymap.NextPane, keymap.Down, keymap.Last, keymap.PageUp)
			if w > 0 && h > 0 {
				viewtest.Lines(t, v.View(), w, h)
			}
		}
	}
}

// TestLeadsToTheDisk goes to the first byte of a block that differs, or to the
// byte under the cursor.
func TestLeadsToTheDisk(t *testing.T) {
	v := view(t, 119, 36)
	at := func(want int64, actions ...keymap.Action) {
		t.Helper()
		up := press(v, append(actions, keymap.Open)...)
		if len(up) != 1 || up[0].(views.Goto).To.Place != (decode.Place{File: disk.VirtualDisk, Offset: want, Length: 1}) {
			t.Errorf("%v leads to %v, want 0x%x", actions, up, want)
		}
	}
	at(0x1005)
	at(30*tib+7, keymap.NextMark)
	at(0x1005, keymap.PrevMark)
	at(0x1006, keymap.NextPane, keymap.Right)
	at(0x1020, keymap.NextMark)
	at(30*tib+7, keymap.NextMark)
	at(0x1020, keymap.PrevMark)
	at(0x1005, keymap.PrevMark)
	if press(v, keymap.NextPane, keymap.Last); v.Disabled(keymap.Open) == "" {
		t.Error("a byte past the end of the disk can be gone to")
	}
}

func TestWords(t *testing.T) {
	v := view(t, 199, 56)
	want := "1 TiB in 3 blocks differ, ! 4 KiB can't be read, complete"
	if s := v.Status(); s != want {
		t.Errorf("%q, want %q", s, want)
	}
	v.Update(views.Changed{Image: viewtest.New()})
	if s := v.Status(); !strings.HasSuffix(s, "the image has changed since: ! compares again") {
		t.Errorf("%q", s)
	}
	if v.Begin(); v.Status() != "no difference so far, comparing" {
		t.Errorf("%q", v.Status())
	}
	v.Take(compare.Progress{Over: true})
	if s := v.Status(); s != "the same: no byte differs, complete" {
		t.Errorf("%q", s)
	}
}

func TestHostileNames(t *testing.T) {
	v := view(t, 199, 56)
	press(v, keymap.NextPane)
	if strings.Contains(v.View(), "\x1b[31m") || strings.Contains(v.Status(), "\x1b") {
		t.Error("a name reaches the terminal as it is")
	}
}

// TestFramesAllocateLittle moves through the bytes.
func TestFramesAllocateLittle(t *testing.T) {
	v := view(t, 199, 56)
	v.Do(keymap.NextPane)
	if n := testing.AllocsPerRun(100, func() { v.Do(keymap.Right); v.View() }); n > 100 {
		t.Errorf("%.0f allocations for a move", n)
	}
}

// counted counts the bytes that are read.
type counted struct {
	large
	read *int64
}

func (c counted) ReadAt(b []byte, off int64) (int, error) {
	*c.read += int64(len(b))
	return c.large.ReadAt(b, off)
}

// TestSeekLeavesTheTailUnread seeks from what only the larger disk has: all of
// it differs, and none of it has to be read for that.
func TestSeekLeavesTheTailUnread(t *testing.T) {
	a, b, p := pair()
	var read int64
	v := compare.New(views.Env{Image: counted{a, &read}, Theme: viewtest.Theme(t)}, counted{b, &read})
	v.SetSize(119, 36)
	viewtest.Run(v, v.Take(p))
	press(v, keymap.Last, keymap.NextPane)
	read = 0
	up := press(v, keymap.NextMark)
	if len(up) != 1 || !strings.Contains(up[0].(views.Failed).Err.Error(), "no difference after") {
		t.Errorf("seeking past the last difference gives %v", up)
	}
	press(v, keymap.PrevMark)
	if s := v.Status(); !strings.Contains(s, fmt.Sprintf("virtual 0x%x,", int64(30*tib+7))) {
		t.Errorf("seeking back leads to %s", s)
	}
	if read > 16<<20 {
		t.Errorf("%d bytes were read", read)
	}
}

// TestSeekEnds stops a search for the next difference, and moves on while one
// runs.
func TestSeekEnds(t *testing.T) {
	v := view(t, 119, 36)
	press(v, keymap.NextPane)
	at := v.Status()
	for _, end := range []func(){func() { v.Stop() }, func() { press(v, keymap.Right, keymap.Left) }} {
		late := v.Do(keymap.NextMark)
		end()
		viewtest.Run(v, late)
		if got := v.Status(); got != at {
			t.Errorf("a search that was ended leads to %s", got)
		}
	}
	if v.Stop() {
		t.Error("a search that was ended still runs")
	}
}

// halved can be read only up to an offset.
type halved struct {
	large
	end int64
}

func (h halved) ReadAt(b []byte, off int64) (int, error) {
	n := max(0, min(int64(len(b)), h.end-off))
	got, _ := h.large.ReadAt(b[:n], off)
	if got < len(b) {
		return got, errors.New("a bad sector")
	}
	return got, nil
}

// TestNoVerdictOnWhatCannotBeRead looks at a byte that one disk does not give.
func TestNoVerdictOnWhatCannotBeRead(t *testing.T) {
	a, b, p := pair()
	v := compare.New(views.Env{Image: halved{a, 0x1008}, Theme: viewtest.Theme(t)}, b)
	v.SetSize(119, 36)
	viewtest.Run(v, v.Take(p))
	press(v, keymap.NextPane)
	if s := v.Status(); !strings.Contains(s, "| differs") {
		t.Errorf("the byte that both give: %s", s)
	}
	press(v, keymap.Down)
	if s := v.Status(); !strings.Contains(s, "can't be read") || strings.Contains(s, "| differs") {
		t.Errorf("the byte that one does not give: %s", s)
	}
}
