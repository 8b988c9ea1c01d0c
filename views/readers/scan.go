package readers

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/views"
)

// The bounds of what is kept and of what is told at once.
const (
	rowLimit  = 2000 // ranges that are listed; all are counted
	batchMost = 64
	batchTime = 100 * time.Millisecond
)

// row is a range of the disk in which the readers do not agree.
type row struct {
	start, end int64 // bytes of the disk
	class      []int // by reader, see [eyes.Range]
	groups     []eyes.Group
	causes     []eyes.Cause
}

// reader is what one program makes of the image.
type reader struct {
	policy  eyes.Policy
	size    int64        // bytes
	refused string       // why it does not open the image
	at      decode.Place // of that; may have no file
	unknown string       // why nothing is known
	notes   []eyes.Note
	digest  eyes.Digest
}

func (r reader) opens() bool { return r.refused == "" && r.unknown == "" }

// told is what the comparison has found since it was told last.
type told struct {
	gen    views.Gen
	format string
	who    []reader // nil: as before
	rows   []row
	over   bool
	err    error // why it ended before its end
	next   <-chan told
}

// wait is a command that waits for what is found next.
func (t told) wait() tea.Cmd {
	return func() tea.Msg {
		msg, ok := <-t.next
		if !ok {
			return nil
		}
		return msg
	}
}

// begin forgets what was found and compares the readers in the background.
func (v *View) begin(hashed bool) tea.Cmd {
	v.cancel()
	ctx, cancel := context.WithCancel(context.Background())
	v.gen, v.cancel, v.running, v.hashed = views.NewGen(), cancel, true, hashed
	v.unlike = views.Disagreed{}
	v.rows, v.who, v.count, v.bytes, v.err, v.changed, v.canvas.Dirty = nil, nil, 0, 0, nil, false, true
	v.arrange()
	out := make(chan told)
	c := comparison{look: v.look, hashed: hashed, out: out, msg: told{gen: v.gen, next: out}}
	wait := c.msg.wait()
	return func() tea.Msg {
		go c.run(ctx)
		return wait()
	}
}

// comparison is one run over the readers' disks.
type comparison struct {
	look   Look
	hashed bool
	out    chan<- told
	msg    told // that gathers what was found
	since  time.Time
}

// run opens the image, compares, and closes it.
func (c *comparison) run(ctx context.Context) {
	defer close(c.out)
	e, err := c.look(ctx)
	if err == nil {
		err = c.compare(ctx, e)
		if closing := e.Close(); err == nil {
			err = closing
		}
	}
	c.msg.over, c.msg.err = true, err
	c.tell(ctx)
}

func (c *comparison) compare(ctx context.Context, e *eyes.Eyes) error {
	var d *eyes.Digests
	c.msg.who, c.msg.format = readersOf(e, nil), e.Image.Info().Format
	c.tell(ctx)
	if c.hashed {
		d = eyes.NewDigests(e)
	}
	for r, err := range e.Compare(ctx, d, nil) {
		if err != nil {
			return err
		}
		c.msg.rows = append(c.msg.rows, row{r.Start, r.End, r.Class, e.Groups(r), e.Causes(r)})
		if len(c.msg.rows) >= batchMost || time.Since(c.since) > batchTime {
			c.tell(ctx)
		}
	}
	c.msg.who = readersOf(e, d)
	return nil
}

// tell hands over what was gathered, unless nobody waits for it any more.
func (c *comparison) tell(ctx context.Context) {
	select {
	case c.out <- c.msg:
	case <-ctx.Done():
	}
	c.msg.who, c.msg.rows, c.since = nil, nil, time.Now()
}

func readersOf(e *eyes.Eyes, d *eyes.Digests) []reader {
	var list []reader
	for i, r := range e.Readers {
		one := reader{policy: r.Policy, size: r.Size, unknown: r.Unknown, notes: r.Notes}
		if r.Refused != nil {
			one.refused = r.Refused.Error()
			if at := (*disk.Error)(nil); errors.As(r.Refused, &at) {
				one.at = at.At
			}
		}
		if d != nil {
			one.digest = d.Of(i)
		}
		list = append(list, one)
	}
	return list
}
