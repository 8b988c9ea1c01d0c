package report

import (
	"io"
	"strings"

	"platter/keymap"
)

// Keys reports the table of keys, context by context.
func Keys(w io.Writer, list []keymap.Binding, form Form) error {
	if form == JSON {
		return keysJSON(w, list)
	}
	p := newPage(w)
	width := 0
	for _, b := range list {
		width = max(width, len(strings.Join(b.Keys, " ")))
	}
	context := keymap.Context("")
	for i, b := range list {
		if b.Context != context {
			if i > 0 {
				p.print("")
			}
			context = b.Context
			p.print("%s", context.Title())
		}
		p.print("  %-*s  %s", width, strings.Join(b.Keys, " "), b.Help)
	}
	return p.end(nil)
}

func keysJSON(w io.Writer, list []keymap.Binding) error {
	d := newDocument(w, "keys")
	d.list("bindings")
	for _, b := range list {
		d.item()
		d.text("context", string(b.Context))
		d.text("action", string(b.Action))
		d.texts("keys", b.Keys)
		d.text("label", b.Label)
		d.text("help", b.Help)
		d.text("group", b.Group)
		d.close()
	}
	return d.end(nil)
}
