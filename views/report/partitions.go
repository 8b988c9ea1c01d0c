package report

import (
	"cmp"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Partitions reports the guest's partition table: what each partition is, which file
// system it holds, and what is wrong or left over.
func Partitions(w io.Writer, t disk.PartitionTable, form Form) error {
	if form == JSON {
		d := newDocument(w, "partitions")
		d.partitions(t)
		return d.end(nil)
	}
	p := newPage(w)
	p.partitions(t)
	return p.end(nil)
}

// Guest is what is known of the guest's partitions, or why nothing is.
type Guest struct {
	Table disk.PartitionTable
	Err   error
}

// partitions writes the members of a partition table.
func (d *document) partitions(t disk.PartitionTable) {
	d.words("scheme", t.Scheme)
	d.positive("sector_size", t.Sector)
	d.words("system", t.System)
	d.words("label", t.Label)
	d.list("partitions")
	for _, q := range t.Partitions {
		d.item()
		d.number("number", int64(q.Number))
		d.number("start", q.Start)
		d.number("length", q.Length)
		d.text("type", q.Type)
		d.words("guid", q.GUID)
		d.words("name", q.Name)
		d.words("system", q.System)
		d.words("label", q.Label)
		d.close()
	}
	d.close()
	d.findings("findings", t.Findings)
}

// scheme words what kind of table a disk has.
func scheme(t disk.PartitionTable) string {
	switch {
	case t.Scheme != "":
		return fmt.Sprintf("%s, sectors of %d bytes", t.Scheme, t.Sector)
	case t.System != "":
		return "no partition table: the disk itself holds " + t.System + quoted(t.Label)
	}
	return "no partition table, and no file system that is known"
}

func quoted(label string) string {
	if label == "" {
		return ""
	}
	return " " + decode.InQuotes(label)
}

func (p *page) partitions(t disk.PartitionTable) {
	p.print("%s", scheme(t))
	if len(t.Partitions) > 0 {
		table := columns{{"#", 3, true}, {"first sector", 12, true}, {"start", 14, false}, {"size", 10, true}, {"system", 10, false}, {"type", 26, false}, {"label", 0, false}}
		table.head(p)
		for _, q := range t.Partitions {
			table.row(p, fmt.Sprint(q.Number), fmt.Sprint(q.Start/t.Sector), fmt.Sprintf("0x%x", q.Start), decode.FormatSize(uint64(max(q.Length, 0))),
				cmp.Or(q.System, "-"), decode.Printable(q.Type), decode.Printable(cmp.Or(q.Label, q.Name)))
		}
	}
	for _, f := range t.Findings {
		p.print("%-7s  %-10s  %s", f.Severity, f.Code, f.Text)
		if f.Detail != "" {
			p.print("                     %s", f.Detail)
		}
	}
}

// partitionFacts are the rows of info about the guest's partitions.
func partitionFacts(f facts, t disk.PartitionTable) {
	f.add("Partitions", scheme(t))
	for _, q := range t.Partitions {
		f.add(fmt.Sprintf("Partition %d", q.Number), fmt.Sprintf("%s at 0x%x, %s, %s%s", decode.FormatSize(uint64(max(q.Length, 0))), q.Start, q.Type,
			cmp.Or(q.System, "no file system that is known"), quoted(cmp.Or(q.Label, q.Name))))
	}
	for _, n := range t.Findings {
		f.add("", n.Severity.String()+"  "+n.Code+"  "+n.Text)
	}
}
