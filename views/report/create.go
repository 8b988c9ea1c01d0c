package report

import (
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Refusal says why a verb that writes has left everything as it was.
type Refusal struct {
	Reason   string // exists, limit, ...
	Message  string
	Override string // what would make it happen all the same; empty for nothing
}

// Creation reports what was made. Try is a command that looks at it.
func Creation(w io.Writer, c disk.Created, dryRun bool, try string, form Form) error {
	if form == JSON {
		return creationJSON(w, c, dryRun)
	}
	p := newPage(w)
	verb := "made"
	if dryRun {
		verb = "would make"
	}
	i := c.Info
	p.print("%s %s: %s, %s, a disk of %s (%s bytes)", verb, i.Path, i.Format, i.Type, decode.FormatSize(uint64(i.VirtualSize)), decode.Grouped(i.VirtualSize))
	for _, f := range c.Files {
		p.print("  %s  %s", f.Name, decode.FormatSize(uint64(f.Size)))
	}
	if c.GrowsTo > i.FileSize {
		p.print("  grows to %s when the disk is full", decode.FormatSize(uint64(c.GrowsTo)))
	}
	if dryRun {
		p.layout(c.Layout)
		return p.end(nil)
	}
	p.print("look at it with: %s", try)
	return p.end(nil)
}

// layout lists what the first bytes of new files would be.
func (p *page) layout(list []disk.Region) {
	for _, r := range list {
		p.print("  0x%08x  %10s  %s", r.Offset, decode.FormatSize(uint64(r.Length)), r.Name)
	}
}

func creationJSON(w io.Writer, c disk.Created, dryRun bool) error {
	d := newDocument(w, "create")
	d.outcome(!dryRun, dryRun, c.Warnings, Refusal{})
	i := c.Info
	d.list("identity")
	d.item()
	d.text("file", i.Path)
	d.text("kind", "id")
	d.null("old")
	d.words("new", i.ID)
	d.close()
	d.close()
	d.made(c.Files)
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
	d.regions("layout", c.Layout, "name")
	if dryRun {
		d.regions("plan", c.Layout, "what")
	} else {
		d.null("plan")
	}
	d.positive("grows_to", c.GrowsTo)
	return d.end(nil)
}

// Refused reports that a verb refused to do what was asked for.
func Refused(w io.Writer, verb string, r Refusal, dryRun bool) error {
	d := newDocument(w, verb)
	d.outcome(false, dryRun, nil, r)
	return d.end(nil)
}

// outcome writes what the documents of all writing verbs begin with.
func (d *document) outcome(done, dryRun bool, warnings []string, r Refusal) {
	d.bool("done", done)
	d.bool("dry_run", dryRun)
	d.list("warnings")
	for _, w := range warnings {
		d.item()
		d.null("code")
		d.text("message", w)
		d.texts("where", nil)
		d.close()
	}
	d.close()
	if r.Reason == "" {
		d.null("refused")
		return
	}
	d.object("refused")
	d.text("reason", r.Reason)
	d.text("message", r.Message)
	d.null("where")
	d.words("override", r.Override)
	d.close()
}

// made lists new files.
func (d *document) made(files []disk.File) {
	d.list("files")
	for _, f := range files {
		d.item()
		d.text("path", f.Name)
		d.null("size_before")
		d.number("size_after", f.Size)
		d.bool("created", true)
		d.bool("deleted", false)
		d.close()
	}
	d.close()
}

func (d *document) regions(name string, list []disk.Region, label string) {
	d.list(name)
	for _, r := range list {
		d.item()
		d.text("file", r.File)
		d.number("offset", r.Offset)
		d.number("length", r.Length)
		d.text(label, r.Name)
		d.close()
	}
	d.close()
}
