package structure

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/hexpane"
)

// changed reads everything again and stays where it was. Until the new bytes
// are there the old ones show.
func (v *View) changed(msg views.Changed) tea.Cmd {
	here := v.Here()
	v.gen, v.image = views.NewGen(), msg.Image
	if msg.Editor != nil {
		v.editor = msg.Editor
	}
	v.seek, v.second, v.between, v.canvas.Dirty = seek{}, second{}, between{}, true
	files := v.image.Files()
	if !slices.EqualFunc(files, v.files, func(a, b disk.File) bool { return a.Name == b.Name && a.Size == b.Size }) || len(files) == 0 {
		v.back, v.form = &here, form{}
		v.open()
		return v.Start()
	}
	v.files = files
	f := files[max(v.shown, 0)]
	v.hex.Renew(hexpane.Source{Name: f.Name, Size: f.Size, Data: f.Data})
	return tea.Batch(v.reread(), views.Compare(v.gen, v.editor, v.image), v.hex.Read())
}

// reread is the tree of an image that changed: what was open in it, as far as
// it is there still.
type reread struct {
	gen  views.Gen
	open []opened
	at   opened // the row under the cursor
}

// rereadMost bounds the branches that stay open through a change.
const rereadMost = 512

// reread reads the nodes again that are open.
func (v *View) reread() tea.Cmd {
	img, gen := v.image, v.gen
	var paths [][]int
	v.tree.top.each(func(path []int) {
		if len(paths) < rereadMost {
			paths = append(paths, path)
		}
	})
	cursor := v.tree.cursor.in.path(v.tree.cursor.index)
	return func() tea.Msg {
		msg := reread{gen: gen}
		root, nodes := img.Tree(), map[string]decode.Node{}
		for _, path := range paths {
			if n, ok := descend(nodes, root, path); ok {
				msg.open = append(msg.open, opened{path, n})
			}
		}
		if n, ok := descend(nodes, root, cursor); ok {
			msg.at = opened{cursor, n}
		}
		return msg
	}
}

// descend finds the node at a path from the top. Nodes that it has come by
// are not read twice.
func descend(nodes map[string]decode.Node, root decode.Node, path []int) (decode.Node, bool) {
	if len(path) == 1 {
		return root, true
	}
	name := pathKey(path)
	if n, ok := nodes[name]; ok {
		return n, true
	}
	parent, ok := descend(nodes, root, path[:len(path)-1])
	i := path[len(path)-1]
	if !ok || i >= parent.Len() {
		return decode.Node{}, false
	}
	n := parent.Child(i)
	nodes[name] = n
	return n, true
}

func pathKey(path []int) string {
	var b []byte
	for _, i := range path {
		b = append(b, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
	}
	return string(b)
}

// reopened takes the tree in. The rows that show keep their old text until
// they are read again.
func (v *View) reopened(msg reread) tea.Cmd {
	if msg.gen != v.gen {
		return nil
	}
	v.tree.renew(msg.open)
	if c := v.tree.cursor; msg.at.path != nil && slices.Equal(c.in.path(c.index), msg.at.path) {
		v.tree.put([]key{c}, []decode.Node{msg.at.node})
	}
	v.canvas.Dirty = true
	if v.focus == hexPane {
		return tea.Batch(v.hexMoved(stay), v.refresh())
	}
	v.frameCurrent(false)
	return tea.Batch(v.refresh(), v.refreshForm())
}

// each calls fn with the path of every open branch, parents first.
func (b *branch) each(fn func(path []int)) {
	for _, i := range b.order {
		fn(b.path(i))
		b.open[i].each(fn)
	}
}

// branch is the open branch at a path from the top; nil if there is none.
func (t *tree) branch(path []int) *branch {
	b := t.top
	for _, i := range path {
		if b = b.open[i]; b == nil {
			return nil
		}
	}
	return b
}

// renew puts other nodes in the places of those that are open, parents first.
func (t *tree) renew(open []opened) {
	t.old, t.nodes, t.asking = t.nodes, map[key]decode.Node{}, false
	for _, o := range open {
		if b := t.branch(o.path); b != nil {
			b.replace(o.node)
		}
	}
	for !t.holds(t.cursor.in) {
		t.up()
	}
	t.cursor.index = max(0, min(t.cursor.index, t.cursor.in.node.Len()-1))
}

// replace gives the branch another node. With other children none of them
// stays open.
func (b *branch) replace(n decode.Node) {
	if n.Len() != b.node.Len() {
		for _, i := range slices.Clone(b.order) {
			b.close(i)
		}
		b.grow(n.Len() - b.rows)
	}
	b.node = n
}
