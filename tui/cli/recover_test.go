package cli_test

import (
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
	if out := done(t, "recover", path); !strings.Contains(string(out), "--back") {
		t.Errorf("%s", out)
	}
	if code, _, errs := run(t, "recover", path, "--forward"); code != cli.ExitFailed || !strings.Contains(string(errs), "the journal is not whole") {
		t.Errorf("forward: %d, %s", code, errs)
	}
	if code, _, _ := run(t, "recover", path, "--forward", "--back"); code != cli.ExitUsage {
		t.Errorf("both ways at once: %d", code)
	}
	done(t, "recover", path, "--back")
	if _, err := os.Stat(journal); err == nil {
		t.Error("the journal is still there")
	}
}
