package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/views/theme"
	"platter/views/widget/listing"
)

// showChanges lists all changes of the session, those undone too; choosing one goes to the
// state that it led to.
func (e *edits) showChanges() tea.Cmd {
	return tea.Batch(e.drain(), e.enqueueWork(work{do: func(disk.Session) (string, error) { return "", nil }, after: e.coverChanges}))
}

func (e *edits) coverChanges() tea.Cmd { return e.coverChangesAt(made(e.Editor.History())) }

// coverChangesAt lists the changes with the cursor on a row.
func (e *edits) coverChangesAt(row int) tea.Cmd {
	list := e.Editor.History()
	r := &results{}
	r.Title, r.Note = "History", decode.Plural(len(list), "change", "changes")+", enter goes to that state, K and J move one"
	r.Head = []string{"#", "state", "change", "places"}
	r.Add(listing.Row{Cells: []string{"0", "", "the image as it was opened", ""}, Style: theme.Dim})
	for i, c := range list {
		r.Add(changeRow(i+1, c))
	}
	r.open, r.shift = e.travel, e.shift
	e.cover(r)
	r.Go(row)
	return nil
}

// shift moves the change in a row up (-1) or down by one, and the cursor with it.
func (e *edits) shift(row, by int) tea.Cmd {
	list, up := e.Editor.History(), row+min(by, 0) // the change in row up changes places with the one after it
	o, ok := e.Editor.(disk.Orderer)
	if !ok || up < 1 || up >= len(list) {
		e.say("there is no change to change places with", false)
		return nil
	}
	last, first, second := e.last, list[up-1], list[up]
	return e.enqueueWork(work{do: func(disk.Session) (string, error) {
		*last = typing{mark: last.mark}
		return "now first: " + decode.Printable(second.Title) + ", then: " + decode.Printable(first.Title), o.Earlier(second.ID)
	}, after: func() tea.Cmd { return e.coverChangesAt(row + by) }})
}

// changeRow is a change in the list.
func changeRow(n int, c store.Change) listing.Row {
	state, style := c.State.String(), theme.Value
	switch c.State {
	case store.Committed:
		state = "on disk"
	case store.Undone:
		style = theme.Dim
	case store.Reverting:
		state, style = "on disk, undone", theme.Warn
	case store.Dropped:
		style = theme.Dim
	}
	return listing.Row{Cells: []string{fmt.Sprint(n), state, decode.Printable(c.Title), fmt.Sprint(len(c.Edits))}, Style: style}
}

// made is how many changes of a history are in force, or were taken out by one that is.
func made(list []store.Change) int {
	n := 0
	for _, c := range list {
		if c.State != store.Undone && c.State != store.Reverting {
			n++
		}
	}
	return n
}

// travel undoes or redoes until so many changes are made.
func (e *edits) travel(to int) tea.Cmd {
	last := e.last
	return tea.Batch(e.drain(), e.enqueueWork(work{do: func(ed disk.Session) (string, error) {
		*last = typing{mark: last.mark}
		list := ed.History()
		for now := made(list); now != to; {
			step, by := ed.Undo, -1
			if now < to {
				step, by = ed.Redo, 1
			}
			if _, err := step(); err != nil {
				return "", err
			}
			now += by
		}
		if to == 0 {
			return "the image as it was opened", nil
		}
		return "as it was after: " + list[to-1].Title, nil
	}, after: e.coverChanges}))
}
