package sectors

import (
	"context"
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/hexgrid"
)

// compare asks what is staged; of a disk that another program sees nothing is.
func (v *View) compare() tea.Cmd {
	if v.foreign.image != nil {
		return nil
	}
	return views.Compare(v.gen, v.editor, v.image)
}

// compared takes in what is staged.
func (v *View) compared(msg views.Compared) {
	if msg.Gen == v.gen {
		v.staged = msg.Staged
		v.factGen, v.asking = views.NewGen(), false
	}
}

// staged collects what is staged among bytes that show, by its place on the
// virtual disk.
func (g *ground) staged(list []hexgrid.Range, staged views.Staged, shown hexgrid.Range) []hexgrid.Range {
	if len(staged) == 0 {
		return list
	}
	for i, ok := g.find(shown.Start); ok && i < len(g.list) && g.list[i].start < shown.End; i++ {
		s := &g.list[i]
		if !s.stored() || s.layer > 0 || s.packed > 0 {
			continue
		}
		from, to := max(s.start, shown.Start), min(s.end, shown.End)
		move := s.start - s.offset
		for _, r := range staged.Within(s.file, from-move, to-from) {
			list = append(list, hexgrid.Range{Start: max(from, r.Start+move), End: min(to, r.End+move)})
		}
	}
	return list
}

// onDisk reads a byte of the disk as it is on disk: it may have been stored elsewhere, or
// not at all.
func onDisk(ed disk.Staging, off int64) (byte, error) {
	img, err := ed.Original(context.Background())
	if err != nil {
		return 0, err
	}
	var b [1]byte
	_, err = img.ReadAt(b[:], off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[0], err
}
