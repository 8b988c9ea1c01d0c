package report

import (
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Repairing is what repair did to an image, or would do.
type Repairing struct {
	Outcome
	Path          string
	Staged        []StagedRepair
	Before, After disk.Tally
	Remaining     []disk.Finding // equal ones in one row
}

// StagedRepair is a repair that was carried out, for one finding or for several.
type StagedRepair struct {
	Code, Title, Risk string
	Choice, Count     int
}

// RepairChoice is a finding with what can be done about it.
type RepairChoice struct {
	disk.Finding
	Repairs []disk.Repair
	Why     string // why nothing can be done; may be empty
}

// Repair reports what was repaired, and what a check of the result finds.
func Repair(w io.Writer, r Repairing, form Form) error {
	if form == JSON {
		return repairJSON(w, r)
	}
	p := newPage(w)
	did := "repaired"
	if r.DryRun {
		did = "would repair"
	}
	for _, s := range r.Staged {
		p.print("%s %s: %s%s", did, s.Code, s.Title, times(s.Count))
		if s.Risk != "" {
			p.print("  risk: %s", s.Risk)
		}
	}
	if len(r.Staged) == 0 {
		p.print("nothing was repaired in %s", r.Path)
	}
	for _, c := range r.Plan[:min(len(r.Plan), placesListed)] {
		p.print("  %s 0x%x, %s: %s", c.File, c.Offset, decode.Plural(int(c.Length), "byte", "bytes"), c.What)
	}
	if more := len(r.Plan) - placesListed; more > 0 {
		p.print("  and %s more; --json lists all", decode.Plural(more, "place", "places"))
	}
	more := false
	for _, f := range r.Remaining {
		p.print("left: %-7s  %-12s  %s", f.Severity, f.Code, f.Text)
		more = more || f.Repairable
	}
	if more {
		p.print("--list shows whether something can be done about what is left, and what may be lost by it")
	}
	p.print("before: %s", r.Before)
	p.print("after:  %s", r.After)
	return p.end(nil)
}

func times(n int) string {
	if n < 2 {
		return ""
	}
	return " (" + decode.Plural(n, "place", "places") + ")"
}

func repairJSON(w io.Writer, r Repairing) error {
	d := newDocument(w, "repair")
	d.outcome(r.Outcome)
	d.list("staged")
	for _, s := range r.Staged {
		d.item()
		d.text("code", s.Code)
		d.text("title", s.Title)
		d.words("risk", s.Risk)
		d.number("choice", int64(s.Choice))
		d.number("count", int64(s.Count))
		d.close()
	}
	d.close()
	d.tally("before", r.Before)
	d.tally("after", r.After)
	d.list("remaining")
	for _, f := range r.Remaining {
		d.finding(f)
	}
	d.close()
	return d.end(nil)
}

func (d *document) tally(name string, t disk.Tally) {
	d.object(name)
	d.number("error", int64(t.By[disk.SeverityError]))
	d.number("warning", int64(t.By[disk.SeverityWarning]))
	d.number("info", int64(t.By[disk.SeverityInfo]))
	d.number("more", int64(t.Rest))
	d.close()
}

// RepairChoices lists findings with the repairs of each, numbered from 1.
func RepairChoices(w io.Writer, list []RepairChoice, form Form) error {
	if form == JSON {
		return repairChoicesJSON(w, list)
	}
	p := newPage(w)
	for _, c := range list {
		p.print("%-7s  %-12s  %s", c.Severity, c.Code, c.Text)
		if n := max(c.Count, 1); n > 1 && len(c.Repairs) > 0 {
			p.print("%10s  %d findings like this one", "", n)
		}
		for i, r := range c.Repairs {
			p.print("%10s  %s=%d  %s", "", c.Code, i+1, r.Title)
			if r.Risk != "" {
				p.print("%10s  risk: %s", "", r.Risk)
			}
		}
		if c.Why != "" {
			p.print("%10s  no repair: %s", "", c.Why)
		}
	}
	if len(list) == 0 {
		p.print("No findings.")
	}
	return p.end(nil)
}

func repairChoicesJSON(w io.Writer, list []RepairChoice) error {
	d := newDocument(w, "repair")
	d.outcome(Outcome{DryRun: true})
	d.list("findings")
	for _, c := range list {
		d.item()
		d.text("severity", c.Severity.String())
		d.text("code", c.Code)
		d.text("message", c.Text)
		d.number("count", int64(max(c.Count, 1)))
		d.list("choices")
		for i, r := range c.Repairs {
			d.item()
			d.number("choice", int64(i+1))
			d.text("title", r.Title)
			d.words("risk", r.Risk)
			d.close()
		}
		d.close()
		d.words("why", c.Why)
		d.close()
	}
	d.close()
	return d.end(nil)
}
