package tui

import (
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"

	"platter/views"
)

// guard turns a panic in a command into a message: the program stays on its
// feet, and the user reads what happened. Commands that come of a command are
// guarded too.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		msg, err := safely(cmd)
		if err != nil {
			return views.Failed{Err: err}
		}
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i, c := range batch {
				batch[i] = guard(c)
			}
		}
		return msg
	}
}

func safely(cmd tea.Cmd) (msg tea.Msg, err error) {
	defer caught(&err)
	return cmd(), nil
}

// caught, deferred, turns a panic into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = &crash{r, debug.Stack()}
	}
}

// crash is a panic that was caught.
type crash struct {
	cause any
	stack []byte
}

// Error says that the fault is the program's, not the image's.
func (c *crash) Error() string { return fmt.Sprintf("internal error: %v", c.cause) }
