package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/review"
)

// Editing is how an opened image can be changed. Its functions may be nil.
type Editing struct {
	Editor disk.Session // nil: not at all
	Locked string       // why not
	Notice string       // what the user is told when the image shows
	// Interrupted is an earlier write that did not come to its end; nil: there is none.
	Interrupted *Interrupted

	// Keep saves what is staged for the next time, Forget drops what was
	// saved.
	Keep   func() error
	Forget func() error
	// SaveCopy is there for an image that can be edited and never written: a built-in
	// sample. It writes its files, as staged, to a folder, and returns the path of the
	// image there.
	SaveCopy func(ctx context.Context, folder string) (path string, err error)
	// Close closes the editor and its images, in the place of Image.Close.
	Close func() error
}

// closer closes an image with its editor.
func (e Editing) closer(img disk.Image) func() error {
	if e.Close != nil {
		return e.Close
	}
	return img.Close
}

// edits is what is being changed of the image that shows.
type edits struct {
	feature
	program editHost
	queue   *views.Queue // what views ask for
	editing
}

// editHost is what changing an image needs of the program besides.
type editHost interface {
	do(keymap.Action) tea.Cmd
	// reopen reads the image again from its files, and then says something.
	reopen(say string) tea.Cmd
	// studying reports whether a lesson is open.
	studying() bool
	// reviewed is the review screen where it shows.
	reviewed() (*review.View, bool)
}

// editing is the state of what is being changed.
type editing struct {
	Editing
	todo    []work
	busy    bool // the first of todo was begun
	staged  int  // changes
	last    *typing
	writing bool           // unlocked
	named   bool           // the user has typed the file's name
	commit  bool           // a commit is under way, or waits for its turn
	leaving func() tea.Cmd // what ends the program once nothing is left to do; nil: it goes on
	settled bool           // the user has decided what becomes of what is staged

	due    bool   // it is to be kept soon
	kept   uint64 // the generation that is kept
	unkept bool   // the user was told that it can't be
}

// work is something to do with the editor. It runs in the background, one at
// a time, and returns what to say.
type work struct {
	do     func(disk.Session) (string, error)
	commit bool
	keeps  bool           // it changes nothing that shows
	after  func() tea.Cmd // goes on once it is done without an error; may be nil
}

// run does it. A fault in the program is an error like any other: what waits
// after the work goes on.
func (w work) run(ed disk.Session) (say string, err error) {
	defer caught(&err)
	return w.do(ed)
}

// worked is the answer to a work.
type worked struct {
	editor disk.Session
	commit bool // the work was one
	keeps  bool
	image  disk.Image
	staged int
	say    string
	err    error
	after  func() tea.Cmd

	generation uint64 // of the editor, before the work
}

// begin takes in how another image can be changed.
func (e *edits) begin(how Editing) {
	e.editing = editing{Editing: how, last: &typing{}}
	if e.Editor != nil {
		e.staged, e.kept = e.Editor.Staged(), e.Editor.Generation()
	}
	if e.Notice != "" {
		e.say(e.Notice, false)
	}
	if e.Interrupted != nil {
		e.askInterrupted()
	} else if e.Editor != nil {
		e.offerConflicts()
	}
}

// keepsImage reports whether changes of the image that shows would be lost with
// it, and tells the user so.
func (e *edits) keepsImage() bool {
	switch {
	case e.current().image == nil:
		return false
	case e.staged == 1:
		e.say("1 change is staged: s reviews it; commit or drop it first", false)
	case e.staged > 1:
		e.say(fmt.Sprintf("%d changes are staged: s reviews them; commit or drop them first", e.staged), false)
	case e.busy || len(e.todo) > 0:
		e.say("a change is being staged: try again", false)
	default:
		return false
	}
	return true
}

// locked says why nothing can be changed; empty if it can.
func (e *edits) locked() string {
	switch {
	case e.current().image == nil:
		return "open an image first"
	case e.otherwise() != "":
		return e.otherwise()
	case e.Editor == nil:
		return cmp.Or(e.Locked, "this image is open read-only")
	}
	return ""
}

// changed takes in the messages of this kind; it reports false for others.
func (e *edits) changed(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case views.Queued:
		return e.drain(), true
	case views.Stage, views.Revert, views.Drop, views.Act, views.Ask:
		return e.wanted(msg), true
	case worked:
		return e.worked(msg), true
	case keepDue:
		return e.keepNow(msg), true
	case left:
		e.settled = false
		e.say(msg.err.Error(), true)
		return e.refresh(), true
	}
	return nil, false
}

// drain does what views have asked for, in their order.
func (e *edits) drain() tea.Cmd {
	var cmds []tea.Cmd
	for _, msg := range e.queue.Take() {
		cmds = append(cmds, e.wanted(msg))
	}
	return tea.Batch(cmds...)
}

func (e *edits) wanted(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case views.Act:
		return e.program.do(msg.Action)
	case views.Ask:
		d := &dialog{title: msg.Title, lines: []string{msg.Text}}
		for _, c := range msg.Choices {
			d.buttons = append(d.buttons, button{c.Label, c.Do})
		}
		e.question(d)
	case views.Stage:
		last := e.last
		return e.enqueue(func(ed disk.Session) (string, error) {
			if img, err := ed.Image(); msg.Image != nil && (err != nil || img != msg.Image) {
				return "", fmt.Errorf("%s: not staged, because the image has changed since; choose it again", msg.Title)
			}
			return last.stage(ed, msg)
		})
	case views.Revert:
		last := e.last
		return e.enqueue(func(ed disk.Session) (string, error) { return last.revert(ed, msg) })
	case views.Drop:
		return e.enqueue(func(ed disk.Session) (string, error) {
			return "dropped; u brings it back", ed.Drop(msg.ID)
		})
	}
	return nil
}

// enqueue has something done with the editor, after what is to be done
// before. Where nothing can be changed the views show what is there again.
func (e *edits) enqueue(do func(disk.Session) (string, error)) tea.Cmd {
	return e.enqueueWork(work{do: do})
}

func (e *edits) enqueueWork(w work) tea.Cmd {
	if why := e.locked(); why != "" {
		e.say(why, false)
		if _, foreign := e.current().image.(disk.Foreign); foreign { // which not all screens show
			return nil
		}
		return e.tell(views.Changed{Image: e.current().image})
	}
	e.todo = append(e.todo, w)
	return e.next()
}

func (e *edits) next() tea.Cmd {
	if e.busy || len(e.todo) == 0 {
		return nil
	}
	e.busy = true
	w, ed := e.todo[0], e.Editor
	return func() tea.Msg {
		msg := worked{editor: ed, commit: w.commit, keeps: w.keeps, after: w.after, generation: ed.Generation()}
		msg.say, msg.err = w.run(ed)
		img, err := ed.Image()
		msg.image, msg.staged = img, ed.Staged()
		msg.err = cmp.Or(msg.err, err)
		return msg
	}
}

// worked shows what became of a work, and continues with the next. Once nothing
// is left to do all views read the image again.
func (e *edits) worked(msg worked) tea.Cmd {
	if msg.editor != e.Editor {
		return nil
	}
	e.busy, e.commit, e.staged = false, e.commit && !msg.commit, msg.staged
	e.todo = e.todo[1:]
	switch {
	case msg.keeps:
		e.keptSo(msg)
		msg.image, msg.err = nil, nil
	case msg.refusedAsChanged():
		e.offerReload(msg.err)
	case msg.err != nil:
		e.say(msg.err.Error(), true)
	case msg.say != "":
		e.say(msg.say, false)
	}
	if msg.image != nil {
		e.current().set(msg.image)
	}
	var after tea.Cmd
	if msg.after != nil && msg.err == nil {
		after = msg.after()
	}
	if len(e.todo) > 0 {
		return tea.Batch(after, e.next())
	}
	switch leave := e.leaving; {
	case leave != nil && msg.err == nil:
		return leave()
	default:
		e.leaving = nil // the user has to know what went wrong
	}
	if msg.keeps {
		return e.keepSoon()
	}
	return tea.Batch(after, e.refresh(), e.keepSoon())
}

func (e *edits) undo() tea.Cmd {
	return e.step(e.last.undo, "there is nothing to undo", "undone: %s (ctrl+r redoes it)")
}

func (e *edits) redo() tea.Cmd {
	return e.step(e.last.redo, "there is nothing to redo", "redone: %s")
}

// step goes through the history, after what views have asked for.
func (e *edits) step(step func(disk.Session) (string, error), none, done string) tea.Cmd {
	return tea.Batch(e.drain(), e.enqueue(func(ed disk.Session) (string, error) {
		title, err := step(ed)
		if errors.Is(err, store.ErrNothing) {
			return none, nil
		}
		return fmt.Sprintf(done, title), err
	}))
}

// renew stages a new content ID, which a change of the files'
// own bytes does not bring by itself.
func (e *edits) renew() tea.Cmd {
	return tea.Batch(e.drain(), e.enqueue(func(ed disk.Session) (string, error) {
		title, err := ed.RenewAgain(context.Background())
		if title == "" && err == nil {
			return "this format has no content ID, or a new one is already staged", nil
		}
		return note(title, "", ""), err
	}))
}

// revert stages what is on disk.
func (t *typing) revert(ed disk.Session, msg views.Revert) (string, error) {
	if msg.Place.File == disk.VirtualDisk {
		return t.revertDisk(ed, msg)
	}
	before := ed.Generation()
	if err := ed.Revert(msg.Title, msg.Place); err != nil {
		return "", err
	}
	if ed.Generation() == before {
		return "nothing to revert: these bytes are unchanged", nil
	}
	return fmt.Sprintf("%s; u undoes it", msg.Title), nil
}
