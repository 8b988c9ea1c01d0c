package report

import (
	"io"

	"platter/decode"
)

// Rebased is what became of the tie of an image to its parent.
type Rebased struct {
	Outcome
	Path          string
	Mode          string
	Before, After Tie
	Same          bool  // it was so already
	Copied        int64 // bytes of the disk that were copied into the image before
}

// Tie is what an image says of its parent.
type Tie struct {
	Path  string // of the file in use; empty: there is none
	Term  string // the format's word for the identity; empty: the image has no parent
	Wants string // the identity that the image accepts
	Names []TieName
}

// TieName is a name of the parent, with where it stands.
type TieName struct{ Label, Name string }

// Rebase reports a rebase.
func Rebase(w io.Writer, r Rebased, form Form) error {
	if form == JSON {
		return rebaseJSON(w, r)
	}
	p := newPage(w)
	switch {
	case r.Same && r.After.Term == "":
		p.print("nothing to do in %s: it has no parent", r.Path)
	case r.Same:
		p.print("nothing to do in %s: it names its parent so already", r.Path)
	case r.DryRun:
		p.print("would rebase %s", r.Path)
	default:
		p.print("rebased %s", r.Path)
	}
	p.tie("parent", r.After)
	if r.Before.Wants != r.After.Wants {
		p.print("  before:  %s %s", r.Before.Term, orElse(r.Before.Wants, "none"))
	}
	if r.Copied > 0 {
		from := "which the new parent does not hold"
		if r.Mode == "none" {
			from = "which it had from its parent"
		}
		least := ""
		if r.DryRun && r.Mode == "none" {
			least = "at least " // blocks that come to be stored in part are filled up
		}
		p.print("  %s%s %s stored in the image, %s: the disk is the same", least, bytesLong(r.Copied), past(r.DryRun, "would be", "were"), from)
	}
	if r.Mode == "relink" && !r.Same {
		p.print("  what the image leaves to the parent reads as the parent holds it now")
	}
	if r.DryRun {
		p.plan(r.Plan)
	}
	return p.end(nil)
}

func (p *page) tie(label string, t Tie) {
	if t.Term == "" {
		p.print("  %s:  none", label)
		return
	}
	p.print("  %s:  %s", label, decode.Printable(t.Path))
	p.print("  %s %s", t.Term, t.Wants)
	for _, n := range t.Names {
		p.print("  %s: %s", n.Label, decode.InQuotes(n.Name))
	}
}

func rebaseJSON(w io.Writer, r Rebased) error {
	d := newDocument(w, "rebase")
	if !r.DryRun {
		r.Plan = nil
	} else if r.Plan == nil {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.text("mode", r.Mode)
	d.bool("changed", !r.Same && !r.DryRun)
	d.object("parent")
	d.tie("before", r.Before)
	d.tie("after", r.After)
	d.close()
	d.number("copied_bytes", r.Copied)
	return d.end(nil)
}

func (d *document) tie(name string, t Tie) {
	if t.Term == "" {
		d.null(name)
		return
	}
	d.object(name)
	d.words("path", t.Path)
	d.text("kind", t.Term)
	d.words("identity", t.Wants)
	d.list("names")
	for _, n := range t.Names {
		d.item()
		d.text("where", n.Label)
		d.text("name", n.Name)
		d.close()
	}
	d.close()
	d.close()
}
