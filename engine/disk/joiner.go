package disk

// Joiner hands the spans of a map on, those as one that continue each other. A
// span that the caller adds may share its Via with the next one: the joiner
// keeps a copy of its own, which is valid until it yields the span after.
type Joiner struct {
	yield func(Span, error) bool
	held  Span // may still grow; of no length if there is none
	via   []Via
}

// NewJoiner makes a joiner for the yield function of a map.
func NewJoiner(yield func(Span, error) bool) Joiner { return Joiner{yield: yield} }

// Grow takes a span in if it continues the one before, as a part of that: same
// state, layer and file, and where there is a file behind it there too.
func (j *Joiner) Grow(s *Span) bool {
	h := &j.held
	if h.Length == 0 || h.State != s.State || h.Layer != s.Layer || h.File != s.File || s.File != "" && h.Offset+h.Length != s.Offset {
		return false
	}
	h.Length += s.Length
	return true
}

// Add takes a span in, as a part of the one before or as the next. It reports
// whether to go on.
func (j *Joiner) Add(s Span) bool {
	if j.Grow(&s) {
		return true
	}
	if !j.Flush() {
		return false
	}
	j.via = append(j.via[:0], s.Via...)
	s.Via = j.via
	j.held = s
	return true
}

// Flush hands the last span on.
func (j *Joiner) Flush() bool {
	s := j.held
	j.held = Span{}
	return s.Length == 0 || j.yield(s, nil)
}

// Fail ends the map with an error behind the last span. It reports false.
func (j *Joiner) Fail(err error) bool {
	if j.Flush() {
		j.yield(Span{}, err)
	}
	return false
}
