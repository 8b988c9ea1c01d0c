package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
)

// Editing is how an opened image can be changed. Its functions may be nil.
type Editing struct {
	Editor disk.Editor // nil: not at all
	Locked string      // why not
	Notice string      // what the user is told when the image shows

	// Keep saves what is staged for the next time, Forget drops what was
	// saved.
	Keep   func() error
	Forget func() error
	// Close closes the editor and its images, in the place of Image.Close.
	Close func() error
}

// editing is the state of what is being changed.
type editing struct {
	Editing
	queue   *views.Queue // what views ask for
	todo    []work
	busy    bool // the first of todo was begun
	staged  int  // changes
	last    *typing
	writing bool           // unlocked
	named   bool           // the user has typed the file's name
	commit  bool           // a commit is under way, or waits for its turn
	leave   func() tea.Cmd // what ends the program once nothing is left to do; nil: it goes on
	settled bool           // the user has decided what becomes of what is staged
}

// work is something to do with the editor. It runs in the background, one at
// a time, and returns what to say.
type work struct {
	do     func(disk.Editor) (string, error)
	commit bool
}

// run does it. A fault in the program is an error like any other: what waits
// behind the work goes on.
func (w work) run(ed disk.Editor) (say string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &crash{r, debug.Stack()}
		}
	}()
	return w.do(ed)
}

// worked is the answer to a work.
type worked struct {
	editor disk.Editor
	commit bool // the work was one
	image  disk.Image
	staged int
	say    string
	err    error
}

// begin takes the editor of an image in.
func (m *model) begin(img disk.Image) {
	m.edits = editing{queue: m.edits.queue, last: &typing{}}
	if m.cfg.Editing != nil {
		m.edits.Editing = m.cfg.Editing(img)
	}
	if m.edits.Editor != nil {
		m.edits.staged = m.edits.Editor.Staged()
	}
	if m.edits.Notice != "" {
		m.say(m.edits.Notice, false)
	}
}

// keepsImage reports whether changes of the image that shows would be lost with
// it, and tells the user so.
func (m *model) keepsImage() bool {
	switch e := &m.edits; {
	case m.image == nil:
		return false
	case e.staged == 1:
		m.say("1 change is staged: s reviews it; commit or drop it first", false)
	case e.staged > 1:
		m.say(fmt.Sprintf("%d changes are staged: s reviews them; commit or drop them first", e.staged), false)
	case e.busy || len(e.todo) > 0:
		m.say("a change is being staged: try again", false)
	default:
		return false
	}
	return true
}

// closer closes an image with its editor.
func (m *model) closer() func() error {
	if m.edits.Close != nil {
		return m.edits.Close
	}
	return m.image.Close
}

// locked says why nothing can be changed; empty if it can.
func (m *model) locked() string {
	switch {
	case m.image == nil:
		return "open an image first"
	case m.replay.whole != nil:
		return "nothing can be changed in the middle of a replay; A on the log screen shows the image with all of it"
	case m.edits.Editor == nil:
		return cmp.Or(m.edits.Locked, "this image is open for reading only")
	}
	return ""
}

// dismiss closes an image that came too late to be shown.
func (m *model) dismiss(img disk.Image) {
	if m.cfg.Editing != nil {
		if e := m.cfg.Editing(img); e.Close != nil {
			e.Close()
			return
		}
	}
	img.Close()
}

// change carries out the actions that change bytes; it reports false for
// those that are the view's.
func (m *model) change(a keymap.Action) (tea.Cmd, bool) {
	do, ok := map[keymap.Action]func() tea.Cmd{
		keymap.Undo: m.undo, keymap.Redo: m.redo, keymap.Review: m.openReview, keymap.Writing: m.toggleWriting, keymap.Renew: m.renew,
	}[a]
	if !ok {
		return nil, false
	}
	if why := m.locked(); why != "" {
		m.say(why, false)
		return nil, true
	}
	return do(), true
}

// changes is whether an action is one of [model.change], and why it would do
// nothing.
func (m *model) changes(a keymap.Action) (string, bool) {
	switch a {
	case keymap.Undo, keymap.Redo, keymap.Review, keymap.Writing, keymap.Renew:
		return m.locked(), true
	}
	return "", false
}

// changed takes in the messages of this kind; it reports false for others.
func (m *model) changed(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case views.Queued:
		return m.drain(), true
	case views.Stage, views.Revert, views.Drop, views.Act, views.Ask:
		return m.wanted(msg), true
	case worked:
		return m.worked(msg), true
	case left:
		m.edits.settled = false
		m.say(msg.err.Error(), true)
		return m.showChanged(), true
	}
	return nil, false
}

// drain does what views have asked for, in their order.
func (m *model) drain() tea.Cmd {
	var cmds []tea.Cmd
	for _, msg := range m.edits.queue.Take() {
		cmds = append(cmds, m.wanted(msg))
	}
	return tea.Batch(cmds...)
}

func (m *model) wanted(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case views.Act:
		return m.do(msg.Action)
	case views.Ask:
		d := &dialog{title: msg.Title, lines: []string{msg.Text}}
		for _, c := range msg.Choices {
			d.buttons = append(d.buttons, button{c.Label, c.Do})
		}
		m.question(d)
	case views.Stage:
		last := m.edits.last
		return m.enqueue(func(ed disk.Editor) (string, error) {
			if img, err := ed.Image(); msg.Image != nil && (err != nil || img != msg.Image) {
				return "", fmt.Errorf("%s: not staged: the image is another one than it was made for; ask for it again", msg.Title)
			}
			return last.stage(ed, msg)
		})
	case views.Revert:
		return m.enqueue(func(ed disk.Editor) (string, error) { return revert(ed, msg) })
	case views.Drop:
		return m.enqueue(func(ed disk.Editor) (string, error) {
			return "dropped; u brings it back", ed.Drop(msg.ID)
		})
	}
	return nil
}

// enqueue has something done with the editor, after what is to be done
// before. Where nothing can be changed the views show what is there again.
func (m *model) enqueue(do func(disk.Editor) (string, error)) tea.Cmd {
	return m.enqueueWork(work{do: do})
}

func (m *model) enqueueWork(w work) tea.Cmd {
	if why := m.locked(); why != "" {
		m.say(why, false)
		return m.tell(views.Changed{Image: m.image})
	}
	m.edits.todo = append(m.edits.todo, w)
	return m.next()
}

func (m *model) next() tea.Cmd {
	e := &m.edits
	if e.busy || len(e.todo) == 0 {
		return nil
	}
	e.busy = true
	w, ed := e.todo[0], e.Editor
	return func() tea.Msg {
		msg := worked{editor: ed, commit: w.commit}
		msg.say, msg.err = w.run(ed)
		img, err := ed.Image()
		msg.image, msg.staged = img, ed.Staged()
		msg.err = cmp.Or(msg.err, err)
		return msg
	}
}

// worked shows what became of a work, and goes on with the next. Once nothing
// is left to do all views read the image anew.
func (m *model) worked(msg worked) tea.Cmd {
	e := &m.edits
	if msg.editor != e.Editor {
		return nil
	}
	e.busy, e.commit, e.staged = false, e.commit && !msg.commit, msg.staged
	e.todo = e.todo[1:]
	switch {
	case msg.err != nil:
		m.say(msg.err.Error(), true)
	case msg.say != "":
		m.say(msg.say, false)
	}
	if msg.image != nil {
		m.image, m.info = msg.image, msg.image.Info()
	}
	if len(e.todo) > 0 {
		return m.next()
	}
	switch leave := e.leave; {
	case leave != nil && msg.err == nil:
		return leave()
	default:
		e.leave = nil // the user has to know what went wrong
	}
	return m.showChanged()
}

// showChanged has all views read the image anew, and checks it again.
func (m *model) showChanged() tea.Cmd {
	if m.check != nil {
		m.check.halt()
	}
	return tea.Batch(m.tell(views.Changed{Image: m.image}), m.startCheck())
}

func (m *model) undo() tea.Cmd {
	last := m.edits.last
	return tea.Batch(m.drain(), m.enqueue(func(ed disk.Editor) (string, error) {
		title, err := last.undo(ed)
		if errors.Is(err, store.ErrNothing) {
			return "there is nothing to undo", nil
		}
		return "undone: " + title + " (ctrl+r brings it back)", err
	}))
}

func (m *model) redo() tea.Cmd {
	last := m.edits.last
	return tea.Batch(m.drain(), m.enqueue(func(ed disk.Editor) (string, error) {
		title, err := last.redo(ed)
		if errors.Is(err, store.ErrNothing) {
			return "there is nothing to bring back", nil
		}
		return "brought back: " + title, err
	}))
}

// renew stages a new mark of the disk's content, which a change of the files'
// own bytes does not bring by itself.
func (m *model) renew() tea.Cmd {
	return tea.Batch(m.drain(), m.enqueue(func(ed disk.Editor) (string, error) {
		title, err := ed.RenewAgain(context.Background())
		if title == "" && err == nil {
			return "the image has no mark of its content, or it is staged already", nil
		}
		return note(title, "", ""), err
	}))
}

// revert stages what is on disk.
func revert(ed disk.Editor, msg views.Revert) (string, error) {
	places := []decode.Place{msg.Place}
	if msg.Place.File == disk.VirtualDisk {
		parts, err := ed.Place(msg.Place.Offset, msg.Place.Length)
		if err != nil {
			return "", err
		}
		places = nil
		for _, p := range parts {
			places = append(places, decode.Place{File: p.File, Offset: p.Offset, Length: int64(len(p.Data))})
		}
	}
	before := ed.Generation()
	if err := ed.Revert(msg.Title, places...); err != nil {
		return "", err
	}
	if ed.Generation() == before {
		return "this is as it is on disk: nothing to revert", nil
	}
	return fmt.Sprintf("%s; u takes it back", msg.Title), nil
}
