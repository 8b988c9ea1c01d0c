package report

import (
	"io"

	"platter/decode"
)

// Merged is what became of the layers of a chain.
type Merged struct {
	Outcome
	From     []string // the layers that were merged, the image first
	Into     string   // the layer that has their content now, or the new image
	Out      bool     // it is a new image
	Onto     string   // the parent of the new image; empty: it stands alone
	Relinked []string // images that are based on Into now
	Kept     []string // images that are based on the merged one still
	Deleted  []string // files
	Stale    []string // images that show something else now, or do not fit any more
	Resumed  bool     // an earlier try was continued

	Copied, Equal, Zero int64    // bytes that the layers held themselves
	Needs               int64    // bytes that Into grows by, at most
	Grows               [2]int64 // size of its disk before and after, where that changes
}

// Merge reports a merge.
func Merge(w io.Writer, r Merged, form Form) error {
	if form == JSON {
		return mergeJSON(w, r)
	}
	p := newPage(w)
	for i, name := range r.From {
		verb := past(r.DryRun, "would merge", "merged")
		if i > 0 {
			verb = "  with"
		}
		p.print("%s %s", verb, decode.InQuotes(name))
	}
	into := "  into"
	if r.Out {
		into = "  into the new image"
	}
	p.print("%s %s", into, decode.InQuotes(r.Into))
	switch {
	case r.Onto != "":
		p.print("  which is a child of %s", decode.InQuotes(r.Onto))
	case r.Resumed && r.DryRun:
		p.print("  an earlier try was interrupted: the same command continues it")
	case r.Resumed:
		p.print("  an earlier try was interrupted and is finished now")
	}
	p.amounts(r)
	for _, name := range r.Relinked {
		p.print("  %s %s based on it", decode.InQuotes(name), past(r.DryRun, "would be", "is"))
	}
	for _, name := range r.Stale {
		p.print("  stale: %s: what it shows %s, do not use it any more", decode.InQuotes(name), past(r.DryRun, "would be a mixture", "is a mixture, or it does not open"))
	}
	for _, name := range r.Deleted {
		p.print("  removed %s", decode.InQuotes(name))
	}
	for _, name := range r.Kept {
		p.print("  %s %s based on %s as before", decode.InQuotes(name), past(r.DryRun, "would stay", "is"), decode.InQuotes(r.From[0]))
	}
	if len(r.Deleted)+len(r.Kept) == 0 && !r.Out && !r.DryRun && len(r.From) > 0 {
		p.print("  %s holds nothing any more that is not there too, and no image of its folder is based on it", decode.InQuotes(r.From[0]))
	}
	return p.end(nil)
}

// amounts tells how much it was.
func (p *page) amounts(r Merged) {
	if r.Grows[1] > 0 {
		p.print("  its disk %s from %s to %s bytes", past(r.DryRun, "would grow", "has grown"), decode.Grouped(r.Grows[0]), decode.Grouped(r.Grows[1]))
	}
	if r.DryRun {
		if !r.Out && !r.Resumed {
			p.print("  its file would grow by %s at most", bytesLong(r.Needs))
		}
		return
	}
	switch {
	case r.Onto != "":
		p.print("  %s stored, where it differs from that", bytesLong(r.Copied))
	case r.Out:
		p.print("  %s stored", bytesLong(r.Copied))
	default:
		p.print("  %s written, %s there already, %s zeros", bytesLong(r.Copied), bytesLong(r.Equal), bytesLong(r.Zero))
	}
	for _, i := range r.Identity {
		p.print("  %s of %s: %s -> %s", i.Kind, decode.InQuotes(i.File), i.Old, i.New)
	}
}

func mergeJSON(w io.Writer, r Merged) error {
	d := newDocument(w, "merge")
	if r.DryRun {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.texts("from", r.From)
	d.text("into", r.Into)
	d.bool("new_image", r.Out)
	d.words("onto", r.Onto)
	d.object("bytes")
	d.number("copied", r.Copied)
	d.number("equal", r.Equal)
	d.number("zero", r.Zero)
	d.number("needed", r.Needs)
	d.close()
	d.texts("relinked", r.Relinked)
	d.texts("still_based", r.Kept)
	d.texts("stale", r.Stale)
	d.texts("deleted", r.Deleted)
	d.bool("resumed", r.Resumed)
	return d.end(nil)
}
