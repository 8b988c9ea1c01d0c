package decode

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

// Place is a range of bytes in one of an image's files.
type Place struct {
	File   string // path relative to the image's folder, with slashes
	Offset int64  // bytes from the start of the file
	Length int64  // bytes
}

// End is the offset of the first byte past the place.
func (p Place) End() int64 { return p.Offset + p.Length }

// Holds reports whether the byte at off of the file lies in the place.
func (p Place) Holds(file string, off int64) bool {
	return p.File == file && off >= p.Offset && off < p.End()
}

// Sub is the part of the place from off bytes on, length bytes long.
func (p Place) Sub(off, length int64) Place { return Place{p.File, p.Offset + off, length} }

// Target is where a pointer leads.
type Target struct {
	Place Place
	What  string // name of the structure pointed at
}

// Node is one row of a structure tree: a file, a structure, a field, or a
// group of them. Nodes are values and lazy: children come into being, and the
// image is read, only when asked for. Asking may read files, so it belongs in
// a command, never in a screen's drawing.
type Node struct {
	Name       string  // in the format's own terms
	Place      Place   // the bytes; Length 0 for groups that have no bytes of their own
	Value      string  // worded; empty for most structures
	Raw        []byte  // the bytes of a field
	Doc        string  // what it is for
	Ref        string  // where it is defined
	Mark       Mark    // verdict
	Words      string  // why the verdict, or a remark such as "current"
	Target     *Target // where a pointer leads; nil if it is none
	SecondCopy *Place  // the redundant copy of the same thing; nil if there is none
	Field      *Field  // the declaration; nil for what is no table field
	Record     Place   // the record that Field belongs to

	count int
	child func(int) Node
	index func(file string, off int64) (int, bool)
}

// Len is the number of children.
func (n Node) Len() int { return n.count }

// Child returns child i; the zero Node if there is none.
func (n Node) Child(i int) Node {
	if i < 0 || i >= n.count {
		return Node{}
	}
	return n.child(i)
}

// Find returns the path of child indices to the deepest node that holds the
// byte at off of the file. Groups of scattered things without an index of
// their own are searched only while they are small.
func (n Node) Find(file string, off int64) []int {
	var path []int
	for depth := 0; depth < 32; depth++ {
		i, ok := n.at(file, off)
		if !ok {
			return path
		}
		path = append(path, i)
		n = n.Child(i)
	}
	return path
}

// searchLimit bounds how many children Find tries one by one.
const searchLimit = 4096

func (n Node) at(file string, off int64) (int, bool) {
	if n.index != nil {
		return n.index(file, off)
	}
	if n.count > searchLimit {
		return 0, false
	}
	best, found := 0, false
	var size int64
	for i := range n.count {
		c := n.child(i)
		if c.holds(file, off) && (!found || c.Place.Length < size) {
			best, size, found = i, c.Place.Length, true
		}
	}
	return best, found
}

// holds reports whether the byte is the node's own or that of a descendant of
// a group without bytes.
func (n Node) holds(file string, off int64) bool {
	if n.Place.Length > 0 || n.count == 0 {
		return n.Place.Holds(file, off)
	}
	_, ok := n.at(file, off)
	return ok
}

// With returns the node with children that are made when asked for. The
// function must be safe to call again and again, and from any goroutine.
func (n Node) With(count int, child func(int) Node) Node {
	n.count, n.child, n.index = count, child, nil
	return n
}

// WithNodes returns the node with the given children.
func (n Node) WithNodes(children ...Node) Node {
	return n.With(len(children), func(i int) Node { return children[i] })
}

// Indexed returns the node with a direct way from a byte to the child that
// holds it, for groups too large to search.
func (n Node) Indexed(index func(file string, off int64) (int, bool)) Node {
	n.index = index
	return n
}

// Append returns the node with further children after those it has.
func (n Node) Append(more ...Node) Node {
	count, child, index := n.count, n.child, n.index
	n = n.With(count+len(more), func(i int) Node {
		if i < count {
			return child(i)
		}
		return more[i-count]
	})
	if index != nil {
		n.index = func(file string, off int64) (int, bool) {
			if i, ok := index(file, off); ok {
				return i, true
			}
			for i, c := range more {
				if c.holds(file, off) {
					return count + i, true
				}
			}
			return 0, false
		}
	}
	return n
}

// Repeat makes a node whose children lie one after the other, size bytes
// each, from place on. It costs nothing however many there are.
func Repeat(n Node, size int64, count int, child func(int) Node) Node {
	n = n.With(count, child)
	place := n.Place
	n.index = func(file string, off int64) (int, bool) {
		if size <= 0 || file != place.File || off < place.Offset {
			return 0, false
		}
		i := (off - place.Offset) / size
		return int(i), i < int64(count)
	}
	return n
}

// Placed refines how a record becomes a node.
type Placed func(*placement)

type placement struct {
	base   int64
	name   string
	words  string
	mark   Mark
	second *Place
	target map[string]*Target
}

// Named overrides the table's name for one record: "header 2".
func Named(name string) Placed { return func(p *placement) { p.name = name } }

// RelativeTo says that the record's pointers count from base bytes into the
// file.
func RelativeTo(base int64) Placed { return func(p *placement) { p.base = base } }

// SecondCopyAt tells where the redundant copy of the record starts.
func SecondCopyAt(place Place) Placed { return func(p *placement) { p.second = &place } }

// Marked adds a verdict on the whole record, with its words.
func Marked(m Mark, words string) Placed {
	return func(p *placement) { p.mark, p.words = m, words }
}

// Leads overrides where the pointer in the named field leads.
func Leads(field string, to Target) Placed {
	return func(p *placement) {
		if p.target == nil {
			p.target = map[string]*Target{}
		}
		p.target[field] = &to
	}
}

// Read makes the node of the record at off of a file, reading it now. What
// can't be read is shown as cut off.
func (l *Layout) Read(r io.ReaderAt, file string, off int64, opts ...Placed) Node {
	return l.ReadOver(r, file, off, l.size, opts...)
}

// ReadOver is Read for a record whose checksum covers more than its fields:
// over bytes are read.
func (l *Layout) ReadOver(r io.ReaderAt, file string, off int64, over int, opts ...Placed) Node {
	b := make([]byte, max(over, l.size))
	n, err := r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		node := l.node(file, off, b[:n], opts)
		node.Mark, node.Words = Wrong, err.Error()
		return node
	}
	return l.node(file, off, b[:n], opts)
}

// Node makes the node of a record whose bytes are at hand. b may be longer
// than the structure, or shorter if the file ends.
func (l *Layout) Node(b []byte, file string, off int64, opts ...Placed) Node {
	return l.node(file, off, b, opts)
}

func (l *Layout) node(file string, off int64, b []byte, opts []Placed) Node {
	p := placement{name: l.name}
	for _, o := range opts {
		o(&p)
	}
	n := Node{Name: p.name, Place: Place{file, off, int64(l.size)}, Doc: l.doc, Ref: l.ref, SecondCopy: p.second}
	n.Mark, n.Words = l.verdict(b)
	if len(b) < l.min {
		n.Mark, n.Words = Wrong, fmt.Sprintf("cut off: %d bytes of %d", len(b), l.size)
	}
	if p.mark > n.Mark || p.mark != Plain && n.Words == "" {
		n.Mark = max(n.Mark, p.mark)
		n.Words = p.words
	} else if p.words != "" {
		n.Words = p.words + "; " + n.Words
		if n.Words == p.words+"; " {
			n.Words = p.words
		}
	}
	n = n.With(len(l.fields), func(i int) Node { return l.fieldNode(l.fields[i], b, n.Place, &p) })
	n.index = func(file string, at int64) (int, bool) { return l.fieldAt(n.Place, file, at) }
	return n
}

// fieldAt finds the field that holds a byte; with several (bits, unions) the
// first one.
func (l *Layout) fieldAt(rec Place, file string, at int64) (int, bool) {
	if !rec.Holds(file, at) {
		return 0, false
	}
	off := int(at - rec.Offset)
	i := sort.Search(len(l.fields), func(i int) bool { return l.fields[i].off > off })
	for i--; i >= 0; i-- {
		f := l.fields[i]
		if off < f.off+f.size {
			for i > 0 && l.fields[i-1].off == f.off && l.fields[i-1].size == f.size {
				i--
			}
			return i, true
		}
	}
	return 0, false
}

// verdict is the worst of the fields', with its words.
func (l *Layout) verdict(b []byte) (Mark, string) {
	worst, words := Plain, ""
	for _, f := range l.fields {
		m, w := f.Verdict(b)
		if f.kind == KindArray || len(b) < l.size && !f.fits(b) {
			continue
		}
		if m > worst {
			worst, words = m, ""
			if w != "" && m > Good {
				// A checksum goes by its name already.
				words = f.name + ": " + strings.TrimPrefix(w, f.name+": ")
			}
		}
	}
	return worst, words
}

func (l *Layout) fieldNode(f *Field, b []byte, rec Place, p *placement) Node {
	n := Node{Name: f.name, Place: rec.Sub(int64(f.off), int64(f.size)), Doc: f.doc, Ref: l.ref, Field: f, Record: rec}
	if f.kind == KindArray {
		return f.arrayNode(n, b, rec, p)
	}
	n.Raw = f.slice(b)
	n.Value = f.Text(b)
	n.Mark, n.Words = f.Verdict(b)
	n.Target = f.target(b, rec.File, p)
	if p.second != nil {
		second := p.second.Sub(int64(f.off), int64(f.size))
		n.SecondCopy = &second
	}
	return n
}

func (f *Field) target(b []byte, file string, p *placement) *Target {
	if t, ok := p.target[f.name]; ok {
		return t
	}
	if f.points == nil || !f.fits(b) {
		return nil
	}
	v, unit := f.get(b), f.points.unit.Size()
	if f.points.isNone(v) || unit == 0 || v > (1<<62)/unit {
		return nil
	}
	return &Target{Place{file, p.base + int64(v*unit), 0}, f.points.what}
}

func (f *Field) arrayNode(n Node, b []byte, rec Place, p *placement) Node {
	size := int64(f.sub.size)
	base := p.base
	return Repeat(n, size, f.count, func(i int) Node {
		start := min(len(b), f.off+i*f.sub.size)
		end := min(len(b), start+f.sub.size)
		name := fmt.Sprintf("%s %d", f.sub.name, i+1)
		opts := []Placed{Named(name), RelativeTo(base)}
		if p.second != nil {
			opts = append(opts, SecondCopyAt(p.second.Sub(int64(f.off)+int64(i)*size, size)))
		}
		return f.sub.node(rec.File, rec.Offset+int64(f.off)+int64(i)*size, b[start:end], opts)
	})
}
