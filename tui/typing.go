package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/views"
)

// typing is the change that the last typing made: what goes on where it ended
// becomes one change with it. Works touch it, one at a time.
type typing struct {
	id   int       // of the change; 0 for none
	at   string    // where it began, in words
	edit disk.Edit // as the view asked for it
	mark int       // the new content ID that came with a change; 0 for none

	followed decode.Place // what was staged last, for what belongs with it
}

// typingMost bounds a change that is typed, in bytes.
const typingMost = 4096

// stage makes a change of what a view asks for.
func (t *typing) stage(ed disk.Session, msg views.Stage) (string, error) {
	if msg.Repair != nil {
		*t = typing{mark: t.mark}
		return note(msg.Title, msg.Note, ""), ed.Repair(context.Background(), msg.Title, *msg.Repair)
	}
	if msg.Typed == "" || len(msg.Edits) != 1 {
		*t = typing{mark: t.mark}
		mark, more, err := t.place(ed, msg.Title, msg.Edits)
		if err == nil && len(msg.Edits) > 0 {
			more = both(more, t.offers(ed, placeOf(msg.Edits[0])))
		}
		return note(msg.Title, both(msg.Note, more), mark), err
	}
	e, at := msg.Edits[0], msg.Typed
	joined := t.precedes(ed, e)
	if joined {
		e, at = disk.Edit{File: e.File, Offset: t.edit.Offset, Data: append(t.edit.Data[:len(t.edit.Data):len(t.edit.Data)], e.Data...)}, t.at
		if _, err := ed.Undo(); err != nil {
			return "", err
		}
	}
	title := typedTitle(len(e.Data), at)
	top := newest(ed)
	*t = typing{mark: t.mark}
	mark, more, err := t.place(ed, title, []disk.Edit{e})
	if err != nil {
		if joined {
			_, _ = ed.Redo() // it can't fail: nothing was done since the undo
		}
		return "", err
	}
	if id := newest(ed); id != top {
		*t = typing{id, at, e, t.mark, t.followed}
	}
	last := disk.Edit{File: e.File, Offset: e.Offset + int64(len(e.Data)) - 1, Data: e.Data[len(e.Data)-1:]}
	belongs := t.offers(ed, placeOf(last))
	if mark != "" || more != "" {
		return note(title, both(msg.Note, both(more, belongs)), mark), nil
	}
	return both(msg.Note, belongs), nil
}

// placeOf is where an edit goes.
func placeOf(e disk.Edit) decode.Place {
	return decode.Place{File: e.File, Offset: e.Offset, Length: int64(len(e.Data))}
}

// both are two notes in one.
func both(a, b string) string {
	if a != "" && b != "" {
		return a + "; " + b
	}
	return a + b
}

// precedes reports whether an edit goes on where the typing ended, with
// nothing staged since.
func (t *typing) precedes(ed disk.Session, e disk.Edit) bool {
	return t.id != 0 && t.id == newest(ed) && t.edit.File == e.File && len(t.edit.Data) < typingMost &&
		t.edit.Offset+int64(len(t.edit.Data)) == e.Offset
}

// newest is the last change of the history if it is staged; 0 if it is not.
func newest(ed disk.Session) int {
	list := ed.History()
	if n := len(list); n > 0 && list[n-1].State == store.Staged {
		return list[n-1].ID
	}
	return 0
}

// place stages edits; those of the virtual disk where its sectors are stored, and else
// by storing them. Before the first of these the disk's content gets a new mark, as a
// change that can be dropped on its own; place returns its title, and what was stored.
func (t *typing) place(ed disk.Session, title string, edits []disk.Edit) (mark, more string, err error) {
	var files, placed, content []disk.Edit
	unstored := false
	for _, e := range edits {
		if e.File != disk.VirtualDisk {
			files = append(files, e)
			continue
		}
		if soAlready(ed, e) { // zeros into a hole, say: storing them would change nothing but the file
			more = "the disk holds these bytes already"
			continue
		}
		content = append(content, e)
		parts, err := ed.Place(e.Offset, int64(len(e.Data)))
		switch {
		case errors.Is(err, disk.ErrUnsupported):
			unstored = true
		case err != nil:
			return "", "", wayOut(err)
		}
		data := e.Data
		for _, p := range parts {
			data = data[copy(p.Data, data):]
		}
		placed = append(placed, parts...)
	}
	if len(content) > 0 {
		if mark, err = t.renew(ed); err != nil {
			return "", "", err
		}
	}
	if len(files)+len(content) == 0 {
		return "", more, nil
	}
	if !unstored {
		return mark, "", ed.Stage(title, append(files, placed...)...)
	}
	if len(files) > 0 {
		if err := ed.Stage(title, files...); err != nil {
			return mark, "", err
		}
	}
	more, err = t.store(ed, title, content)
	return mark, more, err
}

// soAlready reports whether the disk holds what an edit would put there.
func soAlready(ed disk.Session, e disk.Edit) bool {
	img, err := ed.Image()
	if err != nil {
		return false
	}
	b := make([]byte, len(e.Data))
	n, _ := img.ReadAt(b, e.Offset)
	return n == len(b) && bytes.Equal(b, e.Data)
}

// wayOut says what to do first where a change is refused for a log that was not replayed.
func wayOut(err error) error {
	var r *disk.Refusal
	if errors.As(err, &r) && r.Reason == disk.RefusedDirty {
		return fmt.Errorf("%w; alt+c stages that replay, as a change of its own", err)
	}
	return err
}

// renew stages the mark of the disk's content.
func (t *typing) renew(ed disk.Session) (string, error) {
	mark, err := ed.Renew(context.Background())
	if mark != "" {
		t.mark = newest(ed)
	}
	return mark, err
}

// store stages edits of the disk where it is not stored plainly, and says what that took.
func (t *typing) store(ed disk.Session, title string, edits []disk.Edit) (string, error) {
	blocks, err := ed.Store(context.Background(), title, edits...)
	if err != nil || blocks == 0 {
		return "", err
	}
	return decode.Plural(blocks, "block is", "blocks are") + " stored for it: s shows all that changes", nil
}

// revertDisk stages what a range of the disk holds on disk, wherever that is stored: where
// nothing was, the bytes of the file are not those of the disk.
func (t *typing) revertDisk(ed disk.Session, msg views.Revert) (string, error) {
	was, err := ed.Original(context.Background())
	if err != nil {
		return "", err
	}
	is, err := ed.Image()
	if err != nil {
		return "", err
	}
	if msg.Place.Length > revertMost {
		return "", fmt.Errorf("at most %s are reverted at once: undo takes whole changes back", decode.FormatSize(revertMost))
	}
	old, now := make([]byte, msg.Place.Length), make([]byte, msg.Place.Length)
	for img, b := range map[disk.Image][]byte{was: old, is: now} {
		if _, err := img.ReadAt(b, msg.Place.Offset); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	if bytes.Equal(old, now) {
		return "nothing to revert: these bytes are unchanged", nil
	}
	if t.typedLast(ed, msg.Place) {
		return t.shorten(ed)
	}
	*t = typing{mark: t.mark}
	mark, more, err := t.place(ed, msg.Title, []disk.Edit{{File: disk.VirtualDisk, Offset: msg.Place.Offset, Data: old}})
	if err != nil {
		return "", err
	}
	return note(msg.Title, both("u undoes it", more), mark), nil
}

// typedLast reports whether a place is that of the byte that was typed last.
func (t *typing) typedLast(ed disk.Session, p decode.Place) bool {
	return t.id != 0 && t.id == newest(ed) && t.edit.File == p.File && p.Length == 1 && p.Offset == t.edit.Offset+int64(len(t.edit.Data))-1
}

// shorten takes back the byte that was typed last; with the first one goes what was stored
// for it, and the mark.
func (t *typing) shorten(ed disk.Session) (string, error) {
	if len(t.edit.Data) == 1 {
		_, err := t.undo(ed)
		*t = typing{mark: t.mark}
		return "taken back, with all that it took (ctrl+r redoes it)", err
	}
	if _, err := ed.Undo(); err != nil {
		return "", err
	}
	e, at, mark := t.edit, t.at, t.mark
	e.Data = e.Data[:len(e.Data)-1]
	*t = typing{mark: mark}
	if _, _, err := t.place(ed, typedTitle(len(e.Data), at), []disk.Edit{e}); err != nil {
		return "", err
	}
	*t = typing{id: newest(ed), at: at, edit: e, mark: t.mark, followed: t.followed}
	return "", nil
}

// typedTitle is the title of so many bytes that were typed at a place.
func typedTitle(n int, at string) string {
	if n == 1 {
		return "1 byte typed at " + at
	}
	return fmt.Sprintf("%d bytes typed at %s", n, at)
}

// revertMost is how much of the disk is reverted at once, in bytes.
const revertMost = 4 << 20

// undo undoes the last change, and with the first one of the disk's content
// the mark that came with it.
func (t *typing) undo(ed disk.Session) (string, error) {
	title, err := ed.Undo()
	if err != nil || t.mark == 0 || uppermost(ed) != t.mark {
		return title, err
	}
	mark, err := ed.Undo()
	return title + ", and before it: " + mark, err
}

// redo redoes what was undone.
func (t *typing) redo(ed disk.Session) (string, error) {
	title, err := ed.Redo()
	if err != nil || t.mark == 0 || uppermost(ed) != t.mark {
		return title, err
	}
	more, err := ed.Redo()
	if errors.Is(err, store.ErrNothing) {
		return title, nil
	}
	return title + ", and " + more, err
}

// uppermost is the staged change that would be undone next; 0 if there is none.
func uppermost(ed disk.Session) int {
	for _, c := range slices.Backward(ed.History()) {
		switch c.State {
		case store.Undone:
		case store.Staged:
			return c.ID
		default:
			return 0
		}
	}
	return 0
}

// note is what is said of a change that was staged, and of the mark that was
// staged before it.
func note(title, more, mark string) string {
	text := "staged: " + title
	if mark != "" {
		text += ", and before it: " + mark
	}
	if more != "" {
		text += "; " + more
	}
	return text
}
