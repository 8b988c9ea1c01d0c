package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// replay is the image shown in the middle of the replay of its log.
type replay struct {
	whole disk.Image   // the image that the steps are of; nil: it shows itself
	steps []disk.Image // what was shown of it; commands may still read them
	asked views.Gen
	words string // which step shows
}

// replayed is the image at a step of the replay.
type replayed struct {
	gen   views.Gen
	whole disk.Image
	image disk.Image
	words string
	err   error
}

// replayTo shows the image after so many entries of its log.
func (m *model) replayTo(steps int) tea.Cmd {
	whole := m.image
	if m.replay.whole != nil {
		whole = m.replay.whole
	}
	l, ok := whole.(disk.Logged)
	switch {
	case !ok:
		return nil
	case m.edits.busy:
		m.say("a change is being staged: try again", false)
		return nil
	}
	m.replay.asked = views.NewGen()
	gen, ctx := m.replay.asked, m.ctx
	return func() tea.Msg {
		log, err := l.Log(ctx)
		if err != nil || steps >= log.Steps {
			return replayed{gen: gen, whole: whole, err: err}
		}
		img, err := l.AtStep(ctx, steps)
		return replayed{gen, whole, img, fmt.Sprintf("REPLAY %d/%d", steps, log.Steps), err}
	}
}

// replaying reports whether a step shows.
func (m *model) replaying() bool { return m.replay.whole != nil }

// replayed shows a step to all views; without one the image itself again.
func (m *model) replayed(msg replayed) tea.Cmd {
	switch {
	case msg.gen != m.replay.asked || m.edits.busy:
		if msg.image != nil {
			msg.image.Close()
		}
		return nil
	case msg.err != nil:
		m.say(msg.err.Error(), true)
		return nil
	}
	m.replay.whole, m.replay.words = msg.whole, msg.words
	if msg.image == nil {
		m.replay.whole, msg.image = nil, msg.whole
	} else {
		m.replay.keep(msg.image)
	}
	m.set(msg.image)
	return m.refresh()
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

// endReplay closes all steps, which must not outlive their image.
func (m *model) endReplay() {
	if m.replay.whole != nil {
		m.image = m.replay.whole
	}
	for _, img := range m.replay.steps {
		img.Close()
	}
	m.replay = replay{}
}
