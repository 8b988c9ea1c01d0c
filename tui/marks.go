package tui

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
)

// marks are the places in the image that are worth going to: hits, notes, the
// evidence of findings, staged bytes.
type marks struct {
	feature
	searches *searches
	notes    *notes
	checks   *checks
	edits    *edits
}

// message is what the views are told of hits and notes.
func (m *marks) message() views.Marks {
	msg := views.Marks{Signs: m.notes.signs()}
	if m.searches.last != nil {
		msg.Hits = m.searches.last.ascending()
	}
	return msg
}

// step goes to the next mark in what shows, or the previous one; of some staged
// bytes to the first.
func (m *marks) step(step int) tea.Cmd {
	p, _ := m.pointed()
	file, offs := p.Cursor.File, m.in(p.Cursor.File)
	ed, img := m.edits.Editor, m.current().image
	if ed == nil {
		return m.visitNearest(file, offs, step)
	}
	return m.later(func() (tea.Msg, error) {
		offs = append(offs, stagedIn(m.ctx, ed, img, m.cfg.Explorer, file)...)
		return shown{then: func() tea.Cmd { return m.visitNearest(file, offs, step) }}, nil
	})
}

// in lists the marks of a file, or of the virtual disk, that the program knows
// itself.
func (m *marks) in(file string) []int64 {
	var offs []int64
	add := func(at decode.Place) {
		if at.File == file {
			offs = append(offs, at.Offset)
		}
	}
	msg := m.message()
	for _, at := range msg.Hits {
		add(at)
	}
	for _, s := range msg.Signs {
		add(s.Place)
	}
	for _, f := range m.checks.found() {
		for _, at := range f.Where {
			add(at)
		}
	}
	return offs
}

// stagedPatience bounds how long the places of staged bytes on the virtual
// disk are looked for: that may need a scan of the image's tables for each.
const stagedPatience = 500 * time.Millisecond

// stagedIn lists where staged bytes begin in a file, or on the virtual disk as
// far as their places are found in time.
func stagedIn(ctx context.Context, ed disk.Staging, img disk.Image, explorer disk.Explorer, file string) []int64 {
	var offs []int64
	if file != disk.VirtualDisk {
		for _, r := range ed.Dirty(file) {
			offs = append(offs, r.Offset)
		}
		return offs
	}
	if explorer == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stagedPatience)
	defer cancel()
	for _, f := range img.Files() {
		for _, r := range ed.Dirty(f.Name) {
			ways, err := explorer.Disk(ctx, img, f.Name, r.Offset, nil)
			if err != nil {
				return offs
			}
			for _, way := range ways {
				offs = append(offs, way.Virtual)
			}
		}
	}
	return offs
}

// visitNearest goes to the nearest of some marks in a direction.
func (m *marks) visitNearest(file string, offs []int64, step int) tea.Cmd {
	p, ok := m.pointed()
	if !ok || p.Cursor.File != file {
		return nil
	}
	slices.Sort(offs)
	offs = slices.Compact(offs)
	i, on := slices.BinarySearch(offs, p.Cursor.Offset)
	if step > 0 && on {
		i++
	} else if step < 0 {
		i--
	}
	if i < 0 || i >= len(offs) {
		m.say("no further mark in this direction", false)
		return nil
	}
	return m.visit(views.Spot{Place: decode.Place{File: file, Offset: offs[i]}}, !on)
}
