package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/listing"
)

// quest is what is to be searched for, and where: on the virtual disk or in a
// file.
type quest struct {
	disk.Pattern
	file string // disk.VirtualDisk for the disk
}

// hunt is a search: under way, or over.
type hunt struct {
	quest
	results
	from     int64 // offset that it began at
	hits     []disk.Hit
	unread   int // ranges that could not be searched
	complete bool
	full     bool // there are more hits than are kept
	last     int  // the hit that was gone to last
	err      error

	mu    sync.Mutex
	fresh trove // what the search found since it was asked last
}

// trove is what a search hands over.
type trove struct {
	hits   []disk.Hit
	unread int
	over   bool
	full   bool
	err    error
}

// hitLimit bounds the hits that are kept.
const hitLimit = 10_000

// openSearch asks what to search for, in what shows.
func (m *model) openSearch() tea.Cmd {
	q := quest{file: m.plane()}
	if m.hunt != nil {
		q.Reading, q.FoldCase = m.hunt.Reading, m.hunt.FoldCase
	}
	p := &prompt{kind: "search", ctx: keymap.Find}
	label := func() {
		p.name = "search " + m.surfaceName(q.file) + " for " + q.Reading.String()
		if q.FoldCase && q.Reading != disk.AsHex {
			p.name += " in either case"
		}
	}
	label()
	p.act = func(a keymap.Action) {
		m.turnQuest(&q, a)
		label()
	}
	p.changed = func(text string) {
		q.Text = text
		if _, err := m.cfg.Finder.Search(m.ctx, disk.Surface{}, q.Pattern, 0, nil); err != nil && text != "" {
			p.wrong = err.Error()
		}
	}
	p.accept = func(string) tea.Cmd { return m.search(q, 0) }
	return m.openPrompt(p, "")
}

// turnQuest changes how or where is searched.
func (m *model) turnQuest(q *quest, a keymap.Action) {
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
		q.file = list[(slices.Index(list, q.file)+1)%len(list)]
	}
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

// search begins a search and shows its hits as they come. One search runs at
// a time.
func (m *model) search(q quest, from int64) tea.Cmd {
	for _, j := range m.jobs {
		if j.title == searching {
			j.cancel()
		}
	}
	h := &hunt{quest: q, from: from}
	h.Title = fmt.Sprintf("%s in %s", decode.Quote(q.Text), m.surfaceName(q.file))
	h.Head, h.Empty = []string{"offset", "as", "with what is around it"}, "nothing yet"
	h.open = func(row int) tea.Cmd { return goTo(h.hits[row].Place) }
	m.hunt = h
	m.cover(&h.results)
	on, finder := m.surface(q.file), m.cfg.Finder
	return m.start(searching, func() tea.Cmd { return m.harvest(h) }, func(j *job) tea.Msg {
		hits, err := finder.Search(j.ctx, on, q.Pattern, from, j.progress)
		if err == nil {
			h.run(hits)
		} else {
			h.put(trove{over: true, err: err})
		}
		return nil
	})
}

// searching is the title of the job.
const searching = "searching"

// run goes through the hits, in the background.
func (h *hunt) run(hits func(func(disk.Hit, error) bool)) {
	count := 0
	end := trove{over: true}
	for hit, err := range hits {
		var partial *disk.Error
		switch {
		case errors.As(err, &partial):
			h.put(trove{unread: 1})
			continue
		case err != nil:
			end.err = err
		case count == hitLimit:
			end.full = true
		default:
			count++
			h.put(trove{hits: []disk.Hit{hit}})
			continue
		}
		break
	}
	h.put(end)
}

func (h *hunt) put(t trove) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := &h.fresh
	f.hits, f.unread = append(f.hits, t.hits...), f.unread+t.unread
	f.over, f.full = f.over || t.over, f.full || t.full
	if t.err != nil {
		f.err = t.err
	}
}

// harvest takes in what a search has found by now.
func (m *model) harvest(h *hunt) tea.Cmd {
	h.mu.Lock()
	t := h.fresh
	h.fresh = trove{}
	h.mu.Unlock()
	for _, hit := range t.hits {
		h.Add(hitRow(hit))
	}
	h.hits = append(h.hits, t.hits...)
	h.unread += t.unread
	h.full = h.full || t.full
	if t.over {
		h.complete, h.err = t.err == nil && !t.full, t.err
	}
	h.note(t.over)
	if h != m.hunt || len(t.hits) == 0 && !t.over {
		return nil
	}
	return m.tell(m.marks())
}

// note words how far a search came.
func (h *hunt) note(over bool) {
	parts := []string{fmt.Sprintf("%d hits", len(h.hits))}
	if len(h.hits) == 1 {
		parts[0] = "1 hit"
	}
	switch {
	case h.full:
		parts = append(parts, "there are more: n behind the last one goes on")
	case h.complete:
		parts = append(parts, "complete")
		h.Empty = "nothing was found"
	case over:
		parts = append(parts, "stopped")
		h.Empty = "nothing was found before the search was stopped"
	default:
		parts = append(parts, "searching")
	}
	if h.unread > 0 {
		parts = append(parts, fmt.Sprintf("! %d ranges can't be read", h.unread))
	}
	h.Note = strings.Join(parts, ", ")
}

// hitRow is a hit in the list.
func hitRow(h disk.Hit) listing.Row {
	before, match, after := h.Parts()
	return listing.Row{Cells: []string{fmt.Sprintf("0x%x", h.Place.Offset), h.Encoding, before + match + after}, Lead: grid.Width(before), Mark: match}
}

// showHits shows the list of hits again, at the hit nearest to the cursor.
func (m *model) showHits() tea.Cmd {
	m.cover(&m.hunt.results)
	if p, ok := m.pointed(); ok && p.Cursor.File == m.hunt.file {
		i, _ := m.hunt.at(p.Cursor.Offset)
		m.hunt.Go(i)
	}
	return nil
}

// at is the number of the first hit from an offset on, and whether it starts
// there.
func (h *hunt) at(off int64) (int, bool) {
	return slices.BinarySearchFunc(h.hits, off, func(a disk.Hit, off int64) int {
		switch {
		case a.Place.Offset < off:
			return -1
		case a.Place.Offset > off:
			return 1
		}
		return 0
	})
}

// stepHit goes to the next hit, or the previous one; behind the last to the
// first. From one hit to the next no jump is remembered.
func (m *model) stepHit(step int) tea.Cmd {
	h := m.hunt
	if len(h.hits) == 0 {
		m.say(h.Note+" for "+h.Title, false)
		return nil
	}
	i, on := 0, false
	if p, ok := m.pointed(); ok && p.Cursor.File == h.file {
		if i, on = h.at(p.Cursor.Offset); !on && h.within(p.Place()) {
			i, on = h.last, true
		}
	}
	next := i + step
	if !on && step > 0 {
		next = i
	}
	if next == len(h.hits) && h.full {
		return m.search(h.quest, h.hits[len(h.hits)-1].Place.Offset+1)
	}
	if next < 0 || next >= len(h.hits) {
		next = (next + len(h.hits)) % len(h.hits)
		m.say("round the end", false)
	}
	h.last = next
	cmd := m.visit(views.Spot{Place: h.hits[next].Place}, !on)
	text := fmt.Sprintf("hit %d of %s for %s", next+1, h.Note, h.Title)
	if m.message != "" {
		text = m.message + ": " + text
	}
	m.say(text, false)
	return cmd
}

// within reports whether the hit that was gone to last lies in a place: the
// tree points at structures, not at bytes.
func (h *hunt) within(p decode.Place) bool {
	return h.last < len(h.hits) && p.Holds(h.hits[h.last].Place.File, h.hits[h.last].Place.Offset)
}

// searchThis searches for the bytes that are pointed at.
func (m *model) searchThis() tea.Cmd {
	p, _ := m.pointed()
	place := p.Place()
	place.Length = min(place.Length, thisLimit)
	return m.fetch(place, func(b []byte) tea.Cmd {
		return m.search(quest{disk.Pattern{Text: fmt.Sprintf("% x", b), Reading: disk.AsHex}, place.File}, 0)
	})
}

// thisLimit is how many bytes are searched for at most without typing them.
const thisLimit = 256
