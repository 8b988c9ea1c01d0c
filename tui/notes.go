package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/listing"
)

// Note is a bookmark of the user's, with a text or without one.
type Note struct {
	Place decode.Place // on disk.VirtualDisk or in a file
	Text  string
}

// Keeper keeps notes by the identity of an image.
type Keeper interface {
	Load(disk.Info) ([]Note, error)
	Save(disk.Info, []Note) error
}

// notes are those of the image that is open, by file, then ascending.
type notes struct {
	list   []Note
	absent string // why they are not there, and can't be changed; empty once they are
	saver  *saver
}

// saver keeps the notes one list after the other, always the newest: commands run
// side by side.
type saver struct {
	keeper Keeper
	info   disk.Info // of the image as it was opened: edits may give it another identity
	mu     sync.Mutex
	list   []Note
}

// save is a command that keeps a list, or a newer one.
func (s *saver) save(list []Note) tea.Cmd {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
	return func() tea.Msg {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.keeper.Save(s.info, s.list); err != nil {
			return said{"bookmarks and notes can't be kept: " + err.Error(), true}
		}
		return nil
	}
}

type notesLoaded struct {
	of   views.Gen
	list []Note
	err  error
}

func (m *model) loadNotes() tea.Cmd {
	if m.cfg.Notes == nil || m.image == nil {
		return nil
	}
	m.notes.absent = "bookmarks and notes are still being read"
	of, keeper, info := m.number, m.cfg.Notes, m.info
	m.notes.saver = &saver{keeper: keeper, info: info}
	return func() tea.Msg {
		list, err := keeper.Load(info)
		return notesLoaded{of, list, err}
	}
}

func (m *model) notesLoaded(msg notesLoaded) tea.Cmd {
	if msg.of != m.number {
		return nil
	}
	if m.notes.absent = ""; msg.err != nil {
		m.notes.absent = "bookmarks and notes can't be read, so that none are kept: " + msg.err.Error()
		m.say(m.notes.absent, true)
	}
	m.notes.list = msg.list
	m.notes.sort()
	return m.tell(m.marks())
}

func (n *notes) sort() {
	slices.SortStableFunc(n.list, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Offset, b.Place.Offset))
	})
}

// marks is what the views are told of hits and notes.
func (m *model) marks() views.Marks {
	var marks views.Marks
	if m.hunt != nil {
		marks.Hits = m.hunt.ascending()
	}
	for _, n := range m.notes.list {
		sign := views.Sign{Place: n.Place, Rune: '#'}
		if n.Text != "" {
			sign.Rune = ';'
		}
		marks.Signs = append(marks.Signs, sign)
	}
	return marks
}

// at is the number of the note at a place; the innermost one if several hold
// it, -1 for none.
func (n *notes) at(p decode.Place) int {
	best := -1
	for i, note := range n.list {
		held := note.Place
		held.Length = max(held.Length, 1)
		if held.Holds(p.File, p.Offset) && (best < 0 || held.Length < n.list[best].Place.Length) {
			best = i
		}
	}
	return best
}

// noteHere is the note on what is under the cursor, for the status line.
func (m *model) noteHere() string {
	p, ok := m.pointedIn(m.active)
	if !ok || len(m.notes.list) == 0 {
		return ""
	}
	i := m.notes.at(p.Cursor)
	switch {
	case i < 0:
		return ""
	case m.notes.list[i].Text == "":
		return "# bookmark"
	}
	return "; " + decode.Printable(m.notes.list[i].Text)
}

// noteMost is the length of the longest field that a bookmark is put on as a
// whole, in bytes. In a longer one, such as a partition, it is the byte that is
// meant.
const noteMost = 512

// noted is the place that a bookmark or a note of what is pointed at goes to.
func noted(p views.Pointed) decode.Place {
	if place := p.Place(); p.Selection.Length > 0 || place.Length <= noteMost {
		return place
	}
	return p.Cursor
}

// bookmark puts a bookmark on what is pointed at, or takes the one there away.
func (m *model) bookmark() tea.Cmd {
	p, _ := m.pointed()
	i := m.notes.at(p.Cursor)
	switch {
	case i >= 0 && m.notes.list[i].Text != "":
		m.say("there is a note here: ; changes it, ' lists all", false)
		return nil
	case i >= 0:
		m.say("took the bookmark away", false)
		m.notes.list = slices.Delete(m.notes.list, i, i+1)
	default:
		m.say("bookmarked "+placeText(noted(p))+"; ' lists all", false)
		m.notes.list = append(m.notes.list, Note{Place: noted(p)})
	}
	return m.notesChanged()
}

// openNote lets the user write a note on what is pointed at. Without a text
// the note goes away.
func (m *model) openNote() tea.Cmd {
	p, _ := m.pointed()
	i, place, text := m.notes.at(p.Cursor), noted(p), ""
	if i >= 0 {
		place, text = m.notes.list[i].Place, m.notes.list[i].Text
	}
	return m.openPrompt(&prompt{
		kind: "note", name: "note on " + this(place), blank: true,
		accept: func(text string) tea.Cmd {
			m.notes.list = slices.DeleteFunc(m.notes.list, func(n Note) bool { return n.Place == place })
			if strings.TrimSpace(text) != "" {
				m.notes.list = append(m.notes.list, Note{place, text})
			}
			return m.notesChanged()
		},
	}, text)
}

// notesChanged keeps the notes and shows them.
func (m *model) notesChanged() tea.Cmd {
	m.notes.sort()
	cmd := m.tell(m.marks())
	if m.notes.saver == nil {
		return cmd
	}
	return tea.Batch(cmd, m.notes.saver.save(slices.Clone(m.notes.list)))
}

// showNotes lists bookmarks and notes.
func (m *model) showNotes() tea.Cmd {
	r := &results{}
	r.Title, r.Head = "Bookmarks and notes", []string{"", "place", "bytes", "note"}
	r.Empty = "There are none. In structures and bytes, m puts a bookmark and ; a note."
	r.Set(m.noteRows())
	r.open = func(row int) tea.Cmd { return goTo(m.notes.list[row].Place) }
	r.remove = func(row int) tea.Cmd {
		m.notes.list = slices.Delete(m.notes.list, row, row+1)
		r.Set(m.noteRows())
		return m.notesChanged()
	}
	m.cover(r)
	return nil
}

func (m *model) noteRows() []listing.Row {
	var rows []listing.Row
	for _, n := range m.notes.list {
		mark := "#"
		if n.Text != "" {
			mark = ";"
		}
		rows = append(rows, listing.Row{Cells: []string{mark, placeText(n.Place), fmt.Sprint(n.Place.Length), decode.Printable(n.Text)}})
	}
	return rows
}
