package edit

import (
	"context"
	"errors"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Compact makes the image's files shorter, straight in the files (see [disk.Compacter]).
// The session shows the image as it was before, and must be closed. What is to be done to
// the disk first may be given, such as [FreeGuest].
func (s *Session) Compact(ctx context.Context, opt disk.CompactOptions, first ...Task) (done disk.Compacted, err error) {
	_, err = s.Straight(ctx, disk.WriteOptions{}, append(first, compaction(&done, opt))...)
	return done, err
}

// RehearseCompact tells what Compact would do, without changing a file.
func (s *Session) RehearseCompact(ctx context.Context, opt disk.CompactOptions, first ...Task) (files []store.Rehearsed, done disk.Compacted, err error) {
	files, _, err = s.Rehearse(ctx, disk.WriteOptions{}, append(first, compaction(&done, opt))...)
	return files, done, err
}

func compaction(done *disk.Compacted, opt disk.CompactOptions) Task {
	return func(ctx context.Context, w disk.Writer) (err error) {
		c, ok := w.(disk.Compacter)
		if !ok {
			return disk.Errorf(disk.Unsupported, decode.Place{}, "the blocks of this image can't be moved")
		}
		*done, err = c.Compact(ctx, opt)
		return err
	}
}

// Punch makes holes of the zeros in the image's files, see [engine.Punch].
func (s *Session) Punch(ctx context.Context, dryRun bool, progress func(done, total int64)) (int64, error) {
	if err := errors.Join(s.unstored("punch"), s.settled()); err != nil {
		return 0, err
	}
	img, err := s.Image()
	if err != nil {
		return 0, err
	}
	return engine.Punch(ctx, s.folder, img, dryRun, progress)
}
