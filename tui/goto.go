package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// pointed is what the user points at in the view that shows; failing that, in
// the first one where one can point.
func (m *model) pointed() (views.Pointed, bool) {
	for _, v := range append([]views.View{m.view()}, m.views...) {
		if p, ok := pointedIn(v); ok {
			return p, true
		}
	}
	return views.Pointed{}, false
}

// pointedIn is what the user points at in a view.
func pointedIn(v views.View) (views.Pointed, bool) {
	if p, ok := v.(views.Pointer); ok {
		return p.Pointed()
	}
	return views.Pointed{}, false
}

// standpoint is where addresses are seen from.
func (m *model) standpoint() disk.Standpoint {
	p, _ := m.pointed()
	from := disk.Standpoint{Image: m.image, At: p.Cursor, Partition: p.Partition}
	for _, v := range m.views {
		if q, ok := pointedIn(v); ok && q.Cursor.File != disk.VirtualDisk {
			from.File = q.Cursor.File
			break
		}
	}
	if from.File == "" && len(m.image.Files()) > 0 {
		from.File = m.image.Files()[0].Name
	}
	return from
}

// goTo is the way to an address that the user types. While its place is being
// looked for, what is typed is meant for that place: done where the cursor still
// is, it would change other bytes.
type goTo struct {
	feature
	standpoint func() disk.Standpoint
	update     func(tea.Msg) tea.Cmd

	asked views.Gen // zero: nothing is looked for
	ahead []tea.Msg // keys and presses that wait
}

// open asks for an address. Names and tables are read in the background.
func (g *goTo) open() tea.Cmd {
	if why := g.lacksFinder(); why != "" {
		g.say(why, false)
		return nil
	}
	of, from, finder, ctx := g.current().number, g.standpoint(), g.cfg.Finder, g.ctx
	surface := "file"
	if from.At.File == disk.VirtualDisk {
		surface = "disk"
	}
	p := &prompt{kind: "go to", name: "go to", hint: "0x1f00 of the " + surface + "  end-512  +0x200  lba 2048  block 9  part2+1M  hdr2.checksum"}
	p.accept = func(text string) tea.Cmd {
		g.asked, g.ahead = views.NewGen(), nil
		gen := g.asked
		return func() tea.Msg {
			place, err := resolve(ctx, finder, from, text)
			return resolved{gen, of, text, place, err}
		}
	}
	p.suggest = func(text string) tea.Cmd {
		gen := p.gen
		return func() tea.Msg { return completions{gen, text, finder.Complete(ctx, from, text)} }
	}
	return g.openPrompt(p, "")
}

// resolve finds an address. A fault on the way must not leave what is typed
// waiting for it.
func resolve(ctx context.Context, f disk.Finder, from disk.Standpoint, text string) (_ decode.Place, err error) {
	defer caught(&err)
	return f.Resolve(ctx, from, text)
}

// underway reports whether a place is being looked for.
func (g *goTo) underway() bool { return g.asked != 0 }

// aheadMost bounds the keys and presses that wait.
const aheadMost = 256

// hold keeps a key or a press until the place is found; esc and ctrl+c stay here.
func (g *goTo) hold(msg tea.Msg) {
	key, _ := msg.(tea.KeyMsg)
	switch {
	case key.Type == tea.KeyEsc, key.Type == tea.KeyCtrlC:
		g.asked = 0
		g.say("stays here", false)
	case len(g.ahead) < aheadMost:
		g.ahead = append(g.ahead, msg)
	}
}

// resolved is where an expression leads.
type resolved struct {
	gen   views.Gen
	of    views.Gen // the image
	text  string    // that was typed
	place decode.Place
	err   error
}

// arrive goes to the place, and does there what was typed meanwhile.
func (g *goTo) arrive(msg resolved) tea.Cmd {
	if msg.gen != g.asked {
		return nil
	}
	g.asked = 0
	switch {
	case msg.of != g.current().number:
		return nil
	case msg.err != nil:
		return g.choose(msg)
	}
	cmds := []tea.Cmd{g.visit(views.Spot{Place: msg.place}, true)}
	for _, msg := range g.ahead {
		cmds = append(cmds, g.update(msg))
	}
	return tea.Batch(cmds...)
}

// choose lets the user choose among the places that a name may mean, where nothing follows
// the name; else it says why the address leads nowhere.
func (g *goTo) choose(msg resolved) tea.Cmd {
	var several *disk.Ambiguous
	if !errors.As(msg.err, &several) || !strings.HasSuffix(strings.TrimSpace(msg.text), several.Word) {
		g.say(msg.err.Error(), true)
		return nil
	}
	var items []menu.Item
	for _, n := range several.Nodes {
		items = append(items, menu.Item{Name: decode.Printable(n.Name), Help: placeText(n.Place)})
	}
	return g.offer(decode.InQuotes(several.Word)+" may be", items, func(i int) tea.Cmd { return jumpTo(several.Nodes[i].Place) })
}

// jumpTo is a command that goes to a place.
func jumpTo(p decode.Place) tea.Cmd { return views.Send(views.Goto{To: views.Spot{Place: p}}) }

// placeText words a place for a person.
func placeText(p decode.Place) string {
	if p.File == disk.VirtualDisk {
		return fmt.Sprintf("virtual 0x%x", p.Offset)
	}
	return fmt.Sprintf("%s @0x%x", decode.Printable(p.File), p.Offset)
}
