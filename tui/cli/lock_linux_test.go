package cli_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/tui/cli"
)

// rawImage is a raw disk of zeros and its folder, opened.
func rawImage(t *testing.T) (path string, folder *store.Folder) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, _, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close(); folder.Close() })
	return path, folder
}

// program runs the built program as a process of its own.
func program(in string, args ...string) (code int, said string) {
	cmd := exec.Command(built, args...)
	cmd.Stdin = strings.NewReader(in)
	out, _ := cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode(), string(out)
}

// refusedWhileHeld writes, which must be refused with these words and change nothing.
func refusedWhileHeld(t *testing.T, path, words string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if code, said := program("new", "write", path, "--format", "raw", "--offset", "0"); code != cli.ExitFailed || !strings.Contains(said, words) {
		t.Errorf("write: %d, %s", code, said)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the image was written to: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 2 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

// TestAnotherWriterIsRespected has another platter, which is this test, hold an image
// for writing, with and without a journal beside it that is written.
func TestAnotherWriterIsRespected(t *testing.T) {
	path, folder := rawImage(t)
	held, err := folder.OpenWrite("disk.img")
	if err != nil {
		t.Fatal(err)
	}
	refusedWhileHeld(t, path, "another platter is writing")
	journal, err := folder.Create(store.JournalName("disk.img"))
	if err != nil {
		t.Fatal(err)
	}
	refusedWhileHeld(t, path, "another platter is writing")
	for _, args := range [][]string{{"info", path}, {"recover", path}} {
		if code, said := program("", args...); code != cli.ExitDone || !strings.Contains(said, "another platter is writing to this image now") || strings.Contains(said, "--back") || strings.Contains(said, "was interrupted") {
			t.Errorf("%s: %d, %s", args[0], code, said)
		}
	}
	for _, way := range []string{"--back", "--forward"} {
		code, said := program("", "recover", path, way, "--yes", "--json")
		if code != cli.ExitFailed || !strings.Contains(said, `"reason": "locked"`) {
			t.Errorf("recover %s: %d, %s", way, code, said)
		}
	}
	if err := held.Close(); err != nil { // the journal is held still
		t.Fatal(err)
	}
	if code, said := program("", "recover", path, "--back", "--yes"); code != cli.ExitFailed || !strings.Contains(said, "another platter") {
		t.Errorf("recover from a journal that is held: %d, %s", code, said)
	}
	if err := journal.Close(); err != nil { // as if that platter had died
		t.Fatal(err)
	}
	if code, said := program("", "info", path); code != cli.ExitDone || !strings.Contains(said, "an earlier write to this image was interrupted") {
		t.Errorf("info: %d, %s", code, said)
	}
	if code, said := program("", "recover", path, "--back", "--yes"); code != cli.ExitDone {
		t.Errorf("recover: %d, %s", code, said)
	}
	if code, said := program("new", "write", path, "--format", "raw", "--offset", "0"); code != cli.ExitDone {
		t.Errorf("write: %d, %s", code, said)
	}
}

// TestQEMUIsRespected has qemu-io hold an image for writing and for reading: we don't
// write then. While we write it doesn't.
func TestQEMUIsRespected(t *testing.T) {
	enginetest.Tool(t, "qemu-io")
	path, folder := rawImage(t)
	for _, mode := range [][]string{{"-f", "raw", path}, {"-r", "-f", "raw", path}} {
		qemu := exec.Command("qemu-io", mode...)
		in, err := qemu.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := qemu.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := qemu.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(in, "read 0 512\n"); err != nil {
			t.Fatal(err)
		}
		for line, err := bufio.NewReader(out), error(nil); err == nil; { // it has the image open when it answers
			var s string
			if s, err = line.ReadString('\n'); strings.Contains(s, "512/512 bytes") {
				break
			}
		}
		refusedWhileHeld(t, path, "QEMU")
		if code, said := program("", "info", path); code != cli.ExitDone || strings.Contains(said, "open for writing") != (len(mode) == 3) {
			t.Errorf("info beside qemu-io %s: %d, %s", mode[0], code, said)
		}
		in.Close()
		io.Copy(io.Discard, out)
		if err := qemu.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	held, err := folder.OpenWrite("disk.img")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qemu-io", "-f", "raw", "-c", "write -P 81 0 512", path).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("lock")) {
		t.Errorf("qemu-io writes while we do: %s", out)
	}
	held.Close()
	enginetest.Run(t, "qemu-io", "-f", "raw", "-c", "write -P 81 0 512", path)
}
