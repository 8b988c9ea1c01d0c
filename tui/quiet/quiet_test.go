package quiet_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/tui/quiet"
)

// TestComesBeforeBubbletea runs this test program again with the runtime's
// trace of initialisation, and compares the places of the two packages in it.
func TestComesBeforeBubbletea(t *testing.T) {
	if os.Getenv("QUIET_CHILD") != "" {
		_ = tea.Quit // keeps bubbletea in the program
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestComesBeforeBubbletea")
	cmd.Env = append(os.Environ(), "QUIET_CHILD=1", "GODEBUG=inittrace=1", "TERM=xterm")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trace := string(out)
	own, other := strings.Index(trace, "init platter/tui/quiet "), strings.Index(trace, "init github.com/charmbracelet/bubbletea ")
	if own < 0 || other < 0 || own > other {
		t.Errorf("quiet is at %d, bubbletea at %d of\n%s", own, other, trace)
	}
}

func TestRestore(t *testing.T) {
	if os.Getenv("QUIET_RESTORE") != "" {
		before := os.Getenv("TERM")
		quiet.Restore()
		os.Stdout.WriteString(before + " then " + os.Getenv("TERM"))
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestRestore")
	cmd.Env = append(os.Environ(), "QUIET_RESTORE=1", "TERM=xterm-256color")
	out, err := cmd.Output()
	if err != nil || string(out) != "dumb then xterm-256color" {
		t.Errorf("%q, %v", out, err)
	}
}
