package wire_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/tui/wire"
	"platter/tui/wire/wiretest"
)

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
	term := wiretest.New(40, 3)
	w := &wire.Wire{Out: term}
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
	if y := term.Differs(list[len(list)-1]); y >= 0 {
		t.Errorf("line %d is not that of the last frame", y)
	}
}

// moody is a terminal that fails at times.
type moody struct {
	*wiretest.Terminal
	fails bool
}

func (m *moody) Write(b []byte) (int, error) {
	if m.fails {
		return 0, errors.New("not now")
	}
	return m.Terminal.Write(b)
}

// TestWireForgetsWhatIsNotKnown has a write fail, and control sequences sent
// as a string, between two frames.
func TestWireForgetsWhatIsNotKnown(t *testing.T) {
	a, b, c := "aaaa      \nx         ", "bbbb      \nx         ", "bbbb    c \nx         "
	term := &moody{Terminal: wiretest.New(10, 2)}
	w := &wire.Wire{Out: term}
	w.Write(wiretest.Flush("", a))
	term.fails = true
	if _, err := w.Write(wiretest.Flush(a, b)); err == nil {
		t.Error("the failure is hidden")
	}
	term.fails = false
	w.Write(wiretest.Flush(b, c))
	if y := term.Differs(c); y >= 0 {
		t.Errorf("line %d is not as it should be after a write that failed", y)
	}
	if _, err := io.WriteString(w, "\x1b[2J"); err != nil {
		t.Error(err)
	}
	w.Write(wiretest.Flush(c, b))
	if got := term.Row(0); got != b[:10] {
		t.Errorf("%q shows after the screen was cleared, want %q", got, b[:10])
	}
}

// follow shows frames one after the other and tells the first that the terminal
// does not show as it would from scratch.
func follow(t *testing.T, w, h int, frames ...string) {
	t.Helper()
	term := wiretest.New(w, h)
	line := &wire.Wire{Out: term}
	before := ""
	for i, f := range frames {
		term.Sent = nil
		line.Write(wiretest.Flush(before, f))
		afresh := wiretest.New(w, h)
		afresh.Write(wiretest.Flush("", f))
		if y := term.Other(afresh); y >= 0 {
			t.Fatalf("frame %d, line %d: %q shows, want %q; sent %q", i, y, term.Row(y), afresh.Row(y), term.Sent)
		}
		before = f
	}
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
	term := &moody{Terminal: wiretest.New(10, 3)}
	w := &wire.Wire{Out: term}
	a, b, c := "aaaa\nx\nz", "aaaa\nY\nz", "bbbb\nY\nz"
	w.Write(wiretest.Flush("", a))
	term.fails = true
	w.Write(wiretest.Flush(a, b))
	term.fails = false
	w.Write(wiretest.Flush(b, c))
	if y := term.Differs(c); y >= 0 {
		t.Errorf("line %d shows %q", y, term.Row(y))
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
