package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// openSave lets the user choose what to save to a file.
func (e *export) openSave() tea.Cmd {
	return e.choosePart("Save to a file", func(p part) tea.Cmd {
		return e.askName(e.saveBytes(p.what, p.place), e.defaultName(p.what, p.place.Offset, "bin"))
	})
}

// saveEntry saves what the cursor of the view stands on.
func (e *export) saveEntry() tea.Cmd {
	s, ok := e.view().(views.Saver)
	if !ok {
		return nil
	}
	what, ok := s.Save()
	if !ok {
		e.say("there is nothing to save", false)
		return nil
	}
	return e.askName(e.saveBytes(what.What, what.Places...), e.defaultName(what.What, what.Places[0].Offset, "bin"))
}

// saving is something that can be saved to a file.
type saving struct {
	what string // "header 2": safe to print
	hint string
	size int64 // bytes; 0 where nobody knows
	// write writes it all; done hears how many bytes more that are.
	write func(ctx context.Context, w io.Writer, done func(int)) error
}

// saveBytes are those of some places, one after the other.
func (e *export) saveBytes(what string, places ...decode.Place) saving {
	img, finder := e.current().image, e.cfg.Finder
	s := saving{what: what, hint: this(places[0])}
	for _, p := range places {
		s.size += p.Length
	}
	s.write = func(ctx context.Context, w io.Writer, done func(int)) error {
		for _, p := range places {
			err := finder.Stream(ctx, img, p, func(b []byte) error {
				done(len(b))
				_, err := w.Write(b)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return s
}

func (e *export) askName(s saving, name string) tea.Cmd {
	return e.openPrompt(&prompt{
		kind: "save", name: "save " + s.what + " to", hint: s.hint,
		accept: func(text string) tea.Cmd { return e.save(s, strings.TrimSpace(text), false) },
	}, name)
}

// defaultName is a name in the working directory that says what the file is
// and where it comes from.
func (e *export) defaultName(what string, at int64, kind string) string {
	return e.nameFor(fmt.Sprintf("%s-0x%x", what, at), kind)
}

// nameFor is a name in the working directory for what comes from the image.
func (e *export) nameFor(what, kind string) string {
	base := filepath.Base(e.current().info.Path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}
	return strings.Map(plain, base+"-"+what) + "." + kind
}

// save writes something to a file, in the background. A file that is there
// already is replaced only when told to, and only when all is written.
func (e *export) save(s saving, path string, replace bool) tea.Cmd {
	img, own := e.current().image, e.current().path
	other, beside := e.comparison.other, e.comparison.path
	return e.inJob("saving "+s.what, func(j *job) (tea.Msg, error) {
		j.progress(0, s.size)
		written := &counter{}
		if why := cmp.Or(unwritable(path, img, own), unwritable(path, other, beside)); why != "" {
			return nil, errors.New(path + " " + why)
		}
		err := writeFile(path, replace, func(w io.Writer) error {
			written.w = w
			return s.write(j.ctx, written, j.add)
		})
		if errors.Is(err, fs.ErrExist) && !replace {
			return shown{then: func() tea.Cmd { return e.askReplace(s, path) }}, nil
		}
		return said{text: fmt.Sprintf("saved %d bytes to %s", written.n, path)}, err
	})
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

// Write passes bytes on.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// unwritable says why what a path leads to must not be replaced: it is no
// plain file, or one of the image's own, which was opened as such, or of its
// parents'.
func unwritable(path string, img disk.Image, opened string) string {
	target, err := os.Stat(path)
	switch {
	case err != nil:
		return ""
	case !target.Mode().IsRegular():
		return "is not a regular file"
	}
	for dir := filepath.Dir(opened); img != nil; img = img.Parent() {
		own := []string{opened, img.Info().Path}
		for _, f := range img.Files() {
			name := filepath.FromSlash(f.Name)
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			own = append(own, name)
		}
		for _, name := range own {
			if info, err := os.Stat(name); err == nil && os.SameFile(info, target) {
				return "is a file of an open image: it is not overwritten"
			}
		}
	}
	return ""
}

// askReplace asks before a file is overwritten; not doing it comes first.
func (e *export) askReplace(s saving, path string) tea.Cmd {
	name := decode.Printable(path)
	items := []menu.Item{
		{Name: "another name", Help: "keep " + name + " as it is"},
		{Name: "overwrite", Help: "replace " + name},
	}
	return e.offer("The file exists", items, func(i int) tea.Cmd {
		if i == 0 {
			return e.askName(s, path)
		}
		return e.save(s, path, true)
	})
}

// writeFile makes a file of what fill writes. A file half written is removed.
// Without replace one that exists is an error; with it the old one stays until
// the new one is whole.
func writeFile(path string, replace bool, fill func(io.Writer) error) error {
	open := func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) }
	if replace {
		open = func() (*os.File, error) { return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-") }
	}
	f, err := open()
	if err != nil {
		return err
	}
	err = fill(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil && replace {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // what is left is worth nothing
	}
	return err
}
