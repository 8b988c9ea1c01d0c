package edit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// folder is where the files of an image lie.
type folder interface {
	store.FS
	io.Closer
}

// memory is the folder of a built-in sample.
type memory struct{ *store.Mem }

// Close has nothing to do.
func (memory) Close() error { return nil }

// openFolder opens the folder of an image, or makes that of a built-in sample.
func openFolder(path string, opt engine.Options) (folder, string, error) {
	if strings.HasPrefix(path, engine.SamplePrefix) {
		files, name, err := engine.SampleFiles(path)
		return memory{files}, name, err
	}
	dir, name, file, err := store.OpenImage(path)
	if err != nil {
		return nil, "", err
	}
	file.Close()
	if err := dir.Allow(opt.Allow...); err != nil {
		dir.Close()
		return nil, "", err
	}
	return dir, name, nil
}

// Sample reports whether the image is a built-in one: everything works but to bring
// changes to disk, since there are no files.
func (s *Session) Sample() bool {
	_, ok := s.folder.(memory)
	return ok
}

// unstored is why nothing can be brought to disk; nil where there are files.
func (s *Session) unstored(op string) error {
	if !s.Sample() {
		return nil
	}
	return &disk.Error{Kind: disk.ReadOnly, Op: op, At: decode.Place{File: s.name},
		What: "a built-in sample is made in memory each time it is opened, and never written; save a copy and change that"}
}

// Copy writes the files of a built-in sample, as staged, to a folder, which is made if
// it is not there. All of them or none get their names, and none that is there already
// is replaced. It returns the path of the image.
func (s *Session) Copy(ctx context.Context, dir string) (path string, err error) {
	names, err := s.folder.ReadDir(".")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	path = filepath.Join(dir, s.name)
	to, _, err := store.OpenTarget(path)
	if err != nil {
		return "", err
	}
	defer to.Close()
	target, from := &store.Target{FS: to}, s.ws.Snapshot()
	for _, name := range names {
		if name != s.name { // it names the others, and comes last
			err = errors.Join(err, copyFile(ctx, target, from, name))
		}
	}
	if err = errors.Join(err, copyFile(ctx, target, from, s.name)); err != nil {
		return "", errors.Join(err, target.Discard())
	}
	return path, target.Publish()
}

// copyFile makes a file of what another shows.
func copyFile(ctx context.Context, to *store.Target, from store.Opener, name string) error {
	in, err := from.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		return err
	}
	out, err := to.Create(name)
	if err != nil {
		return err
	}
	err = errors.Join(ctx.Err(), out.Truncate(size))
	if err == nil {
		_, err = io.Copy(io.NewOffsetWriter(out, 0), io.NewSectionReader(in, 0, size))
	}
	return errors.Join(err, out.Close())
}
