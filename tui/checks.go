package tui

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/theme"
)

// Checker finds all that is wrong with an image, as [disk.FullCheck] does.
type Checker func(ctx context.Context, img disk.Image, profile string) iter.Seq2[disk.Finding, error]

// check is the examination of the image that runs in the background.
type check struct {
	image  disk.Image
	ctx    context.Context
	cancel context.CancelFunc
	next   func() (disk.Finding, error, bool)
	stop   func()
	list   []disk.Finding
	rows   []disk.Finding // as they are told
	seen   map[known]int
	done   bool
	err    error
	wait   time.Duration // before it begins

	profile string
}

// known tells findings apart: the same may be found at several places.
type known struct {
	code, text string
	first      decode.Place
}

func knownAs(f disk.Finding) known {
	k := known{code: f.Code, text: f.Text}
	if len(f.Where) > 0 {
		k.first = f.Where[0]
	}
	return k
}

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

// checks are those of the image that shows.
type checks struct {
	feature
	profile string
	full    Checker
	last    *check // nil: none
}

// start checks the image from the start.
func (c *checks) start() tea.Cmd {
	img := c.current().image
	if img == nil {
		return nil
	}
	c.last = newCheck(c.ctx, img, c.profile, c.full)
	return tea.Batch(c.tell(c.last.message()), c.last.slice())
}

// again checks the image from the start once nothing has changed for a while: whoever types
// has no use for a check of each byte, and it takes the time of the frames.
func (c *checks) again() tea.Cmd {
	c.halt()
	cmd := c.start()
	if cmd != nil {
		c.last.wait = c.cfg.CheckAfter
	}
	return cmd
}

// with checks again as another program would.
func (c *checks) with(profile string) tea.Cmd {
	c.halt()
	c.profile = profile
	return c.start()
}

// halt ends the check; it reports whether it was running.
func (c *checks) halt() bool { return c.last != nil && c.last.halt() }

func (c *checks) running() bool { return c.last != nil && !c.last.done }

// found is the findings so far, the worst first.
func (c *checks) found() []disk.Finding {
	if c.last == nil {
		return nil
	}
	return c.last.list
}

// take takes in what a slice of the check found, and goes on.
func (c *checks) take(msg checked) tea.Cmd {
	l := c.last
	if msg.of != l {
		return func() tea.Msg {
			msg.of.stop() // another one took its place between two slices
			return nil
		}
	}
	l.take(msg)
	cmds := []tea.Cmd{c.tell(l.message())}
	if !l.done {
		cmds = append(cmds, l.slice())
	} else if l.err != nil && l.ctx.Err() == nil {
		c.say("the check is not complete: "+decode.Printable(l.err.Error()), true)
	}
	return tea.Batch(cmds...)
}

// badge words how the image fares, for the title.
func (c *checks) badge() (string, theme.Style) {
	if c.last == nil {
		return "", theme.Status
	}
	n, worst := 0, disk.SeverityInfo
	for _, f := range c.last.rows {
		n++
		worst = max(worst, f.Severity)
	}
	more := ""
	if !c.last.message().Complete {
		more = " ..."
	}
	mark, style := "i", theme.Note
	switch {
	case n == 0 && !c.current().info.Readable():
		return "! not readable", theme.Warn
	case n == 0 && more == "":
		return "ok  no findings", theme.Good
	case worst == disk.SeverityError:
		mark, style = "!!", theme.Error
	case worst == disk.SeverityWarning:
		mark, style = "!", theme.Warn
	}
	word := "findings"
	if n == 1 {
		word = "finding"
	}
	return fmt.Sprintf("%s %d %s%s", mark, n, word, more), style
}

// result is what the check has found by now; that it goes on, or was
// stopped, ends it with an error, so that nobody takes the report for whole.
func (c *checks) result() iter.Seq2[disk.Finding, error] {
	msg := views.Findings{}
	if c.last != nil {
		msg = c.last.message()
	}
	list := slices.Clone(msg.List)
	return func(yield func(disk.Finding, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
		if !msg.Complete {
			yield(disk.Finding{}, errors.Join(errUnchecked, msg.Err))
		}
	}
}

func newCheck(ctx context.Context, img disk.Image, profile string, full Checker) *check {
	c := &check{image: img, seen: map[known]int{}, profile: profile}
	c.take(checked{list: img.Info().Findings})
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.next, c.stop = iter.Pull2(full(c.ctx, img, profile))
	return c
}

// slice is a command that continues with the check for a while.
func (c *check) slice() tea.Cmd {
	return func() tea.Msg {
		msg := checked{of: c}
		if !c.rested() {
			c.stop()
			msg.done = true
			return msg
		}
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

// rested waits until the check may begin; it reports false if it was stopped by then.
func (c *check) rested() bool {
	if c.wait <= 0 {
		return true
	}
	rest := time.NewTimer(c.wait)
	defer rest.Stop()
	c.wait = 0
	select {
	case <-rest.C:
	case <-c.ctx.Done():
	}
	return c.ctx.Err() == nil
}

// take takes findings in. What opening had found is found again by the check,
// and listed once.
func (c *check) take(msg checked) {
	for _, f := range msg.list {
		k := knownAs(f)
		switch {
		case msg.of != nil && c.seen[k] > 0:
			c.seen[k]--
			continue
		case msg.of == nil:
			c.seen[k]++
		}
		if len(c.list) < findingsLimit {
			c.list = append(c.list, f)
		}
	}
	slices.SortStableFunc(c.list, func(a, b disk.Finding) int { return int(b.Severity) - int(a.Severity) })
	c.rows, c.done, c.err = disk.Merge(c.list), msg.done, msg.err
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
