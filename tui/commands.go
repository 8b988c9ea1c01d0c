package tui

import (
	"maps"

	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
)

// command is what the program does at an action.
type command struct {
	do    func() tea.Cmd
	needs []func() string // why it would do nothing now, each; empty: it would
}

// why says why the command would do nothing now; empty if it would.
func (c command) why() string {
	for _, lacks := range c.needs {
		if why := lacks(); why != "" {
			return why
		}
	}
	return ""
}

func does(do func() tea.Cmd, needs ...func() string) command { return command{do, needs} }

// makeCommands lists the actions that the parts of the program carry out. What
// stands neither here nor in [model.do] is the view's.
func (m *model) makeCommands() map[keymap.Action]command {
	finder, none := m.searches.lacksFinder, m.searches.none
	points := func() string {
		if _, ok := pointedIn(m.view()); !ok {
			return "nothing is selected"
		}
		return ""
	}
	view := func(a keymap.Action) func() string { return func() string { return refusal(m.view(), a) } }
	to := func(do func(int) tea.Cmd, step int) func() tea.Cmd { return func() tea.Cmd { return do(step) } }
	list := map[keymap.Action]command{
		keymap.Palette: does(m.openPalette),
		keymap.LookUp:  does(m.lookUp, points),

		keymap.Search:     does(m.searches.open, finder),
		keymap.SearchThis: does(m.searches.this, finder, points),
		keymap.HitList:    does(m.searches.show, finder, none),
		keymap.NextHit:    does(to(m.searches.step, 1), finder, none),
		keymap.PrevHit:    does(to(m.searches.step, -1), finder, none),

		keymap.Copy:       does(m.export.copyPlain, finder, points),
		keymap.CopyAs:     does(m.export.openCopy, finder, points),
		keymap.HashThis:   does(m.export.openHash, finder),
		keymap.SaveBytes:  does(m.export.openSave, finder),
		keymap.SaveEntry:  does(m.export.saveEntry, finder, view(keymap.SaveEntry)),
		keymap.SaveReport: does(m.export.openReports, finder),

		keymap.OpenImage:   does(m.askImage),
		keymap.CreateImage: {do: m.openCreate, needs: []func() string{m.uncreative}},
		keymap.Unaccounted: does(m.export.listUnaccounted, finder),

		keymap.NextReader:  does(m.replay.nextReader, m.replay.noReader),
		keymap.Parent:      does(m.parents.find, finder, m.parents.lacks, view(keymap.Parent)),
		keymap.VerifyLinks: does(m.parents.verify, finder, m.parents.lacks, view(keymap.VerifyLinks)),

		keymap.OtherSpace: does(m.trails.other, finder, points, m.trails.unconnected),
		keymap.ShowTrail:  does(m.trails.show, finder, points, m.trails.unconnected),
		keymap.Referrers:  does(m.trails.showReferrers, finder, points, m.trails.unconnected),

		keymap.CompareCopies: does(m.comparison.secondCopy, finder, points, m.comparison.lacksSecond),
		keymap.CompareImage:  does(m.comparison.open, finder, m.comparison.incomparable),
		keymap.CheckAgain:    does(m.comparison.again, finder),

		keymap.NextMark:  does(to(m.marks.step, 1), finder, points),
		keymap.PrevMark:  does(to(m.marks.step, -1), finder, points),
		keymap.Bookmark:  does(m.notes.bookmark, finder, points, m.notes.lacks),
		keymap.Bookmarks: does(m.notes.show, finder),
		keymap.Note:      does(m.notes.edit, finder, points, m.notes.lacks),
	}
	maps.Copy(list, m.school.commands())
	maps.Copy(list, m.edits.commands(&m.hands, points))
	return list
}

// command is what the program does at an action; false for what is the view's.
// The map has marks and a check of its own.
func (m *model) command(a keymap.Action) (command, bool) {
	_, points := m.view().(views.Pointer)
	switch {
	case a == keymap.CheckAgain && !m.comparison.shows(), (a == keymap.NextMark || a == keymap.PrevMark) && !points:
		return command{}, false
	}
	c, ok := m.commands[a]
	return c, ok
}

// carryOut does what the program does at an action; false for what is the view's.
func (m *model) carryOut(a keymap.Action) (tea.Cmd, bool) {
	c, ok := m.command(a)
	if !ok {
		return nil, false
	}
	if why := c.why(); why != "" {
		m.say(why, false)
		return nil, true
	}
	return c.do(), true
}

// disabled says why an action would do nothing now, whoever would do it.
func (m *model) disabled(a keymap.Action) string {
	if why := m.lacking(a); why != "" {
		return why
	}
	if c, ok := m.command(a); ok {
		if why := c.why(); why != "" || a != keymap.OtherSpace {
			return why
		}
	}
	return refusal(m.view(), a)
}

// needsImage reports whether an action only makes sense once an image is open, and
// none is.
func (m *model) needsImage(a keymap.Action) bool {
	if m.image != nil {
		return false
	}
	switch a {
	case keymap.Screen8, keymap.Screen9, keymap.GoTo, keymap.Back, keymap.Forward, keymap.Reload:
		return true
	}
	return a != keymap.CreateImage && len(m.commands[a].needs) > 0 || slices.ContainsFunc(screens, func(s screen) bool { return s.action == a })
}

// refusal says why a view would do nothing at an action.
func refusal(v views.View, a keymap.Action) string {
	if d, ok := v.(views.Disabler); ok {
		return d.Disabled(a)
	}
	return ""
}

// answered takes in what the commands of the parts answer; it reports false for
// other messages.
func (m *model) answered(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case ticked:
		return m.jobs.look(msg.gen, false), true
	case ended:
		return m.jobs.look(msg.gen, true), true
	case resolved:
		return m.goTo.arrive(msg), true
	case completions:
		m.completions(msg)
	case views.Answer:
		if msg.Image == nil || msg.Image == m.image || msg.Image == m.replay.whole {
			m.trails.showAnswer(msg)
		}
	case second:
		return m.comparison.with(msg), true
	case said:
		m.say(msg.text, msg.failure)
	case shown:
		if msg.of == m.number {
			return msg.then(), true
		}
	case notesLoaded:
		return m.notes.loaded(msg), true
	case marked:
		m.school.take(msg)
	default:
		return nil, false
	}
	return nil, true
}

// commands are those of a lesson.
func (s *school) commands() map[keymap.Action]command {
	return map[keymap.Action]command{
		keymap.Lessons:     does(s.choose),
		keymap.LessonNext:  does(func() tea.Cmd { return s.turn(1) }, s.lacks),
		keymap.LessonBack:  does(func() tea.Cmd { return s.turn(-1) }, s.lacks),
		keymap.LessonHint:  does(s.hint, s.lacks),
		keymap.LessonReply: does(s.reply, s.lacks),
		keymap.LessonClose: does(s.leave, s.lacks),
	}
}

// commands are those that change something, or lead to what was changed. Points says whether
// something is selected.
func (e *edits) commands(h *hands, points func() string) map[keymap.Action]command {
	return map[keymap.Action]command{
		keymap.Undo:      does(e.undo, e.locked),
		keymap.Redo:      does(e.redo, e.locked),
		keymap.Review:    does(e.openReview, e.locked),
		keymap.Writing:   does(e.toggleWriting, e.locked),
		keymap.ShowSteps: does(e.showSteps, e.locked),
		keymap.Changes:   does(e.showChanges, e.locked),
		keymap.Renew:     does(e.renew, e.locked),
		keymap.FixSum:    does(e.follow, e.locked, points),
		keymap.Hands:     does(h.open, e.locked, points),
	}
}
