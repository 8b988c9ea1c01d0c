package findings

import (
	"fmt"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views/grid"
	"platter/views/theme"
)

// line is one of those that tell what a finding means.
type line struct {
	label, text string
	style       theme.Style
}

// labelWidth is the column of the texts that have a label.
const labelWidth = 10

// rewrap words the finding under the cursor again, from its first line on
// unless it was told already.
func (v *View) rewrap() {
	f, ok := v.current()
	if k := (known{f.Code, f.Text}); k != v.told {
		v.told, v.detail = k, grid.Scroll{}
	}
	v.lines = nil
	if ok {
		v.lines = words(f, v.offered(f), v.w-4)
	}
	v.detail.Fit(int64(len(v.lines)), detailRows(v.h)-3)
}

// words are all there is to say about a finding below its headline, in lines
// of w columns.
func words(f disk.Finding, repairs []disk.Repair, w int) (list []line) {
	texts := []string{f.Text, f.Detail}
	if f.Cause != "" {
		texts = slices.Insert(texts, 1, f.Cause+" is to be settled first")
	}
	if sum := f.Sum(); sum != "" {
		texts = slices.Insert(texts, 1, sum)
	}
	for _, text := range texts {
		for _, part := range grid.Wrap(decode.Printable(text), w) {
			list = append(list, line{"", part, theme.Value})
		}
	}
	label := "evidence"
	for _, at := range f.Where {
		list = append(list, line{label, fmt.Sprintf("0x%x (%d), %s of %s", at.Offset, at.Offset, decode.Plural(int(at.Length), "byte", "bytes"), decode.Printable(at.File)), theme.Link})
		label = " "
	}
	if n := len(f.More); n > 0 {
		list = append(list, line{" ", fmt.Sprintf("and at %s, the last at 0x%x", decode.Plural(n, "more place", "more places"), f.More[n-1].Offset), theme.Link})
	}
	label = "repair"
	for _, r := range repairs {
		for _, part := range grid.Wrap(decode.Printable(r.Title), w-labelWidth) {
			list = append(list, line{label, part, theme.Value})
			label = " "
		}
	}
	return list
}

func (v *View) drawDetail(a grid.Area) {
	in := a.Box(v.theme, "What it means", v.reading)
	f, ok := v.current()
	if !ok {
		return
	}
	a.Extent(&v.detail, v.how())
	sign, style := mark(f.Severity)
	x := in.Text(1, 0, sign+" "+decode.Printable(f.Code), style)
	words := f.Severity.String()
	if f.Fatal {
		words += ": the virtual disk can't be read because of it"
	}
	words += v.repairWords(f)
	in.TextFit(x+2, 0, in.W()-x-3, words, theme.Label)
	for y := range v.detail.Rows {
		if i, ok := v.detail.At(y); ok {
			l, at := v.lines[i], 1
			if l.label != "" {
				in.Text(1, y+1, l.label, theme.Label)
				at += labelWidth
			}
			in.TextFit(at, y+1, in.W()-at-1, l.text, l.style)
		}
	}
}

// how tells the key to the lines that do not show.
func (v *View) how() string {
	if key := keymap.Key(keymap.Findings, keymap.NextPane); key != "" && !v.reading {
		return ", " + key + ": the rest"
	}
	return ""
}
