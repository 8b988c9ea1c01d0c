package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
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
	// current is the image that shows, pointed what the user points at in it.
	current() *subject
	pointed() (views.Pointed, bool)
	// visit goes to a spot; remember has the way back lead here.
	visit(to views.Spot, remember bool) tea.Cmd
	// start begins a job.
	start(title string, collect func() tea.Cmd, work func(*job) tea.Msg) tea.Cmd
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
	ctx context.Context
	cfg *Config
}
