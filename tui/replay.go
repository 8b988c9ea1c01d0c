package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// replay is the image shown otherwise than it is: in the middle of the replay of its log,
// or as another program reads it.
type replay struct {
	feature
	busy  func() bool  // a change is being staged
	whole disk.Image   // the image that the steps are of; nil: it shows itself
	steps []disk.Image // what was shown of it; commands may still read them
	asked views.Gen
	words string // which step shows
	step  int    // its number; -1: none

	program string                // the reader through which it shows; empty: the format
	disky   func(tea.Msg) tea.Cmd // tells the screens that show the disk
}

// replayed is the image at a step of the replay.
type replayed struct {
	gen   views.Gen
	whole disk.Image
	image disk.Image
	words string
	step  int
	err   error

	program string
}

// to shows the image after so many entries of its log.
func (r *replay) to(steps int) tea.Cmd {
	whole := r.current().image
	if r.whole != nil {
		whole = r.whole
	}
	l, ok := whole.(disk.Logged)
	switch {
	case !ok:
		return nil
	case r.busy():
		r.say("a change is being staged: try again", false)
		return nil
	}
	r.asked = views.NewGen()
	gen, ctx := r.asked, r.ctx
	return func() tea.Msg {
		log, err := l.Log(ctx)
		if err != nil || steps >= log.Steps {
			return replayed{gen: gen, whole: whole, err: err}
		}
		img, err := l.AtStep(ctx, steps)
		return replayed{gen: gen, whole: whole, image: img, words: fmt.Sprintf("REPLAY %d/%d", steps, log.Steps), step: steps, err: err}
	}
}

// show shows a step to all views; without one the image itself again.
func (r *replay) show(msg replayed) tea.Cmd {
	switch {
	case msg.gen != r.asked || r.busy():
		if msg.image != nil {
			msg.image.Close()
		}
		return nil
	case msg.err != nil:
		r.say(msg.err.Error(), true)
		return nil
	}
	reading := msg.program != "" || r.program != "" && msg.image == nil
	r.whole, r.words, r.step, r.program = msg.whole, msg.words, msg.step, msg.program
	if msg.image == nil {
		r.whole, msg.image = nil, msg.whole
	} else {
		r.keep(msg.image)
	}
	r.current().set(msg.image)
	if reading {
		return r.disky(views.Changed{Image: msg.image})
	}
	return r.refresh()
}

// keepSteps is how many steps stay open for commands that read them.
const keepSteps = 8

// keep takes a step in.
func (r *replay) keep(img disk.Image) {
	r.steps = append(r.steps, img)
	if len(r.steps) > keepSteps {
		r.steps[0].Close()
		r.steps = r.steps[1:]
	}
}

// end closes all steps, which must not outlive their image.
func (r *replay) end() {
	if r.whole != nil {
		r.current().image = r.whole
	}
	for _, img := range r.steps {
		img.Close()
	}
	*r = replay{feature: r.feature, busy: r.busy, disky: r.disky}
}
