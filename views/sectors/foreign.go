package sectors

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/hexgrid"
)

// foreign is the disk as another program sees it, and what that sees otherwise than the
// format says among the bytes that show.
type foreign struct {
	image disk.Foreign // nil: the disk shows as the format says
	gen   views.Gen    // of the question; 0: nothing was asked
	asked hexgrid.Range
	known hexgrid.Range // that list is of
	list  []hexgrid.Range
	err   error
}

// unlike is the answer to ask.
type unlike struct {
	gen   views.Gen
	known hexgrid.Range
	list  []hexgrid.Range
	err   error
}

// ask asks what differs among the bytes that show, unless that is asked or known.
func (f *foreign) ask(shown hexgrid.Range) tea.Cmd {
	if f.image == nil || shown.Empty() || shown == f.asked {
		return nil
	}
	f.gen, f.asked = views.NewGen(), shown
	img, gen := f.image, f.gen
	return func() tea.Msg {
		places, end, err := img.Unlike(context.Background(), shown.Start, shown.End-shown.Start)
		u := unlike{gen: gen, known: hexgrid.Range{Start: shown.Start, End: end}, err: err}
		for _, p := range places {
			u.list = append(u.list, hexgrid.Range{Start: p.Offset, End: p.End()})
		}
		return u
	}
}

func (f *foreign) take(u unlike) {
	if u.gen == f.gen {
		f.known, f.list, f.err = u.known, u.list, u.err
	}
}

// words name the reader in a title.
func (f *foreign) words() string {
	if f.image == nil {
		return ""
	}
	return " as " + f.image.Through() + " sees it"
}

// fixed says why nothing can be changed.
func (f *foreign) fixed() string {
	return "this is the disk as " + f.image.Through() + " sees it: esc shows it as the format says"
}

// refused says where to go from a reader that has no disk to show.
func (f *foreign) refused() string {
	if f.image == nil {
		return ""
	}
	return f.image.Through() + " has no disk to show: r is the next reader, esc the format"
}

// status says how much of what shows differs from what the format says.
func (f *foreign) status(shown hexgrid.Range) string {
	n := int64(0)
	for _, r := range f.list {
		n += max(0, min(r.End, shown.End)-max(r.Start, shown.Start))
	}
	switch {
	case f.image == nil:
		return ""
	case f.err != nil:
		return "not compared with the format: " + decode.Printable(f.err.Error())
	case n > 0:
		return decode.Plural(n, "byte differs", "bytes differ") + " here from the format"
	case f.known.Start <= shown.Start && f.known.End >= shown.End:
		return "as the format says, here"
	}
	return "comparing with the format .."
}
