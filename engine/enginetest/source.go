package enginetest

import (
	"context"
	"fmt"
	"path"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Opening is how a format opens a source.
type Opening func(context.Context, disk.Source) (disk.Image, error)

// Formats names the ways to open the images that a test's image may name.
type Formats map[string]Opening

// maxDepth bounds a chain, as the engine does.
const maxDepth = 256

// Host is a source over a file of the host and its folder.
func Host(t testing.TB, file string, formats Formats) disk.Source {
	t.Helper()
	folder, name, f, err := store.OpenImage(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); folder.Close() })
	return disk.Source{Path: file, Name: name, File: f, Opener: &opener{t, folder, name, formats, []store.FileID{idOf(t, f)}}}
}

// Memory is a source over a file in memory.
func Memory(t testing.TB, files *store.Mem, name string, formats Formats) disk.Source {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return disk.Source{Path: name, Name: name, File: f, Opener: &opener{t, files, name, formats, []store.FileID{idOf(t, f)}}}
}

func idOf(t testing.TB, f store.File) store.FileID {
	t.Helper()
	id, err := f.ID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// opener is a plain disk.Opener: the folder's rules, the chain's depth and
// cycles, no options.
type opener struct {
	t       testing.TB
	folder  store.Opener
	from    string
	formats Formats
	chain   []store.FileID
}

// OpenFile opens another file of the image.
func (o *opener) OpenFile(claimed string) (store.File, string, error) {
	name, err := o.folder.Resolve(o.from, claimed)
	if err != nil {
		return nil, "", err
	}
	f, err := o.folder.Open(name)
	return f, name, err
}

// List names what lies in the image's folder.
func (o *opener) List() ([]string, error) { return o.folder.ReadDir(path.Dir(o.from)) }

// OpenParent opens the next layer in the format demanded.
func (o *opener) OpenParent(claimed, format string) (disk.Image, error) {
	open := o.formats[format]
	if open == nil {
		return nil, fmt.Errorf("the test has no format %q", format)
	}
	f, name, err := o.OpenFile(claimed)
	if err != nil {
		return nil, err
	}
	id, err := f.ID()
	if err != nil {
		return nil, err
	}
	if len(o.chain) >= maxDepth {
		return nil, disk.Errorf(disk.BadChain, decode.Place{File: name}, "chain of more than %d images", maxDepth)
	}
	for _, seen := range o.chain {
		if seen == id {
			return nil, disk.Errorf(disk.BadChain, decode.Place{File: name}, "the chain comes back to this file")
		}
	}
	chain := append(o.chain[:len(o.chain):len(o.chain)], id)
	next := &opener{o.t, o.folder, name, o.formats, chain}
	return open(o.t.Context(), disk.Source{Path: name, Name: path.Base(name), File: f, Opener: next})
}
