package tui

import (
	"context"
	"iter"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// check is the examination of the image that runs in the background.
type check struct {
	image  disk.Image
	ctx    context.Context
	cancel context.CancelFunc
	next   func() (disk.Finding, error, bool)
	stop   func()
	list   []disk.Finding
	seen   map[known]bool
	done   bool
	err    error

	profile string
}

// known tells findings apart.
type known struct{ code, text string }

// checkSlice is how long the check works before it tells what it has found.
const checkSlice = 100 * time.Millisecond

// findingsLimit bounds the findings that are kept.
const findingsLimit = 10000

// checked is what a slice of the check found.
type checked struct {
	of   *check
	list []disk.Finding
	done bool
	err  error
}

func newCheck(ctx context.Context, img disk.Image, profile string) *check {
	c := &check{image: img, seen: map[known]bool{}, profile: profile}
	c.take(checked{list: img.Info().Findings})
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.next, c.stop = iter.Pull2(disk.FullCheck(c.ctx, img, profile))
	return c
}

// slice is a command that goes on with the check for a while.
func (c *check) slice() tea.Cmd {
	return func() tea.Msg {
		msg := checked{of: c}
		for begin := time.Now(); time.Since(begin) < checkSlice; {
			f, err, ok := c.next()
			if c.ctx.Err() != nil || !ok || err != nil {
				c.stop()
				msg.done, msg.err = true, err
				return msg
			}
			msg.list = append(msg.list, f)
		}
		return msg
	}
}

// take takes findings in. What opening had found is found again by the check,
// and listed once.
func (c *check) take(msg checked) {
	for _, f := range msg.list {
		if k := (known{f.Code, f.Text}); !c.seen[k] && len(c.list) < findingsLimit {
			c.seen[k] = true
			c.list = append(c.list, f)
		}
	}
	slices.SortStableFunc(c.list, func(a, b disk.Finding) int { return int(b.Severity) - int(a.Severity) })
	c.done, c.err = msg.done, msg.err
	if len(c.list) == findingsLimit {
		c.cancel()
	}
}

// message is what the views are told.
func (c *check) message() views.Findings {
	return views.Findings{Image: c.image, List: c.list, Complete: c.done && c.err == nil && c.ctx.Err() == nil, Err: c.err, Profile: c.profile}
}

// halt ends the check; it reports whether it was running.
func (c *check) halt() bool {
	if c.done {
		return false
	}
	c.done = true
	c.cancel()
	return true
}
