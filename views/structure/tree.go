package structure

import (
	"slices"
	"sort"

	"platter/decode"
)

// branch is a node of the tree whose children show. Its children are not
// held: only those that are open themselves, and the rows that were drawn
// last. Millions of closed children cost nothing.
type branch struct {
	node   decode.Node
	parent *branch
	index  int // among the parent's children
	open   map[int]*branch
	order  []int // keys of open, ascending
	rows   int   // of all children, with what is open below them
	auto   bool  // opened because the hex cursor went there
}

func newBranch(n decode.Node, parent *branch, index int) *branch {
	return &branch{node: n, parent: parent, index: index, open: map[int]*branch{}, rows: n.Len()}
}

// child opens child i, whose node is n. It is the same branch if it is open
// already.
func (b *branch) child(i int, n decode.Node) *branch {
	if c := b.open[i]; c != nil {
		return c
	}
	c := newBranch(n, b, i)
	b.open[i] = c
	at := sort.SearchInts(b.order, i)
	b.order = slices.Insert(b.order, at, i)
	b.grow(c.rows)
	return c
}

func (b *branch) grow(n int) {
	for ; b != nil; b = b.parent {
		b.rows += n
	}
}

// close folds child i and everything below it.
func (b *branch) close(i int) {
	c := b.open[i]
	if c == nil {
		return
	}
	b.grow(-c.rows)
	delete(b.open, i)
	at := sort.SearchInts(b.order, i)
	b.order = slices.Delete(b.order, at, at+1)
}

// at finds what row n of the branch's rows is: a child of some branch below.
func (b *branch) at(n int) (*branch, int) {
	before := 0 // rows of open children so far
	for _, i := range b.order {
		row := i + before
		switch c := b.open[i]; {
		case n <= row:
			return b, n - before
		case n <= row+c.rows:
			return c.at(n - row - 1)
		default:
			before += c.rows
		}
	}
	return b, n - before
}

// rowOf is the row of child i of the branch among all rows of the tree.
func (b *branch) rowOf(i int) int {
	row := i
	for _, k := range b.order {
		if k >= i {
			break
		}
		row += b.open[k].rows
	}
	if b.parent == nil {
		return row
	}
	return b.parent.rowOf(b.index) + 1 + row
}

// path is the indices from the top of the tree to child i.
func (b *branch) path(i int) []int {
	var up []int
	for c := b; c.parent != nil; c = c.parent {
		up = append(up, c.index)
	}
	slices.Reverse(up)
	return append(up, i)
}

// depth is how many branches lie above.
func (b *branch) depth() int {
	d := 0
	for c := b.parent; c != nil; c = c.parent {
		d++
	}
	return d
}

// closeAuto folds the branches that nobody opened by hand and that do not
// lead to keep.
func (b *branch) closeAuto(keep []int) {
	for _, i := range slices.Clone(b.order) {
		c := b.open[i]
		on := len(keep) > 0 && keep[0] == i
		var rest []int
		if on {
			rest = keep[1:]
		}
		if c.auto && !on {
			b.close(i)
			continue
		}
		c.closeAuto(rest)
	}
}

// key is a row: child index of branch.
type key struct {
	in    *branch
	index int
}

// tree is the rows of an image's tree: which are open, where the cursor is,
// and the nodes of those that show.
type tree struct {
	top    *branch
	cursor key
	nodes  map[key]decode.Node
	old    map[key]decode.Node // of the image before its last change: shown until read again
	asking bool
}

// rowLimit bounds the rows that are remembered although they don't show.
const rowLimit = 2048

func (t *tree) reset(root decode.Node) {
	t.top = newBranch(decode.Node{}.WithNodes(root), nil, 0)
	t.nodes = map[key]decode.Node{{t.top, 0}: root}
	t.top.child(0, root)
	t.cursor = key{t.top, 0}
	t.old, t.asking = nil, false
}

// holds reports whether a branch is still open.
func (t *tree) holds(b *branch) bool {
	for ; b.parent != nil; b = b.parent {
		if b.parent.open[b.index] != b {
			return false
		}
	}
	return b == t.top
}

// node is the node of a row if it is loaded, even one that has changed since.
func (t *tree) node(k key) (decode.Node, bool) {
	if n, ok := t.fresh(k); ok {
		return n, true
	}
	n, ok := t.old[k]
	return n, ok
}

// fresh is the node of a row if it is loaded as it is now.
func (t *tree) fresh(k key) (decode.Node, bool) {
	if c := k.in.open[k.index]; c != nil {
		return c.node, true
	}
	n, ok := t.nodes[k]
	return n, ok
}

// row is the number of the cursor's row.
func (t *tree) row() int { return t.cursor.in.rowOf(t.cursor.index) }

// goRow puts the cursor on a row.
func (t *tree) goRow(n int) {
	in, i := t.top.at(max(0, min(n, t.top.rows-1)))
	t.cursor = key{in, i}
}

// missing lists the rows among [from, from+n) whose nodes are not loaded.
func (t *tree) missing(from, n int) []key {
	var keys []key
	for row := from; row < min(from+n, t.top.rows); row++ {
		in, i := t.top.at(row)
		if _, ok := t.fresh(key{in, i}); !ok {
			keys = append(keys, key{in, i})
		}
	}
	return keys
}

// put takes nodes in that were read.
func (t *tree) put(keys []key, nodes []decode.Node) {
	if len(t.nodes) > rowLimit {
		clear(t.nodes)
	}
	for i, k := range keys {
		t.nodes[k] = nodes[i]
	}
}

// toggle opens or closes the cursor's row.
func (t *tree) toggle() {
	if t.cursor.in.open[t.cursor.index] != nil {
		t.cursor.in.close(t.cursor.index)
		return
	}
	t.expand()
}

// expand opens the cursor's row and reports whether that changed anything.
func (t *tree) expand() bool {
	n, ok := t.node(t.cursor)
	if !ok || n.Len() == 0 || t.cursor.in.open[t.cursor.index] != nil {
		return false
	}
	t.cursor.in.child(t.cursor.index, n)
	return true
}

// up goes to the parent of the cursor's row.
func (t *tree) up() {
	if b := t.cursor.in; b.parent != nil {
		t.cursor = key{b.parent, b.index}
	}
}

// walk opens the branches along a path from the top, whose nodes are given,
// and puts the cursor at its end.
func (t *tree) walk(path []int, nodes []decode.Node, auto bool) {
	if auto {
		t.top.closeAuto(path)
	}
	b := t.top
	for d, i := range path[:len(path)-1] {
		_, was := b.open[i]
		b = b.child(i, nodes[d])
		b.auto = auto && (b.auto || !was)
	}
	last := len(path) - 1
	t.put([]key{{b, path[last]}}, nodes[last:])
	t.cursor = key{b, path[last]}
}

// foldAll closes everything but the root.
func (t *tree) foldAll() {
	root := t.top.open[0]
	if root == nil {
		return
	}
	for _, i := range slices.Clone(root.order) {
		root.close(i)
	}
	b := t.cursor
	for b.in != root && b.in != t.top {
		b = key{b.in.parent, b.in.index}
	}
	t.cursor = b
}
