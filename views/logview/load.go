package logview

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// The bounds of what is read of one entry: descriptors, fields, and of each
// target the bytes that can be looked at.
const (
	descriptorLimit = 512
	fieldLimit      = 4096
	pageBytes       = 4096
)

// loaded is the log of the image.
type loaded struct {
	gen views.Gen
	log disk.Log
	err error
}

// load reads the log.
func (v *View) load() tea.Cmd {
	img, gen := v.image, v.gen
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	return func() tea.Msg {
		l, ok := img.(disk.Logged)
		if !ok {
			return loaded{gen: gen}
		}
		log, err := l.Log(ctx)
		return loaded{gen, log, err}
	}
}

// effect is what an entry changes.
type effect struct {
	known bool
	list  []change
	more  bool // there are more than are listed
	err   error
}

// change is what a descriptor changes.
type change struct {
	disk.LogDescriptor
	disk.Effects
}

// effected is the answer to [View.selected].
type effected struct {
	gen views.Gen
	effect
}

// selected reads what the entry under the cursor changes.
func (v *View) selected() tea.Cmd {
	v.ask, v.effect, v.rows, v.canvas.Dirty = views.NewGen(), effect{}, nil, true
	v.changes.Fit(0, v.changes.Rows)
	e, ok := v.entry()
	if !ok || !v.loaded { // the log that is being read comes with its entry
		return nil
	}
	v.cancel()
	img, gen := v.image, v.ask
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	return func() tea.Msg { return effected{gen, effectOf(ctx, img, e)} }
}

// effectOf compares what an entry writes with what was there before: for an
// entry of the replay the state that the ones before it leave, for any other
// the image as it shows.
func effectOf(ctx context.Context, img disk.Image, e disk.LogEntry) (out effect) {
	out.known = true
	if out.err = ctx.Err(); out.err != nil {
		return out
	}
	base := img
	if l, ok := img.(disk.Logged); ok && e.Active() {
		if base, out.err = l.AtStep(ctx, e.Step-1); out.err != nil {
			return out
		}
		defer base.Close()
	}
	fields, finder := 0, disk.NewEffectFinder(base)
	for d, err := range e.Descriptors {
		if out.err = err; err == nil {
			out.err = ctx.Err()
		}
		if out.err != nil {
			return out
		}
		if len(out.list) >= descriptorLimit || fields >= fieldLimit {
			out.more = true
			return out
		}
		c := change{LogDescriptor: d}
		if c.Effects, out.err = finder.Find(d); out.err != nil {
			return out
		}
		c.Old, c.New = head(c.Old), head(c.New)
		fields += len(c.List)
		out.list = append(out.list, c)
	}
	return out
}

// head is a copy of the start of a range, so that the rest can go.
func head(b []byte) []byte { return slices.Clone(b[:min(len(b), pageBytes)]) }
