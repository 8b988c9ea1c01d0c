// Package structure is the screen that shows an image's structures: the tree,
// the bytes of the file, and what the field under the cursor means, linked
// both ways. A move in the tree frames the bytes; a move in the bytes names
// the field.
package structure

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/hexedit"
	"platter/views/widget/hexpane"
	"platter/views/widget/inspector"
)

// pane is one of the panes that can have the focus.
type pane uint8

const (
	treePane pane = iota
	hexPane
	explainPane
)

// View is the structure screen. It implements [views.View].
type View struct {
	image disk.Image
	files []disk.File
	theme *theme.Theme
	gen   views.Gen

	w, h      int
	lay       layout
	focus     pane
	zoomed    bool
	explain   bool // wanted by the user where there is a choice
	chosen    bool // explain was chosen, not by size
	inspector inspector.Pane

	tree     tree
	rows     grid.Scroll
	hex      hexpane.Pane
	shown    int          // the file in the hex pane
	within   decode.Place // the structure that the hex pane was brought to last
	seek     seek         // what was looked for last
	back     *views.Spot  // where to go once the tree has been read again
	lines    grid.Scroll
	crumbsAt int // column of the crumbs in the status
	second   second
	between  between
	byBytes  bool         // the cursor came where it is by its bytes, not by the tree
	editor   disk.Staging // nil: nothing can be changed
	why      string       // nothing can
	queue    *views.Queue // for what is to be staged
	edit     hexedit.Mode
	form     form
	staged   views.Staged
	marks    views.Marks

	canvas grid.Canvas
}

// New makes the screen of an image. Start reads its tree.
func New(env views.Env) *View {
	v := &View{image: env.Image, theme: env.Theme, gen: views.NewGen(), editor: env.Editor, why: env.Locked, queue: env.Queue}
	v.hex.Fold = true
	v.open()
	return v
}

// open takes the image's files in and shows the first one.
func (v *View) open() {
	v.files, v.shown = v.image.Files(), -1
	v.tree.reset(decode.Node{Name: v.image.Info().Path})
	if len(v.files) > 0 {
		v.showFile(0)
	}
}

// Start reads the root of the tree and what is staged already.
func (v *View) Start() tea.Cmd {
	return tea.Batch(v.readRoot(), views.Compare(v.gen, v.editor, v.image))
}

func (v *View) readRoot() tea.Cmd {
	img, gen := v.image, v.gen
	return func() tea.Msg { return rooted{gen, img.Tree()} }
}

// rooted is the answer to readRoot.
type rooted struct {
	gen  views.Gen
	root decode.Node
}

// Title is the word on the tab.
func (v *View) Title() string { return "Structure" }

// Context is that of the pane with the focus, or of what takes its keys.
func (v *View) Context() keymap.Context {
	switch {
	case v.form.open():
		return keymap.Field
	case v.edit.On():
		return v.edit.Context()
	}
	return [...]keymap.Context{keymap.Structure, keymap.Hex, keymap.Explain}[v.focus]
}

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case rooted:
		return v.rooted(msg)
	case reread:
		return v.reopened(msg)
	case views.Compared:
		v.compared(msg)
	case recorded:
		return v.recorded(msg)
	case hopped:
		return v.hopped(msg)
	case fetched:
		return v.fetched(msg)
	case hexpane.Answer:
		v.canvas.Dirty = v.hex.Fill(msg) || v.canvas.Dirty
		return v.hex.Read()
	case found:
		return v.found(msg)
	case unfolded:
		return v.unfolded(msg)
	case regionRead:
		return v.regionRead(msg)
	case secondRead:
		v.secondRead(msg)
	case views.Marks:
		v.take(msg)
	case tea.WindowSizeMsg:
		return v.refresh()
	case views.Changed:
		return v.changed(msg)
	}
	return nil
}

func (v *View) rooted(msg rooted) tea.Cmd {
	if msg.gen != v.gen {
		return nil
	}
	v.tree.reset(msg.root)
	if back := v.back; back != nil {
		v.back = nil
		return v.Show(*back)
	}
	return tea.Batch(v.moved(), v.openFirst(msg.root))
}

// openFirst opens the one file of a tree whose root is a group of one.
func (v *View) openFirst(root decode.Node) tea.Cmd {
	if root.Len() != 1 {
		return nil
	}
	return v.look(seek{path: []int{0, 0}, open: true})
}

// current is the node under the cursor; false while it is being read.
func (v *View) current() (decode.Node, bool) { return v.tree.node(v.tree.cursor) }

// trail is the nodes from the root to the current one, as far as they are at
// hand.
func (v *View) trail() []decode.Node {
	var nodes []decode.Node
	if n, ok := v.current(); ok {
		nodes = append(nodes, n)
	}
	for b := v.tree.cursor.in; b.parent != nil; b = b.parent {
		nodes = append(nodes, b.node)
	}
	slices.Reverse(nodes)
	return nodes
}

// record is the structure that the current node belongs to: the node itself,
// or the one above its field. The file as a whole is none.
func (v *View) record() (decode.Node, bool) {
	for _, n := range slices.Backward(v.trail()) {
		if n.Field == nil && n.Place.Length > 0 && n.Place.Length < v.hex.Size() {
			return n, true
		}
	}
	return decode.Node{}, false
}

// showFile puts a file into the hex pane, unless it is there.
func (v *View) showFile(i int) {
	if v.shown == i {
		return
	}
	f := v.files[i]
	v.shown = i
	v.hex.Show(hexpane.Source{Name: f.Name, Size: f.Size, Data: f.Data})
	v.mark()
}

// file is the index of a file by its name, that of the hex pane for none.
func (v *View) file(name string) (int, bool) {
	i := slices.IndexFunc(v.files, func(f disk.File) bool { return f.Name == name })
	return i, i >= 0
}

// Here is where the cursors are.
func (v *View) Here() views.Spot {
	return views.Spot{
		Place: decode.Place{File: v.hex.Source().Name, Offset: v.hex.Cursor()},
		Path:  slices.Clone(v.tree.cursor.in.path(v.tree.cursor.index)[1:]),
	}
}

// Show goes to a spot.
func (v *View) Show(s views.Spot) tea.Cmd {
	v.canvas.Dirty = true
	sk := seek{file: s.Place.File, off: s.Place.Offset, length: s.Place.Length, hex: s.Place.File != ""}
	if v.byBytes = sk.hex && s.Path == nil; sk.hex {
		if i, ok := v.file(s.Place.File); ok {
			v.showFile(i)
			v.hex.Go(s.Place.Offset)
		}
	}
	if s.Path != nil {
		sk.path = append([]int{0}, s.Path...)
	}
	return tea.Batch(v.look(sk), v.hex.Read())
}
