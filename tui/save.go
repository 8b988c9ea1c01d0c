package tui

import (
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
	"platter/views/menu"
)

// openSave lets the user choose what to save to a file.
func (m *model) openSave() tea.Cmd {
	return m.choosePart("Save to a file", func(p part) tea.Cmd {
		return m.askName(p, m.defaultName(p))
	})
}

func (m *model) askName(p part, name string) tea.Cmd {
	return m.openPrompt(&prompt{
		kind: "save", name: "save " + p.what + " to", hint: this(p.place),
		accept: func(text string) tea.Cmd { return m.save(p, strings.TrimSpace(text), false) },
	}, name)
}

// defaultName is a name in the working directory that says what the file is.
func (m *model) defaultName(p part) string {
	base := filepath.Base(m.info.Path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}
	return strings.Map(plain, fmt.Sprintf("%s-%s-0x%x", base, p.what, p.place.Offset)) + ".bin"
}

// save writes a part to a file, in the background. A file that is there
// already is replaced only when told to, and only when all is written.
func (m *model) save(p part, path string, replace bool) tea.Cmd {
	img, own, finder := m.image, m.path, m.cfg.Finder
	return m.start("saving "+p.what, nil, func(j *job) tea.Msg {
		j.progress(0, p.place.Length)
		if why := unwritable(path, img, own); why != "" {
			return said{path + " " + why, true}
		}
		err := writeFile(path, replace, func(w io.Writer) error {
			return finder.Stream(j.ctx, img, p.place, func(b []byte) error {
				j.add(len(b))
				_, err := w.Write(b)
				return err
			})
		})
		switch {
		case errors.Is(err, fs.ErrExist) && !replace:
			return shown{img, func() tea.Cmd { return m.askReplace(p, path) }}
		case j.ctx.Err() != nil:
			return nil
		case err != nil:
			return said{err.Error(), true}
		}
		return said{text: fmt.Sprintf("saved %d bytes to %s", p.place.Length, path)}
	})
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
		return "is no plain file"
	}
	for dir := filepath.Dir(opened); img != nil; img = img.Parent() {
		own := []string{opened, img.Info().Path}
		for _, f := range img.Files() {
			own = append(own, filepath.Join(dir, filepath.FromSlash(f.Name)))
		}
		for _, name := range own {
			if info, err := os.Stat(name); err == nil && os.SameFile(info, target) {
				return "is a file of this image: it is not overwritten"
			}
		}
	}
	return ""
}

// askReplace asks before a file is overwritten; not doing it comes first.
func (m *model) askReplace(p part, path string) tea.Cmd {
	name := decode.Printable(path)
	items := []menu.Item{
		{Name: "another name", Help: "keep " + name + " as it is"},
		{Name: "overwrite", Help: "replace " + name},
	}
	m.cover(&choice{menu.New("The file exists", items), func(i int) tea.Cmd {
		if i == 0 {
			return m.askName(p, path)
		}
		return m.save(p, path, true)
	}})
	return nil
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
