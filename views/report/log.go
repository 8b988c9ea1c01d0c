package report

import (
	"cmp"
	"context"
	"io"
	"strconv"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// LogOptions say how much of a log is reported.
type LogOptions struct {
	Changes bool // what each descriptor changes, field by field
}

// descriptorsShown bounds the descriptors of an entry in a text, and valueShown
// the columns of a value.
const (
	descriptorsShown = 64
	valueShown       = 72
)

// Log reports the write-ahead log of an image: all its entries, what they
// change, and why those that are not replayed are not. An image of a format
// without a log has no entries.
func Log(ctx context.Context, w io.Writer, img disk.Image, opt LogOptions, form Form) error {
	r := logReport{ctx: ctx, img: img, opt: opt}
	if l, ok := img.(disk.Logged); ok {
		var err error
		if r.log, err = l.Log(ctx); err != nil {
			return err
		}
		r.logged = l
	}
	if form == JSON {
		return r.json(newDocument(w, "log"))
	}
	p := newPage(w)
	return p.end(r.text(p))
}

// logReport is a report under way.
type logReport struct {
	ctx    context.Context
	img    disk.Image
	logged disk.Logged // nil: the format has no log
	log    disk.Log
	opt    LogOptions
}

// each calls fn for each descriptor of an entry, with what it changes if that
// is asked for.
func (r *logReport) each(e disk.LogEntry, fn func(disk.LogDescriptor, disk.Effects)) error {
	before := r.img
	if r.opt.Changes && e.Active() {
		img, err := r.logged.AtStep(r.ctx, e.Step-1)
		if err != nil {
			return err
		}
		defer img.Close()
		before = img
	}
	finder := disk.NewEffectFinder(before)
	for d, err := range e.Descriptors {
		if err == nil {
			err = r.ctx.Err()
		}
		var changes disk.Effects
		if err == nil && r.opt.Changes {
			changes, err = finder.Find(d)
		}
		if err != nil {
			return err
		}
		fn(d, changes)
	}
	return nil
}

func (r *logReport) json(d *document) error {
	d.list("entries")
	for _, e := range r.log.Entries {
		if err := r.entryJSON(d, e); err != nil {
			return d.end(err)
		}
	}
	d.close()
	d.number("entries_omitted", int64(r.log.Omitted))
	d.bool("dirty", r.log.Dirty)
	d.bool("has_log", r.log.Place.Length > 0)
	d.positive("log_offset", r.log.Place.Offset)
	d.positive("log_length", r.log.Place.Length)
	d.words("guid", r.log.GUID)
	d.number("steps", int64(r.log.Steps))
	if r.log.Refused != nil {
		d.text("refused", r.log.Refused.Error())
	} else {
		d.null("refused")
	}
	return d.end(nil)
}

func (r *logReport) entryJSON(d *document, e disk.LogEntry) error {
	d.item()
	d.number("offset", e.Place.Offset)
	d.unsigned("sequence", e.Sequence)
	d.number("length", e.Length)
	d.bool("active", e.Active())
	d.bool("torn", e.Torn)
	d.bool("stale", e.Stale)
	d.number("step", int64(e.Step))
	d.words("why", e.Why)
	d.text("guid", e.GUID)
	d.number("tail", e.Tail)
	d.unsigned("flushed_file_offset", e.Flushed)
	d.unsigned("last_file_offset", e.Last)
	d.list("descriptors")
	err := r.each(e, func(desc disk.LogDescriptor, changes disk.Effects) { r.descriptorJSON(d, desc, changes) })
	if err != nil {
		return err
	}
	d.close()
	d.close()
	return nil
}

func (r *logReport) descriptorJSON(d *document, desc disk.LogDescriptor, changes disk.Effects) {
	d.item()
	d.text("kind", desc.Kind)
	d.number("offset", desc.Place.Offset)
	d.number("target", desc.Target.Offset)
	d.number("length", desc.Target.Length)
	d.positive("data_offset", desc.Sector.Offset)
	if r.opt.Changes {
		d.words("structure", changes.Where)
		d.effects(changes)
	}
	d.close()
}

// effects lists what changes, field by field.
func (d *document) effects(e disk.Effects) {
	d.list("changes")
	for _, c := range e.List {
		d.item()
		d.text("name", c.Name)
		d.number("offset", c.Place.Offset)
		d.number("length", c.Place.Length)
		d.text("before", c.Before)
		d.text("after", c.After)
		d.hex("before_hex", c.Old)
		d.hex("after_hex", c.New)
		d.close()
	}
	d.close()
	d.bool("complete", !e.More)
}

func (r *logReport) text(p *page) error {
	if r.log.Place.Length == 0 {
		p.print("This image has no log.")
		if r.log.Refused != nil {
			p.print("%v", r.log.Refused)
		}
		return nil
	}
	p.print("log at 0x%x, %s, LogGuid %s", r.log.Place.Offset, decode.FormatSize(uint64(r.log.Place.Length)), r.log.GUID)
	p.print("%s", logWords(r.log))
	if len(r.log.Entries) == 0 {
		p.print("There is no entry in it.")
		return nil
	}
	p.print("")
	size := r.log.Place.End()
	table := columns{{"offset", 2 + hexDigits(size), false}, {"sequence", 20, true}, {"length", 9, true}, {"changes", 7, true}, {"state", 8, false}, {"", 0, false}}
	table.head(p)
	for _, e := range r.log.Entries {
		table.row(p, hexOffset(e.Place.Offset, size), strconv.FormatUint(e.Sequence, 10), decode.Grouped(e.Length), decode.Grouped(e.Count), entryState(e), e.Why)
		if err := r.descriptors(p, e); err != nil {
			return err
		}
	}
	if r.log.Omitted > 0 {
		p.print("and %s more, which are not listed", decode.Plural(r.log.Omitted, "entry", "entries"))
	}
	return nil
}

// logWords says whether the log counts.
func logWords(l disk.Log) string {
	switch {
	case l.Refused != nil:
		return "dirty, and the log can't be replayed: " + l.Refused.Error()
	case l.Dirty:
		return "dirty: the image was not closed cleanly. Replayed in memory: " + decode.Plural(l.Steps, "entry", "entries") + "; the file is unchanged."
	}
	return "clean: nothing is to be replayed"
}

// entryState is what becomes of an entry, in a word.
func entryState(e disk.LogEntry) string {
	switch {
	case e.Active():
		return "step " + strconv.Itoa(e.Step)
	case e.Torn:
		return "torn"
	case e.Stale:
		return "stale"
	}
	return "applied"
}

// descriptors prints those of an active entry, and of the others where the
// changes are asked for.
func (r *logReport) descriptors(p *page, e disk.LogEntry) error {
	if !e.Active() && !r.opt.Changes {
		return nil
	}
	n := 0
	err := r.each(e, func(d disk.LogDescriptor, changes disk.Effects) {
		if n++; n > descriptorsShown {
			return
		}
		where := ""
		if changes.Where != "" {
			where = ", " + changes.Where
		}
		p.print("    %-4s 0x%x, %s%s", d.Kind, d.Target.Offset, decode.FormatSize(uint64(d.Target.Length)), where)
		for _, c := range changes.List {
			p.print("        0x%x %s: %s -> %s", c.Place.Offset, cmp.Or(c.Name, "bytes"), short(c.Before), short(c.After))
		}
		switch {
		case changes.More:
			p.print("        and more")
		case r.opt.Changes && len(changes.List) == 0:
			p.print("        the same bytes as before")
		}
	})
	if n > descriptorsShown {
		p.print("    and %d more", n-descriptorsShown)
	}
	return err
}

// short cuts a value that takes more than its share of a line.
func short(s string) string {
	if len(s) <= valueShown {
		return s
	}
	return strings.ToValidUTF8(s[:valueShown], "") + ".."
}
