package start

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// entry is a file or a folder of the picker.
type entry struct {
	name   string
	folder bool
	size   int64
	image  bool // the name looks like an image's
}

// listed is the content of a folder.
type listed struct {
	gen     views.Gen
	folder  string
	entries []entry
	from    string // the name to put the cursor on
	err     error
}

func (v *View) read(folder, from string) tea.Cmd {
	v.gen, v.reading = views.NewGen(), true
	gen := v.gen
	return func() tea.Msg {
		abs, err := filepath.Abs(folder)
		if err != nil {
			return listed{gen: gen, folder: folder, err: err}
		}
		entries, err := list(abs)
		return listed{gen, abs, entries, from, err}
	}
}

// entryLimit bounds how much of a folder is listed.
const entryLimit = 10000

// list reads a folder: folders first, then what looks like an image, then the
// rest; hidden files are left out.
func list(folder string) ([]entry, error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	found, err := dir.ReadDir(entryLimit)
	if len(found) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var out []entry
	for _, f := range found {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(folder, f.Name()))
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			continue
		}
		out = append(out, entry{f.Name(), info.IsDir(), info.Size(), looksLikeImage(f.Name())})
	}
	slices.SortFunc(out, compare)
	return out, nil
}

func compare(a, b entry) int {
	if a.rank() != b.rank() {
		return a.rank() - b.rank()
	}
	return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
}

func (e entry) rank() int {
	switch {
	case e.folder:
		return 0
	case e.image:
		return 1
	}
	return 2
}

func looksLikeImage(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".vhd", ".vhdx", ".avhd", ".avhdx", ".vmdk", ".raw", ".img", ".vhds", ".avhds":
		return true
	}
	return false
}

// sizeText words a file's size.
func (e entry) sizeText() string {
	if e.folder {
		return "folder"
	}
	return decode.FormatSize(uint64(max(e.size, 0)))
}
