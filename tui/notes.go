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

// sign tells a bookmark from a note with a text.
func (n Note) sign() rune {
	if n.Text == "" {
		return '#'
	}
	return ';'
}

// Keeper keeps notes by the identity of an image.
type Keeper interface {
	Load(disk.Info) ([]Note, error)
	Save(disk.Info, []Note) error
}

// notes are those of the image that is open, by file, then ascending.
type notes struct {
	feature
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

// forget drops the notes of an image that is left.
func (n *notes) forget() { *n = notes{feature: n.feature} }

func (n *notes) load() tea.Cmd {
	s := n.current()
	if n.cfg.Notes == nil || s.image == nil {
		return nil
	}
	n.absent = "bookmarks and notes are still being read"
	of, keeper, info := s.number, n.cfg.Notes, s.info
	n.saver = &saver{keeper: keeper, info: info}
	return func() tea.Msg {
		list, err := keeper.Load(info)
		return notesLoaded{of, list, err}
	}
}

func (n *notes) loaded(msg notesLoaded) tea.Cmd {
	if msg.of != n.current().number {
		return nil
	}
	if n.absent = ""; msg.err != nil {
		n.absent = "bookmarks and notes can't be read, so none are kept: " + msg.err.Error()
		n.say(n.absent, true)
	}
	n.list = msg.list
	n.sort()
	return n.showMarks()
}

func (n *notes) sort() {
	slices.SortStableFunc(n.list, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Offset, b.Place.Offset))
	})
}

// lacks says why notes can't be changed now.
func (n *notes) lacks() string { return n.absent }

// signs are what the views show of the notes.
func (n *notes) signs() (list []views.Sign) {
	for _, note := range n.list {
		list = append(list, views.Sign{Place: note.Place, Rune: note.sign()})
	}
	return list
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

// text is the note on a place, for the status line; empty for none.
func (n *notes) text(p decode.Place) string {
	i := n.at(p)
	switch {
	case i < 0:
		return ""
	case n.list[i].Text == "":
		return "# bookmark"
	}
	return "; " + decode.Printable(n.list[i].Text)
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
func (n *notes) bookmark() tea.Cmd {
	p, _ := n.pointed()
	i := n.at(p.Cursor)
	switch {
	case i >= 0 && n.list[i].Text != "":
		n.say("there is a note here: ; edits it, ' lists all", false)
		return nil
	case i >= 0:
		n.say("bookmark removed", false)
		n.list = slices.Delete(n.list, i, i+1)
	default:
		n.say("bookmarked "+placeText(noted(p))+"; ' lists all", false)
		n.list = append(n.list, Note{Place: noted(p)})
	}
	return n.changed()
}

// edit lets the user write a note on what is pointed at. Without a text
// the note goes away.
func (n *notes) edit() tea.Cmd {
	p, _ := n.pointed()
	i, place, text := n.at(p.Cursor), noted(p), ""
	if i >= 0 {
		place, text = n.list[i].Place, n.list[i].Text
	}
	return n.openPrompt(&prompt{
		kind: "note", name: "note on " + this(place), blank: true,
		accept: func(text string) tea.Cmd {
			n.list = slices.DeleteFunc(n.list, func(old Note) bool { return old.Place == place })
			if strings.TrimSpace(text) != "" {
				n.list = append(n.list, Note{place, text})
			}
			return n.changed()
		},
	}, text)
}

// changed keeps the notes and shows them.
func (n *notes) changed() tea.Cmd {
	n.sort()
	cmd := n.showMarks()
	if n.saver == nil {
		return cmd
	}
	return tea.Batch(cmd, n.saver.save(slices.Clone(n.list)))
}

// show lists bookmarks and notes.
func (n *notes) show() tea.Cmd {
	r := &results{}
	r.Title, r.Head = "Bookmarks and notes", []string{"", "place", "bytes", "note"}
	r.Empty = "There are none. In structures and bytes, m puts a bookmark and ; a note."
	r.Set(n.rows())
	r.open = func(row int) tea.Cmd { return jumpTo(n.list[row].Place) }
	r.remove = func(row int) tea.Cmd {
		n.list = slices.Delete(n.list, row, row+1)
		r.Set(n.rows())
		return n.changed()
	}
	n.cover(r)
	return nil
}

func (n *notes) rows() []listing.Row {
	var rows []listing.Row
	for _, note := range n.list {
		rows = append(rows, listing.Row{Cells: []string{string(note.sign()), placeText(note.Place), fmt.Sprint(note.Place.Length), decode.Printable(note.Text)}})
	}
	return rows
}
