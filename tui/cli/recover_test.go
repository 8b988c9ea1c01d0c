package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"platter/engine/store"
	"platter/tui/cli"
)

// TestRecoverVerb undoes what never began, and says so where nothing was
// interrupted.
func TestRecoverVerb(t *testing.T) {
	path := sampleFile(t, "vhd")
	if out := done(t, "recover", path); !strings.Contains(string(out), "no write to this image was interrupted") {
		t.Errorf("%s", out)
	}
	journal := store.JournalName(path)
	if err := os.WriteFile(journal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := done(t, "recover", path); !strings.Contains(string(out), "--back removes it") || strings.Contains(string(out), "--forward") {
		t.Errorf("%s", out)
	}
	if code, _, errs := run(t, "recover", path, "--forward"); code != cli.ExitFailed || !strings.Contains(string(errs), "the journal is not whole") {
		t.Errorf("forward: %d, %s", code, errs)
	}
	if code, _, _ := run(t, "recover", path, "--forward", "--back"); code != cli.ExitUsage {
		t.Errorf("both ways at once: %d", code)
	}
	if code, out, errs := run(t, "recover", path, "--back"); code != cli.ExitFailed || !strings.Contains(string(errs), "--yes") || !strings.Contains(string(out), "unfinished journal") {
		t.Errorf("unasked: %d, %s%s", code, out, errs)
	}
	done(t, "recover", path, "--back", "--yes")
	if _, err := os.Stat(journal); err == nil {
		t.Error("the journal is still there")
	}
}

// recoverDocument is platter/recover/1.
type recoverDocument struct {
	Done      bool
	DryRun    bool `json:"dry_run"`
	Refused   *struct{ Reason, Override string }
	Files     []struct{ Path string }
	Plan      []struct{ What string }
	State     string
	Direction string
}

// TestRecoverDocument holds the document of each outcome.
func TestRecoverDocument(t *testing.T) {
	path := sampleFile(t, "vhd")
	if d := document[recoverDocument](t, "recover", path); d.State != "none" || d.Done || !d.DryRun {
		t.Errorf("nothing interrupted: %+v", d)
	}
	if d := document[recoverDocument](t, "recover", path, "--back"); d.State != "none" || !d.Done || d.Direction != "back" {
		t.Errorf("nothing interrupted, back: %+v", d)
	}
	refused := func(args ...string) (d recoverDocument) {
		t.Helper()
		code, out, _ := run(t, append([]string{"recover", path, "--json"}, args...)...)
		if err := json.Unmarshal(out, &d); err != nil || code != cli.ExitFailed || d.Refused == nil || d.Done {
			t.Fatalf("%d, %v: %s", code, err, out)
		}
		return d
	}
	if err := os.WriteFile(store.JournalName(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d := document[recoverDocument](t, "recover", path); d.State != "begun" || d.Done || !d.DryRun || d.Files == nil || d.Plan == nil {
		t.Errorf("an unfinished journal: %+v", d)
	}
	if d := refused("--back"); d.Refused.Reason != "confirm" || d.Refused.Override != "--yes" || d.DryRun {
		t.Errorf("unasked: %+v", d)
	}
	if err := os.WriteFile(store.JournalName(path), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d := refused("--back", "--yes"); d.Refused.Reason != "untrusted" {
		t.Errorf("a damaged journal: %+v", d)
	}
	if err := os.WriteFile(store.JournalName(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d := document[recoverDocument](t, "recover", path, "--back", "--yes"); !d.Done || d.DryRun || d.Direction != "back" {
		t.Errorf("back: %+v", d)
	}
}

// TestVerbsWarnOfATornImage has verbs say on the side that what they print may be half
// old and half new.
func TestVerbsWarnOfATornImage(t *testing.T) {
	path := sampleFile(t, "vhd")
	for _, verb := range []string{"info", "hash", "read"} {
		done(t, verb, path)
	}
	if err := os.WriteFile(store.JournalName(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, "compare", "sample:vhd", path); code != cli.ExitDone || !strings.Contains(string(errs), "was interrupted") {
		t.Errorf("compare: %d, %s", code, errs)
	}
	for _, verb := range []string{"info", "hash", "read"} {
		if code, out, errs := run(t, verb, path); code != cli.ExitDone || len(out) == 0 || !strings.Contains(string(errs), "was interrupted") {
			t.Errorf("%s: %d, %s", verb, code, errs)
		}
	}
}
