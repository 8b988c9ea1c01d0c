package report

import (
	"io"

	"platter/engine/disk"
)

// Set is what became of fields that were to get other values.
type Set struct {
	Outcome
	Fields []disk.SettingValue
}

// Setting reports it.
func Setting(w io.Writer, r Set, form Form) error {
	if form == JSON {
		return settingJSON(w, r)
	}
	p := newPage(w)
	for _, f := range r.Fields {
		switch {
		case f.Old == f.New:
			p.print("%s is %s already", f.Path, f.New)
		default:
			p.print("%s: %s -> %s", f.Path, orElse(f.Old, "none"), f.New)
		}
	}
	p.plan(r.Plan)
	if r.DryRun {
		p.print("nothing was written")
	}
	return p.end(nil)
}

func settingJSON(w io.Writer, r Set) error {
	d := newDocument(w, "set")
	if !r.DryRun {
		r.Plan = nil
	} else if r.Plan == nil {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.list("fields")
	for _, f := range r.Fields {
		d.item()
		d.text("path", f.Path)
		d.words("old", f.Old)
		d.text("new", f.New)
		d.close()
	}
	d.close()
	return d.end(nil)
}
