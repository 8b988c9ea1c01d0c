package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestRepairHelp holds the flags of repair.
func TestRepairHelp(t *testing.T) { golden(t, "help/repair.txt", done(t, "repair", "--help")) }

type repairDocument struct {
	Done   bool
	DryRun bool `json:"dry_run"`
	Staged []struct {
		Code, Title   string
		Choice, Count int
	}
	Before, After struct{ Error, Warning, Info int }
	Remaining     []struct{ Code string }
	Plan          []struct{ File string }
	Findings      []struct {
		Code    string
		Choices []struct {
			Choice int
			Risk   *string
		}
	}
}

// damaged is a new image with data, in which bytes of the file were changed: below 0 from
// the end.
func damaged(t *testing.T, name string, at map[int64]byte) (path string, disk []byte) {
	t.Helper()
	raw, disk := aDisk(t)
	path = filepath.Join(t.TempDir(), name)
	done(t, "convert", raw, path, "-q")
	b := mustRead(t, path)
	for off, v := range at {
		if off < 0 {
			off += int64(len(b))
		}
		b[off] ^= v
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, disk
}

// TestRepairVerb repairs as an administrator would: nothing before it is asked for, all of
// it then, and the disk is what it was.
func TestRepairVerb(t *testing.T) {
	for name, at := range map[string]map[int64]byte{
		"d.vhd":  {-512 + 40: 0xFF},                   // a size in the footer
		"d.vhdx": {64<<10 + 8: 1, 192<<10 + 20: 0xFF}, // the sequence number of a header, a region table
	} {
		path, disk := damaged(t, name, at)
		broken := mustRead(t, path)
		if code, _, _ := run(t, "check", path); code != 2 && code != 3 {
			t.Fatalf("%s: check exits %d", name, code)
		}
		_, out, _ := run(t, "repair", path, "--list")
		if !bytes.Contains(out, []byte("=1  ")) {
			t.Errorf("%s: --list shows no choice:\n%s", name, out)
		}
		if _, out, _ = run(t, "repair", path, "-n"); !bytes.Contains(out, []byte("would repair")) || !bytes.Equal(mustRead(t, path), broken) {
			t.Errorf("%s: dry run:\n%s", name, out)
		}
		copied := filepath.Join(filepath.Dir(path), "copy-"+name)
		if code, out, errs := run(t, "repair", path, "--out", copied); code != cli.ExitDone || !bytes.Equal(mustRead(t, path), broken) {
			t.Errorf("%s: --out exits %d: %s%s", name, code, out, errs)
		}
		doc := document[repairDocument](t, "repair", path)
		if !doc.Done || len(doc.Staged) == 0 || doc.Before.Error+doc.Before.Warning == 0 || doc.After.Error+doc.After.Warning != 0 {
			t.Errorf("%s: %+v", name, doc)
		}
		for _, p := range []string{path, copied} {
			if got := done(t, "read", p); !bytes.Equal(got, disk) {
				t.Errorf("%s holds another disk", p)
			}
			done(t, "check", p)
		}
		if again := string(done(t, "repair", path)); !strings.Contains(again, "nothing was repaired") {
			t.Errorf("%s, again: %s", name, again)
		}
	}
}

// TestRepairsFollowEachOther holds that a repair is made of what the one before it left:
// both regions of a table that are not marked as required.
func TestRepairsFollowEachOther(t *testing.T) {
	path, _ := damaged(t, "d.vhdx", nil)
	b := mustRead(t, path)
	for _, table := range []int{192 << 10, 256 << 10} {
		b[table+16+28], b[table+16+32+28] = 0, 0
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var doc repairDocument
	code, out, _ := run(t, "repair", path, "--risky")
	if code != cli.ExitDone {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if doc = document[repairDocument](t, "repair", path, "--list"); len(doc.Findings) != 0 {
		t.Errorf("left: %+v", doc.Findings)
	}
}

// TestRepairRefuses holds what repair does not do without being asked.
func TestRepairRefuses(t *testing.T) {
	path, _ := damaged(t, "d.vhd", map[int64]byte{-512 + 40: 0xFF})
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{path, "--code", "vhd/V003=x"}, cli.ExitUsage, "number"},
		{[]string{path, "--code", "vhd/V003", "--risky"}, cli.ExitUsage, "exclude"},
		{[]string{"sample:vhd"}, cli.ExitUsage, "--out"},
		{[]string{path, "--out", path}, cli.ExitFailed, "exist"},
		{[]string{filepath.Join(filepath.Dir(path), "none.vhd")}, cli.ExitFailed, "none.vhd"},
	} {
		if code, _, errs := run(t, append([]string{"repair"}, c.args...)...); code != c.code || !bytes.Contains(errs, []byte(c.says)) {
			t.Errorf("%q: exit code %d, %s", c.args, code, errs)
		}
	}
	if code, _, errs := run(t, "repair", path, "--code", "vhd/V999"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("no finding has this code")) {
		t.Errorf("a code that nothing has: exit code %d, %s", code, errs)
	}
}
