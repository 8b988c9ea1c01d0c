package tui

import (
	"context"
	"runtime"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// keys takes a key message apart and does what its keys mean, one after the
// other.
func (m *model) keys(msg tea.KeyMsg) tea.Cmd {
	if m.goTo.underway() {
		m.goTo.hold(msg)
		return nil
	}
	m.message, m.failure = "", false
	if m.small() && msg.String() != "q" && msg.Type != tea.KeyCtrlC {
		return nil // nobody sees what it would do
	}
	if msg.Paste {
		return m.paste(msg)
	}
	var cmds []tea.Cmd
	bound := func(name string) bool {
		_, ok := keymap.Lookup(m.context(), name)
		return ok
	}
	for _, p := range presses(msg, bound) {
		cmds = append(cmds, m.press(p))
	}
	return tea.Batch(cmds...)
}

// paste goes where text is typed, and nowhere else.
func (m *model) paste(msg tea.KeyMsg) tea.Cmd {
	switch t, ok := m.view().(views.Typist); {
	case m.help != nil:
		m.help.typed(msg)
	case m.prompt != nil:
		return m.prompt.typed(msg)
	case m.over != nil:
		if c, ok := m.over.(creating); ok {
			return c.form.Type("", plainText(string(msg.Runes)))
		}
		m.over.typed(msg)
	case ok && t.Typing():
		return t.Type(msg)
	default:
		m.say("pasted text is ignored here", false)
	}
	return nil
}

func (m *model) press(p press) tea.Cmd {
	if a, ok := keymap.Lookup(keymap.Everywhere, p.name); ok && (a == keymap.Suspend || a == keymap.Redraw) {
		return m.do(a)
	}
	if t, ok := m.view().(views.Typist); ok && m.bare() && t.Typing() {
		return t.Type(p.msg)
	}
	a, ok := keymap.Lookup(m.context(), p.name)
	switch {
	case m.help != nil:
		m.helpKey(a, p)
		return nil
	case m.prompt != nil:
		return m.promptKey(a, p)
	case m.over != nil:
		return m.over.do(m, a, p)
	case !ok:
		return nil
	}
	return m.do(a)
}

// do carries an action out: the program's own, or else the view's.
func (m *model) do(a keymap.Action) tea.Cmd {
	for i, s := range m.screens {
		if s.action == a {
			return m.goScreen(i)
		}
	}
	if why := m.lacking(a); why != "" {
		m.say(why, false)
		return nil
	}
	switch a {
	case keymap.ShowHelp:
		m.openHelp()
	case keymap.GoTo:
		return m.goTo.open()
	case keymap.Back, keymap.Forward:
		return m.travel(a)
	case keymap.Escape:
		return m.escape()
	case keymap.Interrupt:
		if m.stopAny() {
			return nil
		}
		cmd := m.edits.quit()
		if d, ok := m.over.(*dialog); ok {
			d.hurry()
		}
		return cmd
	case keymap.Quit:
		return m.edits.quit()
	case keymap.Suspend:
		if runtime.GOOS == "windows" {
			m.say("there is no job control here", false)
			return nil
		}
		return tea.Suspend
	case keymap.Redraw:
		return tea.ClearScreen
	case keymap.Reload:
		return m.reload()
	default:
		if cmd, ok := m.carryOut(a); ok {
			return cmd
		}
		return m.ask(a)
	}
	return nil
}

// bare reports whether nothing covers the view or takes its keys.
func (m *model) bare() bool { return m.prompt == nil && m.help == nil && m.over == nil }

// ask lets the view do it, or tells why it would do nothing.
func (m *model) ask(a keymap.Action) tea.Cmd {
	if why := refusal(m.view(), a); why != "" {
		m.say(why, false)
		return nil
	}
	return m.view().Do(a)
}

// escape ends the view's own mode first, then what runs.
func (m *model) escape() tea.Cmd {
	if d, ok := m.view().(views.Disabler); ok && d.Disabled(keymap.Escape) == "" {
		return m.view().Do(keymap.Escape)
	}
	if m.replay.program != "" {
		return m.replay.leave()
	}
	m.stopAny()
	return nil
}

// stopAny ends the job that was started last, or else what opening the image
// began; it reports whether anything ran.
func (m *model) stopAny() bool {
	if title, ok := m.jobs.stopLast(); ok {
		m.say("stopped "+title, false)
		return true
	}
	if m.stopJobs() {
		m.say("stopped; R starts again", false)
		return true
	}
	return false
}

// stopJobs ends what runs in the background; it reports whether anything did.
func (m *model) stopJobs() bool {
	stopped := m.checks.halt()
	for _, v := range m.views {
		if s, ok := v.(views.Stopper); ok && s.Stop() {
			stopped = true
		}
	}
	return stopped
}

func (m *model) goScreen(i int) tea.Cmd {
	m.active = i
	return nil
}

// visit goes to a spot on the screen that shows places in files, or on the
// virtual disk; remember has the way back lead here.
func (m *model) visit(to views.Spot, remember bool) tea.Cmd {
	screen := bytesScreen
	if to.Place.File == disk.VirtualDisk {
		screen = diskScreen
	}
	i := m.screenOf(screen)
	if i < 0 {
		return nil
	}
	if remember {
		m.history.jump(m.here())
	}
	m.active, m.over = i, nil
	return m.view().(views.Traveller).Show(to)
}

func (m *model) traveller(i int) (views.Traveller, bool) {
	if m.image == nil {
		return nil, false
	}
	t, ok := m.views[i].(views.Traveller)
	return t, ok
}

func (m *model) here() stop {
	if t, ok := m.traveller(m.active); ok {
		return stop{m.active, t.Here()}
	}
	return stop{screen: m.active}
}

func (m *model) travel(a keymap.Action) tea.Cmd {
	move := m.history.back
	if a == keymap.Forward {
		move = m.history.forward
	}
	s, ok := move(m.here())
	if !ok {
		m.say("no further jumps in this direction", false)
		return nil
	}
	m.active = s.screen
	if t, ok := m.traveller(s.screen); ok {
		return t.Show(s.spot)
	}
	return nil
}

// opened is an image that was opened, or why it could not be.
type opened struct {
	gen    views.Gen
	path   string
	parent string
	image  disk.Image
	how    Editing
	err    error
	reload bool
	from   *carried // whose staged changes are in it; nil: nobody's
}

// open opens an image in the background, with a parent that the user has named,
// if any. It does not as long as changes would be lost.
func (m *model) open(path, parent string, reload bool) tea.Cmd {
	return m.openWith(m.cfg.Open, path, parent, reload)
}

// openWith is open by a function of one's own.
func (m *model) openWith(open func(ctx context.Context, path, parent string) (disk.Image, Editing, error), path, parent string, reload bool) tea.Cmd {
	if m.edits.keepsImage() {
		return nil
	}
	m.opening, m.opened = path, views.NewGen()
	gen, ctx, put := m.opened, m.ctx, func() error { return nil }
	if m.edits.Editor != nil {
		put = m.edits.Editing.put
	}
	return func() tea.Msg {
		if err := put(); err != nil { // nothing is staged any more of what was kept
			return said{err.Error(), true}
		}
		img, how, err := open(ctx, path, parent)
		return opened{gen, path, parent, img, how, err, reload, nil}
	}
}

// reopen reads the image again, after an interrupted write was settled: what was kept then
// is looked at again.
func (m *model) reopen(say string) tea.Cmd {
	if m.edits.keepsImage() {
		return nil
	}
	m.opening, m.opened = m.path, views.NewGen()
	gen, ctx, open, path, parent := m.opened, m.ctx, m.cfg.Open, m.path, m.parent
	return func() tea.Msg {
		img, how, err := open(ctx, path, parent)
		if how.Notice != "" {
			say += "; " + how.Notice
		}
		how.Notice = say
		return opened{gen, path, parent, img, how, err, true, nil}
	}
}

// askImage asks which image to open in the place of the present one.
func (m *model) askImage() tea.Cmd {
	if m.edits.keepsImage() {
		return nil
	}
	return m.searches.askPath("open", "open", func(path string) tea.Cmd { return m.open(path, "", false) })
}

// adopt opens the image again, with a parent that the user has chosen. It
// stays so as long as the image is open; the file is not changed.
func (m *model) adopt(parent string) tea.Cmd { return m.open(m.path, parent, false) }

func (m *model) reload() tea.Cmd {
	if m.image == nil {
		return nil
	}
	drained := m.edits.drain()
	if m.edits.busy {
		m.say("a change is being staged: try again", false)
		return drained
	}
	return tea.Batch(drained, m.reloadKeeping())
}

func (m *model) openedImage(msg opened) tea.Cmd {
	if msg.gen != m.opened {
		if msg.image != nil { // it comes too late
			msg.how.closer(msg.image)()
		}
		return nil
	}
	m.opening = ""
	if msg.err != nil {
		m.say(msg.err.Error(), true)
		return nil
	}
	drained := m.edits.drain() // what was typed meanwhile belongs to the image that shows
	switch {
	case !msg.from.holds(&m.edits) && m.edits.keepsImage():
		msg.how.closer(msg.image)()
		return drained
	case msg.reload:
		m.stopJobs()
		m.jobs.cancel()
		m.say("read again", false)
		m.release(msg.image, msg.how)
		return tea.Batch(drained, m.tell(views.Changed{Image: msg.image, Editor: m.edits.Editor}), m.checks.start())
	}
	m.show(msg.image, msg.how, msg.path, msg.parent)
	if m.parent != "" {
		m.active = max(0, m.screenOf(keymap.Screen7))
		m.parents.adopted()
	}
	m.school.opened(msg.path)
	if m.cfg.Opened != nil {
		m.cfg.Opened(msg.path)
	}
	return tea.Batch(drained, m.startViews())
}
