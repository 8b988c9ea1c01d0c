package report

import (
	"io"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/transfer"
)

// Conversion is what became of the disk of an image.
type Conversion struct {
	transfer.Converted
	Source  disk.Info
	Into    bool // the target was there before
	Piped   bool // the target went to standard output
	Digests []transfer.Digest
	DryRun  bool
}

// Convert reports a conversion. Try is a command that looks at the target; it may be empty.
func Convert(w io.Writer, c Conversion, try string, form Form) error {
	if form == JSON {
		return convertJSON(w, c)
	}
	p := newPage(w)
	i := c.Info
	did := "made"
	switch {
	case c.DryRun:
		did = "would make"
	case c.Into:
		did = "wrote into"
	}
	kind := i.Format
	if i.Type != "" {
		kind += ", " + i.Type
	}
	if c.Piped {
		p.print("sent to standard output: %s, a disk of %s (%s bytes)", kind, decode.FormatSize(uint64(i.VirtualSize)), decode.Grouped(i.VirtualSize))
	} else {
		p.print("%s %s: %s, a disk of %s (%s bytes)", did, i.Path, kind, decode.FormatSize(uint64(i.VirtualSize)), decode.Grouped(i.VirtualSize))
	}
	for _, f := range c.Files {
		p.print("  %s  %s", f.Name, decode.FormatSize(uint64(f.Size)))
	}
	zeros := "zeros"
	if !c.Piped {
		zeros += " that need not be stored" // blocks that hold something else too have them all the same
	}
	p.print("  of %s bytes %s were stored, %s are %s", decode.Grouped(c.Size), decode.Grouped(c.stored()), decode.Grouped(c.zero()), zeros)
	if c.Equal > 0 {
		p.print("  %s bytes were the same already and were not written", decode.Grouped(c.Equal))
	}
	for _, d := range c.Digests {
		p.print("  %s %s", d.Algorithm, d.Hex)
	}
	if c.Gone > 0 {
		p.print("  %s bytes could not be read and are zeros now:", decode.Grouped(c.Gone))
		for _, r := range c.Lost {
			p.print("    0x%x, %s bytes", r.Offset, decode.Grouped(r.Length))
		}
	}
	if c.Verified {
		p.print("  checked and read back: the disk is that of the source")
	}
	if try != "" && !c.DryRun {
		p.print("look at it with: %s", try)
	}
	return p.end(nil)
}

// stored is how many bytes went into the target.
func (c Conversion) stored() int64 {
	if c.Poured {
		return c.Wrote
	}
	return c.Counts.Stored
}

// zero is how many bytes of the source are zeros that were not stored.
func (c Conversion) zero() int64 { return c.Size - c.stored() - c.Equal }

func convertJSON(w io.Writer, c Conversion) error {
	d := newDocument(w, "convert")
	o := Outcome{Done: !c.DryRun, DryRun: c.DryRun, Warnings: c.Warnings}
	if !c.Into && c.Info.ID != "" {
		o.Identity = []Identity{{File: c.Info.Path, Kind: "id", New: c.Info.ID}}
	}
	for _, f := range c.Files {
		before := int64(-1)
		if c.Into {
			before = f.Size
		}
		o.Files = append(o.Files, FileChange{f.Name, before, f.Size})
	}
	if c.DryRun {
		o.Plan = []Planned{}
		for _, r := range c.Layout {
			o.Plan = append(o.Plan, Planned{r.File, r.Offset, r.Length, r.Name})
		}
	}
	d.outcome(o)
	d.converted("source", c.Source)
	d.converted("target", c.Info)
	d.object("bytes")
	d.number("read", c.Counts.Read)
	d.number("stored", c.stored())
	d.number("zero", c.zero())
	d.number("skipped", c.Equal)
	d.close()
	d.object("digests")
	for _, g := range c.Digests {
		d.text(g.Algorithm, g.Hex)
	}
	d.close()
	d.bool("verified", c.Verified)
	d.number("lost_bytes", c.Gone)
	d.list("lost")
	for _, r := range c.Lost {
		d.item()
		d.number("start", r.Offset)
		d.number("length", r.Length)
		d.close()
	}
	d.close()
	return d.end(nil)
}

// converted describes one side of a conversion.
func (d *document) converted(name string, i disk.Info) {
	d.object(name)
	d.text("path", i.Path)
	d.text("format", i.Format)
	d.text("type", i.Type)
	d.number("virtual_size", i.VirtualSize)
	d.number("file_size", i.FileSize)
	d.words("id", i.ID)
	d.close()
}
