package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"platter/engine"
	"platter/engine/disk"
	"platter/tui"
)

// desk holds what the screens edit: for every image that is open there, how
// it can be changed.
type desk struct {
	app *app
	mu  sync.Mutex
	at  map[disk.Image]tui.Editing
}

// open opens an image so that it can be edited, if it is a file. What an
// earlier run kept staged is staged again.
func (d *desk) open(ctx context.Context, path string) (disk.Image, error) {
	return d.adopt(ctx, path, "")
}

// adopt is open with a parent that the user names; without one the image's own
// names count. The one of the command line is that of the first image only.
func (d *desk) adopt(ctx context.Context, path, parent string) (disk.Image, error) {
	opt := d.app.opt
	opt.Parent = parent
	return d.openAs(ctx, path, opt)
}

// look opens an image to look at beside the one that is edited.
func (d *desk) look(ctx context.Context, path, parent string) (disk.Image, error) {
	if err := d.app.knownFormat(); err != nil {
		return nil, err
	}
	opt := d.app.opt
	opt.Parent = parent
	return engine.Open(ctx, path, opt)
}

func (d *desk) openAs(ctx context.Context, path string, opt engine.Options) (disk.Image, error) {
	if why := unchangeable(path); why != "" {
		if err := d.app.knownFormat(); err != nil {
			return nil, err
		}
		img, err := engine.Open(ctx, path, opt)
		return d.put(img, tui.Editing{Locked: why}), err
	}
	if err := d.app.knownFormat(); err != nil {
		return nil, err
	}
	s, err := engine.OpenSession(ctx, path, opt)
	if err != nil {
		return nil, err
	}
	e := tui.Editing{Editor: s, Close: s.Close}
	if file := d.app.keptFile(s); file != "" {
		e.Keep = func() error { return keep(s, file) }
		err := reload(s, file)
		switch {
		case err == nil:
			e.Notice = "the changes kept from the last time are staged again: s reviews them"
			e.Forget = func() error { return forget(file) }
		case errors.Is(err, fs.ErrNotExist):
			e.Forget = func() error { return forget(file) }
		default: // what was kept stays, under another name once something else is
			e.Notice = "the changes kept from the last time are not staged, they stay in " + filepath.Dir(file) + ": " + err.Error()
			moved := false
			e.Keep = func() error {
				if !moved {
					if err := os.Rename(file, file+".old"); err != nil {
						return err
					}
					moved = true
				}
				return keep(s, file)
			}
		}
	}
	img, err := s.Image()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return d.put(img, e), nil
}

func (d *desk) put(img disk.Image, e tui.Editing) disk.Image {
	if img != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.at[img] = e
	}
	return img
}

// editing is how an image that open gave can be changed. It is asked once.
func (d *desk) editing(img disk.Image) tui.Editing {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.at[img]
	delete(d.at, img)
	return e
}

// unchangeable says why what a path names is never edited; empty for files.
func unchangeable(path string) string {
	if strings.HasPrefix(path, engine.SamplePrefix) {
		return "a built-in sample can't be changed: it is made anew whenever it is opened"
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeDevice != 0 {
		return "a block device is open for reading only"
	}
	return ""
}

// keptFile is where the changes staged in a session are kept for the next
// time; empty if the user wants no trace.
func (a *app) keptFile(s *engine.Session) string {
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
func reload(s *engine.Session, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.Load(f)
}

func keep(s *engine.Session, file string) error {
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
