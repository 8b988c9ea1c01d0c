package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/create"
	"platter/views/theme"
)

// creating is the form for a new image over the screen.
type creating struct{ form *create.View }

// uncreative says why no image can be made; empty if one can.
func (m *model) uncreative() string {
	if m.cfg.Creator == nil {
		return "this program was built without making images"
	}
	return ""
}

// openCreate shows the form.
func (m *model) openCreate() tea.Cmd {
	c := creating{create.New(m.cfg.Theme, m.cfg.Creator, m.cfg.PlanAfter)}
	m.cover(c)
	return c.form.Start()
}

func (creating) context() keymap.Context { return keymap.Create }

// SetSize tells how large it is.
func (c creating) SetSize(w, h int) { c.form.SetSize(w, h) }

// View paints the form.
func (c creating) View(*theme.Theme) string { return c.form.View() }

func (creating) skip(keymap.Action) bool { return false }

// typed is nothing here: pasted text leads to a plan, which [model.paste] sees to.
func (creating) typed(tea.KeyMsg) {}

func (c creating) do(m *model, a keymap.Action, p press) tea.Cmd {
	switch a {
	case "":
		text := ""
		if p.msg.Type == tea.KeyRunes || p.msg.Type == tea.KeySpace {
			text = plainText(string(p.msg.Runes))
		}
		return c.form.Type(p.name, text)
	case keymap.Cancel:
		c.form.Stop()
		m.over = nil
		return nil
	case keymap.ShowHelp:
		m.openHelp()
		return nil
	}
	cmd, makes := c.form.Do(a)
	if makes {
		return m.makeImage(c.form)
	}
	return cmd
}

func (c creating) mouse(m *model, x, y int, what views.Mouse) tea.Cmd {
	cmd, makes := c.form.Mouse(x, y, what)
	if makes {
		return m.makeImage(c.form)
	}
	return cmd
}

// makeImage makes what the form describes, in the background, and opens it.
func (m *model) makeImage(form *create.View) tea.Cmd {
	if why := form.Ready(); why != "" {
		m.say(why, true)
		return nil
	}
	making, creator := form.Making(), m.cfg.Creator
	m.over = nil
	return m.edits.inJob("making "+decode.Printable(making.Path), func(j *job) (tea.Msg, error) {
		made, err := creator.Make(j.ctx, making, j.progress)
		if err != nil {
			return nil, err
		}
		return shown{then: func() tea.Cmd { return m.made(making.Path, made) }}, nil
	})
}

// made opens a new image, unless changes of the one that shows would be lost.
func (m *model) made(path string, made disk.Created) tea.Cmd {
	text := "made " + decode.Printable(path) + ": " + made.Info.Format + " " + made.Info.Type + ", " + decode.FormatSize(uint64(made.Info.VirtualSize))
	if m.image != nil && m.edits.keepsImage() {
		m.say(text+"; it is not opened, because changes of this image are staged (O opens it later)", false)
		return nil
	}
	open := m.cfg.Open
	said := func(ctx context.Context, path, parent string) (disk.Image, Editing, error) {
		img, how, err := open(ctx, path, parent)
		if how.Notice == "" {
			how.Notice = text
		}
		return img, how, err
	}
	return m.openWith(said, path, "", false)
}
