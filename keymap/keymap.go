// Package keymap is the one table of the program's keys. The hint line, the
// help overlay, the README's key table, `platter keys` and the conflict test
// all come out of it.
//
// The package knows no terminal library: keys are names ("ctrl+g", "pgup",
// "space"), actions are names too. What is not built is not listed.
package keymap

import (
	"slices"
)

// Context is where a key is live: a screen, a pane of one, or an overlay.
type Context string

// The contexts. A key of [Everywhere] is live in all screens, one of [Bytes]
// in all panes that show structures or bytes; the overlays ([Help] and
// [Prompt]) and the [Edit] mode take all keys for themselves.
const (
	Everywhere Context = "everywhere"
	Start      Context = "start"
	Overview   Context = "overview"
	Bytes      Context = "bytes"
	Structure  Context = "structure"
	Hex        Context = "hex"
	Explain    Context = "explain"
	Sectors    Context = "sectors"
	Partitions Context = "partitions"
	Findings   Context = "findings"
	Repairs    Context = "repairs" // the list of what would repair a finding
	Map        Context = "map"
	Log        Context = "log"
	Chain      Context = "chain"
	Readers    Context = "eyes" // the disk as other programs see it
	Compare    Context = "compare"
	Edit       Context = "edit"
	Paste      Context = "paste"  // the line whose bytes are put in
	Field      Context = "field"  // the line in which a field gets another value
	Dialog     Context = "dialog" // a question
	Staging    Context = "staged changes"
	Create     Context = "create" // the form for a new image
	Help       Context = "help"
	Prompt     Context = "prompt"
	Find       Context = "search"  // the prompt for what is looked for
	Results    Context = "results" // a list that covers the screen
	Menu       Context = "menu"    // a list to choose from by typing
)

// Title is the context's name as people read it.
func (c Context) Title() string {
	switch c {
	case Everywhere:
		return "Everywhere"
	case Start:
		return "Start screen"
	case Overview:
		return "Overview"
	case Bytes:
		return "Structures and bytes"
	case Structure:
		return "Structure tree"
	case Hex:
		return "Hex"
	case Explain:
		return "Explain pane"
	case Sectors:
		return "Sectors"
	case Partitions:
		return "Partitions"
	case Findings:
		return "Findings"
	case Repairs:
		return "Repairs"
	case Map:
		return "Map"
	case Log:
		return "Log"
	case Chain:
		return "Chain"
	case Readers:
		return "Eyes"
	case Compare:
		return "Compare"
	case Edit:
		return "Editing bytes"
	case Paste:
		return "Pasting, one line of bytes"
	case Field:
		return "Editing a field"
	case Dialog:
		return "Dialog"
	case Staging:
		return "Staged changes"
	case Create:
		return "Creating an image"
	case Help:
		return "Help"
	case Prompt:
		return "Prompt"
	case Find:
		return "Search prompt"
	case Results:
		return "Results"
	case Menu:
		return "Menu"
	}
	return string(c)
}

// exclusive contexts shut the keys of Everywhere out.
func (c Context) exclusive() bool {
	switch c {
	case Help, Prompt, Edit, Paste, Field, Dialog, Staging, Find, Results, Menu, Repairs, Create:
		return true
	}
	return false
}

// takesText reports whether keys that type a character do just that.
func (c Context) takesText() bool {
	switch c {
	case Edit, Paste, Field, Help, Prompt, Find, Menu:
		return true
	}
	return false
}

// Action is what a key does, by its stable name.
type Action string

// Binding is one row of the table.
type Binding struct {
	Context Context
	Action  Action
	Keys    []string // names of keys, the one to show first
	Label   string   // one or two words for the hint line; empty: not hinted
	Help    string   // a sentence for the help overlay and the README
	Group   string   // heading in the help overlay
	Danger  bool     // changes something that undo does not bring back

	hint string // keys as the hint line names them, where one binding speaks for its opposite too
}

// Lookup finds what a key does in a context, there or everywhere.
func Lookup(ctx Context, key string) (Action, bool) {
	for i := range table {
		b := &table[i]
		if live(b.Context, ctx) && slices.Contains(b.Keys, key) {
			return b.Action, true
		}
	}
	return "", false
}

// Bindings lists what is live in a context, its own keys first, those of
// [Everywhere] last.
func Bindings(ctx Context) []Binding {
	var list []Binding
	each(ctx, func(b *Binding) { list = append(list, *b) })
	return list
}

// each calls fn with what is live in a context, in the order of [Bindings].
func each(ctx Context, fn func(*Binding)) {
	const own, shared, all = 0, 1, 2
	for pass := own; pass <= all; pass++ {
		for i := range table {
			b := &table[i]
			rank := shared
			switch b.Context {
			case ctx:
				rank = own
			case Everywhere:
				rank = all
			}
			if rank == pass && live(b.Context, ctx) {
				fn(b)
			}
		}
	}
}

// All lists the whole table, context by context.
func All() []Binding {
	list := make([]Binding, 0, len(table))
	for _, ctx := range contexts() {
		for _, b := range table {
			if b.Context == ctx {
				list = append(list, b)
			}
		}
	}
	return list
}

func live(bound, ctx Context) bool {
	switch bound {
	case ctx:
		return true
	case Everywhere:
		return !ctx.exclusive()
	case Bytes:
		return ctx == Structure || ctx == Hex || ctx == Explain || ctx == Sectors || ctx == Partitions
	}
	return false
}

// Key is the name of the key to show for an action in a context; empty if the
// action has none there.
func Key(ctx Context, a Action) string {
	key := ""
	for i := range table {
		b := &table[i]
		if b.Action == a && len(b.Keys) > 0 && (b.Context == ctx || key == "" && live(b.Context, ctx)) {
			key = b.Keys[0]
		}
	}
	return key
}

// Hint is one entry of the hint line.
type Hint struct {
	Action Action
	Keys   string // "h/l", "ctrl+g"
	Label  string
}

// Width is the number of columns that the hint takes.
func (h Hint) Width() int { return len(h.Keys) + 1 + len(h.Label) }

// Hints chooses what the hint line of a context tells in width columns. Help
// and quit always stand at its end; what does not fit before them is left out.
// Skip tells the actions that would do nothing now; it may be nil.
func Hints(ctx Context, width int, skip func(Action) bool) []Hint {
	var head, tail []Hint
	each(ctx, func(b *Binding) {
		if b.Label == "" || len(b.Keys) == 0 || skip != nil && skip(b.Action) {
			return
		}
		h := Hint{b.Action, b.hintKeys(), b.Label}
		if b.Action == ShowHelp || b.Action == Quit {
			tail = append(tail, h)
			width -= h.Width() + 2
		} else {
			head = append(head, h)
		}
	})
	kept := head[:0]
	for _, h := range head {
		if w := h.Width() + 2; w <= width {
			width -= w
			kept = append(kept, h)
		}
	}
	return append(kept, tail...)
}

func (b Binding) hintKeys() string {
	if b.hint != "" {
		return b.hint
	}
	return b.Keys[0]
}
