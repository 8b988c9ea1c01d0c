package report

import (
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Creation reports what was made. Try is a command that looks at it.
func Creation(w io.Writer, c disk.Created, dryRun bool, try string, form Form) error {
	if form == JSON {
		return creationJSON(w, c, dryRun)
	}
	p := newPage(w)
	i := c.Info
	p.print("%s %s: %s, %s, a disk of %s (%s bytes)", past(dryRun, "would make", "made"), i.Path, i.Format, i.Type, decode.FormatSize(uint64(i.VirtualSize)), decode.Grouped(i.VirtualSize))
	for _, f := range c.Files {
		if old, ok := c.Before[f.Name]; ok {
			p.print("  %s  %s, in place of a file of %s", f.Name, decode.FormatSize(uint64(f.Size)), decode.FormatSize(uint64(old)))
			continue
		}
		p.print("  %s  %s", f.Name, decode.FormatSize(uint64(f.Size)))
	}
	for _, f := range c.Removed {
		p.print("  %s of the replaced image: %s", f.Name, past(dryRun, "would be removed", "removed"))
	}
	if c.GrowsTo > i.FileSize {
		p.print("  grows to %s when the disk is full", decode.FormatSize(uint64(c.GrowsTo)))
	}
	if dryRun {
		p.layout(c.Layout)
		return p.end(nil)
	}
	if c.Verified {
		p.print("  checked and read back: the disk is as it should be")
	}
	p.print("look at it with: %s", try)
	return p.end(nil)
}

// past words what was done, or what would be.
func past(dryRun bool, would, did string) string {
	if dryRun {
		return would
	}
	return did
}

// layout lists what the first bytes of new files would be.
func (p *page) layout(list []disk.Region) {
	for _, r := range list {
		p.print("  0x%08x  %10s  %s", r.Offset, decode.FormatSize(uint64(r.Length)), r.Name)
	}
}

func creationJSON(w io.Writer, c disk.Created, dryRun bool) error {
	d := newDocument(w, "create")
	i := c.Info
	o := Outcome{Done: !dryRun, DryRun: dryRun, Warnings: c.Warnings, Identity: []Identity{{File: i.Path, Kind: "id", New: i.ID}}}
	for _, f := range c.Files {
		before, ok := c.Before[f.Name]
		if !ok {
			before = -1
		}
		o.Files = append(o.Files, FileChange{f.Name, before, f.Size})
	}
	for _, f := range c.Removed {
		o.Files = append(o.Files, FileChange{f.Name, f.Size, -1})
	}
	if dryRun {
		for _, r := range c.Layout {
			o.Plan = append(o.Plan, Planned{r.File, r.Offset, r.Length, r.Name})
		}
	}
	d.outcome(o)
	d.object("image")
	d.text("path", i.Path)
	d.text("format", i.Format)
	d.text("type", i.Type)
	d.number("virtual_size", i.VirtualSize)
	d.number("file_size", i.FileSize)
	d.positive("block_size", i.BlockSize)
	d.positive("logical_sector_size", i.LogicalSectorSize)
	d.positive("physical_sector_size", i.PhysicalSectorSize)
	d.words("id", i.ID)
	d.words("parent", i.Parent)
	d.close()
	d.regions("layout", c.Layout)
	d.positive("grows_to", c.GrowsTo)
	d.bool("verified", c.Verified)
	return d.end(nil)
}

// Refused reports that a verb refused to do what was asked for.
func Refused(w io.Writer, verb string, r Refusal, dryRun bool) error {
	return Failed(w, verb, Outcome{DryRun: dryRun, Refused: r})
}

// Failed reports that a verb has done nothing, and why.
func Failed(w io.Writer, verb string, o Outcome) error {
	d := newDocument(w, verb)
	d.outcome(o)
	return d.end(nil)
}

func (d *document) regions(name string, list []disk.Region) {
	d.list(name)
	for _, r := range list {
		d.item()
		d.text("file", r.File)
		d.number("offset", r.Offset)
		d.number("length", r.Length)
		d.text("name", r.Name)
		d.close()
	}
	d.close()
}
