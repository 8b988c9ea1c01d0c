package blockmap_test

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/viewtest"
)

func TestOpenGoesToTheBytes(t *testing.T) {
	w := archive()
	v := open(t, w, 119, 36)
	press(v, keymap.NextMark) // 3 TiB: stored
	up := press(v, keymap.Follow)
	if len(up) != 1 {
		t.Fatalf("%v", up)
	}
	block := int64(3 * tib / blockSize)
	if to, ok := up[0].(views.Goto); !ok || to.To.Place.File != name || to.To.Place.Offset != gib+block*blockSize {
		t.Errorf("goes to %+v", up[0])
	}
	up = press(v, keymap.Open)
	if to, ok := up[0].(views.Goto); !ok || to.To.Place.File != disk.VirtualDisk || to.To.Place.Offset != 3*tib {
		t.Errorf("opens %+v", up[0])
	}
	up = press(v, keymap.TableEntry)
	if to, ok := up[0].(views.Goto); !ok || to.To.Place.Offset != tables+8*block || to.To.Place.Length != 8 {
		t.Errorf("the entry is at %+v", up[0])
	}
	press(v, keymap.First)
	if why := v.Disabled(keymap.Follow); !strings.Contains(why, "not stored") {
		t.Errorf("a block that is not stored: %q", why)
	}
	press(v, keymap.NextPane)
	up = press(v, keymap.Last, keymap.Open)
	if to, ok := up[len(up)-1].(views.Goto); !ok || to.To.Place.Offset != w.size-64*mib || to.To.Place.Length != 64*mib {
		t.Errorf("the strip's last region is %+v", up)
	}
}

// An answer that comes late must not move or open what the cursor has left.
func TestOpenWaitsForTheCell(t *testing.T) {
	v := open(t, archive(), 119, 36)
	slow := v.Do(keymap.NextMark)
	if up := viewtest.Run(v, v.Do(keymap.Open)); len(up) != 0 {
		t.Errorf("went to %v before the cell was read", up)
	}
	if up := viewtest.Run(v, slow); len(up) != 1 {
		t.Errorf("after the answer: %v", up)
	}
	slow = v.Do(keymap.Right)
	v.Do(keymap.Open)
	v.Do(keymap.Right)
	if up := viewtest.Run(v, slow); len(up) != 0 {
		t.Errorf("the cursor went on, and yet %v", up)
	}
}

func TestMouse(t *testing.T) {
	v := open(t, archive(), 119, 36)
	for v.Disabled(keymap.ZoomIn) == "" {
		press(v, keymap.ZoomIn)
	}
	viewtest.Run(v, v.Mouse(8+5, 1+2, views.Click))
	if first, _ := shownRange(t, v); first != 2*64+5 {
		t.Errorf("a click leads to block %d", first)
	}
	viewtest.Run(v, v.Mouse(20, 10, views.WheelDown))
	lines := strings.Split(screen(v), "\n")
	if !strings.Contains(lines[1], "48G") {
		t.Errorf("the wheel did not scroll three rows: %q", lines[1])
	}
	if up := viewtest.Run(v, v.Mouse(100, 30, views.DoubleClick)); len(up) != 1 {
		t.Errorf("a double click on the strip gives %v", up)
	}
	if v.Mouse(118, 0, views.Click) != nil {
		t.Error("a click on the frame does something")
	}
}

func TestShowComesBack(t *testing.T) {
	v := open(t, archive(), 119, 36)
	press(v, keymap.Down, keymap.Right)
	here := v.Here()
	if here.Place.File != disk.VirtualDisk {
		t.Fatalf("%+v", here)
	}
	press(v, keymap.Last)
	viewtest.Run(v, v.Show(here))
	if got := v.Here(); !got.Same(here) {
		t.Errorf("%+v, want %+v", got, here)
	}
}

// Keys that are held down must not pile up work.
func TestHeldKeys(t *testing.T) {
	w := archive()
	v := open(t, w, 199, 56)
	for v.Disabled(keymap.ZoomIn) == "" {
		press(v, keymap.ZoomIn)
	}
	asked := w.asked.Load()
	var cmds []tea.Cmd
	for range 600 {
		if cmd := v.Do(keymap.Down); cmd != nil {
			cmds = append(cmds, cmd)
		}
		v.View()
	}
	if w.asked.Load() != asked {
		t.Errorf("%d blocks were asked for outside of commands", w.asked.Load()-asked)
	}
	if len(cmds) > 2 {
		t.Errorf("%d commands at once", len(cmds))
	}
	viewtest.Run(v, tea.Batch(cmds...))
	if w.asked.Load()-asked > 60_000 {
		t.Errorf("600 rows down cost %d blocks of the map", w.asked.Load()-asked)
	}
	if first, _ := shownRange(t, v); first < 600*128 || strings.Contains(screen(v), "not scanned") {
		t.Errorf("at block %d\n%s", first, screen(v))
	}
}

// A disk of few blocks has wide cells, which the mouse finds too.
func TestFewBlocksAreWide(t *testing.T) {
	w := &world{blocks: 20, block: mib, natural: true, size: gib}
	w.state = func(b int64) [2]disk.Span {
		if b == 9 {
			return w.none(disk.Zero)
		}
		return w.none(disk.Unallocated)
	}
	v := open(t, w, 119, 36)
	viewtest.Run(v, v.Mouse(8+13, 2, views.Click))
	if first, _ := shownRange(t, v); first != 9 || shownCounts(t, v)["zero"] != 1 {
		t.Errorf("a click leads to block %d\n%s", first, screen(v))
	}
	if line := strings.Split(screen(v), "\n")[2]; !strings.Contains(line, ".... 0000000 ....") {
		t.Errorf("the row of block 9: %q", line)
	}
}
