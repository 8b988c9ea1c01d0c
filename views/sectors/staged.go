package sectors

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/hexgrid"
)

// staged is where the image's files differ from what is on disk, by file,
// ascending. Nothing that is stored in a parent is ever staged.
type staged map[string][]hexgrid.Range

// compared is the answer to compare.
type compared struct {
	gen    views.Gen
	staged staged
}

// compare asks what is staged.
func (v *View) compare() tea.Cmd {
	if v.editor == nil {
		return nil
	}
	ed, img, gen := v.editor, v.image, v.gen
	return func() tea.Msg {
		all := staged{}
		for _, f := range img.Files() {
			for _, r := range ed.Dirty(f.Name) {
				all[f.Name] = append(all[f.Name], hexgrid.Range{Start: r.Offset, End: r.End()})
			}
		}
		return compared{gen, all}
	}
}

func (v *View) compared(msg compared) {
	if msg.gen == v.gen {
		v.staged = msg.staged
		v.factGen, v.asking = views.NewGen(), false
	}
}

// holds reports whether a byte of a file differs from the disk.
func (s staged) holds(file string, off int64) bool {
	return len(s.within(file, off, 1)) > 0
}

// within is the ranges that touch n bytes of a file from off on.
func (s staged) within(file string, off, n int64) []hexgrid.Range {
	list := s[file]
	i, _ := slices.BinarySearchFunc(list, off, func(r hexgrid.Range, off int64) int {
		if r.End <= off {
			return -1
		}
		return 1
	})
	j := i
	for j < len(list) && list[j].Start < off+n {
		j++
	}
	return list[i:j]
}

// markStaged collects the staged bytes among those that show, by their place
// on the virtual disk.
func (v *View) markStaged() {
	m := &v.marks
	m.Staged = m.Staged[:0]
	if len(v.staged) == 0 {
		return
	}
	for _, l := range v.lines {
		if l.kind != bytesLine {
			continue
		}
		s := &v.win.list[l.number]
		if s.layer > 0 || s.packed > 0 {
			continue
		}
		at := s.place(l.start)
		for _, r := range v.staged.within(s.file, at, l.end-l.start) {
			m.Staged = append(m.Staged, hexgrid.Range{
				Start: max(l.start, l.start+r.Start-at),
				End:   min(l.end, l.start+r.End-at),
			})
		}
	}
}

// onDisk reads the byte of a span as it is on disk.
func onDisk(ed disk.Editor, s disk.Span) (byte, error) {
	r, err := ed.OnDisk(s.File)
	if err != nil {
		return 0, err
	}
	var b [1]byte
	err = whole(r.ReadAt(b[:], s.Offset))
	return b[0], err
}
