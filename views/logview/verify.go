package logview

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// verify reads the entry under the cursor again and tells rule by rule
// whether it is whole.
func (v *View) verify() tea.Cmd {
	e, ok := v.entry()
	if !ok || e.Verify == nil {
		return nil
	}
	v.halt()
	ctx, cancel := context.WithCancel(context.Background())
	v.halt = cancel
	img := v.image
	return func() tea.Msg {
		rules, err := e.Verify(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return views.Failed{Err: err}
		}
		a := views.Answer{Image: img, Title: fmt.Sprintf("Entry %d at 0x%x of the log", e.Sequence, e.Offset)}
		bad := 0
		for _, r := range rules {
			word := "holds"
			if !r.Holds {
				word, bad = "does not hold", bad+1
			}
			a.Rows = append(a.Rows, views.AnswerRow{Cells: []string{r.Name, word, decode.Printable(r.Words)}, Bad: !r.Holds, Place: r.Place})
		}
		a.Note = "whole: its checksum and sequence numbers are right"
		if bad > 0 {
			a.Note = fmt.Sprintf("NOT WHOLE: %s not hold", decode.Plural(bad, "rule does", "rules do"))
		}
		return a
	}
}

// Save is the entry under the cursor. One that wraps lies in two places.
func (v *View) Save() (views.Saving, bool) {
	e, ok := v.entry()
	if !ok || e.Place.Length <= 0 {
		return views.Saving{}, false
	}
	s := views.Saving{What: fmt.Sprintf("log entry %d", e.Sequence), Places: []decode.Place{e.Place}}
	if rest := min(e.Length, v.log.Place.Length) - e.Place.Length; rest > 0 {
		s.Places = append(s.Places, v.log.Place.Sub(0, rest))
	}
	return s, true
}

var _ views.Saver = (*View)(nil)
