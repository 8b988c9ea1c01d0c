package cli_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"platter/keymap"
)

// scratch is a folder for all tests of this package.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "platter-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "platter")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "platter").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// program is the path of the built program: what its packages do when they
// are initialised differs from what they do in a test.
func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, path)
	}
	return path
}

// TestProgram runs the program as a script would.
func TestProgram(t *testing.T) {
	out, err := exec.Command(program(t), "info", "sample:vhd").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("VHD, dynamic")) {
		t.Errorf("platter info sample:vhd: %v\n%s", err, out)
	}
	out, err = exec.Command(program(t), "frobnicate", "it").CombinedOutput()
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
	help, err := exec.Command(program(t), "--help").Output()
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
