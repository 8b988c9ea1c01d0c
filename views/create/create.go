// Package create is the form in which a new image is described: its format and options on
// one side, on the other what the file would look like, and the command line that makes the
// same one.
package create

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// The rows that every format has, before those of its own options.
const (
	rowPath   = "file"
	rowFormat = "format"
	rowParent = "parent"
)

// first are the options that come right after those; the rest follows in the maker's order.
var first = []string{disk.OptionSize, disk.OptionType, "block-size", disk.OptionProfile}

// row is a line of the form.
type row struct {
	name  string
	doc   string
	words []string // to step through; nil: text is typed
	value []rune   // empty: the default
	at    int      // the cursor, in characters
}

// View is the form. What it plans comes by a command.
type View struct {
	theme   *theme.Theme
	creator disk.Creator
	delay   time.Duration // how long typing has to rest before the plan is made again
	rows    []row
	list    grid.Scroll
	doc     []string // about the row with the cursor, line by line
	format  string   // whose options are in the rows
	sized   bool     // the size is what somebody typed

	gen    views.Gen
	cancel context.CancelFunc
	plan   disk.Created
	err    error
	known  bool // plan or err is of what the form holds
	region int  // whose bytes show

	w, h   int
	lay    layout
	canvas grid.Canvas
}

// New makes the form for a file in the working directory. Typing has to rest for the delay
// before it is planned again.
func New(t *theme.Theme, c disk.Creator, delay time.Duration) *View {
	v := &View{theme: t, creator: c, delay: delay}
	v.rows = []row{{name: rowPath, doc: "name of the file, which must not be there yet; the ending tells the format", value: []rune("disk.vhdx")}}
	v.rows[0].at = len(v.rows[0].value)
	v.refit()
	v.set(disk.OptionSize, firstSize)
	return v
}

// set fills a row in.
func (v *View) set(name, value string) {
	for i := range v.rows {
		if v.rows[i].name == name {
			v.rows[i].value, v.rows[i].at = []rune(value), len([]rune(value))
		}
	}
}

// given is what a row holds; empty for its default.
func (v *View) given(name string) string {
	for _, r := range v.rows {
		if r.name == name {
			return strings.TrimSpace(string(r.value))
		}
	}
	return ""
}

// refit has the rows be those of the chosen format. What is filled in stays where the new
// format has the same option.
func (v *View) refit() {
	format := v.given(rowFormat)
	if format == "" {
		format = v.creator.FormatOf(v.given(rowPath))
	}
	if len(v.rows) > 1 && (format == v.format || format == "") {
		return // a name that is half typed leaves the lines alone
	}
	v.format = format
	old := map[string]row{}
	for _, r := range v.rows {
		old[r.name] = r
	}
	options := v.creator.Options(format)
	rank := func(o disk.Option) int {
		if i := slices.Index(first, o.Name); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(options, func(a, b disk.Option) int { return rank(a) - rank(b) })
	v.rows = []row{old[rowPath], {name: rowFormat, doc: "format of the image; empty: by the ending of the name", words: v.creator.Formats()}}
	parent := row{name: rowParent, doc: "path of the parent of a differencing image; empty: the disk stands alone"}
	for i, o := range options {
		if i == 1 || len(options) == 0 {
			v.rows = append(v.rows, parent)
		}
		v.rows = append(v.rows, optionRow(o))
	}
	for i, r := range v.rows {
		if was, ok := old[r.name]; ok && i > 0 && (r.words == nil || slices.Contains(r.words, string(was.value))) {
			v.rows[i].value, v.rows[i].at = was.value, min(was.at, len(was.value))
		}
	}
	v.arrange()
}

// optionRow is the row of an option of a maker.
func optionRow(o disk.Option) row {
	r := row{name: o.Name, doc: o.Doc, words: o.Words}
	if o.Kind == disk.Switch {
		r.words = []string{"yes"}
	}
	if text := o.Range(); text != "" && len(o.Words) == 0 {
		r.doc += " (" + text + ")"
	}
	return r
}

// Making is what the form describes.
func (v *View) Making() disk.Making {
	m := disk.Making{Path: v.given(rowPath), Format: v.given(rowFormat), Parent: v.given(rowParent), Values: map[string]string{}}
	for _, r := range v.rows {
		if value := strings.TrimSpace(string(r.value)); value != "" && r.name != rowPath && r.name != rowFormat && r.name != rowParent {
			m.Values[r.name] = value
		}
	}
	return m
}

// Planned is the answer to Start.
type Planned struct {
	gen  views.Gen
	made disk.Created
	err  error
}

// rested says that nothing was typed for a moment.
type rested struct{ gen views.Gen }

// Start plans what the form holds. The answer before stays until the next one is there.
func (v *View) Start() tea.Cmd {
	v.Stop()
	v.gen, v.known = views.NewGen(), false
	gen := v.gen
	if v.delay <= 0 {
		return views.Send(rested{gen})
	}
	return tea.Tick(v.delay, func(time.Time) tea.Msg { return rested{gen} })
}

// Stop ends the planning.
func (v *View) Stop() {
	if v.cancel != nil {
		v.cancel()
		v.cancel = nil
	}
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case rested:
		if msg.gen != v.gen {
			return nil
		}
		ctx, cancel := context.WithCancel(context.Background())
		v.cancel = cancel
		gen, c, m := v.gen, v.creator, v.planned()
		return func() tea.Msg {
			made, err := c.Plan(ctx, m)
			return Planned{gen, made, err}
		}
	case Planned:
		if msg.gen == v.gen {
			v.Stop()
			v.err, v.known, v.canvas.Dirty = msg.err, true, true
			if msg.err == nil {
				v.plan = msg.made
				v.region = min(v.region, max(len(v.plan.Layout)-1, 0))
			}
		}
	}
	return nil
}

// planned is what is tried: room for data is not taken.
func (v *View) planned() disk.Making {
	m := v.Making()
	delete(m.Values, "preallocate")
	return m
}

// Ready says why nothing can be made of what the form holds; empty if it can.
func (v *View) Ready() string {
	switch {
	case !v.known:
		return "wait: the layout is being worked out"
	case v.err != nil:
		return v.problem()
	}
	return ""
}

// problem is what is wrong, in words.
func (v *View) problem() string {
	var e *disk.Error
	switch {
	case errors.Is(v.err, fs.ErrExist):
		return "a file of that name exists, and is never replaced here: choose another name"
	case errors.As(v.err, &e) && e.What != "":
		text := e.What
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		return decode.Printable(text)
	}
	return decode.Printable(v.err.Error())
}

// guilty is the row that the problem is about; empty for none.
func (v *View) guilty() string {
	var e *disk.Error
	switch {
	case !v.known || v.err == nil:
	case errors.Is(v.err, fs.ErrExist):
		return rowPath
	case errors.As(v.err, &e):
		name, _, _ := strings.Cut(e.What, ":")
		return name
	}
	return ""
}

// Context is the form's own.
func (v *View) Context() keymap.Context { return keymap.Create }

// Do carries an action out; it reports whether the image is to be made.
func (v *View) Do(a keymap.Action) (cmd tea.Cmd, makes bool) {
	v.canvas.Dirty = true
	switch a {
	case keymap.MakeImage:
		return nil, true
	case keymap.Accept:
		if int(v.list.Cursor) == len(v.rows)-1 {
			return nil, true
		}
		v.list.Do(keymap.Down)
	case keymap.Left, keymap.Right:
		return v.sideways(a), false
	case keymap.ClearField:
		r := v.current()
		r.value, r.at = nil, 0
		return v.edited(), false
	case keymap.NextStruct, keymap.PrevStruct:
		step := 1
		if a == keymap.PrevStruct {
			step = -1
		}
		v.region = max(0, min(v.region+step, len(v.plan.Layout)-1))
	default:
		v.list.Do(a)
	}
	return nil, false
}

func (v *View) current() *row { return &v.rows[min(max(int(v.list.Cursor), 0), len(v.rows)-1)] }

// sideways takes the next of the words, the default among them, or moves the cursor.
func (v *View) sideways(a keymap.Action) tea.Cmd {
	r, step := v.current(), 1
	if a == keymap.Left {
		step = -1
	}
	if r.words == nil {
		r.at = min(max(r.at+step, 0), len(r.value))
		return nil
	}
	n := len(r.words) + 1 // the last is the default
	at := slices.Index(r.words, string(r.value))
	if at < 0 {
		at = n - 1
	}
	r.value = nil
	if at = (at + step + n) % n; at < n-1 {
		r.value = []rune(r.words[at])
	}
	return v.edited()
}

// edited fits the rows to what was typed and plans again.
func (v *View) edited() tea.Cmd {
	v.canvas.Dirty = true
	switch name := v.current().name; {
	case name == disk.OptionSize:
		v.sized = true
	case name == rowParent && !v.sized: // a child has the size of its parent
		v.set(disk.OptionSize, map[bool]string{true: firstSize}[v.given(rowParent) == ""])
	}
	v.refit()
	return v.Start()
}

// firstSize is the size of the disk that the form opens with.
const firstSize = "1G"

// Type takes text and the keys that edit it.
func (v *View) Type(name, text string) tea.Cmd {
	r := v.current()
	switch {
	case r.words != nil && (name == "space" || text == " "):
		return v.sideways(keymap.Right)
	case r.words != nil:
		for _, w := range r.words {
			if text != "" && strings.HasPrefix(strings.ToLower(w), strings.ToLower(text)) {
				r.value = []rune(w)
				return v.edited()
			}
		}
		return nil
	case (name == "backspace" || name == "ctrl+h") && r.at > 0:
		r.value = slices.Delete(slices.Clone(r.value), r.at-1, r.at)
		r.at--
	case name == "delete" && r.at < len(r.value):
		r.value = slices.Delete(slices.Clone(r.value), r.at, r.at+1)
	case name == "home":
		r.at = 0
	case name == "end":
		r.at = len(r.value)
	case text != "" && len(r.value)+len(text) <= textMost:
		r.value = slices.Insert(slices.Clone(r.value), r.at, []rune(text)...)
		r.at += len([]rune(text))
	default:
		return nil
	}
	return v.edited()
}

// textMost bounds what is typed into a row.
const textMost = 1000

// Mouse puts the cursor on a row, and steps through its words where it was there already;
// it reports whether the button was pressed.
func (v *View) Mouse(x, y int, what views.Mouse) (cmd tea.Cmd, makes bool) {
	v.canvas.Dirty = true
	switch {
	case v.lay.button.Holds(x, y) && what.Wheel() == 0:
		return nil, true
	case v.lay.regions.Holds(x, y):
		if i := y - v.lay.regions.Y + v.lay.skip; what.Wheel() == 0 && i >= 0 && i < len(v.plan.Layout) {
			v.region = i
		} else if n := what.Wheel(); n != 0 {
			v.region = max(0, min(v.region+int(n), len(v.plan.Layout)-1))
		}
	case v.lay.form.Holds(x, y):
		was := v.list.Cursor
		if what.On(&v.list, y-v.lay.form.Y-1) && v.list.Cursor == was && v.current().words != nil {
			return v.sideways(keymap.Right), false
		}
	}
	return nil, false
}
