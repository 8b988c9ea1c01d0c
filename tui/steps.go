package tui

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/listing"
)

// The bounds of the list of steps: rows, and columns of a value.
const (
	stepsLimit = 5_000
	stepValue  = 40
)

// stepped is the list of steps as it is worked out: from the last back to the first, since
// what the files hold now is known, and what each edit has replaced.
type stepped struct {
	finder *disk.EffectFinder
	before *disk.EffectFinder // of the image as it is on disk: what is replaced by zeros was a structure of it
	image  disk.Image
	later  []store.Edit // those that were worked out, the last first
	rows   []stepRow
}

type stepRow struct {
	listing.Row
	at decode.Place
}

// showSteps lists what each change has done to the files, in the order in which it did it:
// those that are staged and those that were written since the image was opened.
func (e *edits) showSteps() tea.Cmd {
	ed := e.Editor
	return tea.Batch(e.drain(), e.inJob("working out what the changes do", func(j *job) (tea.Msg, error) {
		img, err := ed.Image()
		if err != nil {
			return nil, err
		}
		was, err := ed.Original(j.ctx)
		if err != nil {
			return nil, err
		}
		s := stepped{finder: disk.NewEffectFinder(img), before: disk.NewEffectFinder(was), image: img}
		list := ed.History()
		for _, c := range list { // what is to be taken back is so after all else, the last change first
			if c.State == store.Reverting {
				s.change(takenBack(c))
			}
		}
		for i := len(list) - 1; i >= 0 && j.ctx.Err() == nil; i-- {
			c := list[i]
			if c.State == store.Reverting {
				c.State = store.Committed
			}
			if c.State != store.Undone && c.State != store.Dropped {
				s.change(c)
			}
		}
		slices.Reverse(s.rows)
		return shown{then: func() tea.Cmd { return e.coverSteps(s) }}, nil
	}))
}

// takenBack is the change that the next write makes of one that is on disk and undone.
func takenBack(c store.Change) store.Change {
	back := store.Change{Title: "undo: " + c.Title, State: store.Staged}
	for _, e := range slices.Backward(c.Edits) {
		e = e.Inverse()
		e.Why = "" // it tells what the change was for
		back.Edits = append(back.Edits, e)
	}
	return back
}

func (e *edits) coverSteps(s stepped) tea.Cmd {
	r := &results{}
	r.Title, r.Note = "What the changes do, step by step", decode.Plural(len(s.rows), "row", "rows")
	r.Head = []string{"at", "structure and field", "before -> after, and what it is for"}
	r.Empty = "Nothing was changed since the image was opened. platter explain write shows what a write would do."
	for _, row := range s.rows {
		r.Add(row.Row)
	}
	r.open = func(row int) tea.Cmd { return jumpTo(s.rows[row].at) }
	e.cover(r)
	return nil
}

// change adds the rows of a change, the last first: its edits, then a heading.
func (s *stepped) change(c store.Change) {
	first := decode.Place{}
	for _, e := range slices.Backward(c.Edits) {
		if first = (decode.Place{File: e.File, Offset: e.Offset, Length: 1}); len(s.rows) < stepsLimit {
			s.edit(e)
		}
	}
	s.add(first, "", "", decode.Printable(c.Title)+" ("+c.State.String()+")", theme.Value)
}

// edit adds the rows of an edit: the fields that it changes.
func (s *stepped) edit(e store.Edit) {
	if e.Resizes() {
		words := fmt.Sprintf("from %s to %s bytes", decode.Grouped(e.SizeBefore), decode.Grouped(e.SizeAfter))
		s.add(decode.Place{File: e.File, Offset: max(min(e.SizeBefore, e.SizeAfter)-1, 0), Length: 1}, fmt.Sprintf("0x%x", e.Offset), "length of the file", words, theme.Dim)
		s.later = append(s.later, e)
		return
	}
	finder := s.finder
	if bytes.Count(e.After, []byte{0}) == len(e.After) {
		finder = s.before
	}
	at := finder.Whole(decode.Place{File: e.File, Offset: e.Offset, Length: int64(max(len(e.Before), len(e.After)))})
	now := s.then(at)
	s.later = append(s.later, e)
	old := s.then(at)
	if e.Why != "" { // worked out backwards: it stands after the fields
		for _, line := range slices.Backward(grid.Wrap(decode.Printable("for: "+e.Why), reasonWidth)) {
			s.add(at, "", "", line, theme.Value)
		}
	}
	list := finder.Compare(at, old, now).List
	if more := len(list) - stepFields; more > 0 {
		s.add(list[stepFields].Place, "", "", fmt.Sprintf("and %s more in this step", decode.Plural(more, "place", "places")), theme.Dim)
		list = list[:stepFields]
	}
	for _, c := range slices.Backward(list) {
		before, after := c.Words()
		s.add(c.Place, fmt.Sprintf("0x%x", c.Place.Offset), decode.Printable(cmp.Or(c.Name, "bytes")), cut(before)+" -> "+cut(after), theme.Dim)
	}
}

// then is what a place held before the edits that were worked out.
func (s *stepped) then(at decode.Place) []byte {
	b := make([]byte, at.Length)
	for _, f := range s.image.Files() {
		if f.Name == at.File {
			n, _ := f.Data.ReadAt(b, at.Offset)
			clear(b[max(n, 0):])
		}
	}
	for _, e := range s.later {
		if e.File == at.File && !e.Resizes() {
			put(b, at.Offset, e.Before, len(e.After), e.Offset)
		}
	}
	return b
}

// put lays old bytes, which may be fewer than those that replaced them, over b, which lies
// at off.
func put(b []byte, off int64, old []byte, length int, at int64) {
	for i := range max(length, len(old)) {
		to := at + int64(i) - off
		if to < 0 || to >= int64(len(b)) {
			continue
		}
		if b[to] = 0; i < len(old) {
			b[to] = old[i]
		}
	}
}

// reasonWidth is how wide the reasons of steps are, so that they show whole in 80 columns.
const reasonWidth = 36

// stepFields is how many places of one step are listed: data has a row for each 16 bytes.
const stepFields = 24

func (s *stepped) add(at decode.Place, where, what, words string, style theme.Style) {
	s.rows = append(s.rows, stepRow{listing.Row{Cells: []string{where, what, words}, Style: style}, at})
}

// cut shortens a value that takes more than its share of a row.
func cut(text string) string {
	text = decode.Printable(text)
	if r := []rune(text); len(r) > stepValue {
		return string(r[:stepValue]) + ".."
	}
	return text
}
