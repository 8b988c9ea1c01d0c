package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
)

// quest is what is to be searched for, and where: on the virtual disk or in a
// file, in all of it or a part.
type quest struct {
	disk.Pattern
	file   string       // disk.VirtualDisk for the disk
	within decode.Place // the part; no length for all of it
	back   bool
	cursor int64 // where one that goes backwards over everything begins; 0 for the end
}

// stretch is where the search looks.
func (q quest) stretch() disk.Stretch {
	s := disk.Stretch{Backwards: q.back}
	switch {
	case q.within.Length > 0:
		s.From, s.To = q.within.Offset, q.within.End()
	case q.back:
		s.To = q.cursor
	}
	return s
}

// behind is the quest for what lies further on than a hit.
func (q quest) behind(last disk.Hit, s disk.Stretch) disk.Stretch {
	if q.back {
		s.To = last.Place.End() - 1
	} else {
		s.From = last.Place.Offset + 1
	}
	return s
}

// judgedMost is how long a pattern may be, in bytes, that is looked through at
// each key; one that is longer is judged when it is searched for.
const judgedMost = 256

// openSearch asks what to search for, in what shows.
func (m *model) openSearch() tea.Cmd {
	q := quest{file: m.plane()}
	if m.hunt != nil {
		q.Reading, q.FoldCase = m.hunt.Reading, m.hunt.FoldCase
	}
	const hint = "alt+b backwards  alt+s in the selection"
	p := &prompt{kind: "search", ctx: keymap.Find, hint: hint, name: m.questWords(q)}
	p.act = func(a keymap.Action) {
		p.hint = hint
		if why := m.turnQuest(&q, a); why != "" {
			p.hint = why
		}
		p.name = m.questWords(q)
	}
	p.changed = func(text string) {
		if q.Text = text; len(text) > judgedMost {
			return
		}
		if _, err := m.cfg.Finder.Search(m.ctx, disk.Surface{}, q.Pattern, disk.Stretch{}, nil); err != nil && text != "" {
			p.wrong = err.Error()
		}
	}
	p.accept = func(string) tea.Cmd { return m.search(q, q.stretch()) }
	return m.openPrompt(p, "")
}

// questWords says how and where is searched.
func (m *model) questWords(q quest) string {
	words := "search " + m.surfaceName(q.file)
	if q.within.Length > 0 {
		words = "search the selection"
	}
	if q.back {
		words += " backwards"
	}
	words += " for " + q.Reading.String()
	if q.FoldCase && q.Reading != disk.AsHex {
		words += " in either case"
	}
	return words
}

// turnQuest changes how or where is searched, or says why it can't.
func (m *model) turnQuest(q *quest, a keymap.Action) (why string) {
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
		q.FoldCase = !q.FoldCase
	case keymap.NextFile:
		list := m.planes()
		q.file, q.within = list[(slices.Index(list, q.file)+1)%len(list)], decode.Place{}
	case keymap.Within:
		why = m.turnWithin(q)
	case keymap.Backwards:
		q.back = !q.back
	}
	q.cursor = m.cursorIn(q.file)
	return why
}

// turnWithin narrows the search to the selection, or widens it again.
func (m *model) turnWithin(q *quest) string {
	p, _ := m.pointed()
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

// cursorIn is the cursor's offset in a file or on the disk; 0 if it is
// elsewhere.
func (m *model) cursorIn(file string) int64 {
	if p, ok := m.pointed(); ok && p.Cursor.File == file {
		return p.Cursor.Offset
	}
	return 0
}

// plane is what a search looks through: what shows, or else the disk.
func (m *model) plane() string {
	if p, ok := m.pointedIn(m.active); ok {
		return p.Cursor.File
	}
	return m.planes()[0]
}

// planes are what can be searched: the disk if it can be read, and the files.
func (m *model) planes() []string {
	var list []string
	if m.info.Readable() {
		list = append(list, disk.VirtualDisk)
	}
	for _, f := range m.image.Files() {
		list = append(list, f.Name)
	}
	return list
}

func (m *model) surfaceName(file string) string {
	if file == disk.VirtualDisk {
		return "the virtual disk"
	}
	return decode.Printable(file)
}

func (m *model) surface(file string) disk.Surface {
	for _, f := range m.image.Files() {
		if f.Name == file {
			return disk.FileSurface(f)
		}
	}
	return disk.DiskSurface(m.image)
}
