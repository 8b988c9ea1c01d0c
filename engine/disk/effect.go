package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"platter/decode"
)

// Effect is what a log entry changes in one field, or in a row of bytes that
// no field holds.
type Effect struct {
	Place    decode.Place
	Name     string // of the structure and the field; not escaped
	Before   string // worded, not escaped
	After    string
	Old, New []byte
}

// Effects is what a descriptor of a log changes.
type Effects struct {
	List  []Effect // in the order of their places
	Where string   // the structure that the target belongs to; not escaped, may be empty
	More  bool     // there are more than are listed
	Old   []byte   // what was compared: at most the first MiB of the target
	New   []byte
}

// The bounds of what is compared of one descriptor: bytes, and the effects
// that are listed.
const (
	effectBytes = 1 << 20
	effectLimit = 512
)

// EffectFinder finds what the descriptors of a log change in an image.
type EffectFinder struct {
	before Image
	tree   decode.Node
	known  bool // tree was read
}

// NewEffectFinder makes the finder for an image in the state before an entry,
// as [Logged.AtStep] gives it.
func NewEffectFinder(before Image) *EffectFinder { return &EffectFinder{before: before} }

// holdLimit bounds how many structures of an image are held while places are
// looked up in its tree.
const holdLimit = 64

// held is the image's tree with its outermost structures made once: some, such
// as a log, cost a reading each.
func (f *EffectFinder) held() decode.Node {
	if !f.known {
		f.tree, f.known = f.before.Tree(), true
		if n := f.tree.Len(); n <= holdLimit {
			var list []decode.Node
			for i := range n {
				list = append(list, f.tree.Child(i))
			}
			f.tree = f.tree.WithNodes(list...)
		}
	}
	return f.tree
}

// Find compares what a descriptor writes with what the image has there. Only
// the first MiB of a longer target is looked at.
func (f *EffectFinder) Find(d LogDescriptor) (Effects, error) {
	var e Effects
	n := int(min(d.Target.Length, effectBytes))
	e.More = int64(n) < d.Target.Length
	old, err := bytesBefore(f.before, d.Target, n)
	if err != nil {
		return e, err
	}
	now := make([]byte, n)
	if d.Page != nil {
		page, err := d.Page()
		if err != nil {
			return e, err
		}
		copy(now, page)
	}
	compared := f.Compare(d.Target, old, now)
	compared.More = compared.More || e.More
	return compared, nil
}

// Whole is a place made long enough to hold the records, as far as they are structures of
// the image, in which it begins and ends: a field is worded only where its record is known.
func (f *EffectFinder) Whole(at decode.Place) decode.Place {
	c := effects{tree: f.held(), at: at}
	start, end := at.Offset, at.End()
	for _, i := range []int{0, int(max(at.Length, 1) - 1)} {
		nodes := c.path(i)
		if len(nodes) == 0 {
			continue
		}
		n := nodes[len(nodes)-1]
		if n.Field != nil && n.Record.Length > 0 && n.Record.Length <= effectBytes {
			start, end = min(start, n.Record.Offset), max(end, n.Record.End())
		}
	}
	return decode.Place{File: at.File, Offset: start, Length: end - start}
}

// Compare finds what differs between old and new bytes of a place, by the structures that
// the image has there. Both have the same length.
func (f *EffectFinder) Compare(at decode.Place, old, now []byte) Effects {
	e := Effects{Old: old, New: now}
	c := effects{tree: f.held(), at: at, old: old, now: now}
	e.Where = c.structure()
	n := len(old)
	for at := 0; at < n; {
		if i := at + firstDiff(old[at:], now[at:]); i >= n {
			break
		} else if len(e.List) >= effectLimit {
			e.More = true
			break
		} else {
			var more []Effect
			more, at = c.next(i)
			e.List = append(e.List, more...)
		}
	}
	return e
}

// bytesBefore reads n bytes of a file of the image; what lies past its end
// is zeros.
func bytesBefore(img Image, at decode.Place, n int) ([]byte, error) {
	b := make([]byte, n)
	for _, f := range img.Files() {
		if f.Name != at.File {
			continue
		}
		got, err := f.Data.ReadAt(b, at.Offset)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		clear(b[got:])
		return b, nil
	}
	return nil, Errorf(NotFound, at, "no file of this image has that name")
}

// firstDiff is the index of the first byte that differs; the length if none
// does.
func firstDiff(a, b []byte) int {
	const step = 4096
	for i := 0; i < len(a); i += step {
		end := min(i+step, len(a))
		if bytes.Equal(a[i:end], b[i:end]) {
			continue
		}
		for a[i] == b[i] {
			i++
		}
		return i
	}
	return len(a)
}

// effects is a comparison under way.
type effects struct {
	tree     decode.Node
	at       decode.Place
	old, now []byte
}

// path is the nodes that hold a byte of the target, outermost first, the root
// left out.
func (f *effects) path(i int) []decode.Node {
	var nodes []decode.Node
	n := f.tree
	for _, k := range f.tree.Find(f.at.File, f.at.Offset+int64(i)) {
		n = n.Child(k)
		nodes = append(nodes, n)
	}
	return nodes
}

// structure names what the whole target is part of.
func (f *effects) structure() string {
	name := ""
	for i, n := range f.path(0) {
		if i > 0 && n.Place.Length < f.at.Length || n.Field != nil {
			break
		}
		name = n.Name
	}
	return name
}

// next tells what changes at byte i, and where to go on: the field that holds
// it, with all that share its bytes, or else a row of 16 bytes.
func (f *effects) next(i int) ([]Effect, int) {
	nodes := f.path(i)
	if len(nodes) > 0 {
		n := nodes[len(nodes)-1]
		start := n.Record.Offset - f.at.Offset
		if n.Field != nil && n.Place.Length > 0 && start >= 0 && start+n.Record.Length <= int64(len(f.old)) {
			rec := func(b []byte) []byte { return b[start : start+n.Record.Length] }
			return fieldEffects(n, nameOf(nodes[:len(nodes)-1]), rec(f.old), rec(f.now)), int(n.Place.End() - f.at.Offset)
		}
	}
	start := i &^ 15
	end := min(start+16, len(f.old))
	a, b := f.old[start:end], f.now[start:end]
	return []Effect{{f.at.Sub(int64(start), int64(end-start)), nameOf(nodes), fmt.Sprintf("% x", a), fmt.Sprintf("% x", b), a, b}}, end
}

// fieldEffects compares the fields of a record that share their bytes with
// that of a node.
func fieldEffects(n decode.Node, name string, old, now []byte) []Effect {
	var list []Effect
	for _, f := range n.Field.Layout().Fields() {
		if f.Offset() != n.Field.Offset() || f.Size() != n.Field.Size() || f.IsAlternate() {
			continue
		}
		a, b := f.Text(old), f.Text(now)
		if _, bits := f.Bits(); bits < 8*f.Size() && a == b {
			continue
		}
		at := n.Record.Sub(int64(f.Offset()), int64(f.Size()))
		list = append(list, Effect{at, name + "." + f.Name(), a, b, old[f.Offset():][:f.Size()], now[f.Offset():][:f.Size()]})
	}
	return list
}

// nameOf names the innermost of some nodes, with the one around it; the whole
// file goes without saying.
func nameOf(nodes []decode.Node) string {
	switch n := len(nodes); n {
	case 0:
		return ""
	case 1, 2:
		return nodes[n-1].Name
	default:
		return nodes[n-2].Name + ", " + nodes[n-1].Name
	}
}

// IsText reports whether an effect is of bytes that no field holds and that are text on both
// sides.
func (e Effect) IsText() bool {
	return e.Before == fmt.Sprintf("% x", e.Old) && isText(e.Old) && isText(e.New)
}

// isText reports whether bytes are lines of ASCII.
func isText(b []byte) bool {
	for _, c := range b {
		if c != '\n' && c != '\r' && c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return len(b) > 0
}

// Words are the two sides for people: text as such.
func (e Effect) Words() (before, after string) {
	if e.IsText() {
		return strconv.Quote(string(e.Old)), strconv.Quote(string(e.New))
	}
	return e.Before, e.After
}
