// Package tui is the program on the screen: the one bubbletea model. It draws
// the frame around the views (title, tabs, status, hints), turns keys into
// actions, routes messages, keeps the jump history, and shows help and
// prompts. What the screens show is the views' own business.
package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/tui/lessons"
	"platter/tui/wire"
	"platter/views/start"
	"platter/views/theme"
)

// Config is what the program needs from outside.
type Config struct {
	// Open opens an image, with a parent that the user names instead of the one
	// that the image gives, or with none. It is called in the background. The
	// program closes what it opened.
	Open func(ctx context.Context, path, parent string) (disk.Image, Editing, error)

	// Look opens one to look at beside that: read-only, without an editor. What
	// needs it can't be done where it is nil.
	Look func(ctx context.Context, path, parent string) (disk.Image, error)

	// Eyes opens one as all programs see it that there is a policy for, read-only; nil: there
	// is no screen for that.
	Eyes func(ctx context.Context, path, parent string) (*eyes.Eyes, error)

	// Path is the image to show first; empty for the start screen. Image is
	// that image where it is open already, with how it can be changed, and
	// Parent its parent where the user has named it.
	Path    string
	Image   disk.Image
	Editing Editing
	Parent  string

	// Samples and Recent are offered by the start screen; their paths go to
	// Open. Folder is where its file picker starts; empty for the working
	// directory.
	Samples []start.Sample
	Recent  []string
	Folder  string

	// Opened is told each path that was opened, to remember it; may be nil.
	Opened func(path string)

	// CheckAfter is how long nothing must have changed before the image is checked again.
	CheckAfter time.Duration
	// KeepAfter is how long what is staged waits to be kept by [Editing.Keep], in case the
	// program dies; 0: until it ends.
	KeepAfter time.Duration

	// Explorer relates the addresses of a byte and finds partitions; nil:
	// what needs it does not show.
	Explorer disk.Explorer

	// Finder searches, reads addresses and fetches bytes; nil: what needs it
	// answers that it can't.
	Finder disk.Finder

	// Creator makes new images; nil: none are made. PlanAfter is how long typing rests before
	// the form for one plans again.
	Creator   disk.Creator
	PlanAfter time.Duration

	// Check finds all that is wrong with an image; nil: [disk.FullCheck].
	Check Checker

	// Repairs lists the repairs of findings; nil: none are offered.
	Repairs disk.Repairer

	// Copy brings text to the clipboard; the words that it returns say what
	// became of the text if that is no copy. May be nil.
	Copy func(text string) (words string, err error)

	// Notes keeps the user's bookmarks and notes; nil: they last as long as
	// the program runs.
	Notes Keeper

	// Lesson is a lesson about the image to show first; nil: none is open. Studies keeps
	// how far the user has come in lessons; nil: that is forgotten.
	Lesson  *lessons.Lesson
	Studies Studies

	// Notice is shown first, until a key is pressed.
	Notice string

	Theme *theme.Theme
	Mouse bool
}

// Run shows the program on the terminal until the user leaves it. The context
// ends it too. Everything that Run opened is closed when it returns.
func Run(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(ctx, cfg)
	defer m.close()
	opts := []tea.ProgramOption{tea.WithAltScreen(), tea.WithOutput(wire.New(os.Stdout)), tea.WithContext(ctx), tea.WithFilter(filter)}
	if cfg.Mouse {
		opts = append(opts, tea.WithMouseCellMotion())
	}
	_, err := tea.NewProgram(newThrottle(m), opts...).Run()
	if keepErr := m.edits.keepRest(); keepErr != nil {
		return fmt.Errorf("the staged changes are lost: %w", keepErr)
	}
	switch {
	case errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("terminal: %s", decode.Printable(err.Error()))
	}
	return nil
}

// filter drops what no one listens to before it costs a frame: the mouse
// moving, unless it drags.
func filter(_ tea.Model, msg tea.Msg) tea.Msg {
	m, ok := msg.(tea.MouseMsg)
	if ok && (m.Action == tea.MouseActionRelease || m.Action == tea.MouseActionMotion && m.Button != tea.MouseButtonLeft) {
		return nil
	}
	return msg
}
