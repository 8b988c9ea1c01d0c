package tui

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// blocks are what can be done with the whole block or grain under the cursor.
func (h *hands) blocks(p views.Pointed) []way {
	info, why := h.current().info, h.onDisk(p)
	word, at := "block", p.Cursor
	if size := info.BlockSize; size > 0 {
		at.Offset -= at.Offset % size
		at.Length = min(size, info.VirtualSize-at.Offset)
		word = fmt.Sprintf("block %d", at.Offset/size)
	} else {
		why = first(why, "this image has no blocks: F fills a selection with zeros")
	}
	if _, ok := h.edits.Editor.(disk.Clearer); !ok {
		why = first(why, "this image is open read-only")
	}
	return []way{
		{menu.Item{Name: "zero block", Help: "zeros in all of the block or grain here", Why: why}, func() tea.Cmd { return h.clear("zero "+word, at, false) }},
		{menu.Item{Name: "trim block", Help: "give its room in the file up; the guest reads zeros", Why: why}, func() tea.Cmd { return h.clear("trim "+word, at, true) }},
	}
}

// clear zeroes or gives up a range of the disk, and says what the guest reads there then.
func (h *hands) clear(title string, at decode.Place, trim bool) tea.Cmd {
	last := h.edits.last
	return tea.Batch(h.edits.drain(), h.edits.enqueue(func(ed disk.Session) (string, error) {
		return last.clear(ed, title, at, trim)
	}))
}

func (t *typing) clear(ed disk.Session, title string, at decode.Place, trim bool) (string, error) {
	c, ok := ed.(disk.Clearer)
	if !ok {
		return "", errors.New("this image is open read-only")
	}
	*t = typing{mark: t.mark}
	mark, err := t.renew(ed)
	if err != nil {
		return "", err
	}
	before := ed.Generation()
	dropped, err := c.Clear(context.Background(), title, at.Offset, at.Length, trim)
	if err == nil && ed.Generation() == before {
		err = errors.New(title + ": nothing to change, the guest reads zeros there already")
	}
	if err != nil {
		if mark != "" {
			_, _ = ed.Undo() // the mark, for a change that did not come
			t.mark = 0
		}
		return "", err
	}
	reads, err := readsAs(ed, at)
	if dropped > 0 {
		reads += "; " + decode.Plural(dropped, "block is", "blocks are") + " not stored any more"
	}
	return note(title, reads, mark), err
}

// readsAs says what the guest reads at a place.
func readsAs(ed disk.Session, at decode.Place) (string, error) {
	img, err := ed.Image()
	if err != nil {
		return "", err
	}
	b := make([]byte, min(at.Length, handMost))
	if _, err := img.ReadAt(b, at.Offset); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for _, c := range b {
		if c != 0 {
			return "the guest still reads what was there in a part of it", nil
		}
	}
	return "the guest reads zeros there now", nil
}
