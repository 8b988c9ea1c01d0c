package tui

import (
	"context"
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// pointed is what the user points at in the view that shows; failing that, in
// the first one where one can point.
func (m *model) pointed() (views.Pointed, bool) {
	if p, ok := m.pointedIn(m.active); ok {
		return p, true
	}
	for i := range m.views {
		if p, ok := m.pointedIn(i); ok {
			return p, true
		}
	}
	return views.Pointed{}, false
}

func (m *model) pointedIn(i int) (views.Pointed, bool) {
	if p, ok := m.views[i].(views.Pointer); ok && m.image != nil {
		return p.Pointed()
	}
	return views.Pointed{}, false
}

// standpoint is where addresses are seen from.
func (m *model) standpoint() disk.Standpoint {
	p, _ := m.pointed()
	from := disk.Standpoint{Image: m.image, At: p.Cursor, Partition: p.Partition}
	for i := range m.views {
		if q, ok := m.pointedIn(i); ok && q.Cursor.File != disk.VirtualDisk {
			from.File = q.Cursor.File
			break
		}
	}
	if from.File == "" && len(m.image.Files()) > 0 {
		from.File = m.image.Files()[0].Name
	}
	return from
}

// openGoTo asks for an address. Names and tables are read in the background.
func (m *model) openGoTo() tea.Cmd {
	if why := m.lacksFinder(); why != "" {
		m.say(why, false)
		return nil
	}
	of, from, finder, ctx := m.number, m.standpoint(), m.cfg.Finder, m.ctx
	plane := "file"
	if from.At.File == disk.VirtualDisk {
		plane = "disk"
	}
	p := &prompt{kind: "go to", name: "go to", hint: "0x1f00 of the " + plane + "  end-512  +0x200  lba 2048  block 9  part2+1M  hdr2.checksum"}
	p.accept = func(text string) tea.Cmd {
		on := &journey{}
		m.journey = on
		return func() tea.Msg {
			place, err := resolve(ctx, finder, from, text)
			return resolved{on, of, place, err}
		}
	}
	p.suggest = func(text string) tea.Cmd {
		gen := p.gen
		return func() tea.Msg { return completions{gen, text, finder.Complete(ctx, from, text)} }
	}
	return m.openPrompt(p, "")
}

// resolve finds an address. A fault on the way must not leave what is typed
// waiting for it.
func resolve(ctx context.Context, f disk.Finder, from disk.Standpoint, text string) (_ decode.Place, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &crash{r, debug.Stack()}
		}
	}()
	return f.Resolve(ctx, from, text)
}

// lacksFinder says why nothing can be found; empty if it can.
func (m *model) lacksFinder() string {
	switch {
	case m.image == nil:
		return "open an image first"
	case m.cfg.Finder == nil:
		return "this program was built without search"
	}
	return ""
}

// journey is a go-to whose place is being looked for. What is typed meanwhile is
// meant for that place: done where the cursor still is, it would change other
// bytes.
type journey struct{ ahead []tea.Msg }

// aheadMost bounds the keys and presses that wait.
const aheadMost = 256

// hold keeps a key or a press for the end of the journey; esc and ctrl+c end it
// here.
func (m *model) hold(msg tea.Msg) {
	key, _ := msg.(tea.KeyMsg)
	switch {
	case key.Type == tea.KeyEsc, key.Type == tea.KeyCtrlC:
		m.journey = nil
		m.say("stays here", false)
	case len(m.journey.ahead) < aheadMost:
		m.journey.ahead = append(m.journey.ahead, msg)
	}
}

// resolved is where an expression leads.
type resolved struct {
	on    *journey
	of    views.Gen // the image
	place decode.Place
	err   error
}

func (m *model) resolved(msg resolved) tea.Cmd {
	if msg.on != m.journey {
		return nil
	}
	m.journey = nil
	switch {
	case msg.of != m.number:
		return nil
	case msg.err != nil:
		m.say(msg.err.Error(), true)
		return nil
	}
	cmds := []tea.Cmd{m.jump(views.Spot{Place: msg.place})}
	for _, msg := range msg.on.ahead {
		cmds = append(cmds, m.update(msg))
	}
	return tea.Batch(cmds...)
}

// goTo is a command that goes to a place.
func goTo(p decode.Place) tea.Cmd { return views.Send(views.Goto{To: views.Spot{Place: p}}) }

// placeText words a place for a person.
func placeText(p decode.Place) string {
	if p.File == disk.VirtualDisk {
		return fmt.Sprintf("virtual 0x%x", p.Offset)
	}
	return fmt.Sprintf("%s @0x%x", decode.Printable(p.File), p.Offset)
}
