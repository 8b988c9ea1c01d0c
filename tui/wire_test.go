package tui

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"platter/engine"
	"platter/engine/disk"
	"platter/views/theme"
	"platter/views/viewtest"
)

// terminal is as much of a terminal as a frame needs.
type terminal struct {
	cells  [][]wireCell
	x, y   int
	look   wireLook
	got    int // bytes
	bottom int // margins: lines from top to bottom, which is not included, scroll
	top    int
	closed bool // the program has ended
}

func newTerminal(w, h int) *terminal {
	t := &terminal{bottom: h}
	for range h {
		row := make([]wireCell, w)
		for x := range row {
			row[x].r = ' '
		}
		t.cells = append(t.cells, row)
	}
	return t
}

func (t *terminal) Write(b []byte) (int, error) {
	t.got += len(b)
	for text := string(b); text != "" && !t.closed; {
		if codes, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(codes, func(r rune) bool { return r >= '@' && r <= '~' })
			t.control(codes[:end], codes[end])
			text = codes[end+1:]
			continue
		}
		var r rune
		for _, r = range text {
			break
		}
		t.put(r)
		text = text[len(string(r)):]
	}
	return len(b), nil
}

func (t *terminal) control(codes string, final byte) {
	switch final {
	case 'm':
		t.look, _ = t.look.turned(codes)
	case 'K':
		if codes == "2" { // only the renderer's last words
			t.closed = true
			break
		}
		t.erase(t.y, t.x)
	case 'J':
		for y := range t.cells {
			t.erase(y, 0)
		}
	case 'H':
		row, col, _ := strings.Cut(codes, ";")
		t.x, _ = strconv.Atoi(col)
		t.y, _ = strconv.Atoi(row)
		t.x, t.y = max(t.x-1, 0), max(t.y-1, 0)
	case 'C':
		n, _ := strconv.Atoi(codes)
		t.x += max(n, 1)
	case 'r':
		top, bottom, _ := strings.Cut(codes, ";")
		t.top, t.bottom = 0, len(t.cells)
		if codes != "" {
			t.top, _ = strconv.Atoi(top)
			t.bottom, _ = strconv.Atoi(bottom)
			t.top--
		}
		t.x, t.y = 0, 0
	case 'L', 'M':
		n, _ := strconv.Atoi(codes)
		for range max(n, 1) {
			t.scroll(final == 'M')
		}
	case 'l':
		t.closed = codes == "?1049"
	}
}

// scroll moves the lines from the cursor to the bottom margin by one.
func (t *terminal) scroll(up bool) {
	if t.y < t.top || t.y >= t.bottom {
		return // ignored outside of the margins
	}
	lines := t.cells[t.y:t.bottom]
	if up {
		lines = append(slices.Clone(lines[1:]), lines[0])
		copy(t.cells[t.y:], lines)
		t.erase(t.bottom-1, 0)
		return
	}
	lines = append([][]wireCell{lines[len(lines)-1]}, lines[:len(lines)-1]...)
	copy(t.cells[t.y:], lines)
	t.erase(t.y, 0)
}

func (t *terminal) erase(y, x int) {
	for ; x < len(t.cells[y]); x++ {
		t.cells[y][x] = wireCell{r: ' '}
	}
}

func (t *terminal) put(r rune) {
	switch r {
	case '\r':
		t.x = 0
	case '\n':
		t.y++
	default:
		t.cells[t.y][t.x] = wireCell{r, t.look}
		t.x++
	}
}

// differs finds the first line that is not as the frame has it; -1 for none.
func (t *terminal) differs(frame string) int {
	for y, line := range strings.Split(frame, "\n") {
		want, ok := cells(nil, line)
		for x, c := range want {
			got := t.cells[y][x]
			if got.r == ' ' && got.look.blank() {
				got.look = wireLook{}
			}
			if ok && got != c { // lines with wide characters go through whole
				return y
			}
		}
	}
	return -1
}

// flush is what the renderer of bubbletea writes for a frame that follows
// another; TestWireKnowsTheRenderer holds that it is.
func flush(before, after string) []byte {
	b, old, lines := ansi.CursorHomePosition, strings.Split(before, "\n"), strings.Split(after, "\n")
	if before == "" {
		b += "\r"
	}
	for y, l := range lines {
		if before == "" || y >= len(old) || old[y] != l {
			b += l + ansi.EraseLineRight
			if y < len(lines)-1 {
				b += "\r"
			}
		}
		if y < len(lines)-1 {
			b += "\n"
		}
	}
	return []byte(b + ansi.CursorPosition(0, len(lines)))
}

// wireMost is what a cursor move may send, in bytes.
const wireMost = 4096

// TestCursorMovesAreSmallOnTheWire moves the cursor on every screen in full
// colour, past the end of what shows too. What the terminal shows must be the
// frame; what it got must be small. A step of the tree to another structure brings
// other bytes into sight, and on the largest size a scroll may bring another
// structure's text too: there the median tells.
func TestCursorMovesAreSmallOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		image disk.Image
		keys  []string // to the screen
		key   string
		jumps bool
	}{
		"tree":         {keys: []string{"2", ":", "hdr2.signature", "enter"}, key: "j", jumps: true},
		"hex":          {keys: []string{"2", ":", "0x500000", "enter", "tab"}, key: "l"},
		"hex rows":     {keys: []string{"2", ":", "0x8a5000", "enter", "tab"}, key: "j"},
		"hex up":       {keys: []string{"2", ":", "0x8a8000", "enter", "tab"}, key: "k"},
		"map":          {keys: []string{"3"}, key: "l"},
		"sectors":      {keys: []string{"6"}, key: "l"},
		"sectors rows": {keys: []string{"6", "j"}, key: "j"},
		"sectors up":   {keys: []string{"6", ":", "lba 2500", "enter"}, key: "k"},
		"findings":     {image: viewtest.New(), keys: []string{"5"}, key: "j"},
		"overview":     {image: viewtest.New(), keys: []string{"1"}, key: "j"},
		"log":          {image: viewtest.NewDirty(), keys: []string{"4"}, key: "j"},
		"palette":      {keys: []string{"2", "ctrl+p"}, key: "down"},
	} {
		for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 120, Height: 40}, {Width: 200, Height: 60}} {
			s := inColour(t, c.image, size)
			s.keys(c.keys...)
			sizes := s.move(t, name, c.key, size)
			if len(sizes) == 0 {
				t.Errorf("%s: no move sends anything", name)
				continue
			}
			slices.Sort(sizes)
			told := sizes[len(sizes)-1]
			if c.jumps || size.Width == 200 {
				told = sizes[len(sizes)/2]
			}
			if t.Logf("%s, %d columns: %v", name, size.Width, sizes); told > wireMost {
				t.Errorf("%s, %d columns: a move of the cursor sends %d bytes", name, size.Width, told)
			}
		}
	}
}

// move presses a key some times and returns how much the terminal got for each
// that changed something.
func (s *story) move(t *testing.T, name, key string, size tea.WindowSizeMsg) []int {
	t.Helper()
	term := newTerminal(size.Width, size.Height)
	w := &wire{out: term}
	before := s.m.View()
	w.Write(flush("", before))
	var sent []int
	for range 40 {
		s.keys(key)
		after := s.m.View()
		if after == before {
			continue
		}
		term.got = 0
		w.Write(flush(before, after))
		if y := term.differs(after); y >= 0 {
			t.Fatalf("%s: line %d of the terminal is not that of the frame", name, y)
		}
		before, sent = after, append(sent, term.got)
	}
	return sent
}

// inColour opens an image, or the built-in VHDX, in 256 colours.
func inColour(t *testing.T, img disk.Image, size tea.WindowSizeMsg) *story {
	t.Helper()
	look, err := theme.New("dark", theme.Colors256, theme.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	if img == nil {
		if img, err = engine.Open(t.Context(), "sample:vhdx", engine.Options{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { img.Close() })
	}
	m := newModel(t.Context(), Config{Image: img, Path: "image", Theme: look, Finder: engine.Finder{}, Explorer: engine.Explorer{}})
	s := &story{t: t, m: m}
	s.run(m.Init())
	s.send(size)
	return s
}

// frames is a program that shows one frame for each message.
type frames struct {
	list []string
	at   int
}

func (frames) Init() tea.Cmd { return nil }

func (f frames) View() string { return f.list[f.at] }

func (f frames) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(nextFrame); ok && f.at < len(f.list)-1 {
		f.at++
	}
	return f, nil
}

type nextFrame struct{}

// TestWireKnowsTheRenderer runs the real renderer: what it writes is taken for
// frames, and the terminal shows the last of them.
func TestWireKnowsTheRenderer(t *testing.T) {
	var list []string
	for i := range 20 {
		list = append(list, fmt.Sprintf("title\n\x1b[1mrow  %d\x1b[0m  and more\nlast %d", i, i/2))
	}
	term := newTerminal(40, 3)
	w := &wire{out: term}
	p := tea.NewProgram(frames{list: list}, tea.WithOutput(w), tea.WithInput(nil), tea.WithAltScreen(), tea.WithoutSignals())
	go func() {
		for range list {
			p.Send(nextFrame{})
		}
		p.Quit()
	}()
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if y := term.differs(list[len(list)-1]); y >= 0 {
		t.Errorf("line %d is not that of the last frame", y)
	}
}

// moody is a terminal that fails at times.
type moody struct {
	*terminal
	fails bool
}

func (m *moody) Write(b []byte) (int, error) {
	if m.fails {
		return 0, errors.New("not now")
	}
	return m.terminal.Write(b)
}

// TestWireForgetsWhatIsNotKnown has a write fail, and control sequences sent
// as a string, between two frames.
func TestWireForgetsWhatIsNotKnown(t *testing.T) {
	a, b, c := "aaaa      \nx         ", "bbbb      \nx         ", "bbbb    c \nx         "
	term := &moody{terminal: newTerminal(10, 2)}
	w := &wire{out: term}
	w.Write(flush("", a))
	term.fails = true
	if _, err := w.Write(flush(a, b)); err == nil {
		t.Error("the failure is hidden")
	}
	term.fails = false
	w.Write(flush(b, c))
	if y := term.differs(c); y >= 0 {
		t.Errorf("line %d is not as it should be after a write that failed", y)
	}
	if _, err := io.WriteString(w, "\x1b[2J"); err != nil {
		t.Error(err)
	}
	w.Write(flush(c, b))
	if got := string(row(term.cells[0])); got != b[:10] {
		t.Errorf("%q shows after the screen was cleared, want %q", got, b[:10])
	}
}

func row(cells []wireCell) (out []rune) {
	for _, c := range cells {
		out = append(out, c.r)
	}
	return out
}

// follow shows frames one after the other and tells the first that the terminal
// does not show as it would from scratch.
func follow(t *testing.T, w, h int, frames ...string) {
	t.Helper()
	term := newTerminal(w, h)
	wire := &wire{out: term}
	before := ""
	for i, f := range frames {
		wire.Write(flush(before, f))
		afresh := newTerminal(w, h)
		afresh.Write(flush("", f))
		if y := term.other(afresh); y >= 0 {
			t.Fatalf("frame %d, line %d: %q shows, want %q; sent %q", i, y, string(row(term.cells[y])), string(row(afresh.cells[y])), wire.buf)
		}
		before = f
	}
}

// other is the first line that looks otherwise than that of another terminal; -1
// for none.
func (t *terminal) other(u *terminal) int {
	seen := func(c wireCell) wireCell {
		if c.r == ' ' && c.look.blank() {
			c.look = wireLook{}
		}
		return c
	}
	for y := range t.cells {
		for x := range t.cells[y] {
			if seen(t.cells[y][x]) != seen(u.cells[y][x]) {
				return y
			}
		}
	}
	return -1
}

// TestWireFrames has frames that once went wrong: a word that changes at both
// ends, and lines that become empty.
func TestWireFrames(t *testing.T) {
	rest := strings.Repeat("-", 60)
	follow(t, 80, 2, " abcdeX"+rest+"\nlast", ".abcdeY"+rest+"\nlast")
	follow(t, 80, 3, "one\ntwo\nlast", "one\n\nlast", "one\ntwo\n")
}

// TestWireAfterALostFrame has a write fail: what only that frame had changed is
// sent with the next one.
func TestWireAfterALostFrame(t *testing.T) {
	term := &moody{terminal: newTerminal(10, 3)}
	w := &wire{out: term}
	a, b, c := "aaaa\nx\nz", "aaaa\nY\nz", "bbbb\nY\nz"
	w.Write(flush("", a))
	term.fails = true
	w.Write(flush(a, b))
	term.fails = false
	w.Write(flush(b, c))
	if y := term.differs(c); y >= 0 {
		t.Errorf("line %d shows %q", y, string(row(term.cells[y])))
	}
}

// TestWireRandomFrames changes cells and words, scrolls parts of the frame up and
// down, and changes how much of it there is.
func TestWireRandomFrames(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		w, h := 5+rnd.IntN(60), 2+rnd.IntN(14)
		var lines, frames []string
		for range h {
			lines = append(lines, randomLine(rnd, w))
		}
		for range 12 {
			switch top := rnd.IntN(h); rnd.IntN(4) {
			case 0:
				lines[top] = randomLine(rnd, w)
			case 1:
				lines[top] = strings.Replace(lines[top], "a", "b", 1+rnd.IntN(2))
			case 2:
				lines = append(slices.Delete(lines, top, top+1), randomLine(rnd, w))
			case 3:
				lines = slices.Insert(lines, top, randomLine(rnd, w))[:h]
			}
			if f := strings.Join(lines, "\n"); len(frames) == 0 || frames[len(frames)-1] != f {
				frames = append(frames, f)
			}
		}
		follow(t, w+1, h, frames...)
	}
}

// randomLine is words in some looks, w columns wide.
func randomLine(rnd *rand.Rand, w int) string {
	looks := []string{"\x1b[0m", "\x1b[0;1m", "\x1b[0;7m", "\x1b[38;5;74m", "\x1b[0;38;5;9;48;5;3m"}
	line := ""
	for range w {
		if rnd.IntN(6) == 0 {
			line += looks[rnd.IntN(len(looks))]
		}
		line += string([]rune("ab1  .:|é█·")[rnd.IntN(11)])
	}
	return line + "\x1b[0m"
}

// TestWireFollowsTheProgram presses keys at random, on the built-in samples, and
// holds that the terminal shows each frame.
func TestWireFollowsTheProgram(t *testing.T) {
	keys := []string{"j", "k", "l", "h", "}", "{", "tab", "g", "G", "2", "3", "5", "6", "t", "z", "o", "v", "e", "4", "x", "?", "esc", "esc", "pgdown", ":", "0x1b0", "enter"}
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		rnd := rand.New(rand.NewPCG(uint64(len(name)), 2))
		img, err := engine.Open(t.Context(), "sample:"+name, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { img.Close() })
		size := tea.WindowSizeMsg{Width: 120, Height: 40}
		s := inColour(t, img, size)
		term := newTerminal(size.Width, size.Height)
		w := &wire{out: term}
		before := s.m.View()
		w.Write(flush("", before))
		var pressed []string
		for range 200 {
			key := keys[rnd.IntN(len(keys))]
			pressed = append(pressed, key)
			after := s.keys(key).m.View()
			if s.quit = false; after == before {
				continue
			}
			w.Write(flush(before, after))
			if y := term.differs(after); y >= 0 {
				t.Fatalf("%s: line %d is not that of the frame after %q", name, y, pressed[max(0, len(pressed)-6):])
			}
			before = after
		}
	}
}
