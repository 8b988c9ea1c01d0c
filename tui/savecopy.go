package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// offerCopy says why a built-in sample is not written, and what can be done instead.
func (e *edits) offerCopy() tea.Cmd {
	e.question(&dialog{
		title:   "A built-in sample",
		lines:   []string{"This sample is made in memory each time it is opened: changes can be staged, reviewed and undone, but not written. Save a copy with the staged changes in it, and open that to write."},
		buttons: []button{{"Cancel", nil}, {"Save a copy", e.askCopy}},
	})
	return nil
}

// askCopy asks for the folder of the copy.
func (e *edits) askCopy() tea.Cmd {
	_, name, _ := strings.Cut(e.current().path, ":")
	return e.openPrompt(&prompt{
		kind: "save", name: "save the sample in folder", hint: "the folder is made if it is not there",
		accept: func(text string) tea.Cmd { return e.copyTo(strings.TrimSpace(text)) },
	}, "platter-"+name)
}

// copyTo writes the copy, after what views have asked for.
func (e *edits) copyTo(folder string) tea.Cmd {
	drained := e.drain()
	if e.busy {
		e.say("a change is being staged: try again", false)
		return drained
	}
	save := e.SaveCopy
	return tea.Batch(drained, e.inJob("saving a copy", func(j *job) (tea.Msg, error) {
		path, err := save(j.ctx, folder)
		if err != nil {
			return nil, err
		}
		return shown{then: func() tea.Cmd { return e.offerToOpen(path) }}, nil
	}))
}

// offerToOpen lets the user go on in the copy. What is staged of the sample is in it.
func (e *edits) offerToOpen(path string) tea.Cmd {
	open := func() tea.Cmd {
		e.staged = 0
		return views.Send(views.OpenPath{Path: path})
	}
	e.question(&dialog{
		title: "The copy is saved", lines: []string{"It is " + decode.Printable(path) + ", with all staged changes in it."},
		buttons: []button{{"Stay here", nil}, {"Open the copy", open}},
	})
	return nil
}
