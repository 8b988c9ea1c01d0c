package edit

import (
	"context"

	"platter/engine"
	"platter/engine/store"
)

// Renew stages a new mark of the disk's content, once a session.
func (s *Session) Renew(ctx context.Context) (string, error) {
	img, err := s.Image()
	if err != nil {
		return "", err
	}
	renewal, ok := engine.Renewal(img)
	if !ok || s.renewed() {
		return "", nil
	}
	if err := s.Repair(ctx, renewal.Title, renewal); err != nil {
		return "", err
	}
	history := s.History()
	s.remember(history[len(history)-1].ID)
	return renewal.Title, nil
}

// RenewAgain stages a new mark of the disk's content unless one is staged.
func (s *Session) RenewAgain(ctx context.Context) (string, error) {
	s.mu.Lock()
	mark := s.mark
	s.mu.Unlock()
	for _, c := range s.History() {
		if c.ID == mark && c.State == store.Staged {
			return "", nil
		}
	}
	s.remember(0)
	title, err := s.Renew(ctx)
	if title == "" {
		s.remember(mark)
	}
	return title, err
}

// remember keeps which change is the session's mark.
func (s *Session) remember(mark int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mark = mark
}

// renewed reports whether the mark that this session staged still holds, on disk
// or not, or was dropped by the user, who wants the old one then.
func (s *Session) renewed() bool {
	s.mu.Lock()
	mark := s.mark
	s.mu.Unlock()
	for _, c := range s.History() {
		if c.ID == mark {
			return c.State != store.Undone && c.State != store.Reverting
		}
	}
	return false
}
