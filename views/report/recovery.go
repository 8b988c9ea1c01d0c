package report

import (
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/store"
)

// Recovery is an interrupted write and what becomes of it.
type Recovery struct {
	State     string // none, running, begun (only its journal), interrupted
	Summary   string // a sentence
	Direction string // back, forward; empty: it is only reported
	Done      bool
	Steps     []store.Step     // of the write
	Sizes     map[string]int64 // of the files that the steps name, in bytes, before anything is done
}

// placesListed bounds the places that are listed for people.
const placesListed = 20

// Recovered reports an interrupted write: what it was, and the bytes that going back or
// forward writes. Text leaves the outcome to the verb.
func Recovered(w io.Writer, r Recovery, refused Refusal, form Form) error {
	if form == JSON {
		return recoveredJSON(w, r, refused)
	}
	p := newPage(w)
	p.print("%s", r.Summary)
	for _, s := range r.Steps[:min(len(r.Steps), placesListed)] {
		p.print("  %s: %s", s.File, r.what(s))
	}
	if more := len(r.Steps) - placesListed; more > 0 {
		p.print("  and %s more; --json lists all", decode.Plural(more, "place", "places"))
	}
	return p.end(nil)
}

// what words what becomes of a step.
func (r Recovery) what(s store.Step) string {
	side, size := "new bytes", s.SizeAfter
	if r.Direction == "back" {
		side, size = "old bytes", s.SizeBefore
	}
	switch {
	case r.Direction == "" && s.Resizes():
		return fmt.Sprintf("length %s to %s bytes (%s)", decode.Grouped(s.SizeBefore), decode.Grouped(s.SizeAfter), s.Title)
	case s.Resizes():
		return fmt.Sprintf("length %s bytes (%s)", decode.Grouped(size), s.Title)
	case r.Direction == "":
		side = "bytes"
	}
	return fmt.Sprintf("0x%x, %s %s (%s)", s.Offset, decode.Grouped(int64(len(s.New))), side, s.Title)
}

func recoveredJSON(w io.Writer, r Recovery, refused Refusal) error {
	d := newDocument(w, "recover")
	o := Outcome{Done: r.Done, DryRun: r.Direction == "", Refused: refused, Plan: []Planned{}}
	for i, s := range r.Steps {
		if i == 0 || r.Steps[i-1].File != s.File {
			o.Files = append(o.Files, r.file(i))
		}
		o.Plan = append(o.Plan, Planned{s.File, s.Offset, max(int64(len(s.New)), s.SizeBefore-s.SizeAfter, s.SizeAfter-s.SizeBefore), r.what(s)})
	}
	d.outcome(o)
	d.text("state", r.State)
	d.words("direction", r.Direction)
	return d.end(nil)
}

// file is the file whose first step is the i-th. Its new size is that which the
// direction leaves; neither is told if none is known.
func (r Recovery) file(i int) FileChange {
	name := r.Steps[i].File
	size, known := r.Sizes[name]
	if !known {
		return FileChange{name, -1, -1}
	}
	after := size
	for _, s := range r.Steps[i:] {
		if s.File != name {
			break
		}
		switch {
		case s.Resizes() && r.Direction == "back":
			after = s.SizeBefore
		case s.Resizes() && r.Direction == "forward":
			after = s.SizeAfter
		}
	}
	return FileChange{name, size, after}
}
