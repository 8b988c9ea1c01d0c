package cli_test

import (
	"os"
	"testing"

	"platter/engine/store"
)

// TestRecoverAsks shows the plan on a terminal and takes no for no.
func TestRecoverAsks(t *testing.T) {
	path := sampleFile(t, "vhd")
	if err := os.WriteFile(store.JournalName(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := onTerminal(t, t.TempDir(), "recover", path, "--back").expect("put these old bytes back? [y/N]").keys("\n").expect("nothing was written")
	s.cmd.Wait()
	if _, err := os.Stat(store.JournalName(path)); err != nil {
		t.Error(err)
	}
	onTerminal(t, t.TempDir(), "recover", path, "--back").expect("put these old bytes back?").keys("y\n").expect("as it was before").ended()
	if _, err := os.Stat(store.JournalName(path)); err == nil {
		t.Error("the journal is still there")
	}
}
