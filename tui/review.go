package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/review"
	"platter/views/theme"
)

// staging is the review screen over the others.
type staging struct{ screen *review.View }

// openReview shows what is staged.
func (e *edits) openReview() tea.Cmd {
	s := staging{review.New(views.Env{Image: e.current().image, Theme: e.cfg.Theme, Explorer: e.cfg.Explorer, Editor: e.Editor, Queue: e.queue})}
	e.cover(s)
	return s.screen.Start()
}

// reviewed is the review screen where it shows, or a dialog over it.
func (m *model) reviewed() (*review.View, bool) {
	over := m.over
	if d, ok := over.(*dialog); ok {
		over = d.below
	}
	switch o := over.(type) {
	case *results:
		over = o.below
	case *choice:
		over = o.below
	}
	s, ok := over.(staging)
	return s.screen, ok
}

func (staging) context() keymap.Context { return keymap.Staging }

// View paints the screen.
func (s staging) View(*theme.Theme) string { return s.screen.View() }

// SetSize tells how large it is.
func (s staging) SetSize(w, h int) { s.screen.SetSize(w, h) }

func (staging) typed(tea.KeyMsg) {}

func (s staging) skip(a keymap.Action) bool { return s.screen.Disabled(a) != "" }

func (s staging) mouse(_ *model, x, y int, what views.Mouse) tea.Cmd {
	return s.screen.Mouse(x, y, what)
}

func (s staging) do(m *model, a keymap.Action, _ press) tea.Cmd {
	switch a {
	case "":
		return nil
	case keymap.Cancel:
		m.over = nil
		return nil
	case keymap.Write:
		return m.edits.askCommit()
	case keymap.Undo, keymap.Redo, keymap.Writing, keymap.ShowSteps, keymap.Changes, keymap.ShowHelp:
		return m.do(a)
	case keymap.SetAside:
		return m.edits.showConflicts()
	case keymap.Elsewhere:
		return m.export.elsewhere(&m.edits)
	case keymap.TakeBack:
		return m.edits.takeBack()
	}
	if why := s.screen.Disabled(a); why != "" {
		m.say(why, false)
		return nil
	}
	return s.screen.Do(a)
}

// toggleWriting turns writing off at once, and on after a question that says
// what the user should know.
func (e *edits) toggleWriting() tea.Cmd {
	if e.writing {
		e.writing = false
		e.say("writing is off", false)
		return nil
	}
	switch {
	case e.SaveCopy != nil:
		return e.offerCopy()
	case e.Interrupted != nil:
		e.askInterrupted()
		return nil
	}
	ed, ctx, of := e.Editor, e.ctx, e.current().number
	return func() tea.Msg {
		warnings, err := ed.Writable(ctx)
		return shown{of, func() tea.Cmd { return e.askWriting(warnings, err) }}
	}
}

func (e *edits) askWriting(warnings []string, err error) tea.Cmd {
	if err != nil {
		e.say("writing can't be turned on: "+err.Error(), true)
		return nil
	}
	lines := []string{"Allow " + filepath.Base(e.current().info.Path) + " to be written? Nothing is written until you review the staged changes (s) and confirm."}
	for _, w := range warnings {
		lines = append(lines, "", "! "+w)
	}
	e.question(&dialog{title: "Turn writing on", lines: lines, buttons: []button{{"Cancel", nil}, {"Turn on", func() tea.Cmd {
		e.writing = true
		if _, ok := e.program.reviewed(); ok {
			e.say("writing is on: w writes what is staged", false)
		} else {
			e.say("writing is on: s reviews what is staged, w writes it there", false)
		}
		return nil
	}}}})
	return nil
}

// askCommit asks for the last time.
func (e *edits) askCommit() tea.Cmd {
	drained := e.drain()
	switch {
	case e.busy:
		e.say("after the last change is staged ..", false)
		ask := work{do: func(disk.Session) (string, error) { return "", nil }, after: e.askCommit}
		return tea.Batch(drained, e.enqueueWork(ask))
	case e.SaveCopy != nil:
		return tea.Batch(drained, e.offerCopy())
	case !e.writing:
		e.say("writing is off: press W to turn it on first", false)
		return drained
	}
	ed, of := e.Editor, e.current().number
	return func() tea.Msg {
		s := sum(ed)
		return shown{of, func() tea.Cmd { return e.confirmCommit(s) }}
	}
}

// extent is how much a commit writes, of what was staged at a generation.
type extent struct {
	bytes, places, lengths, files int
	generation                    uint64
}

func sum(ed disk.Session) extent {
	e := extent{generation: ed.Generation()}
	files := map[string]bool{}
	for _, s := range ed.Plan() {
		files[s.File] = true
		if s.Resizes() {
			e.lengths++
			continue
		}
		e.bytes += len(s.New)
		e.places++
	}
	e.files = len(files)
	return e
}

func (e extent) String() string {
	text := fmt.Sprintf("%s in %s of %s", plural(e.bytes, "byte"), plural(e.places, "place"), plural(e.files, "file"))
	if e.lengths > 0 {
		text += ", " + plural(e.lengths, "new length")
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (e *edits) confirmCommit(x extent) tea.Cmd {
	if x.places+x.lengths == 0 {
		e.say("no staged change differs from the disk", false)
		return nil
	}
	name := decode.Printable(filepath.Base(e.current().info.Path))
	d := &dialog{title: "Write to disk", lines: []string{"Write " + x.String() + "? The old bytes stay in a journal beside the image until the new ones are on disk and have been read back."}}
	if !e.named {
		d.want = name
		d.lines = append(d.lines, "", "Type the file's name to write: "+name)
	}
	d.buttons = []button{{"Keep staged", func() tea.Cmd { e.say("nothing was written: the changes stay staged", false); return nil }}}
	if r, ok := e.Editor.(disk.Reverter); ok && d.want == "" {
		d.buttons = append(d.buttons, button{"Undo file too", func() tea.Cmd { return e.write(x, r.CommitKept) }})
		d.lines = append(d.lines, "", "u takes it back in this session. An undo file beside the image lets v take it back in a later one.")
	}
	d.buttons = append(d.buttons, button{"Write", func() tea.Cmd { return e.write(x, e.Editor.Commit) }})
	e.question(d)
	return nil
}

// write brings what is staged to disk.
func (e *edits) write(x extent, commit func(context.Context) error) tea.Cmd {
	e.named = true
	if why := e.locked(); why != "" {
		e.say(why, false)
		return nil
	}
	e.commit = true
	e.say("writing ..", false)
	ctx, keep, put := context.WithoutCancel(e.ctx), e.Keep, e.Editing.put
	if e.Forget == nil {
		keep = nil
	}
	return e.enqueueWork(work{commit: true, do: func(ed disk.Session) (string, error) {
		if ed.Generation() != x.generation {
			return "", errors.New("nothing was written: the staged changes are no longer those you confirmed; review them again")
		}
		if keep != nil {
			keep() // if the program ends in the middle, the next one knows what was being written; else it writes all the same
		}
		if err := commit(ctx); err != nil {
			return "", err
		}
		return "written and read back: " + x.String() + "; u and then w takes it back", put()
	}})
}

// quit leaves the program, after a question if something is staged.
func (e *edits) quit() tea.Cmd {
	drained := e.drain() // what was typed just before is staged too
	return tea.Batch(drained, e.quitDrained())
}

func (e *edits) quitDrained() tea.Cmd {
	e.leaving = nil // asked again, the user may change their mind
	switch {
	case e.commit:
		e.say("writing: wait until it is done", false)
		return nil
	case e.staged == 0 && !e.busy:
		return e.leave(e.Editing.put)
	}
	d := &dialog{title: "Changes are staged", lines: []string{plural(e.staged+len(e.todo), "change") + " of " + filepath.Base(e.current().info.Path) + " not written to disk."}}
	cancel, reviewed := button{"Cancel", nil}, button{"Review", e.openReview}
	discard := button{"Discard", func() tea.Cmd { return e.leave(e.Forget) }}
	switch {
	case e.SaveCopy != nil && e.program.studying():
		d.title = "Leave the lesson?"
		d.lines = []string{"What you changed is in the lesson's sample, in memory only.", "How far you have come in the lesson is kept."}
		d.buttons = []button{cancel, {"Save a copy", e.askCopy}, {"Leave", discard.press}}
		d.at = 2
	case e.SaveCopy != nil:
		d.buttons = []button{cancel, {"Save a copy", e.askCopy}, reviewed, discard}
	case e.Keep == nil:
		d.buttons = []button{cancel, reviewed, discard}
	default:
		d.buttons = []button{cancel, {"Keep for next time", func() tea.Cmd { return e.leave(e.Keep) }}, reviewed, discard}
		d.at, d.hurried = 1, 1
	}
	e.question(d)
	return nil
}

// leave ends the program once all is staged that was asked for, and that was
// seen to.
func (e *edits) leave(see func() error) tea.Cmd {
	if e.busy {
		e.leaving = func() tea.Cmd { return e.leave(see) }
		e.say("quitting once the last change is staged", false)
		return nil
	}
	e.settled, e.leaving = true, nil
	if see == nil {
		return tea.Quit
	}
	return func() tea.Msg {
		if err := see(); err != nil {
			return left{err}
		}
		return tea.Quit()
	}
}

// left says that the program can't be left as was wished.
type left struct{ err error }

// keepRest saves what is staged where the program ends without having asked.
func (e *edits) keepRest() error {
	if !e.settled && e.Editor != nil && e.Keep != nil && e.Editor.Staged() > 0 {
		return e.Keep()
	}
	return nil
}
