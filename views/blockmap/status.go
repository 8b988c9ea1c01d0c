package blockmap

import (
	"strings"

	"platter/decode"
)

// Status tells what runs, and where the cursor is.
func (v *View) Status() string {
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	switch {
	case v.tally.running:
		add(v.ink.line().str("scanning ").num(int64(v.tally.percent())).str(" %, esc stops").String())
	case v.content.running:
		add(v.ink.line().str("sampling ").num(int64(v.content.done)).str(" of ").num(int64(len(v.content.cells))).str(" cells, esc stops").String())
	case v.seeking.cancel != nil:
		add("searching, esc stops")
	case v.note != "":
		add(v.note)
	}
	if v.overlay == readers && v.focus == mapPane && v.tally.shape.blocks > 0 {
		add(v.statusDisputed())
	}
	if v.focus == stripPane {
		add("file " + v.region())
	} else if v.tally.shape.blocks > 0 {
		parts = v.statusBlock(parts)
	}
	if err := firstError(v.tally.err, v.fine.err); err != nil {
		add("the map is not complete: " + decode.Printable(err.Error()))
	}
	return strings.Join(parts, " | ")
}

func (v *View) statusBlock(parts []string) []string {
	if !v.known() {
		return append(parts, v.ink.line().str(v.unit()).str(" ").num(v.cursor).str(" ..").String())
	}
	b := &v.detail.blocks[0]
	parts = append(parts, v.ink.line().str(v.unit()).str(" ").num(b.number).str(" ").str(b.mark.String()).String())
	if b.span.File != "" {
		parts = append(parts, v.ink.line().str("file ").hex(b.span.Offset).String())
	}
	if n := len(b.span.Via); n > 0 {
		e := &b.span.Via[n-1]
		parts = append(parts, v.via(e.Table, e.Index, e.Place.Offset, e.Raw, e.IsBit, e.Layer))
	}
	return parts
}
