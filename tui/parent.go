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

// parents finds and names parents of the image that shows.
type parents struct {
	feature
	adopt func(parent string) tea.Cmd // opens the image again, with that parent
}

// find tries the files of the image's folder as its parent, and lets the user
// choose one, or type another path.
func (p *parents) find() tea.Cmd {
	path := p.current().path
	return p.inJob("looking for parents", func(j *job) (tea.Msg, error) {
		names := neighbours(path)
		var fit, unfit []candidate
		for i, name := range names {
			j.progress(int64(i), int64(len(names)))
			switch c, ok := tryParent(j.ctx, p.cfg.Look, path, name); {
			case j.ctx.Err() != nil:
				return nil, nil
			case ok && c.fits:
				fit = append(fit, c)
			case ok:
				unfit = append(unfit, c)
			}
		}
		return shown{then: func() tea.Cmd { return p.show(fit, unfit, len(names)) }}, nil
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

// show lists the candidates.
func (p *parents) show(fit, unfit []candidate, tried int) tea.Cmd {
	list := append(fit, unfit...)
	r := &results{}
	r.Title = "Parent of " + decode.Printable(filepath.Base(p.current().path))
	for _, c := range list {
		row := listing.Row{Cells: []string{"!", decode.Printable(filepath.Base(c.path)), c.why}, Style: theme.Warn}
		if c.fits {
			row.Cells[0], row.Style = "=", theme.Good
		}
		r.Add(row)
	}
	r.Note = fmt.Sprintf("%d of %d files of the folder fit; enter uses one as parent", len(fit), tried)
	r.Add(listing.Row{Cells: []string{" ", "another file ..", "type its path; it may lie in any folder"}})
	r.open = func(row int) tea.Cmd {
		p.cover(nil)
		if row == len(list) {
			return p.askPath("parent", "parent", p.try)
		}
		return p.choose(list[row])
	}
	p.cover(r)
	return nil
}

// try tries a path that the user typed, and asks before one is used that does
// not fit.
func (p *parents) try(path string) tea.Cmd {
	own := p.current().path
	return p.inJob("opening the parent", func(j *job) (tea.Msg, error) {
		switch info, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			return nil, errors.New(decode.Printable(path) + ": there is no such file")
		case err != nil:
			return nil, err
		case info.IsDir():
			return nil, errors.New(decode.Printable(path) + " is a folder")
		}
		c, ok := tryParent(j.ctx, p.cfg.Look, own, path)
		if !ok {
			return nil, errors.New(decode.Printable(path) + " can't be the parent: it is not an image of the same format")
		}
		return shown{then: func() tea.Cmd { return p.choose(c) }}, nil
	})
}

// choose opens the image again with a parent. Of one that does not fit it names
// the risk; not to take it comes first.
func (p *parents) choose(c candidate) tea.Cmd {
	if c.fits {
		return p.adopt(c.path)
	}
	items := []menu.Item{
		{Name: "leave it", Help: "the image stays as it is"},
		{Name: "open with it", Help: "to inspect the link; what the parent holds still can't be read"},
	}
	return p.offer("! "+decode.Printable(filepath.Base(c.path))+": "+c.why, items, func(i int) tea.Cmd {
		if i == 0 {
			return nil
		}
		return p.adopt(c.path)
	})
}

// adopted says what became of a chosen parent.
func (p *parents) adopted() {
	name := decode.Printable(filepath.Base(p.current().parent))
	if l, ok := p.current().image.(disk.Linked); ok && l.Link().Fault != nil {
		p.say(name+" is not used: "+decode.Printable(l.Link().Fault.Error()), true)
		return
	}
	p.say(name+" is the parent while the image is open; no file is changed", false)
}

// lookFunc is that of [Config.Look].
type lookFunc = func(ctx context.Context, path, parent string) (disk.Image, error)

// verify opens the chain again, from the files as they are by now, and lists what
// holds each link.
func (p *parents) verify() tea.Cmd {
	s := *p.current()
	return p.inJob("verifying the links", func(j *job) (tea.Msg, error) {
		again, err := p.cfg.Look(j.ctx, s.path, s.parent)
		if err != nil {
			return nil, err
		}
		defer again.Close()
		a := linkAnswer(again)
		return shown{then: func() tea.Cmd {
			p.showAnswer(a)
			return nil
		}}, nil
	})
}

// linkAnswer words all links of a chain.
func linkAnswer(top disk.Image) views.Answer {
	a := views.Answer{Title: "Links of " + decode.Printable(filepath.Base(top.Info().Path)) + ", read again"}
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

// lacks says why nothing of this can be done now.
func (p *parents) lacks() string {
	if why := p.otherwise(); p.cfg.Look != nil && why != "" {
		return why
	}
	return p.lacksLook()
}
