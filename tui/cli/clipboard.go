package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/aymanbagabas/go-osc52/v2"
)

// clipboardLimit is the length of the longest text that terminals are trusted
// with, in bytes; what is longer goes to a file.
const clipboardLimit = 64 << 10

// clipboard hands text to the terminal's clipboard, through tmux and screen
// too. What is too long is written to a new file in the working directory; the
// words returned then name it.
func clipboard(terminal io.Writer, getenv func(string) string) func(text string) (words string, err error) {
	return func(text string) (string, error) {
		if len(text) > clipboardLimit {
			return copyFile(text)
		}
		seq := osc52.New(text)
		switch {
		case getenv("TMUX") != "":
			seq = seq.Tmux()
		case getenv("STY") != "":
			seq = seq.Screen()
		}
		// One write, so that no frame comes between.
		_, err := io.WriteString(terminal, seq.String())
		return "", err
	}
}

func copyFile(text string) (string, error) {
	f, err := os.CreateTemp(".", "platter-copy-*.txt")
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(f, text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(f.Name()) // what is left is worth nothing
		return "", err
	}
	return fmt.Sprintf("%d bytes are too many for the clipboard: they are in %s", len(text), f.Name()), nil
}
