package report

import (
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/store"
)

// Recovery is an interrupted write and what becomes of it.
type Recovery struct {
	State     string // none, begun (only its journal), interrupted
	Summary   string // a sentence
	Direction string // back, forward; empty: it is only reported
	Done      bool
	Steps     []store.Step     // of the write
	Sizes     map[string]int64 // of the files that the steps name, in bytes, before anything is done
	Warnings  []string
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
	d.outcome(r.Done, r.Direction == "", r.Warnings, refused)
	d.list("identity")
	d.close()
	d.list("files")
	for i, s := range r.Steps {
		if i == 0 || r.Steps[i-1].File != s.File {
			r.file(d, i)
		}
	}
	d.close()
	d.list("plan")
	for _, s := range r.Steps {
		d.item()
		d.text("file", s.File)
		d.number("offset", s.Offset)
		d.number("length", max(int64(len(s.New)), s.SizeBefore-s.SizeAfter, s.SizeAfter-s.SizeBefore))
		d.text("what", r.what(s))
		d.close()
	}
	d.close()
	d.text("state", r.State)
	d.words("direction", r.Direction)
	return d.end(nil)
}

// file writes the file whose first step is the i-th. Its new size is that which the
// direction leaves.
func (r Recovery) file(d *document, i int) {
	name := r.Steps[i].File
	size, known := r.Sizes[name]
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
	d.item()
	d.text("path", name)
	if known {
		d.number("size_before", size)
		d.number("size_after", after)
	} else {
		d.null("size_before")
		d.null("size_after")
	}
	d.bool("created", false)
	d.bool("deleted", false)
	d.close()
}
