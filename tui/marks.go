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

// stepMark goes to the next mark in what shows, or the previous one: a hit, a
// note, the evidence of a finding, the first of some staged bytes.
func (m *model) stepMark(step int) tea.Cmd {
	p, _ := m.pointed()
	file, offs := p.Cursor.File, m.marksIn(p.Cursor.File)
	of, ed, img, explorer, ctx := m.number, m.edits.Editor, m.image, m.cfg.Explorer, m.ctx
	if ed == nil {
		return m.toMark(file, offs, step)
	}
	return func() tea.Msg {
		offs = append(offs, stagedIn(ctx, ed, img, explorer, file)...)
		return shown{of, func() tea.Cmd { return m.toMark(file, offs, step) }}
	}
}

// marksIn lists the marks of a file, or of the virtual disk, that the program
// knows itself.
func (m *model) marksIn(file string) []int64 {
	var offs []int64
	add := func(at decode.Place) {
		if at.File == file {
			offs = append(offs, at.Offset)
		}
	}
	marks := m.marks()
	for _, at := range marks.Hits {
		add(at)
	}
	for _, s := range marks.Signs {
		add(s.Place)
	}
	if m.check != nil {
		for _, f := range m.check.list {
			for _, at := range f.Where {
				add(at)
			}
		}
	}
	return offs
}

// stagedPatience bounds how long the places of staged bytes on the virtual
// disk are looked for: that may need a scan of the image's tables for each.
const stagedPatience = 500 * time.Millisecond

// stagedIn lists where staged bytes begin in a file, or on the virtual disk as
// far as their places are found in time.
func stagedIn(ctx context.Context, ed disk.Editor, img disk.Image, explorer disk.Explorer, file string) []int64 {
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

// toMark goes to the nearest of some marks in a direction.
func (m *model) toMark(file string, offs []int64, step int) tea.Cmd {
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
		m.say("there is no mark further on in this direction", false)
		return nil
	}
	return m.visit(views.Spot{Place: decode.Place{File: file, Offset: offs[i]}}, !on)
}
