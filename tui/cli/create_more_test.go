package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestCreateNeedsRoom refuses to take more room than there is, with what is needed and
// what is free; a hole needs none, and a dry run takes none.
func TestCreateNeedsRoom(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.raw")
	for _, how := range []string{"full", "reserve"} {
		for _, dry := range []string{"--dry-run", "--dry-run=false"} {
			code, out, errs := run(t, "create", path, "4096P", "--preallocate", how, "--json", dry)
			var doc writeDocument
			if err := json.Unmarshal(out, &doc); err != nil || code != cli.ExitFailed || doc.Done || doc.Refused == nil || doc.Refused.Reason != "space" || doc.Refused.Override != "--force" ||
				len(doc.Refused.Where) != 1 || !strings.Contains(doc.Refused.Message, "are needed") || !strings.Contains(doc.Refused.Message, "are free") {
				t.Errorf("exit code %d, %s%s", code, out, errs)
			}
		}
	}
	doc := document[createDocument](t, "create", path, "1T", "--preallocate", "full", "-n", "--force")
	if doc.Done || !doc.DryRun || doc.Image.VirtualSize != 1<<40 {
		t.Errorf("%+v", doc)
	}
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Errorf("the folder holds %v", list)
	}
}

// TestCreateVerifies reads back what was made, also of a child.
func TestCreateVerifies(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.vhd", "a.vhdx", "a.vmdk"} {
		path := filepath.Join(dir, name)
		done(t, "create", path, "8M", "--verify")
		done(t, "write", path, "--offset", "1M", "--length", "100K", "--fill", "a5", "-q")
		out := done(t, "create", filepath.Join(dir, "child-"+name), "--parent", path, "--verify")
		if !bytes.Contains(out, []byte("checked and read back")) {
			t.Errorf("%s", out)
		}
	}
}

// TestCreateWarnings have codes.
func TestCreateWarnings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vhd")
	code, out, errs := run(t, "create", path, "8M", "--block-size", "4K", "--json")
	var doc writeDocument
	if err := json.Unmarshal(out, &doc); err != nil || code != cli.ExitDone || len(errs) > 0 || len(doc.Warnings) == 0 || doc.Warnings[0].Code != "option/block-size" {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
}

// cut is a context that ends after it was asked a number of times.
type cut struct {
	context.Context
	left *int
}

func (c cut) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return c.Context.Err()
}

// TestCreateInterrupted leaves nothing behind wherever it is interrupted.
func TestCreateInterrupted(t *testing.T) {
	dir := t.TempDir()
	interrupted := false
	for n := 0; ; n++ {
		left := n
		var out, errs bytes.Buffer
		code := cli.Run(cut{t.Context(), &left}, []string{"create", filepath.Join(dir, "a.vhd"), "8M", "--type", "fixed", "--preallocate", "full", "-q"}, &out, &errs)
		list, _ := os.ReadDir(dir)
		if code == cli.ExitDone {
			if len(list) != 1 || !interrupted {
				t.Errorf("the folder holds %v", list)
			}
			return
		}
		interrupted = true
		if code != cli.ExitFailed || len(list) > 0 {
			t.Fatalf("interrupted after %d: exit code %d, the folder holds %v, %s", n, code, list, errs.Bytes())
		}
	}
}
