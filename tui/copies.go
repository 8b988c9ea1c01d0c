package tui

import (
	"bytes"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/theme"
	"platter/views/widget/listing"
)

// compareLimit bounds what is compared, in bytes of each copy.
const compareLimit = 1 << 20

// copies finds the structure around the cursor that has a second copy, and
// where that is.
func copies(p views.Pointed) (decode.Node, decode.Place, bool) {
	var best decode.Node
	for _, n := range slices.Backward(p.Nodes) {
		if n.SecondCopy == nil || n.Place.Length <= 0 {
			continue
		}
		if best = n; n.Field == nil {
			break
		}
	}
	if best.SecondCopy == nil {
		return best, decode.Place{}, false
	}
	second := *best.SecondCopy
	if second.Length == 0 {
		second.Length = best.Place.Length
	}
	return best, second, true
}

// layoutOf is the declaration of a structure; nil if it has none.
func layoutOf(n decode.Node) *decode.Layout {
	if n.Field != nil {
		return nil
	}
	for i := range min(n.Len(), 4) {
		if c := n.Child(i); c.Field != nil && c.Record == n.Place {
			return c.Field.Layout()
		}
	}
	return nil
}

// lacksSecond says why what is pointed at has neither a second copy nor a second
// image to be compared with.
func (c *comparison) lacksSecond() string {
	p, _ := c.pointed()
	switch _, _, ok := copies(p); {
	case ok:
		return ""
	case c.cfg.Look == nil:
		return "this structure has no second copy"
	}
	return c.incomparable()
}

// secondCopy puts a structure and its second copy side by side. What has none
// is compared with another image.
func (c *comparison) secondCopy() tea.Cmd {
	p, _ := c.pointed()
	n, there, ok := copies(p)
	if !ok {
		return c.open()
	}
	here := n.Place
	here.Length, there.Length = min(here.Length, compareLimit), min(there.Length, compareLimit)
	img, finder := c.current().image, c.cfg.Finder
	return c.inJob("comparing", func(j *job) (tea.Msg, error) {
		var sides [2][]byte
		for i, place := range []decode.Place{here, there} {
			err := finder.Stream(j.ctx, img, place, func(b []byte) error {
				sides[i] = append(sides[i], b...)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		steps, fields := fieldSteps(finder, layoutOf(n), here, sides[0], sides[1])
		rows, count := byteSteps(here, sides[0], sides[1])
		note := "the same"
		if count > 0 {
			note = fmt.Sprintf("%d fields, %d bytes differ", fields, count)
		}
		return shown{then: func() tea.Cmd {
			r := c.showSteps(decode.Printable(n.Name)+" and its second copy", append(steps, rows...))
			r.compare = c.incomparable() == ""
			r.Head, r.Note = []string{"", "", placeText(here), placeText(there)}, note
			return nil
		}}, nil
	})
}

// fieldSteps compares field by field; it counts those that differ.
func fieldSteps(finder disk.Finder, layout *decode.Layout, here decode.Place, a, b []byte) (list []step, count int) {
	if layout == nil {
		return nil, 0
	}
	for _, d := range finder.Compare(layout, a, b) {
		mark, left, style := " ", decode.Printable(d.A), theme.Value
		right := "same"
		if d.Differs {
			mark, right, style = "!", decode.Printable(d.B), theme.Warn
			count++
		}
		row := listing.Row{Cells: []string{mark, decode.Printable(d.Name), left, right}, Style: style}
		list = append(list, step{row, here.Sub(int64(d.Offset), int64(d.Size))})
	}
	return list, count
}

// byteRow is how many bytes stand in a row of a comparison; rowLimit how many
// rows are shown.
const (
	byteRow  = 8
	rowLimit = 4096
)

// byteSteps compares byte by byte: only rows with a difference. It counts the
// bytes that differ.
func byteSteps(here decode.Place, a, b []byte) (list []step, count int) {
	for at := 0; at < max(len(a), len(b)); at += byteRow {
		x, y := piece(a, at), piece(b, at)
		if bytes.Equal(x, y) {
			continue
		}
		for i := range max(len(x), len(y)) {
			if i >= len(x) || i >= len(y) || x[i] != y[i] {
				count++
			}
		}
		if len(list) < rowLimit {
			row := listing.Row{Cells: []string{"!", fmt.Sprintf("+0x%x", at), fmt.Sprintf("% x", x), fmt.Sprintf("% x", y)}, Style: theme.Warn}
			list = append(list, step{row, here.Sub(int64(at), int64(len(x)))})
		}
	}
	return list, count
}

func piece(b []byte, at int) []byte {
	at = min(at, len(b))
	return b[at:min(at+byteRow, len(b))]
}
