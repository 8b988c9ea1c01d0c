package tui

import (
	"cmp"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// find carries out the actions that find, fetch and keep things; it reports
// false for those that are the view's.
func (m *model) find(a keymap.Action) (tea.Cmd, bool) {
	do, ok := m.finding(a)
	if !ok {
		return nil, false
	}
	if why := m.unable(a); why != "" {
		m.say(why, false)
		return nil, true
	}
	return do(), true
}

// finding is what an action of this kind does.
func (m *model) finding(a keymap.Action) (func() tea.Cmd, bool) {
	switch a {
	case keymap.Palette:
		return m.openPalette, true
	case keymap.Search:
		return m.openSearch, true
	case keymap.SearchThis:
		return m.searchThis, true
	case keymap.HitList:
		return m.showHits, true
	case keymap.NextHit:
		return func() tea.Cmd { return m.stepHit(1) }, true
	case keymap.PrevHit:
		return func() tea.Cmd { return m.stepHit(-1) }, true
	case keymap.Copy:
		return m.copyPlain, true
	case keymap.CopyAs:
		return m.openCopy, true
	case keymap.HashThis:
		return m.openHash, true
	case keymap.SaveBytes:
		return m.openSave, true
	case keymap.SaveEntry:
		return m.saveEntry, true
	case keymap.SaveReport:
		return m.openReports, true
	case keymap.Parent:
		return m.findParent, true
	case keymap.VerifyLinks:
		return m.verifyLinks, true
	case keymap.OtherSpace:
		return m.otherSpace, true
	case keymap.ShowTrail:
		return m.showTrail, true
	case keymap.Referrers:
		return m.showReferrers, true
	case keymap.CompareTwin:
		return m.compareTwin, true
	case keymap.CompareImage:
		return m.openComparison, true
	}
	if a == keymap.CheckAgain && m.comparing() {
		return m.compareAgain, true
	}
	return m.keeping(a)
}

// keeping is what the actions on bookmarks and notes do. The map has marks of
// its own.
func (m *model) keeping(a keymap.Action) (func() tea.Cmd, bool) {
	_, points := m.view().(views.Pointer)
	switch {
	case a == keymap.NextMark && points:
		return func() tea.Cmd { return m.stepMark(1) }, true
	case a == keymap.PrevMark && points:
		return func() tea.Cmd { return m.stepMark(-1) }, true
	case a == keymap.Bookmark:
		return m.bookmark, true
	case a == keymap.Bookmarks:
		return m.showNotes, true
	case a == keymap.Note:
		return m.openNote, true
	}
	return nil, false
}

// unable says why an action of this kind would do nothing now.
func (m *model) unable(a keymap.Action) string {
	if a == keymap.Palette {
		return ""
	}
	if why := m.lacksFinder(); why != "" {
		return why
	}
	switch a {
	case keymap.CheckAgain:
		return ""
	case keymap.CompareImage:
		return m.incomparable()
	case keymap.CompareTwin:
		p, points := m.pointedIn(m.active)
		_, _, twin := twins(p)
		switch {
		case !points:
			return "there is nothing to point at"
		case !twin && m.cfg.Look == nil:
			return "this structure has no second copy"
		case !twin:
			return m.incomparable()
		}
		return ""
	case keymap.Parent, keymap.VerifyLinks:
		return cmp.Or(m.noLook(a), m.refused(a))
	case keymap.SaveEntry:
		return m.refused(a)
	case keymap.Search, keymap.HashThis, keymap.SaveBytes, keymap.SaveReport, keymap.Bookmarks:
		return ""
	case keymap.HitList, keymap.NextHit, keymap.PrevHit:
		if m.hunt == nil {
			return "nothing was searched yet; / searches"
		}
		return ""
	}
	p, points := m.pointedIn(m.active)
	switch {
	case !points:
		return "there is nothing to point at"
	case a == keymap.OtherSpace || a == keymap.ShowTrail || a == keymap.Referrers:
		return m.unconnected(p)
	case a == keymap.Bookmark || a == keymap.Note:
		return m.notes.absent
	}
	return ""
}

// refused says why the view that shows would not do it.
func (m *model) refused(a keymap.Action) string {
	if d, ok := m.view().(views.Disabler); ok {
		return d.Disabled(a)
	}
	return ""
}

// unconnected says why the addresses of a byte can't be told.
func (m *model) unconnected(p views.Pointed) string {
	switch {
	case m.cfg.Explorer == nil:
		return "addresses are not looked into here"
	case !m.info.Readable() && p.Cursor.File == disk.VirtualDisk:
		return "the virtual disk can't be read"
	}
	return ""
}

// disabled says why an action would do nothing now, whoever would do it.
func (m *model) disabled(a keymap.Action) string {
	if why := m.lacking(a); why != "" {
		return why
	}
	if why, ok := m.edits.changes(a); ok {
		return why
	}
	if _, ok := m.finding(a); ok {
		if why := m.unable(a); why != "" || a != keymap.OtherSpace {
			return why
		}
	}
	if d, ok := m.view().(views.Disabler); ok {
		return d.Disabled(a)
	}
	return ""
}

// found takes in what the commands of this kind answer; it reports false for
// other messages.
func (m *model) found(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case ticked:
		return m.looked(msg.gen, false), true
	case ended:
		return m.looked(msg.gen, true), true
	case resolved:
		return m.resolved(msg), true
	case completions:
		m.completions(msg)
	case fetched:
		return m.fetched(msg), true
	case views.Answer:
		if msg.Image == nil || msg.Image == m.image {
			m.showAnswer(msg)
		}
	case second:
		return m.compareWith(msg), true
	case said:
		m.say(msg.text, msg.failure)
	case shown:
		return m.shown(msg), true
	case notesLoaded:
		return m.notesLoaded(msg), true
	default:
		return nil, false
	}
	return nil, true
}

// said is a sentence for the status line.
type said struct {
	text    string
	failure bool
}

// shown is an answer that goes on in the program: it is dropped if the image
// is another one by then.
type shown struct {
	of   views.Gen
	then func() tea.Cmd
}

func (m *model) shown(msg shown) tea.Cmd {
	if msg.of != m.number {
		return nil
	}
	return msg.then()
}

// fetched is bytes that were asked for.
type fetched struct {
	of   views.Gen
	data []byte
	err  error
	then func([]byte) tea.Cmd
}

// fetch reads the bytes of a place and goes on with them.
func (m *model) fetch(p decode.Place, then func([]byte) tea.Cmd) tea.Cmd {
	of, img, finder, ctx := m.number, m.image, m.cfg.Finder, m.ctx
	return func() tea.Msg {
		var data []byte
		err := finder.Stream(ctx, img, p, func(b []byte) error {
			data = append(data, b...)
			return nil
		})
		return fetched{of, data, err, then}
	}
}

func (m *model) fetched(msg fetched) tea.Cmd {
	switch {
	case msg.of != m.number:
		return nil
	case msg.err != nil:
		m.say(msg.err.Error(), true)
		return nil
	}
	return msg.then(msg.data)
}

// forget drops what was found in an image that is left.
func (m *model) forget() {
	m.dropJobs()
	m.forgetComparison()
	m.over, m.hunt, m.notes = nil, nil, notes{}
}
