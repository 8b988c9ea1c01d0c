package tui

import (
	"errors"
	"iter"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/compare"
)

// comparison is of what shows with a second one: of the image with another, and
// of a structure with its second copy.
type comparison struct {
	feature
	screens screenHost

	path    string
	other   disk.Image // nil: none
	screen  *compare.View
	run     *tray[compare.Progress] // the last one
	retired []disk.Image            // second images that commands may still be reading
}

// screenHost has the screens of the image.
type screenHost interface {
	// screenOf is the index of the screen that an action goes to; -1 for none.
	screenOf(keymap.Action) int
	goScreen(index int) tea.Cmd
	// present shows a view on the screen of an action, a new one if need be.
	present(keymap.Action, views.View)
}

// comparing is the title of the job.
const comparing = "comparing"

// open asks for the second image, or shows the comparison that there is.
func (c *comparison) open() tea.Cmd {
	c.cover(nil)
	if c.screen != nil && !c.shows() {
		return c.screens.goScreen(c.screens.screenOf(keymap.Screen9))
	}
	return c.askPath("compare", "compare with", func(path string) tea.Cmd {
		of := c.current().number
		return c.later(func() (tea.Msg, error) {
			other, err := c.cfg.Look(c.ctx, path, "")
			return second{of, path, other}, err
		})
	})
}

// second is a second image that was opened.
type second struct {
	of    views.Gen // the first one
	path  string
	other disk.Image
}

// with shows a second image beside the first and begins to compare.
func (c *comparison) with(msg second) tea.Cmd {
	switch info := msg.other.Info(); {
	case msg.of != c.current().number:
		msg.other.Close()
		return nil
	case !info.Readable():
		c.say(decode.Printable(msg.path)+" has no disk that can be read: "+info.Refused.Error(), true)
		msg.other.Close()
		return nil
	}
	if c.other != nil {
		c.retired = append(c.retired, c.other)
	}
	c.path, c.other = msg.path, msg.other
	c.screen = compare.New(views.Env{Image: c.current().image, Theme: c.cfg.Theme}, msg.other)
	c.screens.present(keymap.Screen9, c.screen)
	return tea.Batch(c.screen.Start(), c.again())
}

// shows reports whether the comparison shows.
func (c *comparison) shows() bool { return c.screen != nil && c.view() == views.View(c.screen) }

// incomparable says why the disk can't be compared with another image's.
func (c *comparison) incomparable() string {
	switch {
	case c.cfg.Look == nil:
		return c.lacksLook()
	case !c.current().info.Readable():
		return "the virtual disk can't be read: there is nothing to compare"
	}
	return ""
}

// again compares the disks from the start.
func (c *comparison) again() tea.Cmd {
	c.jobs.stop(comparing)
	run := &tray[compare.Progress]{}
	c.run = run
	c.screen.Begin()
	img, other := c.current().image, c.other
	collect := func() tea.Cmd {
		if p := run.take(); c.run == run {
			return c.screen.Take(p)
		}
		return nil
	}
	return c.jobs.start(comparing, collect, func(j *job) tea.Msg {
		compareDisks(j, run, c.cfg.Finder.Differences(j.ctx, img, other, j.progress))
		return nil
	})
}

// compareDisks goes through what is found to differ, in the background.
func compareDisks(j *job, run *tray[compare.Progress], found iter.Seq2[disk.BlockDiff, error]) {
	var failed error
	for d, err := range found {
		var lost *disk.Error
		switch {
		case errors.As(err, &lost) && lost.Op == "compare":
			run.put(func(p *compare.Progress) { p.Unread += lost.At.Length })
			continue
		case err == nil:
			run.put(func(p *compare.Progress) { p.Blocks = append(p.Blocks, d) })
			continue
		}
		failed = err
		break
	}
	if j.ctx.Err() != nil {
		failed = errStopped
	}
	run.put(func(p *compare.Progress) { p.Over, p.Err = true, failed })
}

// errStopped is why a comparison that the user stopped is not complete.
var errStopped = errors.New("it was stopped; ! compares again")

// forget drops the second image; commands may still be reading it.
func (c *comparison) forget() {
	for _, img := range c.retired {
		img.Close()
	}
	c.retired = nil
	if c.other != nil {
		c.retired = append(c.retired, c.other)
	}
	c.path, c.other, c.screen, c.run = "", nil, nil, nil
}
