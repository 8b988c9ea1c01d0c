package hexpane_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"platter/keymap"
	"platter/views/hexgrid"
	"platter/views/theme"
	"platter/views/widget/hexpane"
)

// ground has 256 bytes that are stored, 256 that are not, and 128 of which
// nothing is known yet.
type ground struct{}

func (ground) Run(off int64) (hexpane.Run, bool) {
	switch {
	case off < 256:
		return hexpane.Run{End: 256, Stored: true}, true
	case off < 512:
		return hexpane.Run{Start: 256, End: 512}, true
	}
	return hexpane.Run{}, false
}

func (ground) Label(off int64) hexpane.Label {
	return hexpane.Label{Glyph: '~', Style: theme.Dim, Text: fmt.Sprintf("run at %d", off)}
}

func (ground) Edge() string { return "wait" }

func onGround(t testing.TB, h int) *hexpane.Pane {
	data := make([]byte, 640)
	copy(data, "first")
	copy(data[240:], "last")
	p := &hexpane.Pane{Fold: true}
	p.SetSize(78, h)
	p.Show(hexpane.Source{Size: 640, Data: bytes.NewReader(data), Runs: ground{}})
	fill(p)
	return p
}

func TestRunsHaveLines(t *testing.T) {
	p := onGround(t, 8)
	got := lines(t, p, 78, 8)
	for i, want := range []string{"~~run at 0~~~", "00000000  66 69 72 73", "          * 14 zero rows folded", "000000f0  6c 61 73 74", "00000100 ~ run at 256", "          wait", ""} {
		if !strings.HasPrefix(got[i], want) || want == "" && got[i] != "" {
			t.Errorf("line %d is %q, want %q", i, got[i], want)
		}
	}
	if r := p.Shown(); r != (hexgrid.Range{End: 512}) {
		t.Errorf("%v shows", r)
	}
}

func TestCursorKeepsToBytes(t *testing.T) {
	p := onGround(t, 8)
	var path []int64
	for _, a := range []keymap.Action{keymap.Up, keymap.Down, keymap.Down, keymap.Down, keymap.Up, keymap.Down, keymap.Left, keymap.Right, keymap.Right} {
		p.Do(a)
		fill(p)
		path = append(path, p.Cursor())
	}
	if got := fmt.Sprint(path); got != "[0 240 256 256 240 256 255 256 512]" {
		t.Errorf("the cursor went %s", got)
	}
	if _, ok := p.Click(20, 0); ok {
		t.Error("the cursor can be put on the line over a run")
	}
	if _, ok := p.Click(20, 7); ok {
		t.Error("the cursor can be put below the last line")
	}
}

// TestOffsetsCountFromTheOrigin leaves out those that lie outside.
func TestOffsetsCountFromTheOrigin(t *testing.T) {
	p := onGround(t, 8)
	p.Origin = hexgrid.Range{Start: 240, End: 256}
	got := lines(t, p, 78, 8)
	for i, want := range map[int]string{1: "--------  66", 3: "00000000  6c", 4: "-------- ~ run"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("line %d is %q, want %q", i, got[i], want)
		}
	}
}

// TestZerosAtTheEndCanBeEntered goes down into zeros that nothing follows, and
// up into those that nothing is before.
func TestZerosAtTheEndCanBeEntered(t *testing.T) {
	data := make([]byte, 1024)
	data[512] = 1
	p := show(t, data, 78, 8)
	p.Go(512)
	p.Down(1)
	if fill(p); p.Cursor() != 528 {
		t.Errorf("down leads to %d", p.Cursor())
	}
	p.Down(-2)
	if fill(p); p.Cursor() != 496 {
		t.Errorf("up leads to %d", p.Cursor())
	}
	p.Do(keymap.Last)
	got := strings.Join(lines(t, p, 78, 8), "\n")
	if !strings.Contains(got, "* 30 zero rows") || !strings.Contains(got, "000003f0  00") {
		t.Errorf("the end shows as\n%s", got)
	}
}

// TestZerosAreSeenFromBelow jumps past zeros that are in no page that is read.
func TestZerosAreSeenFromBelow(t *testing.T) {
	const size = 96 << 20
	p := &hexpane.Pane{Fold: true}
	p.SetSize(78, 4)
	p.Show(hexpane.Source{Size: size, Data: hole{size}})
	p.Go(size - 1)
	fill(p)
	if got := lines(t, p, 78, 4); !strings.Contains(strings.Join(got, "\n"), fmt.Sprintf("* %d zero rows", size/16-2)) {
		t.Errorf("the zeros show as\n%s", strings.Join(got, "\n"))
	}
	p.Down(-1)
	if fill(p); p.Cursor() != 15 {
		t.Errorf("up leads to %d", p.Cursor())
	}
}

func TestPagesKeepALine(t *testing.T) {
	data := make([]byte, 4096)
	for i := range data {
		data[i] = byte(i/16) | 1
	}
	p := show(t, data, 78, 8)
	first := lines(t, p, 78, 8)
	p.Do(keymap.PageDown)
	if got := lines(t, p, 78, 8); got[0] != first[7] || p.Cursor() != 7*16 {
		t.Errorf("a page down starts with %q, not %q", got[0], first[7])
	}
	p.Do(keymap.PageUp)
	if got := lines(t, p, 78, 8); got[0] != first[0] || p.Cursor() != 0 {
		t.Errorf("a page down and up starts with %q at %d", got[0], p.Cursor())
	}
	if p.Wheel(3); p.Cursor() != 3*16 || lines(t, p, 78, 8)[0] != first[3] {
		t.Errorf("the wheel leads to %d", p.Cursor())
	}
}

func TestSelecting(t *testing.T) {
	p := show(t, sample(), 78, 8)
	p.Click(10, 0)
	p.Drag(10+3*3, 1)
	if r := p.Selection(); r != (hexgrid.Range{End: 0x14}) {
		t.Errorf("dragging selects %v", r)
	}
	if p.Release(); p.Drag(10, 3) {
		t.Error("a mouse that was released drags")
	}
	p.Do(keymap.ExtendRight)
	if r := p.Selection(); r != (hexgrid.Range{End: 0x15}) {
		t.Errorf("a key makes it %v", r)
	}
	if p.Select(hexgrid.Range{Start: 0x200, End: 0x204}); p.Cursor() != 0x203 {
		t.Errorf("the cursor is at %#x", p.Cursor())
	}
	if !p.Unselect() || p.Unselect() || !p.Selection().Empty() {
		t.Error("the selection does not end")
	}
}

// TestAFaultHidesNoOther reads a page with a bad sector.
func TestAFaultHidesNoOther(t *testing.T) {
	p := &hexpane.Pane{}
	p.SetSize(78, 4)
	p.Show(hexpane.Source{Size: 4096, Data: badSector{}})
	p.Go(1023)
	fill(p)
	got := strings.Join(lines(t, p, 78, 4), "\n")
	if !strings.Contains(got, "000003f0! ??") || !strings.Contains(got, "00000400  aa") {
		t.Errorf("got\n%s", got)
	}
	if b, lost := p.Row(1020, 8); len(b) != 0 || !lost {
		t.Errorf("the row of the bad sector is %x, %v", b, lost)
	}
}

type badSector struct{}

func (badSector) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		if at := off + int64(i); at >= 512 && at < 1024 {
			return i, fmt.Errorf("bad sector")
		}
		b[i] = 0xaa
	}
	return len(b), nil
}
