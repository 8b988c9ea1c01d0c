package report

import (
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// CheckForm is how a check is reported.
type CheckForm struct {
	Form
	Profile string // what the verdict is about
	All     bool   // each finding by itself, as it is found
}

// Check reports what a check finds, and counts it. Text has equal findings in one row, what keeps the disk from
// being read first, then the errors; All, and JSON, have them singly in the order in which they are found, each with its
// cause. The verdict that a profile asks for comes before them. The error says why the check is not complete; then there
// is no verdict.
func Check(w io.Writer, findings iter.Seq2[disk.Finding, error], form CheckForm) (disk.Tally, error) {
	_, asked := disk.VerdictOf(form.Profile, nil)
	merged := form.Form != JSON && !form.All
	list, failure := collect(findings)
	var verdict *disk.Verdict
	if v, _ := disk.VerdictOf(form.Profile, list); asked && failure == nil {
		verdict = &v
	}
	if merged {
		list = disk.Arrange(disk.Merge(list))
	} else {
		disk.Explain(list)
	}
	return check(w, all(list, failure), verdict, form.Form)
}

func check(w io.Writer, findings iter.Seq2[disk.Finding, error], verdict *disk.Verdict, form Form) (disk.Tally, error) {
	if form == JSON {
		return checkJSON(w, findings, verdict)
	}
	return checkText(w, findings, verdict)
}

// collect has all findings, and the error that ended them.
func collect(findings iter.Seq2[disk.Finding, error]) (list []disk.Finding, failure error) {
	for f, err := range findings {
		if err != nil {
			return list, err
		}
		list = append(list, f)
	}
	return list, nil
}

// all gives collected findings again, with the error that ended them.
func all(list []disk.Finding, failure error) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
		if failure != nil {
			yield(disk.Finding{}, failure)
		}
	}
}

func checkJSON(w io.Writer, findings iter.Seq2[disk.Finding, error], verdict *disk.Verdict) (disk.Tally, error) {
	d := newDocument(w, "check")
	if verdict != nil {
		d.object("verdict")
		d.text("profile", verdict.Profile)
		d.bool("fit", verdict.Fit)
		d.words("reason", verdict.Reason)
		d.close()
	}
	var t disk.Tally
	var failure error
	d.list("findings")
	for f, err := range findings {
		if err != nil {
			failure = err
			break
		}
		t.Add(f)
		d.finding(f)
	}
	d.close()
	d.bool("complete", failure == nil)
	if failure != nil {
		d.text("failure", failure.Error())
	}
	if err := d.end(nil); err != nil {
		return t, err
	}
	return t, failure
}

func checkText(w io.Writer, findings iter.Seq2[disk.Finding, error], verdict *disk.Verdict) (disk.Tally, error) {
	p := newPage(w)
	if verdict != nil {
		p.print("%s", verdict)
	}
	var t disk.Tally
	for f, err := range findings {
		if err != nil {
			p.print("not complete: %v", err)
			return t, p.end(err)
		}
		t.Add(f)
		p.print("%-7s  %-12s  %s", f.Severity, f.Code, f.Text)
		for _, at := range f.Where {
			p.print("%23s at %s 0x%x, %s", "", at.File, at.Offset, decode.Plural(int(at.Length), "byte", "bytes"))
		}
		if n := len(f.More); n > 0 {
			last := f.More[n-1]
			p.print("%23s and at %s, the last at %s 0x%x", "", decode.Plural(n, "more place", "more places"), last.File, last.Offset)
		}
		if sum := f.Sum(); sum != "" {
			p.print("%23s %s", "", sum)
		}
		if f.Cause != "" {
			p.print("%23s %s is to be settled first", "", f.Cause)
		}
		if f.Detail != "" {
			p.print("%23s %s", "", f.Detail)
		}
	}
	if t == (disk.Tally{}) {
		p.print("No findings.")
	} else {
		p.print("%s", t)
	}
	return t, p.end(nil)
}
