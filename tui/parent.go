package tui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/theme"
	"platter/views/widget/listing"
	"platter/views/widget/menu"
)

// candidate is a file that could be the parent of the image.
type candidate struct {
	path string
	fits bool
	why  string // it does not fit, or what makes it fit; printable
}

// candidateLimit bounds how many files of a folder are tried as parents.
const candidateLimit = 512

// findParent tries the files of the image's folder as its parent, and lets
// the user choose one, or type another path.
func (m *model) findParent() tea.Cmd {
	of, path, look := m.number, m.path, m.cfg.Look
	return m.start("looking for parents", nil, func(j *job) tea.Msg {
		names := neighbours(path)
		var list []candidate
		for i, name := range names {
			j.progress(int64(i), int64(len(names)))
			if c, ok := tryParent(j.ctx, look, path, name); ok {
				list = append(list, c)
			}
			if j.ctx.Err() != nil {
				return nil
			}
		}
		slices.SortStableFunc(list, func(a, b candidate) int {
			switch {
			case a.fits == b.fits:
				return 0
			case a.fits:
				return -1
			}
			return 1
		})
		return shown{of, func() tea.Cmd { return m.showParents(list, len(names)) }}
	})
}

// neighbours are the other files of an image's folder that look like images.
func neighbours(path string) []string {
	own, err := os.Stat(path)
	if err != nil {
		return nil
	}
	var list []string
	for _, f := range readFolder(filepath.Dir(path)) {
		name := filepath.Join(filepath.Dir(path), f.Name())
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || os.SameFile(info, own) || !imageName(f.Name()) {
			continue
		}
		if list = append(list, name); len(list) == candidateLimit {
			break
		}
	}
	return list
}

// imageName reports whether a name is one that parents have.
func imageName(name string) bool {
	return slices.Contains([]string{".vhd", ".vhdx", ".avhd", ".avhdx", ".vmdk", ".vhds", ".avhds"}, strings.ToLower(filepath.Ext(name)))
}

// tryParent opens the image with a file as its parent; false for what can't
// be one at all.
func tryParent(ctx context.Context, look lookFunc, path, name string) (candidate, bool) {
	img, err := look(ctx, path, name)
	if err != nil {
		return candidate{}, false
	}
	defer img.Close()
	linked, ok := img.(disk.Linked)
	if !ok {
		return candidate{}, false
	}
	l := linked.Link()
	c := candidate{path: name, fits: l.Fault == nil && img.Parent() != nil}
	switch {
	case c.fits:
		c.why = "is the parent: " + decode.Printable(l.Term+" "+l.Found)
	case l.Found == "":
		return candidate{}, false
	case slices.Contains(l.Wanted, l.Found):
		c.why = decode.Printable(l.Fault.Error())
	default:
		c.why = decode.Printable(fmt.Sprintf("another disk, or the parent written to since: %s %s", l.Term, l.Found))
	}
	return c, true
}

// showParents lists the candidates.
func (m *model) showParents(list []candidate, tried int) tea.Cmd {
	r := &results{}
	r.Title = "Parent of " + decode.Printable(filepath.Base(m.path))
	fitting := 0
	for _, c := range list {
		row := listing.Row{Cells: []string{"!", decode.Printable(filepath.Base(c.path)), c.why}, Style: theme.Warn}
		if c.fits {
			row.Cells[0], row.Style = "=", theme.Good
			fitting++
		}
		r.Add(row)
	}
	r.Note = fmt.Sprintf("%d of %d files of the folder fit; enter takes one as parent", fitting, tried)
	r.Add(listing.Row{Cells: []string{" ", "another file ..", "type its path; it may lie in any folder"}})
	r.open = func(row int) tea.Cmd {
		m.over = nil
		switch {
		case row == len(list):
			return m.askPath("parent", "parent", m.adoptTyped)
		case list[row].fits:
			return m.adopt(list[row].path)
		}
		return m.warnParent(list[row])
	}
	m.cover(r)
	return nil
}

// adoptTyped tries a path that the user typed, and asks before one is used
// that does not fit.
func (m *model) adoptTyped(path string) tea.Cmd {
	of, own, look := m.number, m.path, m.cfg.Look
	return m.start("opening the parent", nil, func(j *job) tea.Msg {
		switch info, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			return said{decode.Printable(path) + ": there is no such file", true}
		case err != nil:
			return said{err.Error(), true}
		case info.IsDir():
			return said{decode.Printable(path) + " is a folder", true}
		}
		c, ok := tryParent(j.ctx, look, own, path)
		switch {
		case j.ctx.Err() != nil:
			return nil
		case !ok:
			return said{decode.Printable(path) + " can't be the parent: it is no image of the same format", true}
		}
		return shown{of, func() tea.Cmd {
			if c.fits {
				return m.adopt(path)
			}
			return m.warnParent(c)
		}}
	})
}

// warnParent names the risk of a parent that does not fit; not to take it
// comes first.
func (m *model) warnParent(c candidate) tea.Cmd {
	items := []menu.Item{
		{Name: "leave it", Help: "the image stays as it is"},
		{Name: "open with it", Help: "to look at the link: what is left to the parent can't be read all the same"},
	}
	m.cover(&choice{menu.New("! "+decode.Printable(filepath.Base(c.path))+": "+c.why, items), func(i int) tea.Cmd {
		if i == 0 {
			return nil
		}
		return m.adopt(c.path)
	}})
	return nil
}

// adopt opens the image again, with a parent that the user has chosen. It
// stays so as long as the image is open; the file is not changed.
func (m *model) adopt(parent string) tea.Cmd {
	if m.edits.keepsImage() {
		return nil
	}
	return m.openWith(m.path, parent, false)
}

// adopted shows what became of a chosen parent.
func (m *model) adopted(parent string) {
	for i, s := range m.screens {
		if s.action == keymap.Screen7 {
			m.active = i
		}
	}
	name := decode.Printable(filepath.Base(parent))
	if l, ok := m.image.(disk.Linked); ok && l.Link().Fault != nil {
		m.say(name+" is not used: "+decode.Printable(l.Link().Fault.Error()), true)
		return
	}
	m.say(name+" is the parent while the image is open; no file is changed", false)
}

// lookFunc is that of [Config.Look].
type lookFunc = func(ctx context.Context, path, parent string) (disk.Image, error)

// verifyLinks opens the chain again, from the files as they are by now, and
// lists what holds each link.
func (m *model) verifyLinks() tea.Cmd {
	of, path, parent, look := m.number, m.path, m.parent, m.cfg.Look
	return m.start("verifying the links", nil, func(j *job) tea.Msg {
		again, err := look(j.ctx, path, parent)
		if err != nil {
			return said{err.Error(), true}
		}
		defer again.Close()
		a := linkAnswer(again)
		return shown{of, func() tea.Cmd {
			m.showAnswer(a)
			return nil
		}}
	})
}

// linkAnswer words all links of a chain.
func linkAnswer(top disk.Image) views.Answer {
	a := views.Answer{Title: "Links of " + decode.Printable(filepath.Base(top.Info().Path)) + ", read anew"}
	links, broken := 0, 0
	for i, at := 0, top; at != nil; i, at = i+1, at.Parent() {
		linked, ok := at.(disk.Linked)
		if !ok || linked.Link().Term == "" {
			a.Rows = append(a.Rows, views.AnswerRow{Cells: []string{fmt.Sprint(i), layerName(at), "the base: it has no parent"}})
			continue
		}
		links++
		l := linked.Link()
		row := views.AnswerRow{Cells: []string{fmt.Sprintf("%d -> %d", i, i+1), layerName(at), "holds: " + decode.Printable(l.Term+" "+l.Found+" is the one expected")}}
		if l.Fault != nil {
			broken++
			row.Bad, row.Cells[2] = true, "does not hold: "+decode.Printable(l.Fault.Error())
		}
		a.Rows = append(a.Rows, row)
	}
	if a.Note = fmt.Sprintf("all %d links hold", links); links == 1 {
		a.Note = "the link holds"
	}
	if broken > 0 {
		a.Note = fmt.Sprintf("%d of %d links BROKEN", broken, links)
	}
	return a
}

func layerName(img disk.Image) string {
	return decode.Printable(filepath.Base(strings.ReplaceAll(img.Info().Path, `\`, "/")))
}

// noLook says why files can't be opened beside the image for an action; empty
// if they can, or if the action needs none.
func (m *model) noLook(a keymap.Action) string {
	switch {
	case m.cfg.Look == nil:
		return "this program was built without it"
	case a != keymap.CompareImage && m.replaying():
		return "not in the middle of a replay; A on the log screen shows the image with all of it"
	}
	return ""
}
