package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestLongWriteStopsOnSectorBorders stops a long write that began within a sector: no sector
// but the first holds old and new bytes together.
func TestLongWriteStopsOnSectorBorders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vhdx")
	done(t, "create", path, "40M", "-q")
	for _, at := range []string{"0", "16M"} {
		done(t, "write", path, "--offset", at, "--length", "16M", "--fill", "11", "-q")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		_, err := w.Write(bytes.Repeat([]byte{0x22}, 21<<20+777))
		stop() // the end never comes
		if err != nil {
			w.Close()
		}
	}()
	old := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = old }()
	var out, errs bytes.Buffer
	code := cli.Run(ctx, []string{"write", path, "--offset", "100", "-q"}, &out, &errs)
	if code != cli.ExitFailed || !strings.Contains(errs.String(), "interrupted") {
		t.Fatalf("exit code %d, %s", code, &errs)
	}
	disk := done(t, "read", path, "--offset", "0", "--length", "32M")
	written := bytes.Count(disk, []byte{0x22})
	if written < 16<<20 {
		t.Fatalf("only %d bytes were written: %s", written, &errs)
	}
	for at := 512; at < len(disk); at += 512 {
		if n := bytes.Count(disk[at:at+512], []byte{0x22}); n != 0 && n != 512 {
			t.Fatalf("sector at %d holds %d new bytes", at, n)
		}
	}
}

// TestWriteMeetsAnOpenJournal names the interrupted write first, also in a dry run, and
// makes no child of such an image.
func TestWriteMeetsAnOpenJournal(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "d."+format)
		done(t, "create", path, "20M", "-q")
		if err := os.WriteFile(path+".platter-journal", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"write", path, "--offset", "0", "--fill", "41", "--length", "512", "-n"},
			{"write", path, "--offset", "0", "--fill", "41", "--length", "512"},
			{"write", path, "--offset", "0", "--fill", "41", "--length", "18M"},
			{"create", filepath.Join(dir, "c."+format), "--parent", path},
		} {
			code, _, errs := run(t, args...)
			if code != cli.ExitFailed || !strings.Contains(string(errs), "platter recover") || strings.Contains(string(errs), "each sector") {
				t.Errorf("%s %v: exit code %d, %s", format, args, code, errs)
			}
		}
	}
}

// TestEmptyFlagsAreWrong takes a flag whose variable was not set for a mistake.
func TestEmptyFlagsAreWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vhd")
	done(t, "create", path, "20M", "-q")
	for _, args := range [][]string{{"write", path, "--offset", "0", "--length", "5", "--fill", ""}, {"write", path, "--offset", "0", "--from", ""}, {"create", "-", "10M", "--format", "vmdk"}} {
		if code, _, errs := run(t, args...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
	}
	if code, _, errs := run(t, "create", filepath.Join(t.TempDir(), "o.vhd"), "20M", "--time", "1999-01-01T00:00:00Z"); code == cli.ExitDone || !strings.Contains(string(errs), "2000-01-01") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}
