package overview

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/grid"
	"platter/views/theme"
)

// notReadable labels the reason why there is no virtual disk to read.
const notReadable = "Not readable"

// facts are the rows of the identity.
func facts(info disk.Info, files int) []disk.Detail {
	format := strings.ToUpper(info.Format)
	if info.Type != "" && info.Type != info.Format {
		format += ", " + info.Type
	}
	if info.Parent != "" {
		format += ", child of " + info.Parent
	}
	rows := []disk.Detail{{Label: "Format", Value: format}}
	add := func(label, value string) {
		if value != "" {
			rows = append(rows, disk.Detail{Label: label, Value: value})
		}
	}
	add("Recognised", info.Recognised)
	if info.VirtualSize > 0 {
		add("Virtual size", size(info.VirtualSize)+sectors(info))
	}
	file := size(info.FileSize)
	if files > 1 {
		file += fmt.Sprintf(" in %d files", files)
	}
	add("File size", file)
	if info.BlockSize > 0 {
		add("Block size", fmt.Sprintf("%s, %d blocks", decode.FormatSize(uint64(info.BlockSize)), (info.VirtualSize+info.BlockSize-1)/info.BlockSize))
	}
	add("Creator", info.Creator)
	add("Disk id", info.ID)
	if info.Dirty {
		add("State", "DIRTY: it was not closed cleanly")
	}
	if info.Refused != nil {
		add(notReadable, info.Refused.Error())
	}
	return append(rows, info.Details...)
}

// size is a size in words and exactly, in groups of three digits.
func size(n int64) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return fmt.Sprintf("%s (%s B)", decode.FormatSize(uint64(max(n, 0))), digits)
}

func sectors(info disk.Info) string {
	switch {
	case info.LogicalSectorSize == 0:
		return ""
	case info.PhysicalSectorSize == 0:
		return fmt.Sprintf(", %d-byte sectors", info.LogicalSectorSize)
	}
	return fmt.Sprintf(", %d/%d sectors", info.LogicalSectorSize, info.PhysicalSectorSize)
}

// line is a line of the identity: a fact or the rest of one.
type line struct {
	label, value string
	style        theme.Style
}

// Bounds on the column of the values.
const minLabel, maxLabel = 14, 24

// wrapFacts breaks the facts into lines for w columns.
func (v *View) wrapFacts(w int) []line {
	column := v.labelColumn()
	var out []line
	for _, r := range v.rows {
		style := theme.Value
		if strings.HasPrefix(r.Value, "DIRTY") || r.Label == notReadable {
			style = theme.Warn
		}
		for i, text := range grid.Wrap(decode.Printable(r.Value), w-column) {
			l := line{"", text, style}
			if i == 0 {
				l.label = decode.Printable(r.Label)
			}
			out = append(out, l)
		}
	}
	return out
}

// labelColumn is where values start.
func (v *View) labelColumn() int {
	w := minLabel
	for _, r := range v.rows {
		w = max(w, grid.Width(decode.Printable(r.Label))+2)
	}
	return min(w, maxLabel)
}

func (v *View) drawIdentity(a grid.Area) {
	column := v.labelColumn()
	for y := range a.H() {
		i, ok := v.facts.At(y)
		if !ok {
			break
		}
		l := v.lines[i]
		a.TextFit(0, y, column-1, l.label, theme.Label)
		a.TextFit(column, y, a.W()-column, l.value, l.style)
	}
	if v.facts.Top+int64(a.H()) < v.facts.Total {
		a.TextRight(a.W(), a.H()-1, " more ", theme.Dim)
	}
}
