package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"platter/keymap"
)

// built is the program, and scratch the folder in which it is.
var built, scratch string

// TestMain builds the program before a test sets another home: with that a
// build has an empty cache, and fetches all modules.
func TestMain(m *testing.M) {
	if os.Getenv(measureEnv) != "" {
		os.Exit(m.Run())
	}
	code := 1
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(scratch)
	os.Exit(code)
}

// measureEnv makes a run of this test program the measuring one of TestGiant.
const measureEnv = "PLATTER_TEST_MEASURE"

func build() (err error) {
	if scratch, err = os.MkdirTemp("", "platter-test-"); err != nil {
		return err
	}
	built = filepath.Join(scratch, "platter")
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", built, "platter").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// TestProgram runs the program as a script would.
func TestProgram(t *testing.T) {
	out, err := exec.Command(built, "info", "sample:vhd").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("VHD, dynamic")) {
		t.Errorf("platter info sample:vhd: %v\n%s", err, out)
	}
	out, err = exec.Command(built, "frobnicate", "it").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !bytes.HasPrefix(out, []byte("platter: ")) {
		t.Errorf("platter frobnicate it: %v\n%s", err, out)
	}
}

// readme is the product's face.
const readme = "../../README.md"

// The README's key table stands between these lines.
const (
	keysBegin = "<!-- keys: made by PLATTER_UPDATE=1 go test ./tui/cli -->\n"
	keysEnd   = "<!-- end of keys -->"
)

// TestReadmeKeys holds that the README's key table is the program's.
func TestReadmeKeys(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	before, rest, ok := strings.Cut(text, keysBegin)
	_, after, ok2 := strings.Cut(rest, keysEnd)
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the lines %q and %q", keysBegin, keysEnd)
	}
	want := before + keysBegin + "\n" + keymap.Markdown() + "\n" + keysEnd + after
	if text == want {
		return
	}
	if os.Getenv("PLATTER_UPDATE") != "1" {
		t.Fatal("the README's key table is not what keymap says; PLATTER_UPDATE=1 go test ./tui/cli writes it")
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeCommands holds that every verb is in the README, and that its two
// commands are there.
func TestReadmeCommands(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.Command(built, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, verbs, _ := strings.Cut(string(help), "Verbs that read:\n")
	verbs, _, _ = strings.Cut(verbs, "\nFlags:")
	count := 0
	for line := range strings.Lines(verbs) {
		if verb, ok := strings.CutPrefix(line, "  "); ok {
			verb, _, _ = strings.Cut(verb, " ")
			if count++; verb != "help" && !bytes.Contains(b, []byte("`platter "+verb)) {
				t.Errorf("README.md does not tell of the verb %s", verb)
			}
		}
	}
	if count < 6 {
		t.Errorf("only %d verbs found in the help:\n%s", count, help)
	}
	for _, command := range []string{"go run . sample:vhdx", "go test ./..."} {
		if !bytes.Contains(b, []byte(command)) {
			t.Errorf("README.md lacks the command %q", command)
		}
	}
}
