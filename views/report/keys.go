package report

import (
	"io"
	"strings"

	"platter/keymap"
)

// Keys reports the table of keys, context by context, and the file that
// changes it; an empty path stands for none.
func Keys(w io.Writer, list []keymap.Binding, config string, form Form) error {
	if form == JSON {
		return keysJSON(w, list, config)
	}
	p := newPage(w)
	if config != "" {
		p.print("Configuration file: %s", config)
		p.print("")
	}
	keys, actions := 0, 0
	for _, b := range list {
		keys, actions = max(keys, len(keyNames(b))), max(actions, len(b.Action))
	}
	context := keymap.Context("")
	for i, b := range list {
		if b.Context != context {
			if i > 0 {
				p.print("")
			}
			context = b.Context
			p.print("%s  %s", context.Title(), tableName(context))
		}
		p.print("  %-*s  %-*s  %s", keys, keyNames(b), actions, b.Action, b.Help)
	}
	return p.end(nil)
}

// keyNames are the keys of a binding; a stroke stands for none.
func keyNames(b keymap.Binding) string {
	if len(b.Keys) == 0 {
		return "-"
	}
	return strings.Join(b.Keys, " ")
}

// tableName is the table of the configuration file for the keys of a context.
func tableName(c keymap.Context) string {
	if strings.Contains(string(c), " ") {
		return `[keys."` + string(c) + `"]`
	}
	return "[keys." + string(c) + "]"
}

func keysJSON(w io.Writer, list []keymap.Binding, config string) error {
	d := newDocument(w, "keys")
	d.text("config", config)
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
