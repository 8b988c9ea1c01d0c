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
	s := onTerminal(t, t.TempDir(), "recover", path, "--back").expect("remove the unfinished journal? [y/N]").keys("\n").expect("nothing was written")
	s.cmd.Wait()
	if _, err := os.Stat(store.JournalName(path)); err != nil {
		t.Error(err)
	}
	onTerminal(t, t.TempDir(), "recover", path, "--back").expect("remove the unfinished journal?").keys("y\n").expect("was not touched").ended()
	if _, err := os.Stat(store.JournalName(path)); err == nil {
		t.Error("the journal is still there")
	}
}
