package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/listing"
	"platter/views/widget/menu"
)

// Again says what became of changes that were kept for later.
func Again(l disk.Loaded) string {
	var parts []string
	if l.Staged > 0 {
		parts = append(parts, decode.Plural(l.Staged, "kept change is", "kept changes are")+" staged again: s reviews them")
	}
	if l.Aside > 0 {
		parts = append(parts, decode.Plural(l.Aside, "kept change no longer fits", "kept changes no longer fit")+" the file")
	}
	if l.Written > 0 {
		parts = append(parts, decode.Plural(l.Written, "kept change is", "kept changes are")+" in the file already")
	}
	return strings.Join(parts, "; ")
}

// conflicts are the kept changes that no longer fit the image.
func conflicts(ed disk.Session) []disk.Conflict {
	if c, ok := ed.(disk.Conflicted); ok {
		return c.Conflicts()
	}
	return nil
}

// put saves what there is to be kept of a session, or forgets what was saved.
func (e Editing) put() error {
	switch {
	case e.Keep != nil && (e.Editor.Staged() > 0 || len(conflicts(e.Editor)) > 0):
		return e.Keep()
	case e.Forget != nil:
		return e.Forget()
	}
	return nil
}

// offerConflicts asks what to do with changes that no longer fit.
func (e *edits) offerConflicts() {
	n := len(conflicts(e.Editor))
	if n == 0 {
		return
	}
	e.question(&dialog{
		title: "Changes that no longer fit",
		lines: []string{fmt.Sprintf("The file was written to where %s. Nothing is lost: look at each, stage it over what is there now, or throw it away. In the list of staged changes (s), c leads there too.",
			decode.Plural(n, "kept change goes", "kept changes go"))},
		buttons: []button{{"Not now", nil}, {"Look", e.showConflicts}},
	})
}

// showConflicts lists the changes that were set aside, part by part.
func (e *edits) showConflicts() tea.Cmd {
	list := conflicts(e.Editor)
	if len(list) == 0 {
		e.say("no change is set aside: all that were kept fit the file", false)
		return nil
	}
	r := &results{}
	r.Title = "Changes that no longer fit the file"
	r.Note = decode.Plural(len(list), "change", "changes") + ", enter: what to do"
	r.Head = []string{"where", "was when it was made", "is now", "the change makes"}
	var of []int
	for i, c := range list {
		lines := []string{decode.Printable(c.Title)}
		if why := c.Why + c.Fixed; why != "" {
			lines = append(lines, grid.Wrap(decode.Printable("not staged: "+why), conflictWidth)...)
		}
		for _, words := range lines {
			r.Add(listing.Row{Cells: []string{"", "", "", words}, Style: theme.Value})
			of = append(of, i)
		}
		for _, p := range c.Parts[:min(len(c.Parts), stepFields)] {
			r.Add(listing.Row{Cells: []string{placeWords(p.Place), few(p.Was), few(p.Now), few(p.New)}, Style: theme.Dim})
			of = append(of, i)
		}
	}
	r.open = func(row int) tea.Cmd { return e.settleConflict(of[row], list[of[row]]) }
	e.cover(r)
	return nil
}

// conflictWidth is how wide the reasons in the list of conflicts are.
const conflictWidth = 34

// placeWords is a place in a few words.
func placeWords(p decode.Place) string {
	if p.File == disk.VirtualDisk {
		return fmt.Sprintf("disk 0x%x", p.Offset)
	}
	return fmt.Sprintf("file 0x%x", p.Offset)
}

// few is the first bytes in hexadecimal.
func few(b []byte) string {
	if len(b) > 5 {
		return fmt.Sprintf("% x ..", b[:4])
	}
	return fmt.Sprintf("% x", b)
}

// settleConflict offers what can be done with one.
func (e *edits) settleConflict(n int, c disk.Conflict) tea.Cmd {
	items := []menu.Item{{Name: "go there", Help: "look at the bytes that are there now"}}
	do := []func() tea.Cmd{func() tea.Cmd {
		if len(c.Parts) == 0 {
			return nil
		}
		return jumpTo(c.Parts[0].Place)
	}}
	if c.Fixed == "" {
		items = append(items, menu.Item{Name: "stage it", Help: "over what is there now; nothing is written before the review"})
		do = append(do, func() tea.Cmd { return e.onConflict("staged: "+c.Title, disk.Conflicted.StageConflict, n) })
	}
	items = append(items, menu.Item{Name: "throw away", Help: "forget this change for good"})
	do = append(do, func() tea.Cmd {
		return e.onConflict("thrown away: "+c.Title, func(s disk.Conflicted, _ context.Context, n int) error { return s.DropConflict(n) }, n)
	})
	return e.offer(decode.Printable(c.Title), items, func(i int) tea.Cmd { return do[i]() })
}

// onConflict has something done with one, and keeps what is left.
func (e *edits) onConflict(say string, act func(disk.Conflicted, context.Context, int) error, n int) tea.Cmd {
	put := e.Editing.put
	return e.enqueue(func(ed disk.Session) (string, error) {
		c, ok := ed.(disk.Conflicted)
		if !ok {
			return "", nil
		}
		if err := act(c, context.Background(), n); err != nil {
			return "", err
		}
		if left := len(c.Conflicts()); left > 0 {
			say += fmt.Sprintf("; %d left (s, then c)", left)
		}
		return say, put()
	})
}

// carried is a session whose staged changes go on in the next one.
type carried struct {
	editor     disk.Session
	generation uint64
	bytes      bytes.Buffer // what Save wrote
}

// carry saves what is staged for the image as it is read again; nil if there is nothing, or
// if it can't go on.
func (e *edits) carry() (*carried, error) {
	k, ok := e.Editor.(disk.Carrier)
	if !ok || e.staged == 0 && len(conflicts(e.Editor)) == 0 {
		return nil, nil
	}
	c := &carried{editor: e.Editor, generation: e.Editor.Generation()}
	return c, k.Save(&c.bytes)
}

// holds reports whether nothing was staged since.
func (c *carried) holds(e *edits) bool {
	return c != nil && !e.busy && len(e.todo) == 0 && c.editor == e.Editor && c.generation == e.Editor.Generation()
}

// into stages the changes in the image that was read again, unless it has staged what was
// kept of them by itself.
func (c *carried) into(ctx context.Context, how *Editing) (disk.Image, error) {
	k, ok := how.Editor.(disk.Carrier)
	if !ok {
		return nil, errors.New("the image can't be changed any more, and changes are staged")
	}
	if how.Editor.Staged()+len(conflicts(how.Editor)) == 0 {
		l, err := k.Load(ctx, &c.bytes)
		if err != nil {
			return nil, err
		}
		how.Notice = Again(l)
	}
	return how.Editor.Image()
}

// reloadKeeping reads the image again; what is staged goes on where it still fits.
func (m *model) reloadKeeping() tea.Cmd {
	c, err := m.edits.carry()
	if err != nil {
		m.say("not read again: "+err.Error(), true)
		return nil
	}
	if c == nil {
		return m.open(m.path, m.parent, true)
	}
	m.opening, m.opened = m.path, views.NewGen()
	gen, ctx, open, path, parent, keep := m.opened, m.ctx, m.cfg.Open, m.path, m.parent, m.edits.Keep
	return func() tea.Msg {
		if keep != nil {
			if err := keep(); err != nil {
				return opened{gen: gen, err: fmt.Errorf("not read again: what is staged can't be kept: %w", err)}
			}
		}
		img, how, err := open(ctx, path, parent)
		if err != nil {
			return opened{gen: gen, err: fmt.Errorf("not read again, and all changes stay staged: %w", err)}
		}
		again, err := c.into(ctx, &how)
		if err != nil {
			how.closer(img)()
			return opened{gen: gen, err: fmt.Errorf("not read again, and all changes stay staged: %w", err)}
		}
		return opened{gen, path, parent, again, how, nil, true, c}
	}
}

// offerReload says why a write was refused, and the way on.
func (e *edits) offerReload(err error) {
	e.question(&dialog{
		title: "The file was changed",
		lines: []string{err.Error() + ".", "", "Nothing was written, and all changes stay staged. Read the image again: changes that still fit stay staged, the others are set aside to look at."},
		buttons: []button{{"Keep staged", nil}, {"Read again", func() tea.Cmd {
			return e.program.do(keymap.Reload)
		}}},
	})
}

// refusedAsChanged reports whether a commit wrote nothing because the file is another one by
// now.
func (w worked) refusedAsChanged() bool { return w.commit && errors.Is(w.err, store.ErrChanged) }
