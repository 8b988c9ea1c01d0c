package tui

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/start"
)

// model is the one tea.Model of the program: the frame, and the way of keys and
// messages to the parts. These know each other through it.
type model struct {
	ctx context.Context
	cfg Config

	subject
	old     []replaced // what the image replaced
	opening string     // what is being opened
	opened  views.Gen

	w, h    int
	views   []views.View
	screens []screen // of views; none on the start screen
	active  int
	history history
	prompt  *prompt
	typed   map[string][]string // what prompts accepted, by their names, oldest first
	help    *help
	over    overlay   // nil: none
	late    []waiting // answers that wait until nothing is typed any more

	commands   map[keymap.Action]command
	jobs       jobs
	edits      edits
	checks     checks
	replay     replay
	goTo       goTo
	searches   searches
	trails     trails
	notes      notes
	marks      marks
	comparison comparison
	parents    parents
	export     export
	hands      hands
	school     school

	message     string
	failure     bool
	clicked     click
	held        bool // a click in the view began what may become dragging
	statusAt    int  // column of the view's status
	top, bottom grid.Grid
	text        string
	dirty       bool
}

func newModel(ctx context.Context, cfg Config) *model {
	if cfg.Check == nil {
		cfg.Check = disk.FullCheck
	}
	m := &model{ctx: ctx, cfg: cfg, typed: map[string][]string{}, jobs: jobs{ctx: ctx}, dirty: true}
	f := feature{m, ctx, &m.cfg, &m.jobs}
	m.edits = edits{feature: f, program: m, queue: &views.Queue{}}
	m.checks = checks{feature: f, profile: disk.Profiles()[0], full: cfg.Check}
	m.replay = replay{feature: f, busy: func() bool { return m.edits.busy }, disky: m.tellDisk}
	m.goTo = goTo{feature: f, standpoint: m.standpoint, update: m.update}
	m.searches, m.trails, m.notes = searches{feature: f}, trails{f}, notes{feature: f}
	m.marks = marks{f, &m.searches, &m.notes, &m.checks, &m.edits}
	m.comparison = comparison{feature: f, screens: m}
	m.parents = parents{f, m.adopt}
	m.export = export{f, &m.comparison, &m.checks, func() keymap.Action { return m.screens[m.active].action }}
	m.hands = hands{f, &m.edits, m.standpoint}
	m.school = school{feature: f, program: m}
	m.commands = m.makeCommands()
	m.say(cfg.Notice, true)
	if cfg.Image != nil {
		m.show(cfg.Image, cfg.Editing, cfg.Path, cfg.Parent)
		if cfg.Lesson != nil {
			m.school.enter(*cfg.Lesson)
		}
	} else {
		m.showStart()
	}
	return m
}

func (m *model) showStart() {
	m.views = []views.View{start.New(start.Config{Theme: m.cfg.Theme, Samples: m.cfg.Samples, Recent: m.cfg.Recent, Folder: m.cfg.Folder})}
	m.active = 0
	m.resize()
}

// show makes the screens of an image.
func (m *model) show(img disk.Image, how Editing, path, parent string) {
	m.stopJobs()
	m.jobs.drop()
	m.comparison.forget()
	m.over, m.searches.last = nil, nil
	m.notes.forget()
	m.release(img, how)
	m.path, m.parent = path, parent
	e := &m.edits
	env := views.Env{Image: img, Explorer: m.cfg.Explorer, Repairs: m.cfg.Repairs, Theme: m.cfg.Theme, Editor: e.Editor, Locked: e.Locked, Queue: e.queue, Rest: m.cfg.CheckAfter}
	m.views = nil
	m.screens = offered(img, m.eyes(path, parent)...)
	for _, s := range m.screens {
		m.views = append(m.views, s.make(env))
	}
	m.active, m.history, m.prompt, m.help = 0, history{}, nil, nil
	m.resize()
}

// eyes is the screen of other readers of an image, where the program can open it so.
func (m *model) eyes(path, parent string) []screen {
	if m.cfg.Eyes == nil {
		return nil
	}
	return []screen{eyesScreen(func(ctx context.Context) (*eyes.Eyes, error) { return m.cfg.Eyes(ctx, path, parent) })}
}

// release puts an image in the place of the present one, which stays open as
// long as commands may be reading it.
func (m *model) release(img disk.Image, how Editing) {
	m.replay.end()
	m.old = slices.DeleteFunc(m.old, replaced.closed)
	if m.image != nil {
		m.old = append(m.old, replaced{m.edits.closer(m.image), m.jobs.working()})
	}
	m.set(img)
	m.number = views.NewGen()
	m.edits.begin(how)
}

// replaced is an image that another one took the place of. It stays open until
// the next one does, for commands that may be reading it, and as long as jobs do.
type replaced struct {
	close func() error
	jobs  []*job
}

// closed closes the image if no job reads it any more, and reports whether it
// did.
func (r replaced) closed() bool {
	for _, j := range r.jobs {
		if j.running() {
			return false
		}
	}
	r.close()
	return true
}

// close closes all images.
func (m *model) close() {
	m.stopJobs()
	m.replay.end()
	m.dropLate()
	m.comparison.forget()
	m.comparison.forget() // those that were retired too
	for _, r := range m.old {
		r.close()
	}
	if m.image != nil {
		m.edits.closer(m.image)()
	}
}

// Init opens the image to begin with, or starts the screens that are there.
func (m *model) Init() tea.Cmd {
	if m.image == nil && m.cfg.Path != "" {
		return guard(m.open(m.cfg.Path, "", false))
	}
	return guard(m.startViews())
}

// startViews runs the first command of each view and the check.
func (m *model) startViews() tea.Cmd {
	var cmds []tea.Cmd
	for _, v := range m.views {
		if s, ok := v.(views.Starter); ok {
			cmds = append(cmds, s.Start())
		}
	}
	return tea.Batch(append(cmds, m.checks.start(), m.notes.load())...)
}

// refresh has all views read the image again, and checks it again.
func (m *model) refresh() tea.Cmd {
	return tea.Batch(m.tell(views.Changed{Image: m.image}), m.checks.again())
}

// view is the screen that shows.
func (m *model) view() views.View { return m.views[m.active] }

// context is where keys go: an overlay, or the pane with the focus.
func (m *model) context() keymap.Context {
	switch {
	case m.help != nil:
		return keymap.Help
	case m.prompt != nil:
		return m.prompt.ctx
	case m.over != nil:
		return m.over.context()
	}
	return m.view().Context()
}

// Update takes a message; whatever command comes of it is guarded.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.dirty = true
	cmd := m.update(msg)
	if look := m.school.look(); look != nil {
		cmd = tea.Batch(cmd, look)
	}
	if len(m.late) > 0 {
		cmd = tea.Batch(cmd, m.showLate())
	}
	return m, guard(cmd)
}

func (m *model) update(msg tea.Msg) tea.Cmd {
	if m.waits(msg) {
		m.late = append(m.late, waiting{m.number, msg})
		return nil
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.resize()
		return m.tell(msg) // more may show now than was read
	case tea.KeyMsg:
		return m.keys(msg)
	case tea.MouseMsg:
		return pointer{m}.mouse(msg)
	case views.Goto:
		return m.visit(msg.To, true)
	case views.Failed:
		m.say(msg.Err.Error(), true)
	case views.CheckAgain:
		return m.checks.with(msg.Profile)
	case views.Replay:
		return m.replay.to(msg.Steps)
	case replayed:
		return m.replay.show(msg)
	case views.OpenPath:
		if msg.Path == LessonsPath {
			return m.school.choose()
		}
		return m.open(msg.Path, "", false)
	case opened:
		return m.openedImage(msg)
	case checked:
		return m.checks.take(msg)
	default:
		if cmd, ok := m.edits.changed(msg); ok {
			return cmd
		}
		if cmd, ok := m.answered(msg); ok {
			return cmd
		}
		return m.tell(msg)
	}
	return nil
}

// otherwise says why nothing can be changed in what shows; empty if it shows as it is.
func (m *model) otherwise() string { return m.replay.otherwise() }

// showMarks tells all views of hits and notes.
func (m *model) showMarks() tea.Cmd { return m.tell(m.marks.message()) }

// tell passes a message on to all views.
func (m *model) tell(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, v := range m.views {
		cmds = append(cmds, v.Update(msg))
	}
	if v, ok := m.reviewed(); ok {
		cmds = append(cmds, v.Update(msg))
	}
	if c, ok := m.over.(creating); ok {
		cmds = append(cmds, c.form.Update(msg))
	}
	return tea.Batch(cmds...)
}

// The frame takes four rows, and the last column stays free: terminals and
// width tables do not always agree.
const (
	chromeTop, chromeBottom = 2, 2
	minWidth, minHeight     = 60, 15
)

// small reports whether the terminal has no room for the program.
func (m *model) small() bool { return m.w < minWidth || m.h < minHeight }

func (m *model) resize() {
	w, h := max(0, m.w-1), max(0, m.h-chromeTop-chromeBottom)
	viewW, viewH := w, h
	if m.school.lesson != nil {
		viewW, viewH = m.school.panel.fit(w, h)
	}
	for _, v := range m.views {
		v.SetSize(viewW, viewH)
	}
	m.top.Resize(w, chromeTop)
	m.bottom.Resize(w, chromeBottom)
	if m.help != nil {
		m.help.resize(w, h)
	}
	if m.over != nil {
		m.over.SetSize(w, h)
	}
}

// View is the whole screen, or the last one again if nothing happened.
func (m *model) View() string {
	if !m.dirty {
		return m.text
	}
	m.dirty = false
	switch {
	case m.w == 0 || m.h == 0:
		m.text = ""
	case m.small():
		m.text = frame{m}.tooSmall()
	default:
		m.text = m.frame()
	}
	return m.text
}

func (m *model) frame() string {
	body := ""
	switch {
	case m.help != nil:
		body = m.help.view(m.cfg.Theme)
	case m.over != nil:
		body = m.over.View(m.cfg.Theme)
	default:
		body = m.view().View()
		if m.school.lesson != nil {
			m.school.drawPanel(m.cfg.Theme)
			body = m.school.panel.with(body, m.cfg.Theme)
		}
	}
	frame{m}.drawTop()
	frame{m}.drawBottom()
	return strings.Join([]string{m.top.String(m.cfg.Theme), body, m.bottom.String(m.cfg.Theme)}, "\n")
}

// say shows a message in the status line until the next key.
func (m *model) say(text string, failure bool) { m.message, m.failure = text, failure }
