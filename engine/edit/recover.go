package edit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Interrupted is a commit to an image that did not come to its end: some of its
// bytes may be on disk and others not. The journal beside the image holds both
// sides of all of them.
type Interrupted struct {
	Torn   bool // the journal itself is not whole: nothing else had been written yet
	Places int  // runs of bytes, and new lengths of files
	Bytes  int64
	Files  []string // in the order of the journal; as found there, not escaped

	folder  *store.Folder
	name    string
	journal *store.Journal
}

// FindInterrupted looks for an interrupted commit to the image at path. Without
// one it is fs.ErrNotExist; of one whose journal is damaged, which leads neither
// back nor forward, [store.ErrDamaged]; of a journal that no commit to this image
// wrote, or that concerns files which the image does not name, [store.ErrUnfit];
// of one that is running, [store.ErrRunning].
// Nothing is written before Back or Forward.
func FindInterrupted(ctx context.Context, path string, opt engine.Options) (*Interrupted, error) {
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		return nil, err
	}
	file.Close()
	i := &Interrupted{folder: folder, name: name}
	if err := errors.Join(folder.Allow(opt.Allow...), i.read(ctx, path, opt)); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return i, nil
}

func (i *Interrupted) read(ctx context.Context, path string, opt engine.Options) error {
	var err error
	i.journal, err = store.ReadJournal(i.folder, i.name)
	switch {
	case errors.Is(err, store.ErrTorn), err == nil && len(i.journal.Steps) == 0:
		i.Torn = true
		return nil
	case err == nil:
		if err = i.own(ctx, path, opt); err != nil {
			break
		}
		i.count()
		return nil
	}
	return i.unusable(err)
}

// unusable words why a journal is followed neither back nor forward.
func (i *Interrupted) unusable(err error) error {
	what := ""
	switch {
	case errors.Is(err, store.ErrOtherVersion):
		what = "a write was interrupted that another version of platter had begun, and its journal can't be read here: recover with that version, and keep the file and the journal until then"
	case errors.Is(err, store.ErrUnfit):
		what = "the journal beside the image was not written by a commit to it: nothing of it is followed, and nothing was written; if the image came with this file, remove it"
	case errors.Is(err, store.ErrDamaged):
		what, err = "a write was interrupted, and its journal leads neither back nor forward; some of the bytes may be written and others not: keep the file, it may hold the only copy of the old ones", store.ErrDamaged
	case errors.Is(err, fs.ErrNotExist):
		return i.partOf(err)
	default:
		return err
	}
	return &disk.Error{Kind: disk.Damaged, Op: "recover", At: decode.Place{File: store.JournalName(i.name)}, What: what, Err: err}
}

// partOf names the image whose interrupted commit was to write to this file too. It
// has a journal, and this one has none.
func (i *Interrupted) partOf(none error) error {
	f, err := i.folder.Open(i.name)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.ID()
	if err != nil {
		return err
	}
	for _, found := range store.FindJournals(i.folder, i.name, id) {
		if found.Part {
			return disk.Errorf(disk.ReadOnly, decode.Place{File: found.Name}, "a write to %s was interrupted, of which this file is a part: recover that image", found.Image)
		}
	}
	return none
}

// own has the journal followed in the files that the image names: as it is now, or
// if its descriptor is torn, as it was or as it was to be.
func (i *Interrupted) own(ctx context.Context, path string, opt engine.Options) error {
	ws := store.NewWorkspace(i.folder, i.name)
	defer ws.Close()
	i.journal.Allow(i.named(ctx, ws, path, opt)...)
	for _, forward := range []bool{false, true} {
		if i.journal.Fits() == nil {
			return nil
		}
		if err := ws.Do("preview", func(tx *store.Tx) error { return i.journal.Preview(tx, forward) }); err == nil {
			i.journal.Allow(i.named(ctx, ws, path, opt)...)
		}
	}
	return i.journal.Fits()
}

// named lists the files of the image as a workspace shows it; none if it can't be
// opened.
func (i *Interrupted) named(ctx context.Context, ws *store.Workspace, path string, opt engine.Options) []string {
	files := ws.Snapshot()
	file, err := files.Open(i.name)
	if err != nil {
		return nil
	}
	img, err := engine.OpenIn(ctx, files, i.name, file, path, opt)
	if err != nil {
		return nil
	}
	defer img.Close()
	var names []string
	for _, f := range img.Files() {
		names = append(names, f.Name)
	}
	return names
}

// count sums the steps up.
func (i *Interrupted) count() {
	for _, s := range i.journal.Steps {
		i.Places++
		i.Bytes += int64(len(s.New))
		if n := len(i.Files); n == 0 || i.Files[n-1] != s.File {
			i.Files = append(i.Files, s.File)
		}
	}
}

// Steps are what the commit was to do, in its order; none if the journal is torn.
func (i *Interrupted) Steps() []store.Step {
	if i.Torn {
		return nil
	}
	return i.journal.Steps
}

// Sizes are the lengths of the files that the steps concern, in bytes, as they are
// now. A file that is missing has none.
func (i *Interrupted) Sizes() map[string]int64 {
	sizes := map[string]int64{}
	for _, name := range i.Files {
		if info, err := i.folder.Stat(name); err == nil {
			sizes[name] = info.Size
		}
	}
	return sizes
}

// Close closes the image's folder.
func (i *Interrupted) Close() error { return i.folder.Close() }

// Back puts the old bytes back and removes the journal. It refuses with
// [store.ErrChanged], and writes nothing, if any of the bytes is neither the old
// nor the new one: somebody else has written to the files since. While another
// program has one of the files open to write it is [store.ErrLocked].
func (i *Interrupted) Back() error { return i.journal.RollBack(i.folder) }

// Forward writes all of the new bytes and removes the journal; it refuses as
// Back does. A journal that is not whole does not hold them all.
func (i *Interrupted) Forward() error {
	if i.Torn {
		return &disk.Error{Kind: disk.Damaged, Op: "recover", At: decode.Place{File: store.JournalName(i.name)},
			What: "the journal is not whole, so nothing else had been written: only the way back is left", Err: store.ErrTorn}
	}
	return i.journal.RollForward(i.folder)
}

// Summary says in a sentence what was interrupted, safe to print.
func (i *Interrupted) Summary() string {
	if i.Torn {
		return "a write was interrupted before its first byte reached the image; only its unfinished journal is left"
	}
	how := ""
	if i.journal.Other {
		how = "; its journal was written for another file than the one that has the name now, or is a copy like it"
	}
	files := decode.Printable(i.Files[0])
	if n := len(i.Files); n > 1 {
		files = fmt.Sprintf("%s and %d more", files, n-1)
	}
	return fmt.Sprintf("a write of %s in %s of %s was interrupted%s", decode.Plural(i.Bytes, "byte", "bytes"), decode.Plural(i.Places, "place", "places"), files, how)
}
