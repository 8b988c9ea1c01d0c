package views

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views/hexgrid"
)

// Staged is where an image's files differ from what is on disk, by file,
// ascending.
type Staged map[string][]hexgrid.Range

// Compared is the answer to [Compare].
type Compared struct {
	Gen    Gen // that was asked with
	Staged Staged
}

// Compare asks what is staged in an image's files; nothing without an editor.
func Compare(gen Gen, ed disk.Staging, img disk.Image) tea.Cmd {
	if ed == nil {
		return nil
	}
	return func() tea.Msg {
		all := Staged{}
		for _, f := range img.Files() {
			for _, r := range ed.Dirty(f.Name) {
				all[f.Name] = append(all[f.Name], hexgrid.Range{Start: r.Offset, End: r.End()})
			}
		}
		return Compared{gen, all}
	}
}

// Within is the ranges that touch n bytes of a file from off.
func (s Staged) Within(file string, off, n int64) []hexgrid.Range {
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
