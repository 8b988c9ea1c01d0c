package tui

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/unclaimed"
	"platter/views/theme"
	"platter/views/widget/listing"
)

// unaccountedLimit bounds the rows of the list.
const unaccountedLimit = 10_000

// listUnaccounted lists what no structure of the image explains. All of it is read, in
// the background.
func (e *export) listUnaccounted() tea.Cmd {
	img := e.current().image
	return e.inJob("reading what no structure explains", func(j *job) (tea.Msg, error) {
		var list []unclaimed.Range
		j.progress(0, img.Info().FileSize)
		for r, err := range unclaimed.Ranges(j.ctx, img) {
			if err != nil {
				return nil, err
			}
			j.progress(r.Offset, img.Info().FileSize)
			if list = append(list, r); len(list) == unaccountedLimit {
				break
			}
		}
		return shown{then: func() tea.Cmd { return e.showUnaccounted(list) }}, context.Cause(j.ctx)
	})
}

func (e *export) showUnaccounted(list []unclaimed.Range) tea.Cmd {
	r := &results{}
	r.Title, r.Note = "What no structure explains", decode.Plural(len(list), "range", "ranges")
	if len(list) == unaccountedLimit {
		r.Note = fmt.Sprintf("the first %d ranges; platter layout --unaccounted lists all", len(list))
	}
	r.Head = []string{"offset", "size", "not zero from", "first text in it, and what it is"}
	r.Empty = "Every byte lies in a structure of the image. What stands in unused parts of these, check says."
	many := len(e.current().image.Files()) > 1
	for _, u := range list {
		r.Add(unaccountedRow(u, many))
	}
	r.open = func(row int) tea.Cmd { return jumpTo(list[row].Place()) }
	r.part = func(row int) part { return part{string(list[row].Kind) + " bytes", list[row].Place()} }
	e.cover(r)
	return nil
}

func unaccountedRow(u unclaimed.Range, many bool) listing.Row {
	at := fmt.Sprintf("0x%x", u.Offset)
	if many {
		at = decode.Printable(u.File) + " " + at
	}
	holds := u.Content()
	if first := u.Filling.First(u.Offset); first >= 0 {
		holds = fmt.Sprintf("0x%x", first)
	}
	row := listing.Row{Cells: []string{at, decode.FormatSize(uint64(u.Length)), holds, decode.Printable(u.Name)}, Style: theme.Dim}
	if u.Text.Words != "" {
		row.Mark = decode.InQuotes(u.Text.Words)
		row.Cells[3] = row.Mark + "  " + row.Cells[3]
	}
	return row
}
