package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// ExplainOptions say what was asked for.
type ExplainOptions struct {
	Verb          string // what would be done: "write"
	Start, Length int64  // of the disk, in bytes
	All           bool   // all effects of each step, for people
	Together      bool   // the steps become durable all at once
}

// Explain reports the steps of a write in the order in which they reach the disk; effects
// tells what one changes.
func Explain(w io.Writer, steps []store.Taken, effects func(store.Taken) disk.Effects, opt ExplainOptions, form Form) error {
	if form == JSON {
		return explainJSON(w, steps, effects, opt)
	}
	p := newPage(w)
	if len(steps) == 0 {
		p.print("nothing to %s: %s of the disk at byte %s (0x%x) are so already, no step is needed", opt.Verb, bytesWritten(opt.Length), decode.Grouped(opt.Start), opt.Start)
		return p.end(nil)
	}
	p.print("to %s %s of the disk at byte %s (0x%x) takes %s; nothing was changed", opt.Verb, bytesWritten(opt.Length), decode.Grouped(opt.Start), opt.Start, decode.Plural(numbered(steps), "step", "steps"))
	if opt.Together {
		p.print("  all steps become durable at once, through the journal beside the image")
	}
	several, last, number := len(filesOf(steps)) > 1, "", 0
	for _, s := range steps {
		if several && s.File != last {
			p.print("in %s:", s.File)
			last = s.File
		}
		if s.Sync {
			p.print("  ---- sync: all above is on disk before anything below is written")
			continue
		}
		number++
		p.print("%3d  %s", number, stepWords(s))
		p.effects(s, effects, opt.All)
	}
	return p.end(nil)
}

// numbered counts the steps that change something.
func numbered(steps []store.Taken) (n int) {
	for _, s := range steps {
		if !s.Sync {
			n++
		}
	}
	return n
}

func filesOf(steps []store.Taken) map[string]bool {
	files := map[string]bool{}
	for _, s := range steps {
		files[s.File] = true
	}
	return files
}

// stepWords says what a step does, where, and what for.
func stepWords(s store.Taken) string {
	switch {
	case s.SizeAfter > s.SizeBefore:
		return fmt.Sprintf("the file grows from %s to %s bytes", decode.Grouped(s.SizeBefore), decode.Grouped(s.SizeAfter))
	case s.Resizes():
		return fmt.Sprintf("the file is cut from %s to %s bytes", decode.Grouped(s.SizeBefore), decode.Grouped(s.SizeAfter))
	}
	words := fmt.Sprintf("0x%08x  %s bytes: %s", s.Offset, decode.Grouped(int64(len(s.New))), cmp.Or(s.Why, "written"))
	if len(s.Old) < len(s.New) { // what is read past the end of a file is shorter
		words += fmt.Sprintf("; the file grows to %s bytes", decode.Grouped(s.Offset+int64(len(s.New))))
	}
	return words
}

// effectsShown bounds the effects of a step for people, and bytesShown the bytes of a
// stretch that no field holds.
const (
	effectsShown = 24
	bytesShown   = 8
)

// effects prints what a step changes.
func (p *page) effects(s store.Taken, effects func(store.Taken) disk.Effects, all bool) {
	if s.Resizes() {
		return
	}
	e, shown := effects(s), 0
	list := e.List
	for len(list) > 0 && (all || shown < effectsShown) {
		n := stretch(list)
		if c := list[0]; isRow(c) && n == 1 && c.IsText() {
			before, after := c.Words()
			p.print("       text: %s -> %s", before, after)
		} else if isRow(c) {
			p.print("       %s: %s -> %s", decode.Plural(n*len(c.New), "byte", "bytes"), firstBytes(c.Old), firstBytes(c.New))
		} else {
			p.print("       %s: %s -> %s", cmp.Or(c.Name, "bytes"), short(c.Before), short(c.After))
		}
		list, shown = list[n:], shown+1
	}
	switch {
	case len(list) > 0:
		p.print("       and %s more (--all lists them)", decode.Plural(len(list), "place", "places"))
	case e.More:
		p.print("       and more")
	case len(e.List) == 0:
		p.print("       the same bytes as before")
	}
}

// stretch is how many effects at the start of a list are one for people: rows of bytes, one
// after the other.
func stretch(list []disk.Effect) int {
	n := 1
	for n < len(list) && isRow(list[0]) && isRow(list[n]) && list[n].Place.Offset == list[n-1].Place.End() {
		n++
	}
	return n
}

// firstBytes shows the start of a stretch.
func firstBytes(b []byte) string { return fmt.Sprintf("% x ..", b[:min(len(b), bytesShown)]) }

// isRow reports whether an effect is a row of bytes, which no field holds.
func isRow(c disk.Effect) bool { return c.Before == fmt.Sprintf("% x", c.Old) }

func explainJSON(w io.Writer, steps []store.Taken, effects func(store.Taken) disk.Effects, opt ExplainOptions) error {
	d := newDocument(w, "explain")
	d.text("verb", opt.Verb)
	d.number("start", opt.Start)
	d.number("length", opt.Length)
	d.list("steps")
	for _, s := range steps {
		d.item()
		d.text("file", s.File)
		switch {
		case s.Sync:
			d.text("do", "sync")
		case s.Resizes():
			d.text("do", "resize")
			d.number("size_before", s.SizeBefore)
			d.number("size_after", s.SizeAfter)
		default:
			d.text("do", "write")
			d.number("offset", s.Offset)
			d.number("length", int64(len(s.New)))
			d.words("why", s.Why)
			e := effects(s)
			d.words("structure", e.Where)
			d.bool("changes_bytes", !bytes.Equal(e.Old, e.New))
			d.effects(e)
		}
		d.close()
	}
	d.close()
	return d.end(nil)
}
