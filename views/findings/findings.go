// Package findings is the screen that lists what the check has found: a list
// by severity, and below it what the finding under the cursor means, with its
// evidence. The check itself runs in the frame; the screen shows what it is
// told.
package findings

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// View is the findings screen. It implements [views.View].
type View struct {
	theme *theme.Theme

	image    disk.Image // that was examined, or is to be
	all      []disk.Finding
	shown    []disk.Finding // equal ones are one row
	rowCount int            // rows, whether they show or not
	tally    disk.Tally
	complete bool
	foreign  bool // no image that could be checked
	staged   bool // what was examined is not on disk yet
	failure  error
	least    disk.Severity // what is less severe does not show
	profile  string        // of the check
	reviewed map[known]bool
	hide     bool // those that are reviewed do not show

	editor disk.Staging
	why    string // nothing can be changed; empty where there is an editor
	menu   menu
	offer  offer

	rows  grid.Scroll
	place int // which piece of evidence is gone to next

	reading bool   // the lower pane has the focus
	told    known  // the finding that it tells of
	lines   []line // of that
	detail  grid.Scroll

	w, h   int
	canvas grid.Canvas
}

// New makes the screen of an image. What opening found shows at once.
func New(env views.Env) *View {
	v := &View{foreign: env.Image.Info().Format == "unknown", theme: env.Theme, image: env.Image, offer: offer{by: env.Repairs}, editor: env.Editor, why: env.Locked, reviewed: map[known]bool{}}
	v.take(env.Image.Info().Findings)
	return v
}

// take takes a list in. The cursor stays on its finding, or at the top, which
// is where the worst ones come in.
func (v *View) take(list []disk.Finding) {
	at, _ := v.current()
	rows := disk.Nest(disk.Merge(list))
	v.all, v.shown, v.rowCount, v.tally, v.canvas.Dirty = list, nil, len(rows), disk.TallyOf(rows), true
	for _, f := range rows {
		if f.Severity >= v.least && !(v.hide && v.isReviewed(f)) {
			v.shown = append(v.shown, f)
		}
	}
	v.arrange()
	for i, f := range v.shown {
		if v.rows.Cursor > 0 && f.Code == at.Code && f.Text == at.Text {
			v.rows.To(int64(i))
		}
	}
	v.rewrap()
}

// Title is the word on the tab.
func (v *View) Title() string { return "Findings" }

// Context is the screen's own, or that of the open list of repairs.
func (v *View) Context() keymap.Context {
	if v.menu.open() {
		return keymap.Repairs
	}
	return keymap.Findings
}

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// detailRows is how much of h rows the lower pane gets.
func detailRows(h int) int { return min(max(8, h*2/5), max(h-5, 0)) }

func (v *View) arrange() {
	v.rows.Fit(int64(len(v.shown)), v.h-detailRows(v.h)-3)
	v.rewrap()
}

// Update takes in what the check has found by now, and what can be repaired of
// it.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return v.takeOffer(msg)
	case views.Findings:
		v.image, v.complete, v.failure, v.profile = msg.Image, msg.Complete, msg.Err, msg.Profile
		v.staged = v.editor != nil && v.editor.Staged() > 0
		v.take(msg.List)
	case views.Changed:
		v.menu.close()
		if msg.Editor != nil {
			v.editor = msg.Editor
		}
		v.image, v.complete, v.failure = msg.Image, false, nil
		v.take(msg.Image.Info().Findings)
	}
	return v.ask()
}

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	return tea.Batch(v.act(a), v.ask())
}

func (v *View) act(a keymap.Action) tea.Cmd {
	if v.menu.open() {
		return v.menu.do(a)
	}
	row := v.rows.Cursor
	switch a {
	case keymap.Open:
		return v.open()
	case keymap.Fix:
		return v.openMenu()
	case keymap.Profile:
		return views.Send(views.CheckAgain{Profile: v.nextProfile()})
	case keymap.CheckAgain:
		return views.Send(views.CheckAgain{Profile: v.profile})
	case keymap.Reviewed:
		v.review()
		v.take(v.all)
	case keymap.HideSeen:
		v.hide = !v.hide
		v.take(v.all)
	case keymap.Severity:
		v.least = (v.least + 1) % (disk.SeverityError + 1)
		v.take(v.all)
	case keymap.NextPane, keymap.PrevPane:
		v.reading = !v.reading
	default:
		if v.reading {
			v.detail.Roll(a)
		} else {
			v.rows.Do(a)
		}
	}
	if v.rows.Cursor != row {
		v.place = 0
		v.rewrap()
	}
	return nil
}

func (v *View) current() (disk.Finding, bool) {
	if i := v.rows.Cursor; i >= 0 && i < int64(len(v.shown)) {
		return v.shown[i], true
	}
	return disk.Finding{}, false
}

// open goes to the finding's evidence; again and again, to one piece after
// the other.
func (v *View) open() tea.Cmd {
	f, ok := v.current()
	if !ok || len(f.Where) == 0 {
		return nil
	}
	places := append(slices.Clone(f.Where), f.More...)
	at := places[v.place%len(places)]
	v.place++
	return views.Send(views.Goto{To: views.Spot{Place: at}})
}

// Disabled tells why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Fix:
		return v.noRepair()
	case keymap.Reviewed:
		if _, ok := v.current(); !ok {
			return "there is no finding to mark"
		}
		return ""
	case keymap.HideSeen:
		if v.countReviewed() == 0 {
			return "no finding is marked as reviewed: space marks one"
		}
		return ""
	case keymap.Open:
	default:
		return ""
	}
	f, ok := v.current()
	switch {
	case !ok:
		return "there is no finding to go to"
	case len(f.Where) == 0:
		return "this finding is about the image as a whole, not about particular bytes"
	}
	return ""
}

// Mouse puts the cursor on a row; twice goes to its evidence. The wheel turns
// the pane that it is over.
func (v *View) Mouse(_, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	return tea.Batch(v.click(y, what), v.ask())
}

func (v *View) click(y int, what views.Mouse) tea.Cmd {
	lower := v.h - detailRows(v.h)
	if v.menu.open() {
		return v.menu.mouse(y-lower-1, what)
	}
	turns := what.Wheel()
	if turns == 0 {
		v.reading = y >= lower
	}
	if turns != 0 && y >= lower {
		v.detail.Wheel(turns)
		return nil
	}
	hit := what.On(&v.rows, y-2)
	v.rewrap()
	if hit && what == views.DoubleClick {
		return v.open()
	}
	return nil
}

// Status counts what was found and says how far the check is.
func (v *View) Status() string {
	s := v.tally.String()
	switch {
	case v.foreign:
		return "this is not a disk image: there is nothing to check"
	case v.failure != nil:
		return s + " | the check is not complete: " + decode.Printable(v.failure.Error())
	case !v.complete:
		return s + " | checking ..."
	}
	return s + " | all structures and tables checked"
}
