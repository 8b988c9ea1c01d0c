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
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = views.Failed{Err: &crash{r, debug.Stack()}}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i, c := range batch {
				batch[i] = guard(c)
			}
		}
		return msg
	}
}

// crash is a panic that was caught.
type crash struct {
	cause any
	stack []byte
}

// Error says that the fault is the program's, not the image's.
func (c *crash) Error() string { return fmt.Sprintf("a fault in the program: %v", c.cause) }
