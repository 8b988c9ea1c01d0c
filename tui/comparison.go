package tui

import (
	"errors"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/compare"
)

// comparison is the second image and what the comparison with it found.
type comparison struct {
	path   string
	other  disk.Image
	screen *compare.View
	run    *compareRun // the last one
}

// compareRun is one run through both disks.
type compareRun struct {
	mu    sync.Mutex
	fresh compare.Progress // since it was asked last
}

// comparing is the title of the job.
const comparing = "comparing"

// openComparison asks for the second image, or shows the comparison that
// there is.
func (m *model) openComparison() tea.Cmd {
	if i := m.comparisonScreen(); i >= 0 && i != m.active {
		m.over = nil
		return m.goScreen(i)
	}
	return m.askComparison()
}

func (m *model) askComparison() tea.Cmd {
	m.over = nil
	return m.askPath("compare", "compare with", func(path string) tea.Cmd {
		of, ctx, look := m.number, m.ctx, m.cfg.Look
		return func() tea.Msg {
			other, err := look(ctx, path, "")
			if err != nil {
				return said{err.Error(), true}
			}
			return second{of, path, other}
		}
	})
}

// second is a second image that was opened.
type second struct {
	of    views.Gen // the first one
	path  string
	other disk.Image
}

// compareWith shows a second image beside the first and begins to compare.
func (m *model) compareWith(msg second) tea.Cmd {
	switch info := msg.other.Info(); {
	case msg.of != m.number:
		msg.other.Close()
		return nil
	case !info.Readable():
		m.say(decode.Printable(msg.path)+" has no disk that can be read: "+info.Refused.Error(), true)
		msg.other.Close()
		return nil
	}
	m.stopComparing()
	if m.comparison != nil {
		m.retired = append(m.retired, m.comparison.other)
	}
	c := &comparison{path: msg.path, other: msg.other}
	c.screen = compare.New(views.Env{Image: m.image, Theme: m.cfg.Theme}, msg.other)
	m.comparison = c
	i := m.comparisonScreen()
	if i < 0 {
		i = len(m.views)
		m.screens, m.views = append(m.screens, screen{action: keymap.Screen9}), append(m.views, nil)
	}
	m.views[i] = c.screen
	m.resize()
	m.history.jump(m.here())
	m.active = i
	return tea.Batch(c.screen.Start(), m.compareAgain())
}

// comparing reports whether the comparison shows.
func (m *model) comparing() bool {
	i := m.comparisonScreen()
	return i >= 0 && i == m.active
}

// incomparable says why the disk can't be compared with another image's.
func (m *model) incomparable() string {
	switch {
	case m.cfg.Look == nil:
		return m.noLook(keymap.CompareImage)
	case !m.info.Readable():
		return "the virtual disk can't be read: there is nothing to compare"
	}
	return ""
}

// comparisonScreen is the index of the screen; -1 if there is none.
func (m *model) comparisonScreen() int {
	for i, s := range m.screens {
		if s.action == keymap.Screen9 {
			return i
		}
	}
	return -1
}

// compareAgain compares the disks from the start.
func (m *model) compareAgain() tea.Cmd {
	m.stopComparing()
	c, r := m.comparison, &compareRun{}
	c.run = r
	c.screen.Begin()
	img, finder := m.image, m.cfg.Finder
	collect := func() tea.Cmd {
		if p := r.take(); m.comparison == c && c.run == r {
			return c.screen.Take(p)
		}
		return nil
	}
	return m.start(comparing, collect, func(j *job) tea.Msg {
		r.compare(j, finder, img, c.other)
		return nil
	})
}

// compare goes through both disks, in the background.
func (r *compareRun) compare(j *job, finder disk.Finder, a, b disk.Image) {
	end := compare.Progress{Over: true}
	for d, err := range finder.Differences(j.ctx, a, b, j.progress) {
		var lost *disk.Error
		switch {
		case errors.As(err, &lost) && lost.Op == "compare":
			r.put(compare.Progress{Unread: lost.At.Length})
			continue
		case err == nil:
			r.put(compare.Progress{Blocks: []disk.BlockDiff{d}})
			continue
		}
		end.Err = err
		break
	}
	if j.ctx.Err() != nil {
		end.Err = errStopped
	}
	r.put(end)
}

// errStopped is why a comparison that the user stopped is not complete.
var errStopped = errors.New("it was stopped; ! compares again")

func (m *model) stopComparing() {
	for _, j := range m.jobs {
		if j.title == comparing {
			j.cancel()
		}
	}
}

// put hands over what was found.
func (r *compareRun) put(p compare.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &r.fresh
	f.Blocks, f.Unread = append(f.Blocks, p.Blocks...), f.Unread+p.Unread
	f.Over = f.Over || p.Over
	if p.Err != nil {
		f.Err = p.Err
	}
}

func (r *compareRun) take() compare.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.fresh
	r.fresh = compare.Progress{}
	return p
}

// forgetComparison drops the second image; commands may still be reading it.
func (m *model) forgetComparison() {
	for _, img := range m.retired {
		img.Close()
	}
	m.retired = nil
	if m.comparison != nil {
		m.retired = append(m.retired, m.comparison.other)
		m.comparison = nil
	}
}
