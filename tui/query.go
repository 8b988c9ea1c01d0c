package tui

import (
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// query is what is to be searched for, and where: on the virtual disk or in a
// file, in all of it or a part.
type query struct {
	disk.Pattern
	file   string       // disk.VirtualDisk for the disk
	within decode.Place // the part; no length for all of it
	back   bool
	cased  bool  // the user said whether letters match in either case
	cursor int64 // where one that goes backwards over everything begins; 0 for the end
}

// stretch is where the search looks.
func (q query) stretch() disk.Stretch {
	s := disk.Stretch{Backwards: q.back}
	switch {
	case q.within.Length > 0:
		s.From, s.To = q.within.Offset, q.within.End()
	case q.back:
		s.To = q.cursor
	}
	return s
}

// after is the stretch of what lies further on than a hit.
func (q query) after(last disk.Hit, s disk.Stretch) disk.Stretch {
	if q.back {
		s.To = last.Place.End() - 1
	} else {
		s.From = last.Place.Offset + 1
	}
	return s
}

// words says how and where is searched.
func (q query) words() string {
	words := "search " + surfaceName(q.file)
	if q.within.Length > 0 {
		words = "search the selection"
	}
	if q.back {
		words += " backwards"
	}
	words += " for " + q.Reading.String()
	switch {
	case q.Reading == disk.AsHex:
	case q.FoldCase:
		words += " in either case"
	default:
		words += " as typed"
	}
	return words
}

// title names a search in its list.
func (q query) title(where disk.Stretch) string {
	words := fmt.Sprintf("%s in %s", decode.Quote(q.Text), surfaceName(q.file))
	switch {
	case q.within.Length > 0 && q.back:
		words += fmt.Sprintf(", backwards in %d bytes at 0x%x", q.within.Length, q.within.Offset)
	case q.within.Length > 0:
		words += fmt.Sprintf(", in %d bytes at 0x%x", q.within.Length, q.within.Offset)
	case q.back && where.To > 0:
		words += fmt.Sprintf(", backwards from 0x%x", where.To)
	case q.back:
		words += ", backwards from the end"
	}
	return words
}

func surfaceName(file string) string {
	if file == disk.VirtualDisk {
		return "the virtual disk"
	}
	return decode.Printable(file)
}

// checkedMost is how long a pattern may be, in bytes, that is looked through at
// each key; one that is longer is checked when it is searched for.
const checkedMost = 256

// open asks what to search for, in what shows.
func (s *searches) open() tea.Cmd {
	var q query
	if p, ok := pointedIn(s.view()); ok {
		q.file = p.Cursor.File
	} else {
		q.file = s.surfaces()[0]
	}
	if s.last != nil {
		q.Reading, q.FoldCase, q.cased = s.last.Reading, s.last.FoldCase, s.last.cased
	}
	const hint = "alt+b backwards  alt+s in the selection"
	p := &prompt{kind: "search", ctx: keymap.Find, hint: hint, name: q.words()}
	p.act = func(a keymap.Action) {
		p.hint = hint
		if why := s.turn(&q, a); why != "" {
			p.hint = why
		}
		p.name = q.words()
	}
	p.changed = func(text string) {
		if q.Text = text; !q.cased {
			q.FoldCase = q.EitherCase()
		}
		p.name = q.words()
		if len(text) > checkedMost {
			return
		}
		if _, err := s.cfg.Finder.Search(s.ctx, disk.Surface{}, q.Pattern, disk.Stretch{}, nil); err != nil && text != "" {
			p.wrong = err.Error()
		}
	}
	p.accept = func(string) tea.Cmd { return s.begin(q, q.stretch()) }
	return s.openPrompt(p, "")
}

// turn changes how or where is searched, or says why it can't.
func (s *searches) turn(q *query, a keymap.Action) (why string) {
	p, _ := s.pointed()
	switch a {
	case keymap.AsText:
		q.Reading = disk.AsText
	case keymap.AsHex:
		q.Reading = disk.AsHex
	case keymap.AsUTF16:
		q.Reading = disk.AsUTF16
	case keymap.AsRegexp:
		q.Reading = disk.AsRegexp
	case keymap.FoldCase:
		q.FoldCase, q.cased = !q.FoldCase, true
	case keymap.NextFile:
		list := s.surfaces()
		q.file, q.within = list[(slices.Index(list, q.file)+1)%len(list)], decode.Place{}
	case keymap.Within:
		why = q.turnWithin(p)
	case keymap.Backwards:
		q.back = !q.back
	}
	if q.cursor = 0; p.Cursor.File == q.file {
		q.cursor = p.Cursor.Offset
	}
	return why
}

// turnWithin narrows the search to the selection, or widens it again.
func (q *query) turnWithin(p views.Pointed) string {
	switch {
	case q.within.Length > 0:
		q.within = decode.Place{}
	case p.Selection.Length == 0:
		return "! no selection: v makes one"
	default:
		q.file, q.within = p.Selection.File, p.Selection
	}
	return ""
}

// surfaces are what can be searched: the disk if it can be read, and the files.
func (s *searches) surfaces() []string {
	var list []string
	if s.current().info.Readable() {
		list = append(list, disk.VirtualDisk)
	}
	for _, f := range s.current().image.Files() {
		list = append(list, f.Name)
	}
	return list
}

// surface is what is searched under a name of surfaces.
func (s *searches) surface(file string) disk.Surface {
	img := s.current().image
	for _, f := range img.Files() {
		if f.Name == file {
			return disk.FileSurface(f)
		}
	}
	return disk.DiskSurface(img)
}
