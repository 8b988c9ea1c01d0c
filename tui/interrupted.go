package tui

import (
	"bytes"
	"cmp"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/views/theme"
	"platter/views/widget/listing"
)

// Interrupted is a write to the image that did not come to its end.
type Interrupted struct {
	Summary string       // in a sentence
	Torn    bool         // only its journal was begun: there is nothing to finish
	Steps   []store.Step // what it was to do
	// Back puts the old bytes back, Forward writes the new ones; either removes the journal.
	Back, Forward func() error
}

// askInterrupted asks what becomes of a write that was interrupted.
func (e *edits) askInterrupted() {
	i := e.Interrupted
	back := button{"Roll back", func() tea.Cmd { return e.recover(i.Back, "the image is as it was before that write") }}
	d := &dialog{title: "An earlier write was interrupted", lines: []string{i.Summary + "."}}
	if i.Torn {
		back.label = "Remove the journal"
		d.lines = append(d.lines, "", "The image was not touched. The journal keeps others from writing until it is removed.")
		d.buttons = []button{{"Not now", nil}, back}
	} else {
		d.lines = append(d.lines, "", "Finish writes all new bytes, Roll back puts all old ones back. Until then nothing else is written, and the bytes shown are as the interruption left them. W asks again.")
		d.buttons = []button{{"Not now", nil}, {"Look", e.showInterrupted}, {"Finish", func() tea.Cmd { return e.recover(i.Forward, "the interrupted write is complete") }}, back}
	}
	e.question(d)
}

// recover finishes the write or takes it back, and reads the image again.
func (e *edits) recover(act func() error, outcome string) tea.Cmd {
	return e.later(func() (tea.Msg, error) {
		if err := act(); err != nil {
			return nil, err
		}
		return shown{then: func() tea.Cmd { return e.program.reopen(outcome) }}, nil
	})
}

// showInterrupted lists what the write was to do, and how far it came.
func (e *edits) showInterrupted() tea.Cmd {
	i, img := e.Interrupted, e.current().image
	return e.inJob("reading the plan", func(j *job) (tea.Msg, error) {
		finder := disk.NewEffectFinder(img)
		var rows []stepRow
		for _, s := range i.Steps {
			if j.ctx.Err() != nil || len(rows) > stepsLimit {
				break
			}
			rows = append(rows, interruptedRows(finder, img, s)...)
		}
		return shown{then: func() tea.Cmd {
			r := &results{}
			r.Title, r.Note = "The interrupted write", decode.Plural(len(i.Steps), "step", "steps")+"; esc, then W asks again"
			r.Head = []string{"at", "on disk", "structure and field", "old -> new"}
			for _, row := range rows {
				r.Add(row.Row)
			}
			r.open = func(row int) tea.Cmd { return jumpTo(rows[row].at) }
			e.cover(r)
			return nil
		}}, nil
	})
}

// interruptedRows tells a step of an interrupted write by the fields that it changes.
func interruptedRows(finder *disk.EffectFinder, img disk.Image, s store.Step) []stepRow {
	row := func(at decode.Place, state, what, words string) stepRow {
		return stepRow{Row: listing.Row{Cells: []string{fmt.Sprintf("0x%x", at.Offset), state, what, words}, Style: theme.Value}, at: at}
	}
	at := decode.Place{File: s.File, Offset: s.Offset, Length: int64(max(len(s.Old), len(s.New), 1))}
	if s.Resizes() {
		return []stepRow{row(at, "", "length of the file", fmt.Sprintf("from %s to %s bytes", decode.Grouped(s.SizeBefore), decode.Grouped(s.SizeAfter)))}
	}
	state := "other"
	for _, f := range img.Files() {
		if f.Name == s.File {
			now := make([]byte, len(s.New))
			n, _ := f.Data.ReadAt(now, s.Offset)
			switch now = now[:max(n, 0)]; {
			case bytes.Equal(now, s.New):
				state = "new"
			case bytes.Equal(now, s.Old):
				state = "old"
			default:
				state = "some of both"
			}
		}
	}
	old := append(bytes.Clone(s.Old), make([]byte, max(len(s.New)-len(s.Old), 0))...)
	list := finder.Compare(at, old[:len(s.New)], s.New).List
	var rows []stepRow
	for _, c := range list[:min(len(list), stepFields)] {
		rows = append(rows, row(c.Place, state, decode.Printable(cmp.Or(c.Name, "bytes")), cut(c.Before)+" -> "+cut(c.After)))
	}
	return rows
}
