package edit

import (
	"context"
	"errors"

	"platter/engine"
	"platter/engine/disk"
)

// original is the image as its files are on disk.
type original struct{ disk.Image }

// Original is the image as it is on disk, without what is staged: to tell what a part of
// the disk was before it was edited, which the bytes of its file alone don't when it was
// stored elsewhere, or not at all. It belongs to the session, which closes it.
func (s *Session) Original(ctx context.Context) (disk.Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.originals); n > 0 && s.originals[n-1].Image != nil {
		return s.originals[n-1], nil
	}
	file, err := s.folder.Open(s.name)
	if err != nil {
		return nil, err
	}
	img, err := engine.OpenIn(ctx, s.folder, s.name, file, s.path, s.opt)
	if err != nil {
		return nil, err
	}
	s.originals = append(s.originals, original{img})
	return img, nil
}

// renewOriginal has the image on disk read again: its files have changed. Who reads the
// one before may go on.
func (s *Session) renewOriginal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.originals) > 0 {
		s.originals = append(s.originals, original{})
	}
}

// closeOriginals closes them all.
func (s *Session) closeOriginals() error {
	var errs []error
	for _, o := range s.originals {
		if o.Image != nil {
			errs = append(errs, o.Close())
		}
	}
	return errors.Join(errs...)
}
