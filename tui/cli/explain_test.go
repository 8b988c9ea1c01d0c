package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestExplainVerb explains a write to a sample whose writer makes nothing at random.
func TestExplainVerb(t *testing.T) {
	const golden = "../../testdata/explain.golden"
	out := done(t, "explain", "write", "sample:vhd", "--offset", "2M", "--fill", "41", "--length", "700")
	if os.Getenv("PLATTER_UPDATE") == "1" {
		if err := os.WriteFile(golden, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(out, want) {
		t.Errorf("%v, got\n%s", err, out)
	}
}

// TestExplainVerbJSON has a log explained: each entry comes before what it changes.
func TestExplainVerbJSON(t *testing.T) {
	var d struct {
		Steps []struct {
			Do, Why string
			Changes []struct{ Name, Before, After string }
		}
	}
	if err := json.Unmarshal(done(t, "explain", "write", "sample:vhdx", "--offset", "12M", "--fill", "41", "--length", "512", "--json"), &d); err != nil {
		t.Fatal(err)
	}
	logged, placed, fields := -1, -1, 0
	for i, s := range d.Steps {
		fields += len(s.Changes)
		switch {
		case strings.HasPrefix(s.Why, "log entry 2"):
			logged = i
		case strings.HasSuffix(s.Why, "is stored"):
			placed = i
		}
	}
	if logged < 0 || placed < logged+2 || d.Steps[logged+1].Do != "sync" || fields < 10 {
		t.Errorf("entry at %d, table at %d, %d fields of %+v", logged, placed, fields, d.Steps)
	}
}

// TestExplainVerbRefuses says what to do where a write would be refused.
func TestExplainVerbRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"sample:dirty --offset 0 --fill 41 --length 512":    "--replay does it",
		"sample:vhd --offset 99G --fill 41 --length 512":    "the disk ends at byte",
		"sample:vhd --offset 0 --fill 41 --length 20M":      "are not explained",
		"sample:vhd --offset 0 --trim --reveal --length 2M": "has no parent",
	} {
		code, _, errs := run(t, append([]string{"explain", "write"}, strings.Fields(args)...)...)
		if code == cli.ExitDone || !strings.Contains(string(errs), want) {
			t.Errorf("%s: exit code %d, %s", args, code, errs)
		}
	}
	if out := done(t, strings.Fields("explain write sample:vhd --offset 12M --zero --length 512")...); !strings.Contains(string(out), "no step is needed") {
		t.Errorf("%s", out)
	}
}
