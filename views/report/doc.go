package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"platter/decode"
	"platter/decode/reference"
)

// Doc reports what is known of things that have a name: words, structures, fields.
func Doc(w io.Writer, list []reference.Entry, form Form) error {
	if form == JSON {
		d := newDocument(w, "doc")
		d.list("entries")
		for _, e := range list {
			d.reference(e)
		}
		return d.end(nil)
	}
	p := newPage(w)
	for i, e := range list {
		if i > 0 {
			p.print("")
		}
		p.reference(e)
	}
	return p.end(nil)
}

// DocNames lists the names of all words and structures.
func DocNames(w io.Writer, form Form) error {
	if form == JSON {
		return Doc(w, reference.Entries(), form)
	}
	p := newPage(w)
	group := ""
	for _, e := range reference.Entries() {
		if e.Kind == reference.Field {
			continue
		}
		head := strings.TrimSpace(e.Format + " " + e.Kind.String() + "s")
		if head != group {
			if group != "" {
				p.print("")
			}
			group = head
			p.print("%s", strings.ToUpper(head[:1])+head[1:])
		}
		p.print("  %s", e.Name)
	}
	p.print("")
	p.print("platter doc NAME explains one of them, or any field of a structure; platter doc --format vhdx prints a format's tables.")
	return p.end(nil)
}

// reference prints an entry: its name, its text, and what its declaration says.
func (p *page) reference(e reference.Entry) {
	p.print("%s (%s)", e.Title(), e.Kind)
	p.wrapped("  ", e.Text)
	switch e.Kind {
	case reference.Structure:
		p.print("  %s, %s; defined in %s", decode.Plural(e.Layout.Size(), "byte", "bytes"), e.Layout.Order(), e.Layout.Ref())
		for _, f := range e.Layout.Fields() {
			p.print("  %6d  %-26s  %s", f.Offset(), f.Name(), f.Type())
		}
	case reference.Field:
		p.print("  at byte %d of the %s: %s", e.Field.Offset(), e.Layout.Name(), e.Field.Type())
		if rules := e.Field.Rules(); len(rules) > 0 {
			p.wrapped("  ", strings.Join(rules, "; "))
		}
		for _, v := range values(e.Field) {
			p.wrapped("    ", v)
		}
		p.print("  defined in %s", e.Layout.Ref())
	}
}

// values words what each named value, or each named bit, of a field stands for.
func values(f *decode.Field) (list []string) {
	add := func(value, name, doc string) {
		if doc != "" {
			name += ": " + doc
		}
		list = append(list, value+" "+name)
	}
	for _, n := range f.Names() {
		add(valueText(n.Value), n.Name, n.Doc)
	}
	for _, fl := range f.Flags() {
		add(fmt.Sprintf("0x%x", fl.Mask), fl.Name, fl.Doc)
	}
	return list
}

// valueText is a number as a person counts, or in hexadecimal if it is a code of four characters.
func valueText(v uint64) string {
	if v > 0xffff {
		return fmt.Sprintf("0x%x", v)
	}
	return fmt.Sprint(v)
}

// pageWidth is where sentences are broken into lines.
const pageWidth = 100

// wrapped prints a text in lines, each after the indent.
func (p *page) wrapped(indent, text string) {
	line, n := indent, len(indent)
	for _, word := range strings.Fields(text) {
		w := utf8.RuneCountInString(word)
		if n > len(indent) {
			if n+1+w > pageWidth {
				p.print("%s", line)
				line, n = indent, len(indent)
			} else {
				line, n = line+" ", n+1
			}
		}
		line, n = line+word, n+w
	}
	p.print("%s", line)
}

func (d *document) reference(e reference.Entry) {
	d.item()
	d.text("kind", e.Kind.String())
	d.words("format", e.Format)
	d.text("name", e.Name)
	d.text("text", e.Text)
	if e.Layout != nil {
		d.words("defined_in", e.Layout.Ref())
	}
	switch {
	case e.Field != nil:
		low, bits := e.Field.Bits()
		d.text("structure", e.Layout.Name())
		d.number("offset", int64(e.Field.Offset()))
		d.number("size", int64(e.Field.Size()))
		d.number("first_bit", int64(low))
		d.number("bits", int64(bits))
		d.text("type", e.Field.Type())
		d.texts("rules", e.Field.Rules())
		d.texts("values", values(e.Field))
	case e.Layout != nil:
		d.number("size", int64(e.Layout.Size()))
		d.text("byte_order", e.Layout.Order().String())
	}
	d.close()
}

// Reference prints all tables of a format as Markdown, made from what the program reads and
// writes by.
func Reference(w io.Writer, f reference.Format, form Form) error {
	if form == JSON {
		var list []reference.Entry
		for _, e := range reference.Entries() {
			if e.Format == f.Title {
				list = append(list, e)
			}
		}
		return Doc(w, list, form)
	}
	p := newPage(w)
	p.print("# %s: structures and fields", f.Title)
	p.print("")
	p.print("%s Offsets in the tables are in bytes from the start of the structure, sizes in bytes.", f.About)
	for _, l := range f.Layouts {
		p.structure(l)
	}
	if len(f.Settings) > 0 {
		p.print("")
		p.print("## settings of the descriptor")
		p.print("")
		p.print("| key | meaning |")
		p.print("|---|---|")
		for _, s := range f.Settings {
			p.print("| `%s` | %s |", s.Key, cell(s.Doc))
		}
	}
	return p.end(nil)
}

// structure prints the section of a structure.
func (p *page) structure(l *decode.Layout) {
	p.print("")
	p.print("## %s", l.Name())
	p.print("")
	p.print("%s", l.Doc())
	p.print("")
	p.print("%s, %s. Defined in %s.", decode.Plural(l.Size(), "byte", "bytes"), l.Order(), l.Ref())
	p.print("")
	p.print("| offset | size | field | type | meaning |")
	p.print("|---:|---:|---|---|---|")
	for _, f := range l.Fields() {
		parts := []string{f.Doc()}
		if rules := f.Rules(); len(rules) > 0 {
			parts = append(parts, "("+strings.Join(rules, "; ")+")")
		}
		parts = append(parts, values(f)...)
		for i := range parts {
			parts[i] = cell(parts[i])
		}
		p.print("| %d | %d | `%s` | %s | %s |", f.Offset(), f.Size(), f.Name(), cell(f.Type()), strings.Join(parts, "<br>"))
	}
}

// cell makes a text fit for a cell of a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
