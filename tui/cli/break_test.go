package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/damage"
	"platter/tui/cli"
)

// TestBreakAndCheck damages a sample, looks at what the verbs say, repairs it, and spoils the
// repair.
func TestBreakAndCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.vhd")
	code, out, errs := ran(t, "break", "sample:vhd", "--fault", "v017", "--out", path)
	if code != cli.ExitDone || strings.Contains(out, "V017") || !strings.Contains(out, "a copy with 1 fault") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	if code, out, _ = ran(t, "check", path); !strings.Contains(out, "vhd/V017") {
		t.Errorf("the check finds, %d:\n%s", code, out)
	}
	if code, out, _ = ran(t, "lesson", "check", path); code != 3 || !strings.Contains(out, "not repaired: vhd/V017") || !strings.Contains(out, "0x38, 2 bytes") || !strings.Contains(out, "0 of 2 points") {
		t.Errorf("%d:\n%s", code, out)
	}
	if strings.Contains(out, "answer:") {
		t.Errorf("the answer is told without being asked for:\n%s", out)
	}
	if _, out, _ = ran(t, "lesson", "check", path, "--answers"); !strings.Contains(out, "answer: the check says: ") || !strings.Contains(out, "answer: at 0x38 the good bytes are ") || !strings.Contains(out, "; the damage made them 00 00") {
		t.Errorf("the answers:\n%s", out)
	}
	if _, out, _ = ran(t, "lesson", "check", path, "--at", "0x39", "--at", "4096"); !strings.Contains(out, "a byte of it was named") || !strings.Contains(out, "no fault lies there: 0x1000") || !strings.Contains(out, "0 of 3 points") {
		t.Errorf("named:\n%s", out)
	}
	if code, _, errs = ran(t, "lesson", "check", path, "--at", "here"); code != cli.ExitUsage || !strings.Contains(errs, "expected an offset") {
		t.Errorf("%d %s", code, errs)
	}
	if code, out, errs = ran(t, "repair", path, "--code", "vhd/V017"); code == cli.ExitFailed {
		t.Fatalf("%s%s", out, errs)
	}
	if code, out, _ = ran(t, "lesson", "check", path); code != cli.ExitDone || !strings.Contains(out, "2 of 2 points") {
		t.Errorf("%d:\n%s", code, out)
	}
	if code, out, _ = ran(t, "lesson", "check", path, "--at", "0x39"); code != cli.ExitDone || !strings.Contains(out, "3 of 3 points") {
		t.Errorf("named and repaired, %d:\n%s", code, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[0x80a00] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Passed     bool
		Points, Of int
		Touched    []struct{ Offset, Length int }
		Faults     []struct{ Repaired bool }
	}
	code, out, _ = ran(t, "lesson", "check", path, "--json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 3 || doc.Passed || len(doc.Touched) != 1 || doc.Touched[0].Offset != 0x80000 {
		t.Errorf("%v %d: %s", err, code, out)
	}
}

// TestBreakRefuses asks for what can't be.
func TestBreakRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.vhd")
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{cli.ExitUsage, "no fault of vhd has this code", []string{"sample:vhd", "--fault", "vhdx/3", "--out", path}},
		{cli.ExitUsage, "from 1 to 20", []string{"sample:vhd", "--fault", "random,0", "--out", path}},
		{cli.ExitUsage, "expected a SOURCE", []string{"sample:vhd"}},
		{cli.ExitFailed, "consists of 3 files", []string{"sample:split", "--out", path}},
		{cli.ExitFailed, "can't be planted", []string{"sample:vhd", "--fault", "V044", "--out", path}},
	} {
		code, _, errs := ran(t, append([]string{"break"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: %d %s", c.args, code, errs)
		}
	}
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Errorf("refusals leave %v", list)
	}
	if code, _, errs := ran(t, "lesson", "check", "sample:vhd", "--key", "break_test.go"); code != cli.ExitFailed || !strings.Contains(errs, "no answer key") {
		t.Errorf("%d %s", code, errs)
	}
	_, out, _ := ran(t, "break", "--list")
	for _, f := range damage.Faults() {
		if !strings.Contains(out, f.Code+" ") || !strings.Contains(out, f.About+"\n") {
			t.Errorf("--list does not name %s", f.Code)
		}
	}
}
