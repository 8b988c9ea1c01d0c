package overview

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// partitions is what the partition table says.
type partitions struct {
	table disk.PartitionTable
	err   error
	done  bool
}

type partitioned struct {
	gen   views.Gen
	parts partitions
}

func (v *View) readPartitions() tea.Cmd {
	if v.env.Explorer == nil || !v.info.Readable() {
		return nil
	}
	gen, img, explore := v.scan.Gen, v.env.Image, v.env.Explorer
	return func() tea.Msg {
		table, err := explore.PartitionTable(context.Background(), img)
		return partitioned{gen, partitions{table, err, true}}
	}
}

func (v *View) drawGuest(a grid.Area) {
	switch {
	case v.guest.err != nil:
		a.TextFit(0, 0, a.W(), "! "+decode.Printable(v.guest.err.Error()), theme.Warn)
		return
	case !v.guest.done:
		a.Text(0, 0, "..", theme.Dim)
		return
	}
	for y, f := range v.guest.table.Findings { // at the bottom, where there is room
		mark, style := severity(f.Severity)
		if row := a.H() - len(v.guest.table.Findings) + y; row > len(v.guest.table.Partitions) {
			a.TextFit(0, row, a.W(), mark+" "+decode.Printable(f.Text), style)
		}
	}
	switch t := v.guest.table; {
	case len(t.Partitions) > 0:
	case t.System != "":
		a.TextFit(0, 0, a.W(), "no partition table: the disk itself holds "+decode.Printable(strings.TrimSpace(t.System+" "+t.Label)), theme.Value)
		return
	default:
		a.Text(0, 0, "no partition table", theme.Dim)
		return
	}
	if a.H() < 3 {
		v.drawGuestLine(a)
		return
	}
	sector := max(v.info.LogicalSectorSize, 512)
	a.TextFit(0, 0, a.W(), fmt.Sprintf("%3s  %-24s %14s %12s  %-10s %s", "#", "type", "first sector", "size", "system", "label"), theme.Label)
	for y := range a.H() - 1 {
		i, ok := v.parts.At(y)
		if !ok {
			break
		}
		p := v.guest.table.Partitions[i]
		a.TextFit(0, y+1, a.W(), fmt.Sprintf("%3d  %-24s %14d %12s  %-10s %s", p.Number,
			grid.Fit(decode.Printable(p.Type), 24), p.Start/sector, decode.FormatSize(uint64(max(p.Length, 0))),
			decode.Printable(p.System), decode.Printable(p.Label)), theme.Value)
		if v.focus == guestPane && i == v.parts.Cursor {
			a.Row(y+1).Paint(0, 0, a.W(), theme.Selected)
			a.Set(0, y+1, '>', theme.Selected)
		}
	}
}

// drawGuestLine names all partitions in one line.
func (v *View) drawGuestLine(a grid.Area) {
	x := 0
	for i, p := range v.guest.table.Partitions[min(int(v.parts.Top), len(v.guest.table.Partitions)):] {
		name := p.System
		if name == "" {
			name = p.Type
		}
		style := theme.Value
		if v.focus == guestPane && int64(i)+v.parts.Top == v.parts.Cursor {
			style = theme.Selected
		}
		if i > 0 {
			x = a.TextFit(x, 0, a.W()-x, " | ", theme.Dim)
		}
		x = a.TextFit(x, 0, a.W()-x, fmt.Sprintf("#%d %s %s", p.Number, decode.Printable(name), decode.FormatSize(uint64(max(p.Length, 0)))), style)
	}
}
