package disk

// Joiner hands the spans of a map on, those as one that continue each other.
// A span's Via is copied: it may be used again for the next one.
type Joiner struct {
	yield func(Span, error) bool
	held  Span // may still grow; of no length if there is none
	via   []Via
}

// NewJoiner makes a joiner for the yield function of a map.
func NewJoiner(yield func(Span, error) bool) Joiner { return Joiner{yield: yield} }

// Add takes a span in, as a part of the one before if it continues that: same
// state, layer and file, and where there is a file after it there too. It
// reports whether to go on.
func (j *Joiner) Add(s *Span) bool {
	h := &j.held
	if h.Length > 0 && h.State == s.State && h.Layer == s.Layer && h.File == s.File && (s.File == "" || h.Offset+h.Length == s.Offset) {
		h.Length += s.Length
		return true
	}
	return j.Next(s)
}

// Extend takes n bytes of data of the image itself in, which lie at off of the
// same file, if they continue the span before. It is Add for maps of millions of
// blocks that all lie in one file.
func (j *Joiner) Extend(off, n int64) bool {
	h := &j.held
	if h.Length == 0 || h.State != Data || h.Layer != 0 || h.Offset+h.Length != off {
		return false
	}
	h.Length += n
	return true
}

// Next takes a span in that does not continue the one before. It reports whether
// to go on.
func (j *Joiner) Next(s *Span) bool {
	if !j.Flush() {
		return false
	}
	j.via = append(j.via[:0], s.Via...)
	j.held = *s
	j.held.Via = j.via
	return true
}

// Pass hands a span on that is not joined with any other. Its Via is not copied.
func (j *Joiner) Pass(s *Span) bool { return j.Flush() && j.yield(*s, nil) }

// Flush hands the last span on.
func (j *Joiner) Flush() bool {
	if j.held.Length == 0 {
		return true
	}
	s := j.held
	j.held.Length = 0
	return j.yield(s, nil)
}

// Fail ends the map with an error after the last span. It reports false.
func (j *Joiner) Fail(err error) bool {
	if j.Flush() {
		j.yield(Span{}, err)
	}
	return false
}
