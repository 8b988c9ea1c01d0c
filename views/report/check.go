package report

import (
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// Tally counts findings by severity.
type Tally [disk.SeverityError + 1]int

// Check reports what a check finds, finding by finding as they are found, and counts them. A profile that
// asks for a verdict makes it wait for all of them: the verdict comes first. The error says why the check is not
// complete; then there is no verdict.
func Check(w io.Writer, findings iter.Seq2[disk.Finding, error], profile string, form Form) (Tally, error) {
	var verdict *disk.Verdict
	if _, asked := disk.VerdictOf(profile, nil); asked {
		findings, verdict = whole(findings, profile)
	}
	if form == JSON {
		return checkJSON(w, findings, verdict)
	}
	return checkText(w, findings, verdict)
}

// whole collects all findings, and answers what the profile asks. An error stays the last one.
func whole(findings iter.Seq2[disk.Finding, error], profile string) (iter.Seq2[disk.Finding, error], *disk.Verdict) {
	var list []disk.Finding
	var failure error
	for f, err := range findings {
		if failure = err; err != nil {
			break
		}
		list = append(list, f)
	}
	again := func(yield func(disk.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
		if failure != nil {
			yield(disk.Finding{}, failure)
		}
	}
	if failure != nil {
		return again, nil
	}
	v, _ := disk.VerdictOf(profile, list)
	return again, &v
}

func checkJSON(w io.Writer, findings iter.Seq2[disk.Finding, error], verdict *disk.Verdict) (Tally, error) {
	d := newDocument(w, "check")
	if verdict != nil {
		d.object("verdict")
		d.text("profile", verdict.Profile)
		d.bool("fit", verdict.Fit)
		d.words("reason", verdict.Reason)
		d.close()
	}
	var t Tally
	var failure error
	d.list("findings")
	for f, err := range findings {
		if err != nil {
			failure = err
			break
		}
		t[f.Severity]++
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

func checkText(w io.Writer, findings iter.Seq2[disk.Finding, error], verdict *disk.Verdict) (Tally, error) {
	p := newPage(w)
	if verdict != nil {
		p.print("%s", verdict)
	}
	var t Tally
	for f, err := range findings {
		if err != nil {
			p.print("not complete: %v", err)
			return t, p.end(err)
		}
		t[f.Severity]++
		p.print("%-7s  %-12s  %s", f.Severity, f.Code, f.Text)
		for _, at := range f.Where {
			p.print("%23s at %s 0x%x, %s", "", at.File, at.Offset, decode.Plural(int(at.Length), "byte", "bytes"))
		}
		if f.Detail != "" {
			p.print("%23s %s", "", f.Detail)
		}
	}
	if t == (Tally{}) {
		p.print("No findings.")
	} else {
		p.print("%s, %s, %s", decode.Plural(t[disk.SeverityError], "error", "errors"),
			decode.Plural(t[disk.SeverityWarning], "warning", "warnings"), decode.Plural(t[disk.SeverityInfo], "note", "notes"))
	}
	return t, p.end(nil)
}
