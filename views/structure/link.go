package structure

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
	"platter/views/grid"
)

// seek is a node to find in the tree: by its path, or by bytes that it holds.
type seek struct {
	number views.Gen
	path   []int // from the top; nil: by the bytes
	file   string
	off    int64
	length int64
	hex    bool // the hex cursor is where it should be already
	follow bool // a move in the hex pane: take the deepest node, and open branches for as long as it lasts
	snap   snap
	open   bool // open the node found
	next   bool // the first structure past the bytes
}

// snap is where the hex cursor goes once its node is known.
type snap uint8

const (
	stay snap = iota
	fieldStart
	structStart
)

// found is the answer to a seek: the nodes along the path.
type found struct {
	gen   views.Gen
	seek  seek
	path  []int
	nodes []decode.Node
}

// look starts a search. One runs at a time: while it does, the latest wish
// waits and those before it are dropped.
func (v *View) look(s seek) tea.Cmd {
	busy := v.seek.number != 0
	s.number = views.NewGen()
	v.seek = s
	if busy {
		return nil
	}
	return v.search()
}

func (v *View) search() tea.Cmd {
	s, gen, root := v.seek, v.gen, v.tree.top.open[0]
	if root == nil {
		v.seek.number = 0
		return nil
	}
	return func() tea.Msg {
		path, nodes := s.run(root.node)
		return found{gen, s, path, nodes}
	}
}

// run walks the tree. It may read files.
func (s seek) run(root decode.Node) ([]int, []decode.Node) {
	if s.path != nil {
		return walk(root, s.path[1:])
	}
	path, nodes := walk(root, root.Find(s.file, s.off))
	switch {
	case s.next:
		return s.after(path, nodes)
	case s.follow:
		return path, nodes
	}
	return s.choose(path, nodes)
}

// behindLimit bounds how many neighbours are tried for the next structure.
const behindLimit = 4096

// after finds the first structure that starts after the offset, on the
// deepest level that has one.
func (s seek) after(path []int, nodes []decode.Node) ([]int, []decode.Node) {
	for d := len(nodes) - 1; d >= 0; d-- {
		n := nodes[d]
		best, at := decode.Node{}, -1
		try := func(i int) {
			c := n.Child(i)
			if c.Field == nil && c.Place.File == s.file && c.Place.Offset > s.off && (at < 0 || c.Place.Offset < best.Place.Offset) {
				best, at = c, i
			}
		}
		if n.Len() <= behindLimit {
			for i := range n.Len() {
				try(i)
			}
		} else if d+1 < len(path) && path[d+1]+1 < n.Len() {
			try(path[d+1] + 1)
		}
		if at >= 0 {
			return append(slices.Clone(path[:d+1]), at), append(slices.Clone(nodes[:d+1]), best)
		}
	}
	return path, nodes
}

// walk collects the nodes along a path of child indices; it ends early where
// the tree does.
func walk(root decode.Node, path []int) ([]int, []decode.Node) {
	full, nodes := []int{0}, []decode.Node{root}
	for _, i := range path {
		if i < 0 || i >= root.Len() {
			break
		}
		root = root.Child(i)
		full, nodes = append(full, i), append(nodes, root)
	}
	return full, nodes
}

// choose takes the node that is exactly the bytes looked for, else the first
// one below the file that starts with them, else the deepest.
func (s seek) choose(path []int, nodes []decode.Node) ([]int, []decode.Node) {
	cut := func(i int) ([]int, []decode.Node) { return path[:i+1], nodes[:i+1] }
	for i, n := range slices.Backward(nodes) {
		if s.length > 0 && n.Place.Offset == s.off && n.Place.Length == s.length {
			return cut(i)
		}
	}
	for i, n := range nodes {
		if i > 0 && n.Place.Offset == s.off && n.Place.Length > 0 && n.Place.File == s.file && nodes[i-1].Place.File == s.file {
			return cut(i)
		}
	}
	return path, nodes
}

// found takes the answer in, or asks again for what is wanted by now.
func (v *View) found(msg found) tea.Cmd {
	if msg.gen != v.gen {
		return nil
	}
	if msg.seek.number != v.seek.number {
		return v.search()
	}
	v.seek.number = 0
	v.canvas.Dirty = true
	v.tree.walk(msg.path, msg.nodes, msg.seek.follow)
	if msg.seek.open {
		v.tree.expand()
	}
	v.frameCurrent(!msg.seek.hex)
	v.snapTo(msg.seek.snap)
	return v.refresh()
}

// frameCurrent marks the current node's bytes in the hex pane, and goes there
// if pull is set.
func (v *View) frameCurrent(pull bool) {
	n, ok := v.current()
	if !ok {
		return
	}
	if i, ok := v.file(n.Place.File); ok && pull {
		v.showFile(i)
	}
	if n.Place.File != v.hex.Source().Name || n.Place.Length == 0 && n.Len() > 0 {
		v.hex.Frame(0, 0, false)
		return
	}
	whole := n.Place.Length >= v.hex.Size()
	if whole {
		v.hex.Frame(0, 0, false)
	} else {
		v.hex.Frame(n.Place.Offset, n.Place.Length, n.Mark == decode.Wrong)
	}
	if pull {
		v.pull(n)
	}
}

// pull brings the hex pane to a node. A structure that the cursor enters
// starts in the first row.
func (v *View) pull(n decode.Node) {
	rec, ok := v.record()
	if ok && rec.Place != v.within && rec.Place.File == n.Place.File {
		v.hex.Open(rec.Place.Offset)
	}
	v.within = rec.Place
	v.hex.Go(n.Place.Offset)
}

// snapTo moves the hex cursor back to where its field or structure starts.
func (v *View) snapTo(s snap) {
	n, ok := v.current()
	if s == structStart {
		n, ok = v.record()
	}
	if s != stay && ok && n.Place.Holds(v.hex.Source().Name, v.hex.Cursor()) {
		v.hex.Go(n.Place.Offset)
	}
}

// moved follows a move of the tree's cursor.
func (v *View) moved() tea.Cmd {
	v.canvas.Dirty = true
	v.lines = grid.Scroll{}
	v.byBytes = false
	v.frameCurrent(true)
	return v.refresh()
}

// hexMoved follows a move of the hex cursor: it names the field.
func (v *View) hexMoved(s snap) tea.Cmd {
	v.canvas.Dirty, v.byBytes = true, true
	src, at := v.hex.Source().Name, v.hex.Cursor()
	if n, ok := v.current(); ok && v.seek.number == 0 && n.Len() == 0 && n.Place.Holds(src, at) {
		v.snapTo(s)
		return v.refresh()
	}
	return tea.Batch(v.look(seek{file: src, off: at, hex: true, follow: true, snap: s}), v.hex.Read())
}

// refresh asks for all that shows and is not loaded.
func (v *View) refresh() tea.Cmd {
	v.scrollTree()
	return tea.Batch(v.fetch(), v.hex.Read(), v.readSecondCopy(), v.readRegion())
}

// fetched is nodes for rows of the tree.
type fetched struct {
	gen   views.Gen
	keys  []key
	nodes []decode.Node
}

// fetch asks for the rows that show and are not loaded.
func (v *View) fetch() tea.Cmd {
	keys := v.tree.missing(int(v.rows.Top), v.rows.Rows)
	if _, ok := v.current(); !ok {
		keys = append(keys, v.tree.cursor)
	}
	if len(keys) == 0 || v.tree.asking {
		return nil
	}
	v.tree.asking = true
	gen := v.gen
	return func() tea.Msg {
		nodes := make([]decode.Node, len(keys))
		for i, k := range keys {
			nodes[i] = k.in.node.Child(k.index)
		}
		return fetched{gen, keys, nodes}
	}
}

func (v *View) fetched(msg fetched) tea.Cmd {
	if msg.gen != v.gen {
		return nil
	}
	_, had := v.current()
	v.tree.asking = false
	v.tree.put(msg.keys, msg.nodes)
	v.canvas.Dirty = true
	if _, ok := v.current(); ok && !had && v.focus == treePane {
		v.frameCurrent(true)
	}
	return v.refresh()
}

// follow goes where the pointer of the current node leads.
func (v *View) follow() tea.Cmd {
	if n, ok := v.current(); ok && n.Target != nil {
		return views.Send(views.Goto{To: views.Spot{Place: n.Target.Place}})
	}
	return nil
}

// goSecondCopy goes to the second copy of the current node, or else of the
// structure that it belongs to.
func (v *View) goSecondCopy() tea.Cmd {
	if place, ok := v.secondPlace(); ok {
		return views.Send(views.Goto{To: views.Spot{Place: place}})
	}
	return nil
}

func (v *View) secondPlace() (decode.Place, bool) {
	for _, n := range slices.Backward(v.trail()) {
		if n.SecondCopy == nil {
			continue
		}
		place := *n.SecondCopy
		if place.Length == 0 {
			place.Length = n.Place.Length
		}
		return place, true
	}
	return decode.Place{}, false
}
