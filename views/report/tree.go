package report

import (
	"context"
	"fmt"
	"io"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// TreeOptions bound how much of a tree is reported.
type TreeOptions struct {
	Depth int // levels below the root; 0 for all
	Group int // children shown of a group; 0 for all
}

// DefaultGroup is how many children of a group are reported unless more are
// asked for: tables have millions of entries.
const DefaultGroup = 64

// maxDepth bounds the way down: trees of real formats have less than 10 levels.
const maxDepth = 64

// Tree reports an image's structures with all their fields.
func Tree(ctx context.Context, w io.Writer, img disk.Image, opt TreeOptions, form Form) error {
	if opt.Depth <= 0 || opt.Depth > maxDepth {
		opt.Depth = maxDepth
	}
	if form == JSON {
		d := newDocument(w, "tree")
		d.list("nodes")
		return d.end(treeJSON{ctx, d, opt}.node(img.Tree(), 0))
	}
	p := newPage(w)
	t := &treeText{ctx: ctx, p: p, opt: opt, digits: hexDigits(img.Info().FileSize)}
	return p.end(t.node(img.Tree(), 0, 0))
}

// shown is how many of a node's children are reported.
func (o TreeOptions) shown(n decode.Node, depth int) int {
	switch {
	case depth >= o.Depth:
		return 0
	case o.Group > 0:
		return min(n.Len(), o.Group)
	}
	return n.Len()
}

type treeJSON struct {
	ctx context.Context
	*document
	opt TreeOptions
}

func (t treeJSON) node(n decode.Node, depth int) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	t.item()
	t.text("name", n.Name)
	t.words("file", n.Place.File)
	if n.Place.Length > 0 {
		t.number("offset", n.Place.Offset)
		t.number("length", n.Place.Length)
	} else {
		t.null("offset")
		t.null("length")
	}
	t.words("value", n.Value)
	if n.Raw != nil {
		t.hex("raw", n.Raw)
	} else {
		t.null("raw")
	}
	t.words("doc", n.Doc)
	t.bool("ok", n.Mark < decode.Doubt)
	t.remarks(n)
	shown := t.opt.shown(n, depth)
	t.list("children")
	for i := range shown {
		if err := t.node(n.Child(i), depth+1); err != nil {
			return err
		}
	}
	t.close()
	if left := n.Len() - shown; left > 0 {
		t.number("more", int64(left))
	}
	t.close()
	return t.err
}

// remarks writes what only some nodes have.
func (t treeJSON) remarks(n decode.Node) {
	if n.Mark != decode.Plain {
		t.text("mark", n.Mark.String())
	}
	if n.Words != "" {
		t.text("words", n.Words)
	}
	if n.Ref != "" {
		t.text("ref", n.Ref)
	}
	if n.Target != nil {
		t.object("target")
		t.place(n.Target.Place)
		t.text("what", n.Target.What)
		t.close()
	}
	if n.SecondCopy != nil {
		t.object("second_copy")
		t.place(*n.SecondCopy)
		t.close()
	}
}

// treeText writes a node a line: where, what, how much of it, what about it.
type treeText struct {
	ctx    context.Context
	p      *page
	opt    TreeOptions
	digits int
	file   string
}

func (t *treeText) node(n decode.Node, depth, width int) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	if n.Place.File != "" && n.Place.File != t.file && n.Place.Length > 0 {
		if t.file != "" {
			t.p.print("")
		}
		t.file = n.Place.File
		t.p.print("%-*s  %s", 2+t.digits, "offset", t.file)
	}
	at := ""
	if n.Place.Length > 0 {
		at = fmt.Sprintf("0x%0*x", t.digits, n.Place.Offset)
	}
	value, told := n.Value+remark(n), false
	if n.Value == "" && n.Len() == 1 && t.opt.shown(n, depth) == 1 {
		if c := n.Child(0); c.Len() == 0 { // a table entry with one field: one line
			value, told = c.Name+" "+c.Value+remark(c), true
		}
	}
	t.p.print("%-*s  %s%-*s  %s", 2+t.digits, at, strings.Repeat("  ", depth), width, decode.Printable(n.Name), value)
	if told {
		return nil
	}
	return t.children(n, depth)
}

func (t *treeText) children(n decode.Node, depth int) error {
	shown := t.opt.shown(n, depth)
	nodes, width := make([]decode.Node, 0, min(shown, DefaultGroup)), 0
	for i := range min(shown, DefaultGroup) { // names of these line up
		c := n.Child(i)
		if nodes = append(nodes, c); c.Len() == 0 || c.Value != "" {
			width = max(width, len(decode.Printable(c.Name)))
		}
	}
	for i := range shown {
		var c decode.Node
		if i < len(nodes) {
			c = nodes[i]
		} else {
			c = n.Child(i)
		}
		if err := t.node(c, depth+1, min(width, 32)); err != nil {
			return err
		}
		if t.p.err != nil {
			return t.p.err
		}
	}
	if left := n.Len() - shown; left > 0 && depth < t.opt.Depth {
		t.p.print("%-*s  %s... %s more", 2+t.digits, "", strings.Repeat("  ", depth+1), decode.Grouped(int64(left)))
	}
	return nil
}

// remark words a verdict: how bad, and why.
func remark(n decode.Node) string {
	s := ""
	switch {
	case n.Mark >= decode.Note && n.Words != "":
		s = fmt.Sprintf("  <- %s: %s", n.Mark, n.Words)
	case n.Mark >= decode.Note:
		s = fmt.Sprintf("  <- %s", n.Mark)
	case n.Words != "":
		s = fmt.Sprintf("  <- %s", n.Words)
	}
	if n.Target != nil {
		s += fmt.Sprintf("  -> %s at 0x%x", n.Target.What, n.Target.Place.Offset)
	}
	return s
}
