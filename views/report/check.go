package report

import (
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// Tally counts findings by severity.
type Tally [disk.SeverityError + 1]int

// Check reports what a check finds, finding by finding as they are found, and counts them. The error says why the check is not complete.
func Check(w io.Writer, findings iter.Seq2[disk.Finding, error], form Form) (Tally, error) {
	if form == JSON {
		return checkJSON(w, findings)
	}
	return checkText(w, findings)
}

func checkJSON(w io.Writer, findings iter.Seq2[disk.Finding, error]) (Tally, error) {
	d := newDocument(w, "check")
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

func checkText(w io.Writer, findings iter.Seq2[disk.Finding, error]) (Tally, error) {
	p := newPage(w)
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
