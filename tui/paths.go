package tui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
)

// askPath asks for the path of an image. Tab completes it; it begins in the
// folder of the image that is open.
func (f *feature) askPath(kind, name string, then func(path string) tea.Cmd) tea.Cmd {
	what := "an image"
	if kind == "paste" {
		what = "a file"
	}
	p := &prompt{kind: kind, name: name, hint: "the path of " + what + "; tab completes it"}
	p.accept = func(text string) tea.Cmd { return then(strings.TrimSpace(text)) }
	var samples []string
	for _, s := range f.cfg.Samples {
		samples = append(samples, s.Path)
	}
	p.suggest = func(text string) tea.Cmd {
		gen := p.gen
		return func() tea.Msg { return completions{gen, text, completePath(text, samples)} }
	}
	return f.openPrompt(p, f.folder())
}

// folder is that of the image, as a path typed in front of a name in it; empty
// for the working directory.
func (f *feature) folder() string {
	dir, _ := filepath.Split(f.current().path)
	if _, err := os.Lstat(f.current().path); err != nil { // a sample, or a file that is gone
		return ""
	}
	return dir
}

// The bounds of what completion looks at and offers.
const (
	folderLimit = 10_000
	offerLimit  = 100
)

// completePath lists files and folders that begin as typed, and samples.
// Names that can't be typed are left out.
func completePath(typed string, samples []string) []disk.Completion {
	var list []disk.Completion
	for _, s := range samples {
		if typed != "" && strings.HasPrefix(s, typed) && s != typed {
			list = append(list, disk.Completion{Text: s})
		}
	}
	dir, base := filepath.Split(typed)
	for _, f := range readFolder(filepath.Clean(dir + ".")) {
		name := f.Name()
		hidden := strings.HasPrefix(name, ".") && base == ""
		if hidden || !strings.HasPrefix(name, base) || decode.Printable(name) != name {
			continue
		}
		switch info, err := os.Stat(filepath.Join(dir, name)); {
		case err != nil:
			continue
		case info.IsDir():
			name += string(filepath.Separator)
		case !info.Mode().IsRegular():
			continue
		}
		if dir+name != typed {
			list = append(list, disk.Completion{Text: dir + name})
		}
		if len(list) == offerLimit {
			break
		}
	}
	return list
}

// readFolder lists a folder by name, as far as its bound.
func readFolder(path string) []os.DirEntry {
	dir, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer dir.Close()
	found, _ := dir.ReadDir(folderLimit) // what can't be read offers nothing
	slices.SortFunc(found, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return found
}
