package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/widget/listing"
)

// searches are those of the image that shows. One runs at a time.
type searches struct {
	feature
	last *search // nil: none
}

// search is under way, or over.
type search struct {
	query
	results
	where    disk.Stretch
	hits     []disk.Hit // in the order in which they are found
	unread   int        // ranges that could not be searched
	complete bool
	full     bool // there are more hits than are kept
	at       int  // the hit that was gone to last
	err      error

	fresh tray[found]
}

// found is what a search hands over.
type found struct {
	hits   []disk.Hit
	held   []string // what holds each
	unread int
	over   bool
	full   bool
	err    error
}

// hitLimit bounds the hits that are kept.
const hitLimit = 10_000

// searching is the title of the job.
const searching = "searching"

// begin begins a search and shows its hits as they come.
func (s *searches) begin(q query, where disk.Stretch) tea.Cmd {
	s.jobs.stop(searching)
	h := &search{query: q, where: where}
	h.Title = q.title(where)
	h.Head, h.Empty = []string{"offset", "as", "held by", "context"}, "nothing yet"
	h.open = func(row int) tea.Cmd { return jumpTo(h.hits[row].Place) }
	s.last = h
	s.cover(&h.results)
	on, finder, img := s.surface(q.file), s.cfg.Finder, s.current().image
	return s.jobs.start(searching, func() tea.Cmd { return s.collect(h) }, func(j *job) tea.Msg {
		hits, err := finder.Search(j.ctx, on, q.Pattern, where, j.progress)
		if err == nil {
			h.run(hits, s.holder(j.ctx, img))
		} else {
			h.fresh.put(func(f *found) { f.over, f.err = true, err })
		}
		return nil
	})
}

// holder says what holds a hit, in words.
func (s *searches) holder(ctx context.Context, img disk.Image) func(disk.Hit) string {
	if s.cfg.Explorer == nil {
		return func(disk.Hit) string { return "" }
	}
	placer := disk.NewPlacer(ctx, s.cfg.Explorer, img)
	return func(h disk.Hit) string { return placer.Of(ctx, h.Place).String() }
}

// run goes through the hits, in the background.
func (h *search) run(hits func(func(disk.Hit, error) bool), holder func(disk.Hit) string) {
	count := 0
	end := found{over: true}
	for hit, err := range hits {
		var partial *disk.Error
		switch {
		case errors.As(err, &partial):
			h.fresh.put(func(f *found) { f.unread++ })
			continue
		case err != nil:
			end.err = err
		case count == hitLimit:
			end.full = true
		default:
			count++
			held := holder(hit)
			h.fresh.put(func(f *found) { f.hits, f.held = append(f.hits, hit), append(f.held, held) })
			continue
		}
		break
	}
	h.fresh.put(func(f *found) { f.over, f.full, f.err = true, end.full, end.err })
}

// collect takes in what a search has found by now.
func (s *searches) collect(h *search) tea.Cmd {
	f := h.fresh.take()
	for i, hit := range f.hits {
		h.Add(hitRow(hit, f.held[i]))
	}
	h.hits = append(h.hits, f.hits...)
	h.unread += f.unread
	h.full = h.full || f.full
	if f.over {
		h.complete, h.err = f.err == nil && !f.full, f.err
	}
	h.note(f.over)
	if h != s.last || len(f.hits) == 0 && !f.over {
		return nil
	}
	return s.showMarks()
}

// note words how far a search came.
func (h *search) note(over bool) {
	parts := []string{fmt.Sprintf("%d hits", len(h.hits))}
	if len(h.hits) == 1 {
		parts[0] = "1 hit"
	}
	switch {
	case h.full:
		parts = append(parts, "there are more: n past the last one continues")
	case h.complete:
		parts = append(parts, "complete")
		h.Empty = "nothing was found " + h.nowhere()
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

// nowhere says where nothing was found, and where else to look.
func (h *search) nowhere() string {
	words := "in " + surfaceName(h.file)
	if h.query.within.Length > 0 {
		words = "in the selection"
	}
	if h.FoldCase && h.Reading != disk.AsHex {
		words += ", letters in either case"
	} else if h.Reading == disk.AsText || h.Reading == disk.AsUTF16 {
		words += ", letters as typed"
	}
	if h.file == disk.VirtualDisk {
		words += "; the container's files were not searched (" + keymap.Key(keymap.Find, keymap.NextFile) + " in the prompt)"
	}
	return words
}

// hitRow is a hit in the list, with what holds it.
func hitRow(h disk.Hit, held string) listing.Row {
	before, match, after := h.Parts()
	return listing.Row{Cells: []string{fmt.Sprintf("0x%x", h.Place.Offset), h.Encoding, held, before + match + after}, Lead: grid.Width(before), Mark: match}
}

// none says that there was no search.
func (s *searches) none() string {
	if s.last == nil {
		return "no search yet; / starts one"
	}
	return ""
}

// show shows the list of hits again, at the hit nearest to the cursor.
func (s *searches) show() tea.Cmd {
	s.cover(&s.last.results)
	if p, ok := s.pointed(); ok && p.Cursor.File == s.last.file {
		i, _ := s.last.from(p.Cursor.Offset)
		s.last.Go(i)
	}
	return nil
}

// from is the number of the first hit from an offset in the direction of the
// search, and whether it starts there.
func (h *search) from(off int64) (int, bool) {
	return slices.BinarySearchFunc(h.hits, off, func(a disk.Hit, off int64) int {
		if h.back {
			return cmp.Compare(off, a.Place.Offset)
		}
		return cmp.Compare(a.Place.Offset, off)
	})
}

// ascending are the places of the hits by their offsets.
func (h *search) ascending() []decode.Place {
	var list []decode.Place
	for _, hit := range h.hits {
		list = append(list, hit.Place)
	}
	if h.back {
		slices.Reverse(list)
	}
	return list
}

// step goes to the next hit in the direction of the search, or to the previous
// one; after the last to the first. From one hit to the next no jump is remembered.
func (s *searches) step(step int) tea.Cmd {
	h := s.last
	if len(h.hits) == 0 {
		s.say(h.Note+" for "+h.Title, false)
		return nil
	}
	i, on := 0, false
	if p, ok := s.pointed(); ok && p.Cursor.File == h.file {
		if i, on = h.from(p.Cursor.Offset); !on && h.within(p.Place()) {
			i, on = h.at, true
		}
	}
	next := i + step
	if !on && step > 0 {
		next = i
	}
	if next == len(h.hits) && h.full {
		return s.begin(h.query, h.after(h.hits[len(h.hits)-1], h.where))
	}
	round := ""
	if next < 0 || next >= len(h.hits) {
		next = (next + len(h.hits)) % len(h.hits)
		round = "wrapped: "
	}
	h.at = next
	cmd := s.visit(views.Spot{Place: h.hits[next].Place}, !on)
	s.say(fmt.Sprintf("%shit %d of %s for %s", round, next+1, h.Note, h.Title), false)
	return cmd
}

// within reports whether the hit that was gone to last lies in a place: the
// tree points at structures, not at bytes.
func (h *search) within(p decode.Place) bool {
	return h.at < len(h.hits) && p.Holds(h.hits[h.at].Place.File, h.hits[h.at].Place.Offset)
}

// this searches for the bytes that are pointed at.
func (s *searches) this() tea.Cmd {
	p, _ := s.pointed()
	place := p.Place()
	place.Length = min(place.Length, thisLimit)
	return s.fetch(place, func(b []byte) tea.Cmd {
		q := query{Pattern: disk.Pattern{Text: fmt.Sprintf("% x", b), Reading: disk.AsHex}, file: place.File}
		return s.begin(q, q.stretch())
	})
}

// thisLimit is how many bytes are searched for at most without typing them.
const thisLimit = 256
