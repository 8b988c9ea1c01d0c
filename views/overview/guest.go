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
	list []disk.Partition
	err  error
	done bool
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
		list, err := explore.Partitions(context.Background(), img)
		return partitioned{gen, partitions{list, err, true}}
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
	case len(v.guest.list) == 0:
		a.Text(0, 0, "no partition table", theme.Dim)
		return
	}
	if a.H() < 3 {
		v.drawGuestLine(a)
		return
	}
	sector := max(v.info.LogicalSectorSize, 512)
	a.TextFit(0, 0, a.W(), fmt.Sprintf("%3s  %-24s %14s %12s  %-10s %s", "#", "type", "first sector", "size", "system", "label"), theme.Label)
	for i, p := range v.guest.list[:min(len(v.guest.list), a.H()-1)] {
		a.TextFit(0, i+1, a.W(), fmt.Sprintf("%3d  %-24s %14d %12s  %-10s %s", p.Number,
			grid.Fit(decode.Printable(p.Type), 24), p.Start/sector, decode.FormatSize(uint64(max(p.Length, 0))),
			decode.Printable(p.System), decode.Printable(p.Label)), theme.Value)
	}
}

// drawGuestLine names all partitions in one line.
func (v *View) drawGuestLine(a grid.Area) {
	var parts []string
	for _, p := range v.guest.list {
		name := p.System
		if name == "" {
			name = p.Type
		}
		parts = append(parts, fmt.Sprintf("#%d %s %s", p.Number, decode.Printable(name), decode.FormatSize(uint64(max(p.Length, 0)))))
	}
	a.TextFit(0, 0, a.W(), strings.Join(parts, " | "), theme.Value)
}
