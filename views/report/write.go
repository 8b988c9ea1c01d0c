package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"platter/decode"
)

// Written is what became of a range of the disk.
type Written struct {
	Outcome
	Did       string // what was done, in the past: "wrote"
	Would     string // the same for a dry run: "write"
	Of        string // what was written: "the disk", or a file
	Start     int64  // bytes
	Length    int64  // that were to be written; -1: that is not known
	Bytes     int64  // that were written
	Stored    int64  // blocks that were not stored before
	Dropped   int64  // blocks that are not stored any more
	BlockSize int64  // bytes; 0 where there are no blocks
	Replayed  bool   // a log was replayed in the file first
	Straight  bool   // without the journal
	Nothing   bool   // all bytes were as they should be already, or nothing could be given back
	Why       string // why nothing could be given back
}

// Write reports what was written.
func Write(w io.Writer, r Written, form Form) error {
	if form == JSON {
		return writeJSON(w, r)
	}
	return writeText(w, r)
}

func writeJSON(w io.Writer, r Written) error {
	d := newDocument(w, "write")
	if !r.DryRun {
		r.Plan = nil
	} else if r.Plan == nil {
		r.Plan = []Planned{}
	}
	d.outcome(r.Outcome)
	d.number("start", r.Start)
	d.size("length", r.Length)
	d.number("written", r.Bytes)
	d.number("allocated_blocks", r.Stored)
	d.number("dropped_blocks", r.Dropped)
	d.positive("block_size", r.BlockSize)
	d.bool("renewed", len(r.Identity) > 0)
	d.bool("replayed", r.Replayed)
	d.bool("journaled", !r.Straight && !r.Nothing)
	d.bool("changed", !r.Nothing && !r.DryRun && (r.Done || r.Bytes > 0))
	d.words("unchanged_because", r.unchanged())
	return d.end(nil)
}

func writeText(w io.Writer, r Written) error {
	p := newPage(w)
	verb := r.Did
	if r.DryRun {
		verb = "would " + r.Would
	}
	if r.Nothing {
		word, _, _ := strings.Cut(r.Would, " ")
		p.print("nothing to %s: %s; nothing was changed", word, r.unchanged())
		return p.end(nil)
	}
	p.print("%s %s", verb, r.where())
	p.plan(r.Plan)
	f := facts{p, len("blocks stored")}
	if r.Replayed {
		f.add("log", past(r.DryRun, "would be replayed in the file first", "was replayed in the file first"))
	}
	f.add("blocks stored", r.blocks(r.Stored))
	f.add("blocks freed", r.blocks(r.Dropped))
	for _, c := range r.Files {
		if c.Before != c.After {
			f.add("file size", fmt.Sprintf("%s -> %s bytes", decode.Grouped(c.Before), decode.Grouped(c.After)))
		}
		if c.Before != c.After && len(r.Files) > 1 {
			f.add("", c.Path)
		}
	}
	for _, i := range r.Identity {
		f.add(i.Kind, i.Old)
		f.add("", "-> "+orElse(i.New, "a new one"))
	}
	f.add("how", r.how())
	return p.end(nil)
}

// where words the range.
func (r Written) where() string {
	return fmt.Sprintf("%s of %s at byte %s (0x%x)", bytesWritten(max(r.Bytes, r.Length)), r.Of, decode.Grouped(r.Start), r.Start)
}

// unchanged tells why there was nothing to do; empty if there was something.
func (r Written) unchanged() string {
	switch {
	case !r.Nothing:
		return ""
	case r.Length == 0:
		return "there are no bytes"
	case r.Why != "":
		return r.Why
	}
	return r.where() + " are so already"
}

// bytesWritten is bytesLong for a number that may be one.
func bytesWritten(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return bytesLong(n)
}

// blocks words a number of blocks; empty for none.
func (r Written) blocks(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s", decode.Grouped(n), decode.FormatSize(uint64(r.BlockSize)))
}

// how tells by which way the bytes go to the file.
func (r Written) how() string {
	switch {
	case r.Straight && r.DryRun:
		return "straight to the file, without the journal: too much for it"
	case r.Straight:
		return "straight to the file, then synced"
	case r.DryRun:
		return "through the journal, all or nothing"
	}
	return "through the journal, read back and compared"
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// maxPlanned is how many ranges are listed for people.
const maxPlanned = 16

// plan lists what is written where.
func (p *page) plan(list []Planned) {
	size, longest := int64(0), 1
	for _, s := range list[:min(len(list), maxPlanned)] {
		size, longest = max(size, s.Offset), max(longest, len(decode.Grouped(s.Length)))
	}
	several := slices.ContainsFunc(list, func(s Planned) bool { return s.File != list[0].File })
	for i, s := range list {
		if i == maxPlanned {
			p.print("  and %s more", decode.Plural(len(list)-i, "range", "ranges"))
			return
		}
		if several && (i == 0 || s.File != list[i-1].File) {
			p.print("  in %s:", s.File)
		}
		p.print("  %s  %*s B  %s", hexOffset(s.Offset, size), longest, decode.Grouped(s.Length), s.What)
	}
}
