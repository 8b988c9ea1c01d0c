package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/eyes"
)

// EyesOptions say what of the readers is told.
type EyesOptions struct {
	Hashed bool // digests were made
	Why    bool // list what each reader does otherwise
	Most   int  // ranges to list; 0: all
}

// EyesHashed is up to which size of the disk digests are made unless they are asked for, in
// bytes.
const EyesHashed = 16 << 30

// Saw is what looking through all eyes came to.
type Saw struct {
	Ranges int64 // in which the readers do not agree
	Bytes  int64 // in them
	Agree  bool  // all that read the image see one disk; refusals count as disagreement
}

// Eyes reports an image as every reader sees it: first the ranges in which they do not
// agree, as they are found, then the readers with their digests, which take the whole walk.
func Eyes(w io.Writer, e *eyes.Eyes, ranges iter.Seq2[eyes.Range, error], digest func(i int) eyes.Digest, opt EyesOptions, form Form) (Saw, error) {
	if form == JSON {
		return eyesJSON(w, e, ranges, digest, opt)
	}
	return eyesText(w, e, ranges, digest, opt)
}

// refuses reports whether some programs open the image and others do not.
func refuses(e *eyes.Eyes) bool {
	opens, fails := false, false
	for _, r := range e.Readers {
		opens = opens || r.Readable()
		fails = fails || r.Refused != nil
	}
	return opens && fails
}

func eyesText(w io.Writer, e *eyes.Eyes, ranges iter.Seq2[eyes.Range, error], digest func(i int) eyes.Digest, opt EyesOptions) (Saw, error) {
	p := newPage(w)
	var saw Saw
	size := e.Size()
	listed := 0
	for r, err := range ranges {
		if err != nil {
			return saw, p.end(err)
		}
		saw.Ranges, saw.Bytes = saw.Ranges+1, saw.Bytes+r.End-r.Start
		if opt.Most > 0 && listed >= opt.Most {
			continue
		}
		listed++
		p.eyesRange(e, r, size)
	}
	if more := saw.Ranges - int64(listed); more > 0 {
		p.print("%s not listed: --all lists them", decode.Plural(int(more), "more range is", "more ranges are"))
	}
	if saw.Ranges > 0 {
		p.print("")
	}
	if opt.Why {
		p.eyesReaders(e, digest, opt)
	} else {
		p.eyesAgreed(e, digest, opt, saw.Ranges == 0)
	}
	saw.Agree = saw.Ranges == 0 && !refuses(e)
	p.print("")
	p.print("%s", saw.verdict(e))
	return saw, p.end(nil)
}

// verdict is the sentence at the end.
func (s Saw) verdict(e *eyes.Eyes) string {
	switch {
	case s.Ranges > 0:
		return fmt.Sprintf("the readers do not agree: they see %s of the disk in %s otherwise", bytesLong(s.Bytes), decode.Plural(int(s.Ranges), "range", "ranges"))
	case refuses(e):
		return "the readers do not agree: some open the image and others refuse it; those that open it see the same disk"
	case e.Size() == 0:
		return "no reader shows a disk"
	}
	return "the readers agree: all that are known to read the image see the same disk"
}

// eyesRange prints one range: who sees what, and why.
func (p *page) eyesRange(e *eyes.Eyes, r eyes.Range, size int64) {
	p.print("%s+0x%x (%s)", hexOffset(r.Start, size), r.End-r.Start, decode.FormatSize(uint64(r.End-r.Start)))
	for _, g := range e.Groups(r) {
		p.print("    %s: %s", strings.Join(g.Policies, ", "), g.Text)
	}
	for _, c := range e.Causes(r) {
		at := ""
		if c.Place.File != "" {
			at = fmt.Sprintf(" (%s at 0x%x)", c.Place.File, c.Place.Offset)
		}
		p.print("    because %s: %s%s", strings.Join(c.Policies, ", "), c.Text, at)
	}
}

// eyesAgreed has a line for all readers that see the same disk, and one for each that has none.
func (p *page) eyesAgreed(e *eyes.Eyes, digest func(i int) eyes.Digest, opt EyesOptions, same bool) {
	table := columns{{"size", 18, true}, {"SHA-256 of the disk", 64, false}, {"readers, and how it is known what they do", 0, false}}
	type line struct{ size, sum, readers string }
	var lines []line
	for i, r := range e.Readers {
		if !r.Readable() {
			continue
		}
		d := digest(i)
		l := line{decode.Grouped(r.Size), told(d, opt), r.Policy.Name + " (" + knownBy(r) + ")"}
		sure := d.SHA256 != "" && d.Lost == 0 || same && d.Lost == 0
		at := slices.IndexFunc(lines, func(o line) bool { return sure && o.size == l.size && o.sum == l.sum })
		if at < 0 {
			lines = append(lines, l)
		} else {
			lines[at].readers += ", " + l.readers
		}
	}
	if len(lines) > 0 {
		table.head(p)
	}
	for _, l := range lines {
		table.row(p, l.size, l.sum, l.readers)
	}
	for _, r := range e.Readers {
		switch {
		case r.Unknown != "":
			p.print("%s has nothing to compare: %s", r.Policy.Name, r.Unknown)
		case r.Refused != nil:
			p.print("%s (%s) refuses: %s", r.Policy.Name, knownBy(r), r.Refused)
		}
	}
}

// eyesReaders has a line for each reader, and what it does otherwise.
func (p *page) eyesReaders(e *eyes.Eyes, digest func(i int) eyes.Digest, opt EyesOptions) {
	table := columns{{"reader", 10, false}, {"known by", 10, false}, {"size", 18, true}, {"SHA-256 of the disk", 0, false}}
	table.head(p)
	for i, r := range e.Readers {
		switch {
		case r.Unknown != "":
			table.row(p, r.Policy.Name, "", "-", "nothing to compare: "+r.Unknown)
		case r.Refused != nil:
			table.row(p, r.Policy.Name, knownBy(r), "-", "refuses: "+r.Refused.Error())
		default:
			table.row(p, r.Policy.Name, knownBy(r), decode.Grouped(r.Size), told(digest(i), opt))
		}
		p.eyesWhy(e, r)
	}
}

// knownBy says how it is known what a reader does.
func knownBy(r *eyes.Reader) string {
	switch {
	case r.Policy.Name == eyes.Spec:
		return "the format"
	case r.Policy.Sure == eyes.Tested:
		return "tests"
	case r.Policy.Sure == eyes.Read:
		return "its code"
	}
	return "documents"
}

// told is what stands in the column of digests.
func told(d eyes.Digest, opt EyesOptions) string {
	switch {
	case d.Lost > 0:
		return fmt.Sprintf("none: reading fails in %s", bytesLong(d.Lost))
	case d.SHA256 != "":
		return d.SHA256
	}
	return "not made: the disk is large; --hash makes it"
}

// eyesWhy lists what a reader does otherwise with images of this format.
func (p *page) eyesWhy(e *eyes.Eyes, r *eyes.Reader) {
	p.print("            %s (%s)", r.Policy.Program, r.Policy.Sure)
	for _, d := range r.Policy.Deviations(e.Image.Info().Format) {
		mark := ""
		if !d.Modelled {
			mark = "; not shown here"
		}
		p.print("            - %s: %s [%s, %s%s]", d.Code, d.Text, d.Source, d.Sure, mark)
	}
}

func eyesJSON(w io.Writer, e *eyes.Eyes, ranges iter.Seq2[eyes.Range, error], digest func(i int) eyes.Digest, opt EyesOptions) (Saw, error) {
	d := newDocument(w, "eyes")
	d.text("path", e.Image.Info().Path)
	d.text("format", e.Image.Info().Format)
	d.list("ranges")
	var saw Saw
	listed := int64(0)
	for r, err := range ranges {
		if err != nil {
			return saw, d.end(err)
		}
		saw.Ranges, saw.Bytes = saw.Ranges+1, saw.Bytes+r.End-r.Start
		if opt.Most > 0 && listed >= int64(opt.Most) {
			continue
		}
		listed++
		d.eyesRange(e, r)
	}
	d.close()
	d.number("unlisted", saw.Ranges-listed)
	d.list("readers")
	for i, r := range e.Readers {
		d.eyesReader(e, r, digest(i))
	}
	d.close()
	saw.Agree = saw.Ranges == 0 && !refuses(e)
	d.number("bytes", saw.Bytes)
	d.bool("agree", saw.Agree)
	return saw, d.end(nil)
}

func (d *document) eyesRange(e *eyes.Eyes, r eyes.Range) {
	d.item()
	d.number("start", r.Start)
	d.number("length", r.End-r.Start)
	d.key("seen")
	d.open('[', ']', true)
	for _, g := range e.Groups(r) {
		d.item()
		d.strings("readers", g.Policies)
		d.text("what", g.What)
		d.words("file", g.File)
		d.number("offset", g.Offset)
		d.close()
	}
	d.close()
	d.key("causes")
	d.open('[', ']', true)
	for _, c := range e.Causes(r) {
		d.item()
		d.strings("readers", c.Policies)
		d.words("deviation", c.Code)
		d.text("text", c.Text)
		d.words("file", c.Place.File)
		d.number("offset", c.Place.Offset)
		d.number("length", c.Place.Length)
		d.close()
	}
	d.close()
	d.close()
}

func (d *document) eyesReader(e *eyes.Eyes, r *eyes.Reader, g eyes.Digest) {
	d.item()
	d.text("reader", r.Policy.Name)
	d.text("program", r.Policy.Program)
	d.text("sure", string(r.Policy.Sure))
	d.bool("readable", r.Readable())
	d.number("size", r.Size)
	why := ""
	if r.Refused != nil {
		why = r.Refused.Error()
	}
	d.words("refused", why)
	d.words("unknown", r.Unknown)
	d.words("sha256", g.SHA256)
	d.number("lost", g.Lost)
	d.key("notes")
	d.open('[', ']', true)
	for _, n := range r.Notes {
		d.item()
		d.text("deviation", n.Code)
		d.text("text", n.Text)
		d.words("file", n.Place.File)
		d.number("offset", n.Place.Offset)
		d.number("length", n.Place.Length)
		d.close()
	}
	d.close()
	d.close()
}

// strings writes a list of words on one line.
func (d *document) strings(name string, list []string) {
	d.key(name)
	d.open('[', ']', true)
	for _, s := range list {
		d.next()
		d.quoted(s)
	}
	d.close()
}
