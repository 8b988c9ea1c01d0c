// Package edit changes images: a session stages changes over files that stay open for
// reading, and brings them to disk when told to. What an interrupted write left
// behind is finished or undone here too.
package edit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Session is an image under edit: a [disk.Session] over a workspace. The files
// underneath stay open read-only until Commit.
type Session struct {
	ctx    context.Context
	ws     *store.Workspace
	folder folder
	name   string
	path   string
	opt    engine.Options

	mu      sync.Mutex
	image   disk.Image
	seen    uint64 // the generation that image shows
	verdict verdict
	placed  placements
	past    []past
	mark    int // ID of the change that renewed the content's mark; 0 for none
	taken   tookBack
	aside   []conflict // kept changes that no longer fit

	originals []original // as read from disk before and after commits; the last counts
}

// Open opens the image at path, or a built-in sample, for editing. Opening writes
// nothing. The context bounds every later opening of the image too.
func Open(ctx context.Context, path string, opt engine.Options) (*Session, error) {
	if err := onlyRead(opt); err != nil {
		return nil, err
	}
	folder, name, err := openFolder(path, opt)
	if err != nil {
		return nil, err
	}
	return open(ctx, folder, name, path, opt)
}

// onlyRead refuses to write over a parent that may be another one.
func onlyRead(opt engine.Options) error {
	if opt.AnyParent {
		return disk.Errorf(disk.ReadOnly, decode.Place{}, "over a parent of another identity (--any-parent) an image is only read: what was written would fit neither")
	}
	return nil
}

// OpenIn is [Open] for an image in any FS, which stays open when the session is closed.
func OpenIn(ctx context.Context, files store.FS, name string, opt engine.Options) (*Session, error) {
	return open(ctx, borrowed{files}, name, name, opt)
}

// borrowed is a folder that whoever opened it closes.
type borrowed struct{ store.FS }

// Close leaves the folder open.
func (borrowed) Close() error { return nil }

func open(ctx context.Context, folder folder, name, path string, opt engine.Options) (*Session, error) {
	s := &Session{ctx: ctx, ws: store.NewWorkspace(folder, name), folder: folder, name: name, path: path, opt: opt}
	if _, err := s.Image(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes all files. What is staged is lost.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.image != nil {
		s.image.Close()
	}
	err := errors.Join(s.closeOriginals(), s.ws.Close())
	for _, p := range s.past {
		err = errors.Join(err, p.close())
	}
	if e := s.folder.Close(); err == nil {
		err = e
	}
	return err
}

// Image is the image as staged. An earlier one stays as it was, and usable by readers
// that have not heard of a change yet: its files are those of the workspace.
func (s *Session) Image() (disk.Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gen := s.ws.Generation()
	if s.image != nil && s.seen == gen {
		return s.image, nil
	}
	files := s.ws.Snapshot()
	file, err := files.Open(s.name)
	if err != nil {
		return nil, err
	}
	img, err := engine.OpenIn(s.ctx, files, s.name, file, s.path, s.opt)
	if err != nil {
		return nil, err
	}
	s.image, s.seen = img, gen
	return img, nil
}

// Generation grows with every change to what is staged.
func (s *Session) Generation() uint64 { return s.ws.Generation() }

// Stage makes one undoable change of the edits.
func (s *Session) Stage(title string, edits ...disk.Edit) error {
	if err := s.sealed(); err != nil {
		return err
	}
	keeps := s.sectorsOnly(edits)
	places, content, all := placing{s}.onDisk(edits)
	var meant []meant
	if all {
		var err error
		if meant, err = (placing{s}).meaning(content); err != nil {
			return err
		}
	}
	top := s.ws.Last()
	err := s.ws.Do(title, func(tx *store.Tx) error {
		for _, e := range edits {
			if err := write(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && s.ws.Last() != top {
		placing{s}.keepPlaces(places)
		placing{s}.mean(meant)
	}
	if keeps && err == nil {
		s.mu.Lock()
		s.verdict.staged = s.ws.Generation()
		s.mu.Unlock()
	}
	return err
}

// sealed is why nothing can be edited; nil if something can.
func (s *Session) sealed() error {
	img, err := s.Image()
	if err != nil {
		return err
	}
	if i, ok := img.(disk.Sealer); ok && i.Sealed() != "" {
		return &disk.Error{Kind: disk.ReadOnly, Op: "edit", At: decode.Place{File: s.name}, What: i.Sealed()}
	}
	return nil
}

// write makes one edit. Bytes stay inside the file's length: files keep their
// size under a person's hands.
func write(tx *store.Tx, e disk.Edit) error {
	f, err := tx.OpenWrite(e.File)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	if e.Offset < 0 || e.Offset > size || int64(len(e.Data)) > size-e.Offset {
		return &disk.Error{Kind: disk.OutOfRange, Op: "edit", At: decode.Place{File: e.File, Offset: e.Offset, Length: int64(len(e.Data))},
			What: fmt.Sprintf("the edit reaches past the end of the file at 0x%x", size)}
	}
	_, err = f.WriteAt(e.Data, e.Offset)
	return err
}

// Place finds the files' bytes behind a range of the virtual disk.
func (s *Session) Place(off, n int64) ([]disk.Edit, error) {
	var edits []disk.Edit
	var places []placement
	err := s.stored(off, n, func(span disk.Span) {
		places = append(places, placement{span.Start, span.File, span.Offset, span.Length})
		edits = append(edits, disk.Edit{File: span.File, Offset: span.Offset, Data: make([]byte, span.Length)})
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.verdict.placed = slices.Clone(edits)
	s.mu.Unlock()
	placing{s}.asked(places)
	return edits, nil
}

// Stored fails with the reason unless all of a range of the virtual disk can be
// overwritten where it lies.
func (s *Session) Stored(off, n int64) error { return s.stored(off, n, func(disk.Span) {}) }

// stored hands on where a range is stored plainly.
func (s *Session) stored(off, n int64, use func(disk.Span)) error {
	img, err := s.Image()
	if err != nil {
		return err
	}
	if err := s.trusted(img); err != nil {
		return err
	}
	if unreplayed(img) {
		return s.Replayed()
	}
	end := off
	for span, err := range img.Map(off, n) {
		if err != nil {
			return err
		}
		if why := uneditable(span); why != "" {
			return &disk.Error{Kind: disk.Unsupported, Op: "edit", At: decode.Place{File: span.File, Offset: max(span.Offset, 0)},
				What: fmt.Sprintf("byte 0x%x of the virtual disk %s", span.Start, why)}
		}
		use(span)
		end = span.Start + span.Length
	}
	if end < off+n {
		return &disk.Error{Kind: disk.OutOfRange, Op: "edit", What: fmt.Sprintf("the range ends at byte 0x%x, the virtual disk at 0x%x", off+n, img.Info().VirtualSize)}
	}
	return nil
}

// uneditable says why the bytes of a span can't be replaced where they lie.
func uneditable(s disk.Span) string {
	switch {
	case s.State == disk.Missing:
		return "is missing from the image"
	case s.State != disk.Data:
		return fmt.Sprintf("is not stored in the file (%s), and this edit stores nothing new", s.State)
	case s.Layer > 0:
		return fmt.Sprintf("comes from the parent in layer %d, which must not change: its children would no longer fit it", s.Layer)
	case s.Packed > 0:
		return "is stored compressed, its bytes can't be replaced one by one"
	}
	return ""
}

// Undo takes back the last change.
func (s *Session) Undo() (string, error) {
	title := s.next(store.Staged, store.Committed)
	return title, s.ws.Undo()
}

// Redo brings back what was undone last.
func (s *Session) Redo() (string, error) {
	before := s.History()
	if err := s.ws.Redo(); err != nil {
		return "", err
	}
	for i, c := range s.History() {
		if i >= len(before) || before[i].State != c.State || before[i].ID != c.ID {
			return c.Title, nil
		}
	}
	return "", nil
}

// next is the title of the last change in one of the states.
func (s *Session) next(states ...store.State) string {
	title := ""
	for _, c := range s.History() {
		for _, st := range states {
			if c.State == st {
				title = c.Title
			}
		}
	}
	return title
}

// History lists all changes, oldest first.
func (s *Session) History() []store.Change { return s.ws.History() }

// Plan lists what Commit would write.
func (s *Session) Plan() []store.Step { return s.ws.Plan() }

// Staged is the number of changes that Commit would bring to disk.
// One that later changes have covered whole is none of them.
func (s *Session) Staged() int {
	changes := map[int]bool{}
	for _, step := range s.ws.Plan() {
		changes[step.Change] = true
	}
	return len(changes)
}

// Drop takes one change out of the middle.
func (s *Session) Drop(id int) error { return s.ws.Drop(id) }

// Dirty lists the staged ranges of a file.
func (s *Session) Dirty(file string) []store.Range { return s.ws.Dirty(file) }

// OnDisk reads a file as it is on disk.
func (s *Session) OnDisk(file string) (io.ReaderAt, error) { return s.ws.OnDisk(file) }

// Revert stages what is on disk for ranges of files.
func (s *Session) Revert(title string, places ...decode.Place) error {
	return s.ws.Do(title, func(tx *store.Tx) error {
		for _, p := range places {
			if err := tx.Revert(p.File, p.Offset, p.Length); err != nil {
				return err
			}
		}
		return nil
	})
}

// Commit writes what is planned. It refuses while an earlier write to the image
// is neither finished nor undone, and for a built-in sample.
func (s *Session) Commit(ctx context.Context) error {
	if err := s.unstored("commit"); err != nil {
		return err
	}
	if err := s.settled(); err != nil {
		return err
	}
	defer s.renewOriginal()
	if err := s.ws.Commit(ctx, (placing{s}).stillPlaced(ctx)); err != nil {
		return err
	}
	return undoing{s}.endTakeBack()
}

// Key names the image for what is kept about it between runs: by its path and
// by the identity of its file, so that another file in its place is not taken
// for it.
func (s *Session) Key() (string, error) {
	f, err := s.ws.OnDisk(s.name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	id, err := f.ID()
	if err != nil {
		return "", err
	}
	path, err := filepath.Abs(s.path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(id.String() + "\x00" + path))
	return hex.EncodeToString(sum[:12]), nil
}
