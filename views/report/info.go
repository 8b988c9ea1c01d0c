package report

import (
	"fmt"
	"io"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// Info reports what opening an image found out, and the guest's partitions.
func Info(w io.Writer, img disk.Image, g Guest, form Form) error {
	if form == JSON {
		return infoJSON(w, img, g)
	}
	return infoText(w, img, g)
}

func infoJSON(w io.Writer, img disk.Image, g Guest) error {
	info := img.Info()
	d := newDocument(w, "info")
	d.text("path", info.Path)
	d.text("format", info.Format)
	d.words("type", info.Type)
	d.words("recognised", info.Recognised)
	if info.Readable() {
		d.number("virtual_size", info.VirtualSize)
	} else {
		d.positive("virtual_size", info.VirtualSize)
	}
	d.number("file_size", info.FileSize)
	d.positive("block_size", info.BlockSize)
	d.positive("logical_sector_size", info.LogicalSectorSize)
	d.positive("physical_sector_size", info.PhysicalSectorSize)
	d.words("creator", info.Creator)
	d.words("id", info.ID)
	d.words("parent", info.Parent)
	d.bool("dirty", info.Dirty)
	d.bool("readable", info.Readable())
	if info.Refused != nil {
		d.text("refused", info.Refused.Error())
	}
	count := countFindings(info.Findings)
	d.object("findings")
	for s := disk.SeverityError; ; s-- {
		d.number(s.String(), int64(count[s]))
		if s == disk.SeverityInfo {
			break
		}
	}
	d.close()
	d.bool("findings_complete", false) // tables were not scanned
	d.list("files")
	for _, f := range img.Files() {
		d.item()
		d.text("file", f.Name)
		d.number("size", f.Size)
		d.close()
	}
	d.close()
	d.list("details")
	for _, row := range info.Details {
		d.item()
		d.text("label", row.Label)
		d.text("value", row.Value)
		d.close()
	}
	d.close()
	d.findings("notes", info.Findings)
	if g.Err == nil {
		d.object("guest")
		d.partitions(g.Table)
		d.close()
	} else {
		d.text("guest_unread", g.Err.Error())
	}
	return d.end(nil)
}

// findings writes a list of findings, as `check` does.
func (d *document) findings(name string, list []disk.Finding) {
	d.list(name)
	for _, f := range list {
		d.finding(f)
	}
	d.close()
}

func (d *document) finding(f disk.Finding) {
	d.item()
	d.text("code", f.Code)
	d.text("severity", f.Severity.String())
	d.text("message", f.Text)
	d.words("detail", f.Detail)
	d.words("cause", f.Cause)
	d.list("where")
	for _, at := range f.Where {
		d.item()
		d.place(at)
		d.close()
	}
	d.close()
	d.bool("fatal", f.Fatal)
	d.bool("repairable", f.Repairable)
	d.close()
}

// place writes the members of a place.
func (d *document) place(at decode.Place) {
	d.text("file", at.File)
	d.number("offset", at.Offset)
	d.number("length", at.Length)
}

func countFindings(list []disk.Finding) [disk.SeverityError + 1]int {
	var n [disk.SeverityError + 1]int
	for _, f := range list {
		n[f.Severity]++
	}
	return n
}

// facts are label and value in two columns.
type facts struct {
	p     *page
	width int
}

// add writes a row; one without a label goes on with the one before.
func (f facts) add(label, value string) {
	if value != "" {
		f.p.print("  %-*s  %s", f.width, label, value)
	}
}

func infoText(w io.Writer, img disk.Image, g Guest) error {
	info := img.Info()
	p := newPage(w)
	p.print("%s", info.Path)
	f := facts{p, labelWidth(info.Details)}
	f.add("Format", formatLine(info))
	f.add("Recognised", info.Recognised)
	if info.VirtualSize > 0 {
		f.add("Virtual size", bytesLong(info.VirtualSize))
	}
	f.add("File size", fileSizeLine(info, img.Files()))
	if info.BlockSize > 0 {
		f.add("Block size", bytesLong(info.BlockSize))
	}
	f.add("Sector size", sectorLine(info))
	f.add("Creator", info.Creator)
	f.add("Identity", info.ID)
	f.add("Parent", info.Parent)
	if info.Dirty {
		f.add("State", "not closed cleanly")
	}
	for _, row := range info.Details {
		f.add(row.Label, row.Value)
	}
	if info.Refused != nil {
		f.add("Not readable", info.Refused.Error())
	}
	switch {
	case g.Err == nil:
		partitionFacts(f, g.Table)
	case info.Readable():
		f.add("Partitions", "can't be read: "+g.Err.Error())
	}
	f.add("Findings", findingsLine(info.Findings))
	p.findings(info.Findings, "    ")
	return p.end(nil)
}

func labelWidth(rows []disk.Detail) int {
	width := len("Virtual size")
	for _, row := range rows {
		width = max(width, len(decode.Printable(row.Label)))
	}
	return min(width, 24)
}

func formatLine(info disk.Info) string {
	name := strings.ToUpper(info.Format)
	if info.Format == "raw" || info.Format == "unknown" {
		return info.Format
	}
	if info.Type == "" {
		return name
	}
	return name + ", " + info.Type
}

func fileSizeLine(info disk.Info, files []disk.File) string {
	s := bytesLong(info.FileSize)
	if len(files) > 1 {
		s += fmt.Sprintf(" in %d files", len(files))
	}
	return s
}

func sectorLine(info disk.Info) string {
	switch {
	case info.LogicalSectorSize == 0:
		return ""
	case info.PhysicalSectorSize == 0:
		return fmt.Sprintf("%d bytes", info.LogicalSectorSize)
	}
	return fmt.Sprintf("%d bytes logical, %d bytes physical", info.LogicalSectorSize, info.PhysicalSectorSize)
}

func findingsLine(list []disk.Finding) string {
	n := countFindings(list)
	var parts []string
	for _, s := range []struct {
		severity  disk.Severity
		one, many string
	}{{disk.SeverityError, "error", "errors"}, {disk.SeverityWarning, "warning", "warnings"}, {disk.SeverityInfo, "note", "notes"}} {
		if n[s.severity] > 0 {
			parts = append(parts, decode.Plural(n[s.severity], s.one, s.many))
		}
	}
	if len(parts) == 0 {
		return "none so far (tables were not scanned)"
	}
	return strings.Join(parts, ", ") + " (tables were not scanned)"
}

// findings writes one finding a line, its places after it.
func (p *page) findings(list []disk.Finding, indent string) {
	for _, f := range list {
		at := ""
		if len(f.Where) > 0 {
			at = fmt.Sprintf(" [%s 0x%x+%d]", f.Where[0].File, f.Where[0].Offset, f.Where[0].Length)
		}
		p.print("%s%-7s  %-10s  %s%s", indent, f.Severity, f.Code, f.Text, at)
	}
}
