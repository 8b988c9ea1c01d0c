package report

import (
	"encoding/hex"
	"io"

	"platter/decode"
)

// Patched is what a patch says, or what became of it.
type Patched struct {
	Outcome
	Image string // what the image must be like
	State string // applicable, applied, differs; empty: no image was given
	Edits []PatchedEdit
	Other []PatchedEdit // those whose old bytes are not there
}

// PatchedEdit is one change of a patch.
type PatchedEdit struct {
	Plane    string // "disk", or the name of a file
	Offset   int64
	Old, New []byte
	Name     string // of the structure there; empty if that is not known
	Comment  string
}

// Patch reports a patch; said is a sentence about what became of it.
func Patch(w io.Writer, r Patched, said string, form Form) error {
	if form == JSON {
		return patchJSON(w, r)
	}
	p := newPage(w)
	for _, e := range r.Edits {
		p.print("%s 0x%x, %s%s", e.Plane, e.Offset, decode.Plural(len(e.Old), "byte", "bytes"), named(e))
		p.print("  - %s", shortHex(e.Old))
		p.print("  + %s", shortHex(e.New))
	}
	for _, e := range r.Other {
		p.print("other bytes at %s 0x%x, %s", e.Plane, e.Offset, decode.Plural(len(e.Old), "byte", "bytes"))
	}
	if said != "" {
		p.print("%s", said)
	}
	return p.end(nil)
}

func named(e PatchedEdit) string {
	text := ""
	if e.Name != "" {
		text = ": " + e.Name
	}
	if e.Comment != "" {
		text += " (" + e.Comment + ")"
	}
	return text
}

// shownHex is how many bytes of a change are shown to people.
const shownHex = 24

func shortHex(b []byte) string {
	if len(b) <= shownHex {
		return hex.EncodeToString(b)
	}
	return hex.EncodeToString(b[:shownHex]) + " ..."
}

func patchJSON(w io.Writer, r Patched) error {
	d := newDocument(w, "patch")
	d.outcome(r.Outcome)
	d.text("image", r.Image)
	d.words("state", r.State)
	d.patchedEdits("edits", r.Edits)
	d.patchedEdits("differing", r.Other)
	return d.end(nil)
}

func (d *document) patchedEdits(name string, list []PatchedEdit) {
	d.list(name)
	for _, e := range list {
		d.item()
		d.text("plane", e.Plane)
		d.number("offset", e.Offset)
		d.number("length", int64(len(e.Old)))
		d.text("old_hex", hex.EncodeToString(e.Old))
		d.text("new_hex", hex.EncodeToString(e.New))
		d.words("name", e.Name)
		d.words("comment", e.Comment)
		d.close()
	}
	d.close()
}
