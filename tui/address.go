package tui

import (
	"fmt"

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
	from, finder, ctx := m.standpoint(), m.cfg.Finder, m.ctx
	plane := "file"
	if from.At.File == disk.VirtualDisk {
		plane = "disk"
	}
	p := &prompt{kind: "go to", name: "go to", hint: "0x1f00 of the " + plane + "  end-512  +0x200  lba 2048  block 9  part2+1M  hdr2.checksum"}
	p.accept = func(text string) tea.Cmd {
		return func() tea.Msg {
			place, err := finder.Resolve(ctx, from, text)
			return resolved{from.Image, place, err}
		}
	}
	p.suggest = func(text string) tea.Cmd {
		gen := p.gen
		return func() tea.Msg { return completions{gen, text, finder.Complete(ctx, from, text)} }
	}
	return m.openPrompt(p, "")
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

// resolved is where an expression leads.
type resolved struct {
	image disk.Image
	place decode.Place
	err   error
}

func (m *model) resolved(msg resolved) tea.Cmd {
	switch {
	case msg.image != m.image:
		return nil
	case msg.err != nil:
		m.say(msg.err.Error(), true)
		return nil
	}
	return m.jump(views.Spot{Place: msg.place})
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
