package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"platter/engine"
	"platter/engine/damage"
	"platter/engine/disk"
	"platter/engine/store"
)

// Breaking says how an image is damaged.
type Breaking struct {
	Wishes  []damage.Wish
	Seed    uint64
	Replace bool // what has the names of the copy and its answer key gives way
}

// Break makes a damaged copy of an image at a path, and its answer key beside it. The image
// itself is not changed. If the faults can't be planted neither of them is there.
func Break(ctx context.Context, img disk.Image, target string, how Breaking) (key damage.Key, err error) {
	if _, err := os.Lstat(target + damage.Ending); err == nil && !how.Replace {
		return key, &disk.Error{Kind: disk.ReadOnly, Op: "break", What: target + damage.Ending + " is there already"}
	}
	if key, err = damage.NewKey(ctx, img, img.Info().Path, how.Seed); err != nil {
		return key, err
	}
	if err := engine.Copy(ctx, img, target, how.Replace); err != nil {
		return key, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(target))
		}
	}()
	s, err := Open(ctx, target, engine.Options{Format: key.Format})
	if err != nil {
		return key, err
	}
	defer s.Close()
	if err := s.breakIn(ctx, &key, how); err != nil {
		return key, err
	}
	if err := s.Commit(ctx); err != nil {
		return key, err
	}
	broken, err := s.Image()
	if err != nil {
		return key, err
	}
	if key.Damaged, err = damage.Sum(ctx, broken); err != nil {
		return key, err
	}
	sealed, err := key.Seal()
	if err != nil {
		return key, err
	}
	return key, os.WriteFile(target+damage.Ending, sealed, 0o644)
}

// breakIn stages the faults, and notes in the key what they change and what their repairs may.
func (s *Session) breakIn(ctx context.Context, key *damage.Key, how Breaking) error {
	planted, err := damage.Plant(ctx, s, how.Wishes, how.Seed)
	if err != nil {
		return err
	}
	staged := s.staged()
	for _, p := range planted {
		own := staged[:p.Changes]
		staged = staged[p.Changes:]
		var changes []damage.KeyChange
		for _, step := range s.Plan() {
			if !slices.Contains(own, step.Change) {
				continue
			}
			c := damage.KeyChange{Offset: step.Offset, Before: step.Old, After: step.New}
			if grown := step.SizeAfter - step.SizeBefore; grown > 0 {
				c.After = make([]byte, grown) // other bytes than zeros have steps of their own
			}
			changes = append(changes, c)
		}
		if len(changes) == 0 {
			return fmt.Errorf("%s: another fault lies over it; choose other faults, or another seed", p.Code)
		}
		key.Fault(p, changes)
	}
	return s.allow(ctx, key)
}

// staged are the numbers of the changes that are staged, oldest first.
func (s *Session) staged() (list []int) {
	for _, c := range s.History() {
		if c.State == store.Staged {
			list = append(list, c.ID)
		}
	}
	return list
}

// allow notes what the repairs that are offered of the damage would write: each alone, and all
// of them one after the other.
func (s *Session) allow(ctx context.Context, key *damage.Key) error {
	depth := len(s.staged())
	img, err := s.Image()
	if err != nil {
		return err
	}
	list, err := Choices(ctx, img)
	if err != nil {
		return err
	}
	for _, c := range list {
		for _, r := range c.Repairs {
			if err := s.Repair(ctx, r.Title, r); err != nil {
				continue // it can't be carried out on this damage
			}
			if err := s.allowStaged(key, depth); err != nil {
				return err
			}
		}
	}
	for _, risky := range []bool{false, true} {
		if _, err := s.RepairAll(ctx, Wish{Risky: risky}); err != nil && ctx.Err() != nil {
			return err
		}
		if err := s.allowStaged(key, depth); err != nil {
			return err
		}
	}
	return nil
}

// allowStaged notes all that changes beyond so many write, and takes them back. Bytes that they
// leave as they are count: the next time a repair may make others of them, such as an identity.
func (s *Session) allowStaged(key *damage.Key, depth int) error {
	beyond := s.staged()[depth:]
	for _, c := range s.History() {
		if c.State != store.Staged || !slices.Contains(beyond, c.ID) {
			continue
		}
		for _, e := range c.Edits {
			old, err := s.good(e.File, e.Offset, int64(max(len(e.Before), len(e.After))))
			if err != nil {
				return err
			}
			if err := key.Allow(e.Offset, old, e.SizeAfter); err != nil {
				return err
			}
		}
	}
	for range beyond {
		if _, err := s.Undo(); err != nil {
			return err
		}
	}
	return nil
}

// good are bytes of a file as they are on disk, as many as there are.
func (s *Session) good(file string, off, n int64) ([]byte, error) {
	f, err := s.ws.OnDisk(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	got, err := f.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:got], nil
}
