package tui

import "platter/views"

// stop is a place in the jump history: a screen and a spot on it.
type stop struct {
	screen int
	spot   views.Spot
}

func (s stop) same(t stop) bool { return s.screen == t.screen && s.spot.Same(t.spot) }

// history is where the user jumped from, and where to. Positions before at
// lie back, those after it forward.
type history struct {
	stops []stop
	at    int
}

// historyLimit bounds the jumps that are remembered.
const historyLimit = 256

// jump notes that the user leaves from; what lay forward is forgotten.
func (h *history) jump(from stop) {
	h.stops = h.stops[:h.at]
	if h.at == 0 || !h.stops[h.at-1].same(from) {
		h.stops = append(h.stops, from)
	}
	if len(h.stops) > historyLimit {
		h.stops = h.stops[1:]
	}
	h.at = len(h.stops)
}

// back is the stop before the present one, which is kept for the way forward.
func (h *history) back(here stop) (stop, bool) {
	if h.at == 0 {
		return stop{}, false
	}
	if h.at == len(h.stops) {
		h.stops = append(h.stops, here)
	} else {
		h.stops[h.at] = here
	}
	h.at--
	return h.stops[h.at], true
}

func (h *history) forward(here stop) (stop, bool) {
	if h.at+1 >= len(h.stops) {
		return stop{}, false
	}
	h.stops[h.at] = here
	h.at++
	s := h.stops[h.at]
	if h.at == len(h.stops)-1 {
		h.stops = h.stops[:h.at]
	}
	return s, true
}
