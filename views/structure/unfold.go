package structure

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// unfolded is the branches that UnfoldAll found.
type unfolded struct {
	gen   views.Gen
	from  key
	start decode.Node
	tree  []opened
}

// opened is a branch to open: the indices below the start, and its node.
type opened struct {
	path []int
	node decode.Node
}

// Bounds on what is unfolded at once: long tables stay closed.
const (
	unfoldLong  = 64
	unfoldTotal = 256
)

func (v *View) unfold() tea.Cmd {
	from, gen := v.tree.cursor, v.gen
	start, ok := v.current()
	if !ok || start.Len() == 0 {
		return nil
	}
	return func() tea.Msg {
		found := []opened{{nil, start}}
		for next := 0; next < len(found) && len(found) < unfoldTotal; next++ {
			o := found[next]
			for i := range min(o.node.Len(), unfoldLong) {
				if c := o.node.Child(i); c.Len() > 0 && c.Len() <= unfoldLong {
					found = append(found, opened{append(o.path[:len(o.path):len(o.path)], i), c})
				}
			}
		}
		return unfolded{gen, from, start, found}
	}
}

func (v *View) unfolded(msg unfolded) tea.Cmd {
	if msg.gen != v.gen || !v.tree.holds(msg.from.in) {
		return nil
	}
	b := msg.from.in.child(msg.from.index, msg.start)
	for _, o := range msg.tree[1:] {
		at := b
		for _, i := range o.path[:len(o.path)-1] {
			at = at.open[i]
		}
		at.child(o.path[len(o.path)-1], o.node)
	}
	v.canvas.Dirty = true
	return v.refresh()
}
