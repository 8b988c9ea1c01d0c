package tui

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"platter/views/theme"
)

// terminal is as much of a terminal as a frame needs.
type terminal struct {
	cells  [][]wireCell
	x, y   int
	look   wireLook
	got    int  // bytes
	closed bool // the alternate screen was left
}

func newTerminal(w, h int) *terminal {
	t := &terminal{}
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
	case 'l':
		t.closed = codes == "?1049"
	}
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

// TestCursorMovesAreSmallOnTheWire moves the cursor on every screen of the
// largest size in full colour. What the terminal shows must be the frame; what
// it got for a move that does not scroll must be small.
func TestCursorMovesAreSmallOnTheWire(t *testing.T) {
	for _, h := range append(heldKeys, heldKey{"overview", "1", "j"}, heldKey{"log", "4", "j"}, heldKey{"chain", "7", "j"}) {
		s := inColour(t, h)
		term := newTerminal(200, 60)
		w := &wire{out: term}
		before := ""
		var all []int
		for range 40 {
			after := s.m.View()
			term.got = 0
			if after != before {
				w.Write(flush(before, after))
			}
			if y := term.differs(after); y >= 0 {
				t.Fatalf("%s: line %d of the terminal is not that of the frame", h.name, y)
			}
			all = append(all, term.got)
			before = after
			s.keys(h.key)
		}
		t.Logf("%s: %v", h.name, all)
	}
}

// inColour is [hold] in 256 colours.
func inColour(t *testing.T, h heldKey) *story {
	t.Helper()
	look, err := theme.New("dark", theme.Colors256, theme.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	s := hold(t, h)
	s.m.theme = look
	s.m.show(s.m.image, "sample:vhdx")
	s.run(s.m.startViews())
	s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	for _, r := range h.screen {
		s.keys(map[rune]string{'\t': "tab"}[r], string(r))
	}
	return s
}

// frames is a program that shows one frame for each message.
type frames struct {
	list []string
	at   int
	w    *wire
	knew *bool
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
