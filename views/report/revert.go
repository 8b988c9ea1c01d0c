package report

import "io"

// Reverted is a change that was taken back.
type Reverted struct {
	Outcome
	Path  string
	Steps []RevertedStep // as it was made
}

// RevertedStep is a part of a change: bytes of a file, or its length.
type RevertedStep struct {
	Title, File    string
	Offset, Length int64 // bytes
	Resized        bool
}

// Revert reports it.
func Revert(w io.Writer, r Reverted, form Form) error {
	if form == JSON {
		return revertJSON(w, r)
	}
	p := newPage(w)
	p.print("%s of %s:", past(r.DryRun, "would take back the last change", "took back the last change"), r.Path)
	title := ""
	for _, s := range r.Steps {
		if s.Title != title {
			title = s.Title
			p.print("  %s", title)
		}
	}
	p.plan(r.Plan)
	return p.end(nil)
}

func revertJSON(w io.Writer, r Reverted) error {
	d := newDocument(w, "revert")
	d.outcome(r.Outcome)
	d.text("path", r.Path)
	d.list("change")
	for _, s := range r.Steps {
		d.item()
		d.text("title", s.Title)
		d.text("file", s.File)
		d.number("offset", s.Offset)
		d.number("length", s.Length)
		d.bool("resized", s.Resized)
		d.close()
	}
	d.close()
	return d.end(nil)
}
