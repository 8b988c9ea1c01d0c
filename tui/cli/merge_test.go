package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/tui/cli"
)

// TestMergeHelp holds the flags of merge.
func TestMergeHelp(t *testing.T) { golden(t, "help/merge.txt", done(t, "merge", "--help")) }

type mergeDocument struct {
	Done, Resumed bool
	DryRun        bool `json:"dry_run"`
	From          []string
	Into, Onto    string
	NewImage      bool `json:"new_image"`
	Bytes         struct{ Copied, Equal, Zero, Needed int64 }
	Relinked      []string
	Stale         []string
	Deleted       []string
	Identity      []struct{ File, Kind, Old, New string }
	Files         []struct {
		Path    string
		Deleted bool
	}
	Refused struct{ Reason, Override string }
}

// TestMergeVerb merges as an administrator would: a dry run, a flattened copy to compare
// with, the merge, and again what a grandchild shows.
func TestMergeVerb(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		done(t, "write", child, "--offset", "120000", "--zero", "--length", "50000", "-q")
		last, flat := filepath.Join(dir, "last."+format), filepath.Join(dir, "flat."+format)
		done(t, "create", last, "--parent", child, "-q")
		done(t, "write", last, "--offset", "5", "--fill", "77", "--length", "5", "-q")
		want, wantLast := hashOf(t, child), hashOf(t, last)
		if doc := document[mergeDocument](t, "merge", child, "--out", flat); !doc.Done || !doc.NewImage || doc.Onto != "" || len(doc.From) != 2 || hashOf(t, flat) != want {
			t.Errorf("%s: --out: %+v", format, doc)
		}
		before := mustRead(t, parent)
		doc := document[mergeDocument](t, "merge", child, "-n")
		if doc.Done || !doc.DryRun || !slices.Equal(doc.Relinked, []string{last}) || !bytes.Equal(mustRead(t, parent), before) {
			t.Errorf("%s: dry run: %+v", format, doc)
		}
		doc = document[mergeDocument](t, "merge", child, "--delete")
		marks := 1
		if format == "vhd" {
			marks = 0
		}
		if !doc.Done || doc.Into != parent || !slices.Equal(doc.From, []string{child}) || !slices.Equal(doc.Relinked, []string{last}) || !slices.Equal(doc.Deleted, []string{child}) ||
			doc.Bytes.Copied == 0 || len(doc.Identity) != marks || len(doc.Stale) != 0 {
			t.Errorf("%s: %+v", format, doc)
		}
		if hashOf(t, parent) != want || hashOf(t, last) != wantLast {
			t.Errorf("%s: a disk has changed", format)
		}
		for _, path := range []string{parent, last} {
			if code, out, _ := run(t, "check", path); code != 0 {
				t.Errorf("%s: %s", path, out)
			}
		}
		raw := filepath.Join(dir, "disk.raw")
		enginetest.Run(t, "qemu-img", "convert", "-f", map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"}[format], "-O", "raw", parent, raw)
		if got := hashOf(t, raw, "--format", "raw"); got != want && format != "vhd" { // QEMU goes by the geometry there
			t.Errorf("%s: QEMU reads another disk", format)
		}
		if list, _ := filepath.Glob(filepath.Join(dir, "*platter*")); len(list) > 0 {
			t.Errorf("%s: %v are left", format, list)
		}
	}
}

// TestMergeAsQEMU has qemu-img commit a copy of a chain of VMDK.
func TestMergeAsQEMU(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"ours", "theirs"} {
		base, child := filepath.Join(dir, sub, "base.vmdk"), filepath.Join(dir, sub, "child.vmdk")
		if err := os.Mkdir(filepath.Dir(base), 0o700); err != nil {
			t.Fatal(err)
		}
		enginetest.Run(t, "qemu-img", "create", "-q", "-f", "vmdk", base, "8M")
		enginetest.Run(t, "qemu-io", "-f", "vmdk", "-c", "write -P 0x11 0 3M", base)
		enginetest.Run(t, "qemu-img", "create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", base, child)
		enginetest.Run(t, "qemu-io", "-f", "vmdk", "-c", "write -P 0x22 64k 65k", "-c", "write -P 0x33 5M 1M", "-c", "write -P 0 2M 200k", child)
	}
	want := hashOf(t, filepath.Join(dir, "ours", "child.vmdk"))
	enginetest.Run(t, "qemu-img", "commit", "-q", "-f", "vmdk", filepath.Join(dir, "theirs", "child.vmdk"))
	done(t, "merge", filepath.Join(dir, "ours", "child.vmdk"), "-q")
	enginetest.Run(t, "qemu-img", "compare", "-q", "-f", "vmdk", "-F", "vmdk", filepath.Join(dir, "ours", "base.vmdk"), filepath.Join(dir, "theirs", "base.vmdk"))
	enginetest.Run(t, "qemu-img", "check", "-q", "-f", "vmdk", filepath.Join(dir, "ours", "base.vmdk"))
	if got := hashOf(t, filepath.Join(dir, "ours", "base.vmdk")); got != want {
		t.Error("the base has not the child's content")
	}
	enginetest.Run(t, "qemu-io", "-r", "-f", "vmdk", "-c", "read -P 0x33 5M 1M", filepath.Join(dir, "ours", "child.vmdk"))
}

// TestMergeGrows merges a child into a smaller parent, which stores nothing past the
// parent's end (M5 of the peers' cases).
func TestMergeGrows(t *testing.T) {
	dir := t.TempDir()
	base, child := filepath.Join(dir, "base.vhd"), filepath.Join(dir, "child.vhd")
	done(t, "create", base, "4M", "--block-size", "512K", "-q")
	done(t, "write", base, "--offset", "4000000", "--fill", "01", "--length", "1000", "-q")
	done(t, "create", child, "9M", "--parent", base, "-q")
	done(t, "write", child, "--offset", "10", "--fill", "02", "--length", "10", "-q")
	want := hashOf(t, child)
	done(t, "merge", child, "-q")
	if hashOf(t, base) != want || hashOf(t, child) != want {
		t.Error("a disk has changed")
	}
}

// TestMergeLarge merges more than 2 GiB, and counts it right (M6 of the peers' cases).
func TestMergeLarge(t *testing.T) {
	if !enginetest.Full() {
		t.Skip("it takes 5 GiB of room")
	}
	dir := t.TempDir()
	base, child := filepath.Join(dir, "base.vhdx"), filepath.Join(dir, "child.vhdx")
	done(t, "create", base, "8G", "-q")
	done(t, "create", child, "--parent", base, "-q")
	done(t, "write", child, "--offset", "1G", "--fill", "01", "--length", "2200M", "-q")
	if doc := document[mergeDocument](t, "merge", child, "--delete"); doc.Bytes.Copied != 2200<<20 || doc.Bytes.Equal != 0 {
		t.Errorf("%+v", doc.Bytes)
	}
	if got := done(t, "read", base, "--offset", "3G", "--length", "1000"); !bytes.Equal(got, bytes.Repeat([]byte{1}, 1000)) {
		t.Error("the base has not the child's content")
	}
}

// TestMergeLevels makes a new image of the upper layers, and merges several in place.
func TestMergeLevels(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		last, sum := filepath.Join(dir, "last."+format), filepath.Join(dir, "elsewhere", "sum."+format)
		done(t, "create", last, "--parent", child, "-q")
		done(t, "write", last, "--offset", "3000000", "--fill", "77", "--length", "5000", "-q")
		if err := os.Mkdir(filepath.Dir(sum), 0o700); err != nil {
			t.Fatal(err)
		}
		want := hashOf(t, last)
		code, out, errs := run(t, "merge", last, "--out", sum, "--levels", "1", "-q")
		if code != 0 || !bytes.Contains(errs, []byte("outside the folder")) || hashOf(t, sum, "--allow", dir) != want {
			t.Errorf("%s: exit code %d, %s%s", format, code, out, errs)
		}
		doc := document[mergeDocument](t, "merge", last, "--into", "base")
		if doc.Into != parent || !slices.Equal(doc.From, []string{last, child}) || !slices.Equal(doc.Stale, []string{child}) || hashOf(t, parent) != want || hashOf(t, last) != want {
			t.Errorf("%s: %+v", format, doc)
		}
		if code, _, _ := run(t, "hash", child); code == 0 && format != "vhd" {
			t.Errorf("%s: the stale layer opens", format)
		}
	}
}

// TestMergeRefused holds refusals that scripts match, and wrong usage.
func TestMergeRefused(t *testing.T) {
	dir, parent, child := family(t, "vhd")
	done(t, "create", filepath.Join(dir, "sibling.vhd"), "--parent", parent, "-q")
	code, out, _ := run(t, "merge", child, "--json")
	if code != cli.ExitFailed || !bytes.Contains(out, []byte(`"reason": "siblings"`)) || !bytes.Contains(out, []byte(`"override": "--force"`)) {
		t.Errorf("exit code %d, %s", code, out)
	}
	for args, want := range map[string]int{"--levels=-1": cli.ExitUsage, "--levels=4": cli.ExitUsage, "--into=" + child: cli.ExitUsage, "--block-size=1M": cli.ExitUsage, "--parent=/none": cli.ExitFailed, "--any-parent": cli.ExitFailed} {
		if code, out, errs := run(t, "merge", child, args); code != want {
			t.Errorf("%s: exit code %d, %s%s", args, code, out, errs)
		}
	}
	job := store.JobName(child)
	if err := os.WriteFile(job, []byte("rm -rf /\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, "merge", child, "--force"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("not the job of a merge")) {
		t.Errorf("a foreign job: exit code %d, %s", code, errs)
	}
	if code, out, _ := run(t, "check", child); code != 3 || !bytes.Contains(out, []byte("file/F10")) {
		t.Errorf("check exits %d: %s", code, out)
	}
}
