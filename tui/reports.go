package tui

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/report"
	"platter/views/theme"
	"platter/views/widget/listing"
	"platter/views/widget/menu"
)

// plain is a form in which what a screen tells can be saved.
type plain struct {
	name  string
	help  string
	kind  string // of the file: the end of its name
	write func(ctx context.Context, w io.Writer) error
}

// reports are the forms of the screen that shows: those that the command line
// prints.
func (m *model) reports() (what string, list []plain) {
	img := m.image
	form := func(name, kind, help string, write func(ctx context.Context, w io.Writer) error) {
		list = append(list, plain{name, help, kind, write})
	}
	switch m.screens[m.active].action {
	case keymap.Screen3:
		what = "map"
		form("CSV", "csv", "a line for each extent of the disk: platter map --csv", func(ctx context.Context, w io.Writer) error { return report.MapCSV(ctx, w, img) })
		form("JSON", "json", "as platter map --json prints it", func(ctx context.Context, w io.Writer) error { return report.Map(ctx, w, img, report.JSON) })
		form("text", "txt", "as platter map prints it", func(ctx context.Context, w io.Writer) error { return report.Map(ctx, w, img, report.Text) })
	case keymap.Screen5:
		what = "findings"
		found := m.checkResult()
		form("text", "txt", "as platter check prints it", func(_ context.Context, w io.Writer) error { return saveCheck(w, found, report.Text) })
		form("JSON", "json", "as platter check --json prints it", func(_ context.Context, w io.Writer) error { return saveCheck(w, found, report.JSON) })
	case keymap.Screen7:
		what = "chain"
		form("text", "txt", "as platter chain prints it", func(ctx context.Context, w io.Writer) error { return report.Chain(ctx, w, img, report.Text) })
		form("JSON", "json", "as platter chain --json prints it", func(ctx context.Context, w io.Writer) error { return report.Chain(ctx, w, img, report.JSON) })
	}
	return what, list
}

// openReports lets the user choose in which form the screen is saved.
func (m *model) openReports() tea.Cmd {
	what, list := m.reports()
	var items []menu.Item
	for _, p := range list {
		items = append(items, menu.Item{Name: p.name, Help: p.help})
	}
	m.cover(&choice{menu.New("Save the "+what+" to a file", items), func(i int) tea.Cmd {
		p := list[i]
		s := saving{what: "the " + what + " as " + p.name, write: func(ctx context.Context, w io.Writer, _ func(int)) error { return p.write(ctx, w) }}
		return m.askName(s, m.nameFor(what, p.kind))
	}})
	return nil
}

// checkResult is what the check has found by now; that it goes on, or was
// stopped, ends it with an error, so that nobody takes the report for whole.
func (m *model) checkResult() iter.Seq2[disk.Finding, error] {
	msg := views.Findings{}
	if m.check != nil {
		msg = m.check.message()
	}
	list := slices.Clone(msg.List)
	return func(yield func(disk.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
		if !msg.Complete {
			yield(disk.Finding{}, errors.Join(errUnchecked, msg.Err))
		}
	}
}

// errUnchecked is why a saved report does not hold all findings.
var errUnchecked = errors.New("the check had not come to its end when this was saved")

// saveCheck writes findings. That there are not all of them stands in the
// report; it is no failure to save it.
func saveCheck(w io.Writer, found iter.Seq2[disk.Finding, error], form report.Form) error {
	if _, err := report.Check(w, found, form); !errors.Is(err, errUnchecked) {
		return err
	}
	return nil
}

// showAnswer lists what a view has found out.
func (m *model) showAnswer(a views.Answer) {
	var steps []step
	for _, r := range a.Rows {
		row := listing.Row{Cells: append([]string{" "}, r.Cells...), Style: theme.Value}
		if r.Bad {
			row.Cells[0], row.Style = "!", theme.Warn
		}
		steps = append(steps, step{row, r.Place})
	}
	m.showSteps(a.Title, steps).Note = a.Note
}
