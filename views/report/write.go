package report

import (
	"fmt"
	"io"
	"strings"

	"platter/decode"
)

// Written is what became of a range of the disk.
type Written struct {
	Outcome
	Did         string // what was done, in the past: "wrote"
	Would       string // the same for a dry run: "write"
	Of          string // what was written: "the disk", or a file
	Start       int64  // bytes
	Length      int64  // that were to be written; -1: that is not known
	Bytes       int64  // that were written
	Stored      int64  // blocks that were not stored before
	Dropped     int64  // blocks that are not stored any more
	BlockSize   int64  // bytes; 0 where there are no blocks
	Straight    bool   // without the journal
	Nothing     bool   // all bytes were as they should be already
	Interrupted bool
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
	d.bool("journaled", !r.Straight)
	d.bool("interrupted", r.Interrupted)
	return d.end(nil)
}

func writeText(w io.Writer, r Written) error {
	p := newPage(w)
	verb := r.Did
	if r.DryRun {
		verb = "would " + r.Would
	}
	at := fmt.Sprintf("%s of %s at byte %s (0x%x)", bytesWritten(max(r.Bytes, r.Length)), r.Of, decode.Grouped(r.Start), r.Start)
	if r.Nothing {
		word, _, _ := strings.Cut(r.Would, " ")
		p.print("nothing to %s: %s", word, r.nothing(at))
		return p.end(nil)
	}
	p.print("%s %s", verb, at)
	p.plan(r.Plan)
	f := facts{p, len("blocks stored")}
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

// nothing tells why there was nothing to do.
func (r Written) nothing(at string) string {
	switch {
	case r.Length == 0:
		return "there are no bytes"
	case r.Would == "reveal the parent in":
		return "no whole block in the range hides the parent, the content stays as it is: " + at
	case r.Would == "trim":
		return "no whole block in the range can be given back, the content stays as it is (--zero makes it read as zeros): " + at
	}
	return at + " are so already"
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
	for i, s := range list {
		if i == maxPlanned {
			p.print("  and %s more", decode.Plural(len(list)-i, "range", "ranges"))
			return
		}
		p.print("  %s  %*s B  %s", hexOffset(s.Offset, size), longest, decode.Grouped(s.Length), s.What)
	}
}
