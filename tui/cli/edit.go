package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/tui"
)

// openToEdit opens an image so that it can be edited, unless it is a device. What an
// earlier run kept staged is staged again. Without a parent the image's own names
// count: the one of the command line is that of the first image only.
func (a *app) openToEdit(ctx context.Context, path, parent string) (disk.Image, tui.Editing, error) {
	if err := a.knownFormat(); err != nil {
		return nil, tui.Editing{}, err
	}
	opt := a.opt
	opt.Parent = parent
	why := unchangeable(path)
	if opt.AnyParent {
		why = "over a parent of another identity (--any-parent) an image is only read"
	}
	if why != "" {
		img, err := engine.Open(ctx, path, opt)
		return img, tui.Editing{Locked: why}, err
	}
	s, err := edit.Open(ctx, path, opt)
	if err != nil {
		return nil, tui.Editing{}, err
	}
	how := a.staged(ctx, s)
	how.Interrupted = a.interrupted(ctx, path, opt)
	img, err := s.Image()
	if err != nil {
		return nil, tui.Editing{}, errors.Join(err, s.Close())
	}
	return img, how, nil
}

// look opens an image to look at beside the one that is edited.
func (a *app) look(ctx context.Context, path, parent string) (disk.Image, error) {
	if err := a.knownFormat(); err != nil {
		return nil, err
	}
	opt := a.opt
	opt.Parent = parent
	return engine.Open(ctx, path, opt)
}

// interrupted is an earlier write to the image that did not come to its end, if one can be
// followed.
func (a *app) interrupted(ctx context.Context, path string, opt engine.Options) *tui.Interrupted {
	i, err := edit.FindInterrupted(ctx, path, opt)
	if err != nil {
		return nil
	}
	defer i.Close()
	act := func(do func(*edit.Interrupted) error) func() error {
		return func() error {
			i, err := edit.FindInterrupted(ctx, path, opt)
			if err != nil {
				return err
			}
			return errors.Join(do(i), i.Close())
		}
	}
	return &tui.Interrupted{Summary: i.Summary(), Torn: i.Torn, Steps: i.Steps(), Back: act((*edit.Interrupted).Back), Forward: act((*edit.Interrupted).Forward)}
}

// staged is a session with what an earlier run kept staged in it again.
func (a *app) staged(ctx context.Context, s *edit.Session) tui.Editing {
	e := tui.Editing{Editor: s, Close: s.Close}
	if s.Sample() {
		e.SaveCopy = s.Copy
		return e
	}
	file := a.keptFile(s)
	if file == "" {
		return e
	}
	sweep(filepath.Dir(file))
	e.Keep = func() error { return keep(s, file) }
	e.Forget = func() error { return forget(file) }
	switch l, err := reload(ctx, s, file); {
	case err == nil:
		e.Notice = tui.Again(l)
		if l.Staged+l.Aside == 0 { // the run that wrote them was stopped before it could forget them
			err = forget(file)
		}
		if err != nil {
			e.Notice += "; " + err.Error()
		}
	case !errors.Is(err, fs.ErrNotExist): // what was kept stays, under another name once something else is
		e.Notice = "the changes kept last time are not staged; they stay in " + filepath.Dir(file) + ": " + err.Error()
		moved := false
		e.Forget = nil
		e.Keep = func() error {
			if !moved {
				if err := os.Rename(file, unused(file)); err != nil {
					return err
				}
				moved = true
			}
			return keep(s, file)
		}
	}
	return e
}

// unused is a name beside that of a file which nothing has: what was kept before stays.
func unused(file string) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.old%d", file, n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}

// unchangeable says why what a path names is never edited; empty for files.
func unchangeable(path string) string {
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeDevice != 0 {
		return "a block device is open read-only"
	}
	return ""
}

// keptFile is where the changes staged in a session are kept for the next
// time; empty if the user wants no trace.
func (a *app) keptFile(s *edit.Session) string {
	dir := a.stateDir()
	if dir == "" {
		return ""
	}
	key, err := s.Key()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "staged", key)
}

// reload stages what an earlier run kept.
func reload(ctx context.Context, s *edit.Session, file string) (disk.Loaded, error) {
	f, err := os.Open(file)
	if err != nil {
		return disk.Loaded{}, err
	}
	defer f.Close()
	return s.Load(ctx, f)
}

func keep(s *edit.Session, file string) error {
	var b strings.Builder
	if err := s.Save(&b); err != nil {
		return err
	}
	return writeWhole(filepath.Dir(file), filepath.Base(file), b.String())
}

func forget(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
