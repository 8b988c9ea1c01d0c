package tui

import (
	"context"
	"errors"
	"io"
	"iter"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/engine/eyes"
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
func (e *export) reports() (what string, list []plain) {
	img := e.current().image
	form := func(name, kind, help string, write func(ctx context.Context, w io.Writer) error) {
		list = append(list, plain{name, help, kind, write})
	}
	switch e.screen() {
	case keymap.Screen3:
		what = "map"
		form("CSV", "csv", "a line for each extent of the disk: platter map --csv", func(ctx context.Context, w io.Writer) error { return report.MapCSV(ctx, w, img) })
		form("JSON", "json", "as platter map --json prints it", func(ctx context.Context, w io.Writer) error { return report.Map(ctx, w, img, report.JSON) })
		form("text", "txt", "as platter map prints it", func(ctx context.Context, w io.Writer) error { return report.Map(ctx, w, img, report.Text) })
	case keymap.Screen5:
		what = "findings"
		found, profile := e.checks.result(), e.checks.profile
		form("text", "txt", "as platter check prints it", func(_ context.Context, w io.Writer) error { return saveCheck(w, found, profile, report.Text) })
		form("JSON", "json", "as platter check --json prints it", func(_ context.Context, w io.Writer) error { return saveCheck(w, found, profile, report.JSON) })
	case keymap.Screen7:
		what = "chain"
		form("text", "txt", "as platter chain prints it", func(ctx context.Context, w io.Writer) error {
			return report.Chain(ctx, w, img, report.Elsewhere{}, report.Text)
		})
		form("JSON", "json", "as platter chain --json prints it", func(ctx context.Context, w io.Writer) error {
			return report.Chain(ctx, w, img, report.Elsewhere{}, report.JSON)
		})
	case keymap.Screen8:
		what = "eyes"
		form("text", "txt", "as platter eyes prints it", e.throughEyes(report.Text))
		form("JSON", "json", "as platter eyes --json prints it", e.throughEyes(report.JSON))
	}
	return what, list
}

// throughEyes reports the image as all readers see it, opened once more for that.
func (e *export) throughEyes(form report.Form) func(context.Context, io.Writer) error {
	look, path, parent := e.cfg.Eyes, e.current().path, e.current().parent
	return func(ctx context.Context, w io.Writer) error {
		all, err := look(ctx, path, parent)
		if err != nil {
			return err
		}
		var d *eyes.Digests
		digest := func(int) eyes.Digest { return eyes.Digest{} }
		if all.Size() <= report.EyesHashed {
			d = eyes.NewDigests(all)
			digest = d.Of
		}
		_, err = report.Eyes(w, all, all.Compare(ctx, d, nil), digest, report.EyesOptions{Hashed: d != nil}, form)
		return errors.Join(err, all.Close())
	}
}

// openReports lets the user choose in which form the screen is saved.
func (e *export) openReports() tea.Cmd {
	what, list := e.reports()
	var items []menu.Item
	for _, p := range list {
		items = append(items, menu.Item{Name: p.name, Help: p.help})
	}
	return e.offer("Save the "+what+" to a file", items, func(i int) tea.Cmd {
		p := list[i]
		s := saving{what: "the " + what + " as " + p.name, write: func(ctx context.Context, w io.Writer, _ func(int)) error { return p.write(ctx, w) }}
		return e.askName(s, e.nameFor(what, p.kind))
	})
}

// errUnchecked is why a saved report does not hold all findings.
var errUnchecked = errors.New("saved before the check finished")

// saveCheck writes findings. That there are not all of them stands in the
// report; it is no failure to save it.
func saveCheck(w io.Writer, found iter.Seq2[disk.Finding, error], profile string, form report.Form) error {
	if _, err := report.Check(w, found, report.CheckForm{Form: form, Profile: profile}); !errors.Is(err, errUnchecked) {
		return err
	}
	return nil
}

// showAnswer lists what a view has found out.
func (f *feature) showAnswer(a views.Answer) {
	var steps []step
	for _, r := range a.Rows {
		row := listing.Row{Cells: append([]string{" "}, r.Cells...), Style: theme.Value}
		if r.Bad {
			row.Cells[0], row.Style = "!", theme.Warn
		}
		steps = append(steps, step{row, r.Place})
	}
	f.showSteps(a.Title, steps).Note = a.Note
}
