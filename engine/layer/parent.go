package layer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// ErrNoName is why a parent is not even looked for.
var ErrNoName = errors.New("the image does not name its parent")

// Search is how a child looks for its parent.
type Search struct {
	Opener disk.Opener // nil where there is no way to open other files
	Format string      // that the parent must have
	Names  []string    // to be tried in turn

	// Look looks into the file of a name before it is opened with its own
	// parents, and fails if it can't be the parent: a folder full of images that
	// name each other would be opened over and over. It may be nil.
	Look func(f store.File, name, file string) error

	// Forced takes why the parent is another disk, where the user wants it all the same.
	// It is nil for a format that sees to that itself.
	Forced func(error)

	// Fits fails if the image that was found under a name is not the parent.
	Fits func(img disk.Image, name string) error
}

// Failure is why a name led to no parent.
type Failure struct {
	Name string
	Err  error
}

// Error words the failure, with the name.
func (f *Failure) Error() string { return decode.InQuotes(f.Name) + ": " + f.Err.Error() }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// OtherDisk words why a file is not the parent: it has another identity. The
// error is [disk.ErrOtherDisk].
func OtherDisk(format string, args ...any) error { return otherDisk(fmt.Sprintf(format, args...)) }

type otherDisk string

func (o otherDisk) Error() string        { return string(o) }
func (o otherDisk) Is(target error) bool { return target == disk.ErrOtherDisk }

// FindParent opens the first image under one of the names that fits. If none
// does, fault is the [Failure] that tells most. The user may have said which file
// the parent is, which counts whatever the name: it is opened even where there is
// no name, or all lead to other disks.
func FindParent(ctx context.Context, s Search) (parent disk.Image, tries disk.Tries, fault error) {
	switch {
	case s.Opener == nil:
		return nil, nil, ErrNoName
	case len(s.Names) == 0:
		if parent, fault = s.open(""); fault != nil && !s.chosen() {
			fault = ErrNoName
		} else if fault != nil {
			fault = fmt.Errorf("%w: %w", ErrNoName, fault)
		}
		return parent, nil, fault
	}
	for _, name := range s.Names {
		if err := ctx.Err(); err != nil {
			return nil, tries, err
		}
		err := s.look(name)
		if err == nil {
			parent, err = s.open(name)
		}
		tries.Add(name, err)
		if err == nil {
			return parent, tries, nil
		}
		if fault == nil || rank(err) > rank(fault) {
			fault = err
		}
	}
	if errors.Is(fault, disk.ErrOtherDisk) && s.Forced != nil && Forced(s.Opener) {
		return s.force(tries, fault)
	}
	if errors.Is(fault, disk.ErrOtherDisk) {
		other, err := s.open(s.Names[0])
		if err == nil || s.chosen() || rank(err) > rank(fault) {
			return other, tries, err
		}
	}
	return parent, tries, fault
}

// Forced reports whether the user takes a parent of another identity.
func Forced(o disk.Opener) bool {
	f, ok := o.(disk.Forcer)
	return ok && f.Forced()
}

// Passing reports whether a merge that is not at its end explains that a parent has another
// mark than its child expects.
func Passing(o disk.Opener, found, expected string) bool {
	p, ok := o.(disk.Passer)
	return ok && p.Passing(found, expected)
}

// force opens the first image under one of the names, whatever its identity.
func (s *Search) force(tries disk.Tries, fault error) (disk.Image, disk.Tries, error) {
	for _, name := range s.Names {
		img, err := s.Opener.OpenParent(name, s.Format)
		if err != nil {
			continue
		}
		s.Forced(fault)
		return img, tries, nil
	}
	return nil, tries, fault
}

// chosen reports whether the user has named the parent.
func (s *Search) chosen() bool {
	c, ok := s.Opener.(disk.Chooser)
	return ok && c.Chosen()
}

// look looks into the file of a name.
func (s *Search) look(name string) error {
	if s.Look == nil {
		return nil
	}
	f, rel, err := s.Opener.OpenFile(name)
	if err != nil {
		return nil // open will say why
	}
	defer f.Close()
	if err := s.Look(f, name, rel); err != nil {
		return &Failure{name, err}
	}
	return nil
}

func (s *Search) open(name string) (disk.Image, error) {
	img, err := s.Opener.OpenParent(name, s.Format)
	if err != nil {
		return nil, &Failure{name, err}
	}
	if err := s.Fits(img, name); err != nil {
		return nil, &Failure{name, errors.Join(err, img.Close())}
	}
	return img, nil
}

// rank orders failures by what they tell.
func rank(err error) int {
	switch {
	case errors.Is(err, disk.ErrChain):
		return 4
	case errors.Is(err, disk.ErrOtherDisk):
		return 3
	case errors.Is(err, store.ErrOutside): // a path of another machine, as most images have one
		return 0
	case errors.Is(err, fs.ErrNotExist):
		return 1
	}
	return 2
}

// Without words that the parent can't be asked: that it is missing, or what else is
// the matter with one that is there. Stored names are not followed into other folders by
// themselves, so that a missing one may only be elsewhere.
func Without(fault error) string {
	if errors.Is(fault, fs.ErrNotExist) || errors.Is(fault, ErrNoName) {
		return "is missing (one in another folder needs --allow DIR, or --parent PATH)"
	}
	return "can't be used"
}

// Linked completes what an image tells of its link: what became of each name,
// and the other names that were tried.
func Linked(l disk.LinkInfo, o disk.Opener, tries disk.Tries) disk.LinkInfo {
	for i := range l.Names {
		l.Names[i].Fate = tries.Fate(l.Names[i].Name)
	}
	l.Names = disk.ByHand(o, tries.Rest(l.Names))
	return l
}
