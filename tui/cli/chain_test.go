package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"platter/tui/cli"
)

// TestMissingMiddle takes a layer out of the middle of a chain: those above it are
// still listed and read, and what is said is that it is missing.
func TestMissingMiddle(t *testing.T) {
	for _, ext := range []string{".vhd", ".vhdx", ".vmdk"} {
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name+ext) }
		done(t, "create", path("base"), "8M", "-q")
		for _, pair := range [][2]string{{"c", "base"}, {"b", "c"}, {"a", "b"}} {
			done(t, "create", path(pair[0]), "--parent", path(pair[1]), "-q")
		}
		done(t, "write", path("a"), "--offset", "4M", "--length", "64K", "--fill", "42", "-q")
		if err := os.Remove(path("c")); err != nil {
			t.Fatal(err)
		}
		_, out, _ := run(t, "chain", path("a"))
		for _, want := range []string{"b" + ext, "c" + ext, "is not there: only this layer's own sectors can be read", "error "} {
			if !bytes.Contains(out, []byte(want)) {
				t.Errorf("%s: the chain does not say %q:\n%s", ext, want, out)
			}
		}
		if !bytes.Contains(out, []byte("platter read "+path("base"))) || !bytes.Contains(out, []byte("--salvage")) {
			t.Errorf("%s: the chain does not say how to read its parts:\n%s", ext, out)
		}
		if code, out, errs := run(t, "read", path("a"), "--offset", "4M", "--length", "2"); code != cli.ExitDone || string(out) != "BB" {
			t.Errorf("%s: what the image stores itself: %q, exit code %d: %s", ext, out, code, errs)
		}
		if code, _, errs := run(t, "read", path("a"), "--length", "2"); code == cli.ExitDone || bytes.Contains(errs, []byte("leaves")) || !bytes.Contains(errs, []byte("missing")) {
			t.Errorf("%s: exit code %d: %s", ext, code, errs)
		}
	}
}

// TestRenamedMiddle gives the middle of a chain another name, or puts it into a folder that may
// be looked into: it is found by its identity, and the command that is named reads the disk.
func TestRenamedMiddle(t *testing.T) {
	for _, ext := range []string{".vhd", ".vhdx", ".vmdk"} {
		dir, other := t.TempDir(), t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name+ext) }
		done(t, "create", path("base"), "8M", "-q")
		done(t, "create", path("b"), "--parent", path("base"), "-q")
		done(t, "create", path("a"), "--parent", path("b"), "-q")
		for _, to := range []string{path("x"), filepath.Join(other, "y"+ext)} {
			if err := os.Rename(path("b"), to); err != nil {
				t.Fatal(err)
			}
			_, out, _ := run(t, "chain", path("a"), "--allow", other)
			if !bytes.Contains(out, []byte(path("a")+" --parent "+to)) || bytes.Contains(out, []byte("have lain below")) {
				t.Errorf("%s: the parent is not found as %s:\n%s", ext, to, out)
			}
			done(t, "read", path("a"), "--length", "2", "--parent", to, "--allow", dir)
			if err := os.Rename(to, path("b")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReadSaysWhyThereIsNothing: of a file that is no image the reason is told, and not
// that it has no bytes.
func TestReadSaysWhyThereIsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vhd")
	if err := os.WriteFile(path, []byte("PK\x03\x04 something packed"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := run(t, "read", path, "--offset", "4096", "--length", "512")
	if code == cli.ExitDone || !bytes.Contains(errs, []byte("a zip archive")) {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
