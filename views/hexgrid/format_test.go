package hexgrid_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

func TestFitGivesUpInOrder(t *testing.T) {
	for _, tt := range []struct {
		width int
		size  int64
		want  hexgrid.Want
		bytes int
		text  hexgrid.Encoding
	}{
		{77, 1 << 32, hexgrid.Want{}, 16, hexgrid.ASCII},
		{77, 1 << 46, hexgrid.Want{}, 16, hexgrid.ASCII}, // 12 digits
		{144, 1 << 36, hexgrid.Want{}, 32, hexgrid.ASCII},
		{60, 1 << 36, hexgrid.Want{}, 8, hexgrid.ASCII},
		{77, 1 << 36, hexgrid.Want{Text: hexgrid.Off}, 16, hexgrid.Off},
		{77, 1 << 36, hexgrid.Want{Bytes: 16}, 16, hexgrid.ASCII},
		{60, 1 << 36, hexgrid.Want{Bytes: 16}, 16, hexgrid.Off},
		{77, 1 << 36, hexgrid.Want{Bytes: 64}, 16, hexgrid.ASCII},
		{10, 1 << 36, hexgrid.Want{}, 4, hexgrid.Off},
	} {
		f := hexgrid.Fit(tt.width, tt.size, tt.want)
		if f.Bytes != tt.bytes || f.Text != tt.text {
			t.Errorf("%d columns, %#x bytes, %+v: %d bytes, text %s; want %d, %s", tt.width, tt.size, tt.want, f.Bytes, f.Text, tt.bytes, tt.text)
		}
		if f.Width() > max(tt.width, 40) {
			t.Errorf("%d columns do not fit in %d", f.Width(), tt.width)
		}
	}
}

func TestWiderStaysAmongTheChoices(t *testing.T) {
	f := hexgrid.Format{Bytes: 16}
	if f.Wider(1) != 24 || f.Wider(-1) != 8 || f.Wider(9) != 64 || f.Wider(-9) != 4 {
		t.Errorf("from 16: %d %d %d %d", f.Wider(1), f.Wider(-1), f.Wider(9), f.Wider(-9))
	}
}

func TestOffsets(t *testing.T) {
	for _, tt := range []struct {
		base   hexgrid.Base
		sector int64
		off    int64
		want   string
	}{
		{hexgrid.Hex, 512, 0x7500010, "0x7500010"},
		{hexgrid.Decimal, 512, 4096, "4096"},
		{hexgrid.Sector, 512, 2048*512 + 13, "2048+00d"},
		{hexgrid.Sector, 4096, 4096*7 + 0xabc, "7+abc"},
	} {
		f := hexgrid.Fit(77, 1<<32, hexgrid.Want{Base: tt.base, Sector: tt.sector})
		if got := f.Offset(tt.off); got != tt.want {
			t.Errorf("%s of %#x: %q, want %q", tt.base, tt.off, got, tt.want)
		}
	}
}

// TestColumnsLeadBack asks for the byte under each column that a byte is
// drawn in.
func TestColumnsLeadBack(t *testing.T) {
	for _, width := range []int{50, 77, 120, 199} {
		f := hexgrid.Fit(width, 1<<40, hexgrid.Want{})
		line := paint(t, f, hexgrid.Row{Data: []byte("0123456789abcdef0123456789abcdef")[:f.Bytes], N: f.Bytes}, hexgrid.Marks{Cursor: -1})
		digits := strings.Index(line, "30")
		for i := range f.Bytes {
			if got, text, ok := f.At(digits + 3*i + i/8*(strings.Index(line[digits:], "38")-24)); !ok || text || got != i {
				t.Errorf("%d columns, byte %d: %d %v %v", width, i, got, text, ok)
			}
			if got, text, ok := f.At(f.Width() - f.Bytes + i); !ok || !text || got != i {
				t.Errorf("%d columns, character %d: %d %v %v", width, i, got, text, ok)
			}
		}
		if _, _, ok := f.At(0); ok {
			t.Error("there is a byte under the offset")
		}
	}
}

func paint(t *testing.T, f hexgrid.Format, row hexgrid.Row, m hexgrid.Marks) string {
	t.Helper()
	return ansi.Strip(painted(t, f, row, m))
}

func painted(t *testing.T, f hexgrid.Format, row hexgrid.Row, m hexgrid.Marks) string {
	t.Helper()
	th, err := theme.New("dark", theme.NoColor, theme.ASCII)
	if err != nil {
		t.Fatal(err)
	}
	var g grid.Grid
	g.Resize(f.Width(), 1)
	f.Paint(g.Area(), 0, row, &m, 0)
	return g.String(th)
}

func TestRows(t *testing.T) {
	f := hexgrid.Fit(77, 1<<32, hexgrid.Want{})
	data := []byte("\xebR\x90NTFS    \x00\x02\x08\x00\x00")
	for _, tt := range []struct {
		name  string
		row   hexgrid.Row
		marks hexgrid.Marks
		want  string
	}{
		{"whole", hexgrid.Row{Off: 0x7500000, Data: data, N: 16}, hexgrid.Marks{},
			"07500000  eb 52 90 4e 54 46 53 20  20 20 20 00 02 08 00 00  .R.NTFS    ....."},
		{"part", hexgrid.Row{Off: 0x7500000, From: 4, Data: data[4:8], N: 4}, hexgrid.Marks{},
			"07500000              54 46 53 20                               TFS         "},
		{"waiting", hexgrid.Row{N: 16}, hexgrid.Marks{},
			"00000000  .. .. .. .. .. .. .. ..  .. .. .. .. .. .. .. ..                  "},
		{"lost", hexgrid.Row{N: 16, Data: data, Lost: []hexgrid.Range{{Start: 0, End: 8}}}, hexgrid.Marks{},
			"00000000  ?? ?? ?? ?? ?? ?? ?? ??  20 20 20 00 02 08 00 00             ....."},
		{"staged", hexgrid.Row{Data: data, N: 16}, hexgrid.Marks{Staged: []hexgrid.Range{{Start: 13, End: 14}}},
			"00000000* eb 52 90 4e 54 46 53 20  20 20 20 00 02 08 00 00  .R.NTFS    ....."},
		{"half", hexgrid.Row{Data: data, N: 16}, hexgrid.Marks{Cursor: 1, Half: true, High: 9},
			"00000000  eb 9_ 90 4e 54 46 53 20  20 20 20 00 02 08 00 00  .R.NTFS    ....."},
	} {
		if got := paint(t, f, tt.row, tt.marks); got != tt.want {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, tt.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	data := []byte("A\x80\x00\xe9\x1b[\xe2\x82\xacz \x00\x3d\xd8\x00\x41\x00")
	for enc, want := range map[hexgrid.Encoding]string{
		hexgrid.ASCII:   "A....[...z .=..A",
		hexgrid.CP437:   "AÇ.Θ.[Γé¼z .=╪.A",
		hexgrid.CP1252:  "A€.é.[â‚¬z .=Ø.A",
		hexgrid.UTF16LE: "",
		hexgrid.UTF8:    "A....[€  z .=..A",
	} {
		f := hexgrid.Fit(77, 1<<32, hexgrid.Want{Text: enc})
		line := []rune(paint(t, f, hexgrid.Row{Data: data[:16], N: 16}, hexgrid.Marks{Cursor: -1}))
		got := string(line[f.Width()-16:])
		if strings.ContainsRune(got, 0x1b) {
			t.Errorf("%s lets an escape through", enc)
		}
		if want != "" && got != want {
			t.Errorf("%s: %q, want %q", enc, got, want)
		}
	}
	f := hexgrid.Fit(77, 1<<32, hexgrid.Want{Text: hexgrid.UTF16LE})
	line := paint(t, f, hexgrid.Row{Data: []byte("p\x00a\x00s\x00s\x00w\x00o\x00r\x00d\x00"), N: 16}, hexgrid.Marks{})
	if !strings.HasSuffix(line, "p a s s w o r d ") {
		t.Errorf("UTF-16: %q", line)
	}
}

// TestMarksShowWithoutColour compares what attributes say.
func TestMarksShowWithoutColour(t *testing.T) {
	f := hexgrid.Fit(77, 1<<32, hexgrid.Want{})
	row := hexgrid.Row{Data: []byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), N: 16}
	r := hexgrid.Range{Start: 2, End: 5}
	seen := map[string]string{}
	for name, m := range map[string]hexgrid.Marks{
		"nothing": {Cursor: -1}, "cursor": {Cursor: 3, Focus: true}, "idle": {Cursor: 3}, "text": {Cursor: 3, Focus: true, InText: true},
		"field": {Cursor: -1, Field: r}, "selected": {Cursor: -1, Selected: r}, "hit": {Cursor: -1, Hits: []hexgrid.Range{r}},
		"staged": {Cursor: -1, Staged: []hexgrid.Range{r}},
	} {
		got := painted(t, f, row, m)
		if other, ok := seen[got]; ok {
			t.Errorf("%s looks like %s", name, other)
		}
		seen[got] = name
	}
}

func TestPaintAllocatesNothing(t *testing.T) {
	f := hexgrid.Fit(199, 1<<40, hexgrid.Want{})
	row := hexgrid.Row{Data: make([]byte, f.Bytes), N: f.Bytes}
	m := hexgrid.Marks{Cursor: 5, Field: hexgrid.Range{Start: 2, End: 9}, Staged: []hexgrid.Range{{Start: 4, End: 6}}}
	var g grid.Grid
	g.Resize(f.Width(), 1)
	if n := testing.AllocsPerRun(100, func() { f.Paint(g.Area(), 0, row, &m, 0) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}
