package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// host is what the parts of the program need of the whole of it.
type host interface {
	// say shows a sentence in the status line until the next key.
	say(text string, failure bool)
	// tell passes a message on to all views.
	tell(msg tea.Msg) tea.Cmd
	// cover shows something over the screen, question a dialog over that, and
	// openPrompt the line in which something is typed.
	cover(overlay)
	question(*dialog)
	openPrompt(p *prompt, text string) tea.Cmd
	// current is the image that shows, view the screen, and pointed what the user
	// points at there or else on the first screen where one can point.
	current() *subject
	view() views.View
	pointed() (views.Pointed, bool)
	// visit goes to a spot; remember has the way back lead here.
	visit(to views.Spot, remember bool) tea.Cmd
	// otherwise says why nothing can be changed because the image shows otherwise than
	// it is; empty if it does not.
	otherwise() string
	// refresh has all views read the image again, and checks it again. showMarks
	// tells them of hits and notes.
	refresh() tea.Cmd
	showMarks() tea.Cmd
}

// subject is the image that shows.
type subject struct {
	image  disk.Image // nil: the start screen
	info   disk.Info  // of image
	number views.Gen  // of image; edits and replays keep it
	path   string     // of image, as it was asked for
	parent string     // of image, where the user has named it
}

func (s *subject) current() *subject { return s }

// set has the image be another one: itself after a change, or at a step of its
// replay.
func (s *subject) set(img disk.Image) { s.image, s.info = img, img.Info() }

// feature is what each part of the program has: the rest of it, and what lies
// outside of it.
type feature struct {
	host
	ctx  context.Context
	cfg  *Config
	jobs *jobs
}

// lacksFinder says why nothing can be found; empty if it can.
func (f *feature) lacksFinder() string {
	switch {
	case f.current().image == nil:
		return "open an image first"
	case f.cfg.Finder == nil:
		return "this program was built without search"
	}
	return ""
}

// lacksLook says why files can't be opened beside the image; empty if they can.
func (f *feature) lacksLook() string {
	if f.cfg.Look == nil {
		return "this program was built without it"
	}
	return ""
}

// said is a sentence for the status line.
type said struct {
	text    string
	failure bool
}

// shown is an answer that goes on in the program: it is dropped if the image
// is another one by then.
type shown struct {
	of   views.Gen
	then func() tea.Cmd
}

// later does work in the background. Its answer, where that is [shown], is of the
// image that shows now.
func (f *feature) later(work func() (tea.Msg, error)) tea.Cmd {
	of := f.current().number
	return func() tea.Msg { return answer(of)(work()) }
}

// inJob is later for work that one can watch and stop. Once it is stopped nobody
// asks for its answer.
func (f *feature) inJob(title string, work func(*job) (tea.Msg, error)) tea.Cmd {
	of := f.current().number
	return f.jobs.start(title, nil, func(j *job) tea.Msg {
		msg, err := work(j)
		if j.ctx.Err() != nil {
			return nil
		}
		return answer(of)(msg, err)
	})
}

// answer is the message that ends some work: what it returned, or why it failed.
func answer(of views.Gen) func(tea.Msg, error) tea.Msg {
	return func(msg tea.Msg, err error) tea.Msg {
		if err != nil {
			return said{err.Error(), true}
		}
		if s, ok := msg.(shown); ok {
			s.of = of
			return s
		}
		return msg
	}
}

// fetch reads the bytes of a place and continues with them.
func (f *feature) fetch(p decode.Place, then func([]byte) tea.Cmd) tea.Cmd {
	img := f.current().image
	return f.later(func() (tea.Msg, error) {
		var data []byte
		err := f.cfg.Finder.Stream(f.ctx, img, p, func(b []byte) error {
			data = append(data, b...)
			return nil
		})
		return shown{then: func() tea.Cmd {
			if err != nil {
				f.say(err.Error(), true)
				return nil
			}
			return then(data)
		}}, nil
	})
}

// offer lets the user choose; what is chosen is done.
func (f *feature) offer(title string, items []menu.Item, choose func(item int) tea.Cmd) tea.Cmd {
	f.cover(&choice{Menu: menu.New(title, items), choose: choose})
	return nil
}
