package edit

import (
	"errors"

	"platter/engine/store"
)

// ErrMark tells that a change was to move across the new mark of the disk's content.
var ErrMark = errors.New("the new mark of the disk's content stays before the changes that it came with")

// Earlier moves a staged change before the one that was made before it, see
// [store.Workspace.Earlier]. The session's mark of the content keeps its place.
func (s *Session) Earlier(id int) error {
	s.mu.Lock()
	mark := s.mark
	s.mu.Unlock()
	before := 0
	for _, c := range s.History() {
		if c.ID == id && mark != 0 && (id == mark || before == mark) && c.State == store.Staged {
			return ErrMark
		}
		before = c.ID
	}
	return s.ws.Earlier(id)
}
