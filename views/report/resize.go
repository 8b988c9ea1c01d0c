package report

import (
	"fmt"
	"io"

	"platter/decode"
)

// Resized is what became of the size of a disk.
type Resized struct {
	Outcome
	Before, After int64  // size of the disk, in bytes
	Moved         int64  // blocks that lay in the way of a table
	GPT, MovedGPT bool   // there is a backup of a GUID partition table, which was moved
	Out           string // the new image; empty: the disk was resized where it lies
}

// Resize reports it.
func Resize(w io.Writer, r Resized, form Form) error {
	if form == JSON {
		return resizeJSON(w, r)
	}
	p := newPage(w)
	if r.Before == r.After && r.Out == "" {
		p.print("the disk has %s (%s bytes) already; nothing was changed", decode.FormatSize(uint64(r.After)), decode.Grouped(r.After))
		return p.end(nil)
	}
	p.print("the disk %s %s (%s bytes), before %s (%s bytes)", past(r.DryRun, "would have", "has"), decode.FormatSize(uint64(r.After)), decode.Grouped(r.After),
		decode.FormatSize(uint64(r.Before)), decode.Grouped(r.Before))
	p.plan(r.Plan)
	f := facts{p, len("blocks moved")}
	f.add("new image", r.Out)
	if r.Moved > 0 {
		f.add("blocks moved", decode.Grouped(r.Moved))
	}
	for _, c := range r.Files {
		f.add("file size", sizeChange(c, len(r.Files) > 1))
	}
	for _, i := range r.Identity {
		f.add(i.Kind, orElse(i.Old, "none"))
		f.add("", "-> "+orElse(i.New, "a new one"))
	}
	if r.MovedGPT {
		f.add("GPT", "the backup of the partition table "+past(r.DryRun, "would move", "moved")+" to the new end")
	}
	return p.end(nil)
}

// sizeChange words what became of a file; empty if nothing.
func sizeChange(c FileChange, named bool) string {
	text := ""
	switch {
	case c.Before == c.After:
		return ""
	case c.Before < 0:
		text = fmt.Sprintf("%s bytes, new", decode.Grouped(c.After))
	default:
		text = fmt.Sprintf("%s -> %s bytes", decode.Grouped(c.Before), decode.Grouped(c.After))
	}
	if named {
		text += ": " + c.Path
	}
	return text
}

func resizeJSON(w io.Writer, r Resized) error {
	d := newDocument(w, "resize")
	if !r.DryRun {
		r.Plan = nil
	} else if r.Plan == nil {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.object("virtual_size")
	d.number("before", r.Before)
	d.number("after", r.After)
	d.close()
	d.number("moved_blocks", r.Moved)
	d.object("gpt")
	d.bool("found", r.GPT)
	d.bool("moved", r.MovedGPT && !r.DryRun)
	d.close()
	d.words("out", r.Out)
	return d.end(nil)
}
