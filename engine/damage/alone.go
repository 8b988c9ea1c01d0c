package damage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"platter/engine/disk"
	"platter/engine/store"
)

// sight is what the program sees in an image.
type sight struct {
	found map[string][]disk.Finding
	same  bool // the disk shows what it showed before the damage
}

// look looks at the image of the bench with something changed, which is taken back.
func look(ctx context.Context, bench Bench, k Key, steps ...disk.Step) (s sight, err error) {
	if len(steps) > 0 {
		if err := bench.Repair(ctx, "try", disk.Repair{Apply: disk.Steps(steps...)}); err != nil {
			return s, err
		}
		defer func() {
			_, undo := bench.Undo()
			err = errors.Join(err, undo)
		}()
	}
	img, err := bench.Image()
	if err != nil {
		return s, err
	}
	if s.found, err = codes(ctx, img); err != nil {
		return s, err
	}
	shows, err := content(ctx, img)
	if ctx.Err() != nil {
		return s, err
	}
	s.same = k.Disk == "" || shows == k.Disk // what can't be read shows nothing
	return s, nil
}

// finds reports whether a code is found more often than in the good image.
func (s sight) finds(k Key, code string) bool { return len(s.found[code]) > k.Found[code] }

// fresh are the warnings and errors that the good image did not have.
func (s sight) fresh(k Key) (list []disk.Finding) {
	for code, found := range s.found {
		for _, f := range found[min(len(found), k.Found[code]):] {
			if f.Severity >= disk.SeverityWarning {
				list = append(list, f)
			}
		}
	}
	return list
}

// alone judges a fault that is not as it was by itself: with all others put right, the check
// must find it no longer, and the disk must show what it showed before. That says nothing of a
// fault whose bytes nobody has changed, or that the check does not find without the others:
// these are repaired once nothing is found at all. A repair may have changed bytes beside those of
// the fault that a checksum among them covers: planted again, it shows as another finding, and
// with all others put right nothing at all may be left.
func (m *Marks) alone(ctx context.Context, bench Bench, k Key, which int, whole sight) (bool, error) {
	f := m.Faults[which]
	if clean := whole.same && !whole.finds(k, f.Code) && len(whole.fresh(k)) == 0; clean || f.Untouched {
		return clean, nil
	}
	var others []disk.Step
	for i, o := range m.Faults {
		if i != which && len(o.Left) > 0 {
			others = append(others, o.lay(true))
		}
	}
	planted, err := look(ctx, bench, k, append(slices.Clone(others), f.lay(false))...)
	if err != nil || !planted.finds(k, f.Code) && len(planted.fresh(k)) == 0 {
		return false, err
	}
	now, err := look(ctx, bench, k, others...)
	if err != nil || !now.same || now.finds(k, f.Code) {
		return false, err
	}
	return planted.finds(k, f.Code) || len(now.fresh(k)) == 0, nil
}

// lay writes the bytes of a fault, good or damaged, and gives the file the length that it has
// then.
func (f FaultMark) lay(good bool) disk.Step {
	return func(_ context.Context, to store.FS) error {
		file, err := to.OpenWrite(f.Left[0].File)
		if err != nil {
			return err
		}
		defer file.Close()
		for _, c := range f.Changes {
			size, err := file.Size()
			if err != nil {
				return err
			}
			b := c.After
			if good {
				b = c.Before
			}
			if _, err := file.WriteAt(b, c.Offset); err != nil {
				return err
			}
			if len(c.Before) != len(c.After) && size <= c.End() {
				if err := file.Truncate(c.Offset + int64(len(b))); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// untouched reports whether the bytes of a fault are as they were planted.
func untouched(file disk.File, f KeyFault) (bool, error) {
	for _, c := range f.Changes {
		now := make([]byte, max(len(c.Before), len(c.After)))
		n, err := file.Data.ReadAt(now, c.Offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if !bytes.Equal(now[:n], c.After) {
			return false, nil
		}
	}
	return true, nil
}
