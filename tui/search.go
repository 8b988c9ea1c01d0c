package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
	"platter/views/widget/listing"
)

// hunt is a search: under way, or over.
type hunt struct {
	quest
	results
	where    disk.Stretch
	hits     []disk.Hit // in the order in which they are found
	unread   int        // ranges that could not be searched
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

// search begins a search and shows its hits as they come. One search runs at
// a time.
func (m *model) search(q quest, where disk.Stretch) tea.Cmd {
	for _, j := range m.jobs {
		if j.title == searching {
			j.cancel()
		}
	}
	h := &hunt{quest: q, where: where}
	h.Title = m.huntWords(q, where)
	h.Head, h.Empty = []string{"offset", "as", "with what is around it"}, "nothing yet"
	h.open = func(row int) tea.Cmd { return goTo(h.hits[row].Place) }
	m.hunt = h
	m.cover(&h.results)
	on, finder := m.surface(q.file), m.cfg.Finder
	return m.start(searching, func() tea.Cmd { return m.harvest(h) }, func(j *job) tea.Msg {
		hits, err := finder.Search(j.ctx, on, q.Pattern, where, j.progress)
		if err == nil {
			h.run(hits)
		} else {
			h.put(trove{over: true, err: err})
		}
		return nil
	})
}

// huntWords names a search in its list.
func (m *model) huntWords(q quest, where disk.Stretch) string {
	words := fmt.Sprintf("%s in %s", decode.Quote(q.Text), m.surfaceName(q.file))
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
	case over && h.err != nil && !errors.Is(h.err, context.Canceled):
		parts = append(parts, "not complete")
		h.Empty = "! " + decode.Printable(h.err.Error())
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

// at is the number of the first hit from an offset on in the direction of the
// search, and whether it starts there.
func (h *hunt) at(off int64) (int, bool) {
	return slices.BinarySearchFunc(h.hits, off, func(a disk.Hit, off int64) int {
		if h.back {
			return cmp.Compare(off, a.Place.Offset)
		}
		return cmp.Compare(a.Place.Offset, off)
	})
}

// ascending are the places of the hits by their offsets.
func (h *hunt) ascending() []decode.Place {
	var list []decode.Place
	for _, hit := range h.hits {
		list = append(list, hit.Place)
	}
	if h.back {
		slices.Reverse(list)
	}
	return list
}

// stepHit goes to the next hit in the direction of the search, or to the
// previous one; behind the last to the first. From one hit to the next no jump is remembered.
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
		return m.search(h.quest, h.behind(h.hits[len(h.hits)-1], h.where))
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
		q := quest{Pattern: disk.Pattern{Text: fmt.Sprintf("% x", b), Reading: disk.AsHex}, file: place.File}
		return m.search(q, q.stretch())
	})
}

// thisLimit is how many bytes are searched for at most without typing them.
const thisLimit = 256
