package inspector_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/inspector"
)

func draw(t *testing.T, w, h int, paint func(grid.Area)) string {
	t.Helper()
	th, err := theme.New("mono", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	var g grid.Grid
	g.Resize(w, h)
	paint(g.Area())
	return ansi.Strip(g.String(th))
}

func TestLine(t *testing.T) {
	var p inspector.Pane
	p.Read([]byte{1, 2, 0, 0, 0, 0, 0, 0})
	line := draw(t, 100, 1, func(a grid.Area) { p.DrawLine(a, 1, 0) })
	if want := " u8 1  u16 513  u32 513 0x00000201  u64 513"; !strings.HasPrefix(line, want) {
		t.Errorf("%q, want %q", line, want)
	}
	p.Turn()
	p.Read([]byte{1, 2, 0, 0, 0, 0, 0, 0})
	line = draw(t, 100, 1, func(a grid.Area) { p.DrawLine(a, 1, 0) })
	if want := " u8 1  u16 258  u32 16908288 0x01020000  u64 72620543991349248  BE"; !strings.HasPrefix(line, want) {
		t.Errorf("%q, want %q", line, want)
	}
}

func TestPane(t *testing.T) {
	var p inspector.Pane
	p.Read([]byte("\xeb\x52\x90NTFS    \x00\x02\x08\x00\x00"))
	narrow := draw(t, 37, 30, p.Draw)
	for _, want := range []string{"u8              235 0xeb", "GUID (Windows)", "4e9052eb-4654-2053-2020-200002080000", "i8              -21"} {
		if !strings.Contains(narrow, want) {
			t.Errorf("no %q in\n%s", want, narrow)
		}
	}
	p.Read(nil)
	if got := draw(t, 37, 2, p.Draw); !strings.Contains(got, "no byte to show") {
		t.Errorf("without bytes:\n%s", got)
	}
}

func TestSameBytesCostNothing(t *testing.T) {
	var p inspector.Pane
	b := []byte("some bytes, more than sixteen of them")
	p.Read(b)
	if n := testing.AllocsPerRun(100, func() { p.Read(b) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
