package views

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
)

// Ask asks the program to ask the user. The first choice is the safe one.
// Text may hold what comes from an image: the frame escapes it.
type Ask struct {
	Title   string
	Text    string
	Choices []Choice
}

// Choice is an answer and what it does; Do is nil for nothing. The first
// letters of the labels of a question differ.
type Choice struct {
	Label string
	Do    func() tea.Cmd
}

// PastSelection asks how many of n pasted bytes are put where fewer are
// selected.
func PastSelection(n, selected int64, put func(n int64) tea.Cmd) Ask {
	return Ask{
		Title: "Paste past the selection",
		Text:  fmt.Sprintf("%d bytes were pasted, %d are selected. The bytes after the selection would be overwritten too.", n, selected),
		Choices: []Choice{
			{Label: "Cancel"},
			{Label: "Selection only", Do: func() tea.Cmd { return put(selected) }},
			{Label: fmt.Sprintf("All %d bytes", n), Do: func() tea.Cmd { return put(n) }},
		},
	}
}
