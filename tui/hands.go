package tui

import (
	"errors"
	"fmt"
	"io"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// hands are the ways to change bytes other than typing them: from a file, from another
// image, to another place, by what they mean. Each overwrites, and is one change that is
// staged like any other.
type hands struct {
	feature
	edits      *edits
	standpoint func() disk.Standpoint
}

// handMost bounds what one change overwrites, in bytes.
const handMost = 16 << 20

// way is one of them.
type way struct {
	menu.Item
	do func() tea.Cmd
}

// open lists what can be done at the cursor; what can't says why.
func (h *hands) open() tea.Cmd {
	p, ok := pointedIn(h.view())
	if !ok {
		return nil
	}
	list := append(h.values(p), h.moves(p)...)
	list = append(list, h.blocks(p)...)
	return h.choose("Change bytes at "+placeText(h.target(p)), list)
}

func (h *hands) choose(title string, list []way) tea.Cmd {
	var items []menu.Item
	for _, w := range list {
		items = append(items, w.Item)
	}
	return h.offer(title, items, func(i int) tea.Cmd {
		if why := list[i].Why; why != "" {
			h.say(why, false)
			return nil
		}
		return list[i].do()
	})
}

// target is the selection, or else where the cursor is.
func (h *hands) target(p views.Pointed) decode.Place {
	if p.Selection.Length > 0 {
		return p.Selection
	}
	return p.Cursor
}

// moves are the ways that take bytes from elsewhere, or to elsewhere.
func (h *hands) moves(p views.Pointed) []way {
	selected, disky := h.selected(p), h.onDisk(p)
	if selected == "" {
		disky = first(disky, h.lacksLook())
	} else {
		disky = selected
	}
	list := []way{
		{menu.Item{Name: "paste a file", Help: "overwrite from here on with the bytes of a file"}, func() tea.Cmd { return h.askFile(p) }},
		{menu.Item{Name: "from another image", Help: "the same address of another image", Why: disky}, func() tea.Cmd { return h.askImage(p) }},
		{menu.Item{Name: "copy to", Help: "write it elsewhere too", Why: selected}, func() tea.Cmd { return h.askTarget(p) }},
	}
	for _, width := range []int{2, 4, 8} {
		why := ""
		if n := p.Place().Length; n%int64(width) != 0 {
			why = fmt.Sprintf("%s no multiple of %d: select others", decode.Plural(n, "byte is", "bytes are"), width)
		}
		list = append(list, way{menu.Item{Name: fmt.Sprintf("swap byte order, %d", width), Help: fmt.Sprintf("turn each group of %d bytes round", width), Why: why}, func() tea.Cmd { return h.swap(p.Place(), width) }})
	}
	return list
}

// selected says why there is no range to take; empty if there is.
func (h *hands) selected(p views.Pointed) string {
	switch n := p.Selection.Length; {
	case n == 0:
		return "select the bytes first (v, then move)"
	case n > handMost:
		return fmt.Sprintf("%d bytes are too many at once: at most %d", n, handMost)
	}
	return ""
}

// onDisk says why a place has no address on the virtual disk; empty if it has.
func (h *hands) onDisk(p views.Pointed) string {
	if p.Cursor.File != disk.VirtualDisk {
		return "these are bytes of the file: sectors of the disk are on screen 6"
	}
	return ""
}

// first is the first of two reasons.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// surface is the disk or the file that a place lies in.
func (h *hands) surface(at decode.Place) (disk.Surface, error) {
	img := h.current().image
	if at.File == disk.VirtualDisk {
		return disk.DiskSurface(img), nil
	}
	for _, f := range img.Files() {
		if f.Name == at.File {
			return disk.FileSurface(f), nil
		}
	}
	return disk.Surface{}, fmt.Errorf("%s is none of the image's files", decode.Printable(at.File))
}

// room is how many bytes there are from a place to the end of what it lies in.
func (h *hands) room(at decode.Place) (int64, error) {
	s, err := h.surface(at)
	return s.Size - at.Offset, err
}

// fits says why n bytes have no room at a place, and how many have.
func (h *hands) fits(n int64, at decode.Place) error {
	left, err := h.room(at)
	if err == nil && n > left {
		err = fmt.Errorf("%d bytes don't fit: %d are left from %s to the end, and nothing is ever inserted", n, max(left, 0), placeText(at))
	}
	return err
}

// stage makes one change of bytes at a place.
func (h *hands) stage(title string, at decode.Place, data []byte) tea.Cmd {
	if err := h.fits(int64(len(data)), at); err != nil {
		h.say(err.Error(), true)
		return nil
	}
	s := views.Stage{Title: title, Edits: []disk.Edit{{File: at.File, Offset: at.Offset, Data: data}}}
	return tea.Batch(h.edits.drain(), h.edits.wanted(s))
}

// askFile asks which file to paste.
func (h *hands) askFile(p views.Pointed) tea.Cmd {
	at := h.target(p)
	return h.askPath("paste", "paste the bytes of", func(path string) tea.Cmd {
		left, err := h.room(at)
		if err != nil {
			h.say(err.Error(), true)
			return nil
		}
		return h.later(func() (tea.Msg, error) {
			data, err := readPasted(path, min(left, handMost))
			return shown{then: func() tea.Cmd { return h.pasteFile(p, path, data) }}, err
		})
	})
}

// pasteFile overwrites from the cursor on. More than what is selected asks first.
func (h *hands) pasteFile(p views.Pointed, path string, data []byte) tea.Cmd {
	at, n := h.target(p), int64(len(data))
	put := func(n int64) tea.Cmd {
		title := fmt.Sprintf("%d bytes of %s at %s", n, decode.Printable(path), placeText(at))
		return h.stage(title, at, data[:n])
	}
	if s := p.Selection.Length; s > 0 && n > s {
		return h.edits.wanted(views.PastSelection(n, s, put))
	}
	return put(n)
}

// readPasted reads a whole file that is no longer than most.
func readPasted(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: opening a pipe would wait for its other end
	if err != nil {
		return nil, err
	}
	name := decode.Printable(path)
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no ordinary file: its bytes can't be pasted", name)
	case info.Size() == 0:
		return nil, fmt.Errorf("%s is empty: there is nothing to paste", name)
	case info.Size() > most:
		return nil, fmt.Errorf("%s has %d bytes: at most %d fit here at once, and nothing is ever inserted", name, info.Size(), most)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: it changed while it was read: %w", name, err)
	}
	return data, nil
}

// askImage asks which image to take the selection's bytes from.
func (h *hands) askImage(p views.Pointed) tea.Cmd {
	at := p.Selection
	return h.askPath("overwrite", "overwrite with bytes of the image", func(path string) tea.Cmd {
		return h.later(func() (tea.Msg, error) {
			other, err := h.cfg.Look(h.ctx, path, "")
			if err != nil {
				return nil, err
			}
			defer other.Close()
			data, err := takeRange(other, at)
			title := fmt.Sprintf("%d bytes of the disk in %s at %s", at.Length, decode.Printable(path), placeText(at))
			return shown{then: func() tea.Cmd { return h.stage(title, at, data) }}, err
		})
	})
}

// takeRange reads a range of an image's disk.
func takeRange(img disk.Image, at decode.Place) ([]byte, error) {
	info := img.Info()
	name := decode.Printable(info.Path)
	switch {
	case !info.Readable():
		return nil, fmt.Errorf("%s has no disk that can be read: %w", name, info.Refused)
	case at.End() > info.VirtualSize:
		return nil, fmt.Errorf("the disk in %s ends at 0x%x, the selection at 0x%x: select less", name, info.VirtualSize, at.End())
	}
	data := make([]byte, at.Length)
	if _, err := img.ReadAt(data, at.Offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// askTarget asks where to write the selection too.
func (h *hands) askTarget(p views.Pointed) tea.Cmd {
	from, finder, ctx := h.standpoint(), h.cfg.Finder, h.ctx
	pr := &prompt{kind: "go to", name: "copy the selection to", hint: "0x1f00  +0x200  lba 2048  block 9  end-512"}
	pr.accept = func(text string) tea.Cmd {
		return h.later(func() (tea.Msg, error) {
			to, err := resolve(ctx, finder, from, text)
			return shown{then: func() tea.Cmd { return h.copyTo(p.Selection, to) }}, err
		})
	}
	pr.suggest = func(text string) tea.Cmd {
		gen := pr.gen
		return func() tea.Msg { return completions{gen, text, finder.Complete(ctx, from, text)} }
	}
	return h.openPrompt(pr, "")
}

// copyTo stages the bytes of a place at another one; the two may overlap.
func (h *hands) copyTo(from, to decode.Place) tea.Cmd {
	if err := h.fits(from.Length, to); err != nil {
		h.say(err.Error(), true)
		return nil
	}
	return h.fetch(from, func(data []byte) tea.Cmd {
		return h.stage(fmt.Sprintf("copy %d bytes from %s to %s", len(data), placeText(from), placeText(to)), to, data)
	})
}

// swap turns each group of bytes round.
func (h *hands) swap(at decode.Place, width int) tea.Cmd {
	if at.Length > handMost {
		h.say(fmt.Sprintf("%d bytes are too many at once: at most %d", at.Length, handMost), false)
		return nil
	}
	return h.fetch(at, func(data []byte) tea.Cmd {
		return h.stage(fmt.Sprintf("swap the byte order of %d bytes at %s, %d at a time", len(data), placeText(at), width), at, swapped(data, width))
	})
}

// swapped is data with each group of bytes turned round.
func swapped(data []byte, width int) []byte {
	out := make([]byte, len(data))
	for i := range data {
		out[i] = data[i-i%width+width-1-i%width]
	}
	return out
}
