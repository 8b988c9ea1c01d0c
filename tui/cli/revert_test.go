package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"platter/tui/cli"
)

// TestRevertHelp holds the flags of revert.
func TestRevertHelp(t *testing.T) { golden(t, "help/revert.txt", done(t, "revert", "--help")) }

type revertDocument struct {
	Done   bool
	DryRun bool `json:"dry_run"`
	Change []struct {
		Title          string
		Offset, Length int64
		Resized        bool
	}
	Plan []struct{ What string }
}

// TestRevert takes back a write that makes the file longer, to the byte.
func TestRevert(t *testing.T) {
	for _, name := range []string{"d.vhd", "d.vhdx", "d.vmdk"} {
		image := filepath.Join(t.TempDir(), name)
		record := image + ".platter-undo"
		done(t, "create", image, "64M")
		done(t, "write", image, "--offset", "0", "--fill", "11", "--length", "600")
		before := read(t, image)
		if code, _, errs := run(t, "revert", image); code != cli.ExitFailed || !bytes.Contains(errs, []byte("--keep-undo")) {
			t.Errorf("%s: without a record: exit code %d: %s", name, code, errs)
		}
		done(t, "write", image, "--keep-undo", "--offset", "40M", "--fill", "22", "--length", "700")
		after := read(t, image)
		list := document[revertDocument](t, "revert", "--list", image)
		if list.Done || !list.DryRun || len(list.Change) < 2 || len(list.Plan) == 0 || len(after) <= len(before) || !bytes.Equal(read(t, image), after) {
			t.Errorf("%s: %d bytes became %d, %+v", name, len(before), len(after), list)
		}
		doc := document[revertDocument](t, "revert", image)
		if !doc.Done || !bytes.Equal(read(t, image), before) {
			t.Errorf("%s: the bytes are not those of before", name)
		}
		if _, err := os.Stat(record); !os.IsNotExist(err) {
			t.Errorf("%s: the record is still there: %v", name, err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRevertRefuses does not take back what others have built on.
func TestRevertRefuses(t *testing.T) {
	image := filepath.Join(t.TempDir(), "d.vhd")
	change := func() {
		done(t, "create", "--force", image, "64M")
		done(t, "write", image, "--keep-undo", "--offset", "0", "--fill", "22", "--length", "1K")
		later := time.Now().Add(-time.Hour)
		if err := os.Chtimes(image, later, later); err != nil {
			t.Fatal(err)
		}
	}
	change()
	code, out, _ := run(t, "revert", "--json", image)
	if code != cli.ExitFailed || !bytes.Contains(out, []byte(`"reason": "changed"`)) || !bytes.Contains(out, []byte(`"override": "--force"`)) {
		t.Errorf("another time: exit code %d: %s", code, out)
	}
	done(t, "revert", "--force", image)
	if disk := done(t, "read", image, "--length", "1K"); !bytes.Equal(disk, make([]byte, 1<<10)) {
		t.Error("the change is still there")
	}
	change()
	done(t, "write", image, "--offset", "512", "--fill", "33", "--length", "4")
	before := read(t, image)
	code, out, _ = run(t, "revert", "--json", "--force", image)
	if code != cli.ExitFailed || !bytes.Contains(out, []byte(`"reason": "changed"`)) || bytes.Contains(out, []byte(`"override": "--force"`)) || !bytes.Equal(read(t, image), before) {
		t.Errorf("other bytes: exit code %d: %s", code, out)
	}
	for _, junk := range []string{"", "platter-undo 1 ", "platter-undo 1 5\nplatter staged changes 2\n\x01\x02"} {
		if err := os.WriteFile(image+".platter-undo", []byte(junk), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := run(t, "revert", "--force", image); code != cli.ExitFailed || len(errs) == 0 || !bytes.Equal(read(t, image), before) {
			t.Errorf("%q: exit code %d: %s", junk, code, errs)
		}
	}
}
