package cli_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// screens is the program on a terminal.
type screens struct {
	t    *testing.T
	near *os.File
	seen strings.Builder
	stop context.Context
	cmd  *exec.Cmd
}

// onTerminal starts the program on a terminal of its own.
func onTerminal(t *testing.T, state string, args ...string) *screens {
	t.Helper()
	near, far := terminalPair(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s := &screens{t: t, near: near, stop: ctx, cmd: exec.CommandContext(ctx, built, args...)}
	s.cmd.Env = append(os.Environ(), "TERM=xterm", "LC_ALL=C", "NO_COLOR=1", "XDG_STATE_HOME="+state)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = far, far, far
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	far.Close()
	return s
}

// expect waits until the program has said something since the last keys.
func (s *screens) expect(text string) *screens {
	s.t.Helper()
	b := make([]byte, 4096)
	for !strings.Contains(ansi.Strip(s.seen.String()), text) {
		n, err := s.near.Read(b)
		s.seen.Write(b[:n])
		if err != nil || s.stop.Err() != nil {
			s.t.Fatalf("%q is never said (%v): %s", text, err, ansi.Strip(s.seen.String()))
		}
	}
	return s
}

func (s *screens) keys(text string) *screens {
	s.t.Helper()
	s.seen.Reset()
	if _, err := s.near.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// ended waits for the program's end.
func (s *screens) ended() {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	b := make([]byte, 4096)
	for {
		if _, err := s.near.Read(b); err != nil {
			break
		}
	}
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
}

// TestStagedChangesLastUntilTheNextRun stages a byte, quits and keeps, finds
// it staged in the next run, and writes it there. A run that leaves no trace
// finds nothing.
func TestStagedChangesLastUntilTheNextRun(t *testing.T) {
	dir := t.TempDir()
	state, image := filepath.Join(dir, "state"), filepath.Join(dir, "disk.img")
	content := bytes.Repeat([]byte("platter "), 1024)
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, state, image).expect("disk.img")
	s.keys("2").expect("Structure").keys("\te").expect("EDIT overwrite").keys("51").expect("* 1 staged").keys("\x1b").expect("w/b")
	s.keys("q").expect("Keep for next time").keys("\r").ended()
	if got, err := os.ReadFile(image); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("the file changed before it was written: %v", err)
	}
	onTerminal(t, state, image, "--no-state").expect("disk.img").keys("q").ended()
	s = onTerminal(t, state, image).expect("staged again")
	s.keys("W").expect("Turn on").keys("t").expect("RW").keys("s").expect("Staged changes").expect("1: 1 byte in 1 place").keys("w").expect("Type the file's name")
	s.keys("disk.img\r").expect("written and read back").keys("q").keys("q").ended()
	content[0] = 0x51
	if got, err := os.ReadFile(image); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file is not what was staged: %v", err)
	}
	if kept, err := os.ReadDir(filepath.Join(state, "platter", "staged")); err != nil || len(kept) > 0 {
		t.Errorf("%d files are kept of changes that are written: %v", len(kept), err)
	}
}

// TestKeptChangesThatAreUndoneStayAway undoes what was kept, and reads the image
// again.
func TestKeptChangesThatAreUndoneStayAway(t *testing.T) {
	dir := t.TempDir()
	state, image := filepath.Join(dir, "state"), filepath.Join(dir, "disk.img")
	if err := os.WriteFile(image, bytes.Repeat([]byte("platter "), 1024), 0o600); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, state, image).expect("disk.img").keys("2").expect("Structure").keys("\te51").expect("* 1 staged").keys("\x1b").expect("w/b")
	s.keys("q").expect("Keep for next time").keys("\r").ended()
	s = onTerminal(t, state, image).expect("staged again").keys("u").expect("undone").keys("R").expect("read again")
	s.keys("q").ended()
}

// TestKeptChangesThatDoNotFitAreNotLost keeps a change, has another program write
// there, and keeps another one.
func TestKeptChangesThatDoNotFitAreNotLost(t *testing.T) {
	dir := t.TempDir()
	state, image := filepath.Join(dir, "state"), filepath.Join(dir, "disk.img")
	content := bytes.Repeat([]byte("platter "), 1024)
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, state, image).expect("disk.img").keys("2").expect("Structure").keys("\te51").expect("* 1 staged").keys("\x1b").expect("w/b")
	s.keys("q").expect("Keep for next time").keys("\r").ended()
	content[0] = 'P'
	f, err := os.OpenFile(image, os.O_WRONLY, 0) // the same file
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(content[:1], 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s = onTerminal(t, state, image).expect("no longer fit").expect("Not now").keys("n").keys("2").expect("Structure").keys("\tle52").expect("* 1 staged").keys("\x1b").expect("w/b")
	s.keys("q").expect("Keep for next time").keys("\r").ended()
	onTerminal(t, state, image).expect("no longer fit").expect("Not now").expect("1 kept change is staged again: s reviews them; 1 kept change no longer fits").keys("n").keys("q").expect("Keep for next time").keys("\r").ended()
}

// TestKeptChangesThatWereWritten has a run stopped just past its commit, so that what it
// kept is still there: the next one knows that the bytes are its own.
func TestKeptChangesThatWereWritten(t *testing.T) {
	dir := t.TempDir()
	state, image := filepath.Join(dir, "state"), filepath.Join(dir, "disk.img")
	content := bytes.Repeat([]byte("platter "), 1024)
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, state, image).expect("disk.img").keys("2").expect("Structure").keys("\te51").expect("* 1 staged").keys("\x1b").expect("w/b")
	s.keys("q").expect("Keep for next time").keys("\r").ended()
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0x51}, 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	onTerminal(t, state, image).expect("in the file already").keys("q").ended()
	if kept, err := os.ReadDir(filepath.Join(state, "platter", "staged")); err != nil || len(kept) > 0 {
		t.Errorf("%d files are kept of changes that are written: %v", len(kept), err)
	}
}

// TestSamplesAreEditedInMemory changes a sample, saves a copy, and goes on there.
func TestSamplesAreEditedInMemory(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "copy")
	s := onTerminal(t, t.TempDir(), "sample:vhd").expect("sample:vhd").keys("2").expect("Structure").keys("\tle52").expect("* 1 staged")
	s.keys("\x1b").expect("w/b").keys("u").expect("undone").keys("\x12").expect("* 1 staged")
	s.keys("s").expect("Staged changes").keys("w").expect("Save a copy").keys("s").expect("in folder")
	s.keys("\x15" + folder + "\r").expect("The copy is saved").keys("o").expect("RO")
	if b, err := os.ReadFile(filepath.Join(folder, "sample.vhd")); err != nil || !strings.HasPrefix(string(b), "cR") {
		t.Errorf("the copy starts with %.8q, %v", b, err)
	}
	s.keys("q").ended()
}
