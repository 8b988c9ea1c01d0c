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

// failure is what the documents of all verbs that write have in common.
type failure struct {
	Schema      string
	Done        bool
	DryRun      bool `json:"dry_run"`
	Error       string
	Interrupted bool
	Written     int64
}

// TestEveryFailureIsADocument has verbs that write fail in all ways: with --json there is
// one document, which says why.
func TestEveryFailureIsADocument(t *testing.T) {
	path := made(t, "a.vhd")
	absent := filepath.Join(t.TempDir(), "absent.vhd")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"create", "--json"}, cli.ExitUsage, "1 to 2 arguments"},
		{[]string{"create", absent, "1X", "--json"}, cli.ExitUsage, `size "1X"`},
		{[]string{"create", absent, "3000G", "--json"}, cli.ExitFailed, "2040G"},
		{[]string{"create", absent, "1M", "--json", "--colour"}, cli.ExitUsage, "unknown flag"},
		{[]string{"create", path, "1M", "-n", "--json"}, cli.ExitFailed, "exists"},
		{[]string{"write", "--bogus", path, "--json"}, cli.ExitUsage, "unknown flag"},
		{[]string{"write", path, "--json"}, cli.ExitUsage, "--offset is needed"},
		{[]string{"write", absent, "--offset", "0", "--fill", "00", "--length", "1", "--json"}, cli.ExitFailed, "no such file"},
		{[]string{"write", path, "--offset", "64M", "--fill", "00", "--length", "1", "-n", "--json"}, cli.ExitFailed, "past the end"},
		{[]string{"write", path, "--offset", "0", "--fill", "00", "--length", "17M", "--atomic", "--json"}, cli.ExitFailed, "all or nothing"},
		{[]string{"recover", "--json"}, cli.ExitUsage, "1 argument"},
		{[]string{"recover", absent, "--json"}, cli.ExitFailed, "no such file"},
	} {
		code, out, errs := run(t, c.args...)
		var d failure
		if err := json.Unmarshal(out, &d); err != nil || code != c.code || d.Done || !strings.Contains(d.Error, c.says) || d.Schema != "platter/"+c.args[0]+"/1" {
			t.Errorf("%v: exit code %d, %v: %s", c.args, code, err, out)
		}
		if !bytes.Contains(errs, []byte(c.says)) {
			t.Errorf("%v: %s", c.args, errs)
		}
		if wants := contains(c.args, "-n"); d.DryRun != wants {
			t.Errorf("%v: dry_run is %v", c.args, d.DryRun)
		}
	}
	if code, out, _ := run(t, "write", path); code != cli.ExitUsage || len(out) > 0 {
		t.Errorf("without --json: %d, %s", code, out)
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// TestWriteInterrupted stops a write while it waits for its input: before anything was
// written, and in the midst. It says what holds, and the image is whole.
func TestWriteInterrupted(t *testing.T) {
	for sent, says := range map[int]string{0: "interrupted: nothing was written", 24 << 20: "bytes from byte 0x0 on were done and are on disk; each sector after them holds its old or its new content, and the image is whole"} {
		path := made(t, "a.vhdx")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		old := os.Stdin
		os.Stdin = r
		defer func() { os.Stdin = old }()
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			w.Write(bytes.Repeat([]byte{0xa5}, sent)) // returns when nearly all of it was taken
			stop()
		}()
		var out, errs bytes.Buffer
		code := cli.Run(ctx, []string{"write", path, "--offset", "0", "--json"}, &out, &errs)
		var d failure
		if err := json.Unmarshal(out.Bytes(), &d); err != nil || code != cli.ExitFailed || d.Done || !d.Interrupted || !strings.Contains(d.Error, says) {
			t.Errorf("after %d bytes: exit code %d, %v: %s", sent, code, err, out.Bytes())
		}
		if !strings.Contains(errs.String(), says) {
			t.Errorf("after %d bytes: %s", sent, errs.Bytes())
		}
		if sent > 0 && (d.Written < 1<<20 || d.Written > int64(sent)) {
			t.Errorf("%d of %d bytes were written", d.Written, sent)
		}
		if got := done(t, "read", path, "--offset", "0", "--length", "24M"); len(bytes.Trim(got[:d.Written], "\xa5")) > 0 {
			t.Errorf("what was said to be written is not there")
		}
		if code, out, _ := run(t, "check", path); code != cli.ExitDone {
			t.Errorf("check: %s", out)
		}
	}
}

// TestTrimSaysWhy holds why a trim gives nothing back, in words and in the document, and
// that nothing has changed, not even the content ID, however long the range is.
func TestTrimSaysWhy(t *testing.T) {
	made := func(t *testing.T, name string, args ...string) string { // 20 MiB: more than the journal takes
		path := filepath.Join(t.TempDir(), name)
		done(t, append([]string{"create", path, "20M", "-q"}, args...)...)
		return path
	}
	base := made(t, "base.vhd")
	child := filepath.Join(filepath.Dir(base), "child.vhd")
	done(t, "create", child, "--parent", base, "-q")
	done(t, "write", child, "--offset", "0", "--length", "20M", "--fill", "01", "-q")
	for path, says := range map[string]string{
		made(t, "a.raw"):                              "each sector has its place",
		made(t, "f.vhd", "--type", "fixed"):           "each sector has its place",
		made(t, "f.vhdx", "--type", "fixed"):          "a fixed VHDX keeps all of its blocks",
		made(t, "f.vmdk", "--type", "monolithicFlat"): "in a flat extent each sector has its place",
		child:            "the parent would show",
		made(t, "a.vhd"): "is stored in this image",
	} {
		before := mustRead(t, path)
		for _, n := range []string{"8M", "20M"} {
			args := []string{"write", path, "--offset", "0", "--length", n, "--trim"}
			if strings.HasSuffix(path, ".raw") {
				args = append(args, "--format", "raw")
			}
			out := string(done(t, args...))
			if !strings.HasPrefix(out, "nothing to trim: ") || !strings.Contains(out, says) || !strings.Contains(out, "nothing was changed") {
				t.Errorf("%s: %s", filepath.Base(path), out)
			}
			d := document[struct {
				Done, Journaled, Changed bool
				Why                      string `json:"unchanged_because"`
				Identity                 []any
			}](t, args...)
			if !d.Done || d.Changed || d.Journaled || !strings.Contains(d.Why, says) || len(d.Identity) > 0 {
				t.Errorf("%s: %+v", filepath.Base(path), d)
			}
		}
		if !bytes.Equal(before, mustRead(t, path)) {
			t.Errorf("%s has changed", filepath.Base(path))
		}
	}
}

// TestPlansNameTheFiles has the plan of a change in several files name them.
func TestPlansNameTheFiles(t *testing.T) {
	path := made(t, "s.vmdk", "--type", "twoGbMaxExtentFlat", "--split", "32M")
	out := string(done(t, "write", path, "--offset", "31M", "--length", "2M", "--fill", "01", "-n"))
	at := -1
	for _, name := range []string{"in s.vmdk:", "in s-f001.vmdk:", "in s-f002.vmdk:"} {
		next := strings.Index(out, name)
		if next <= at {
			t.Errorf("%q is not where it should be:\n%s", name, out)
		}
		at = next
	}
	if out := string(done(t, "write", made(t, "a.vmdk"), "--offset", "0", "--length", "1M", "--fill", "01", "-n")); strings.Contains(out, "in a.vmdk:") {
		t.Errorf("one file is named:\n%s", out)
	}
}

// TestCreateReplaces holds what becomes of an image that gives way: its further files go
// with it, and images that are based on it are a reason to refuse, then to warn.
func TestCreateReplaces(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	done(t, "create", at("s.vmdk"), "5M", "--type", "twoGbMaxExtentFlat", "--split", "2M", "-q")
	again := []string{"create", at("s.vmdk"), "3M", "--type", "twoGbMaxExtentFlat", "--split", "2M", "--force"}
	if out := string(done(t, append(again, "-n")...)); !strings.Contains(out, "s-f003.vmdk of the replaced image: would be removed") {
		t.Errorf("%s", out)
	}
	if len(mustRead(t, at("s-f003.vmdk"))) != 1<<20 {
		t.Error("a dry run removes files")
	}
	if out := string(done(t, again...)); !strings.Contains(out, "s-f003.vmdk of the replaced image: removed") {
		t.Errorf("%s", out)
	}
	if list, _ := os.ReadDir(dir); len(list) != 3 {
		t.Errorf("the folder holds %v", list)
	}
	done(t, "create", at("p.vhdx"), "5M", "-q")
	done(t, "create", at("c.vhdx"), "--parent", at("p.vhdx"), "-q")
	code, out, _ := run(t, "create", at("p.vhdx"), "5M", "--json")
	var d createDocument
	if err := json.Unmarshal(out, &d); err != nil || code != cli.ExitFailed || d.Refused == nil || d.Refused.Reason != "children" {
		t.Errorf("%s: %v", out, err)
	}
	if code, _, errs := run(t, "create", at("p.vhdx"), "5M", "--force", "-n"); code != cli.ExitDone || !strings.Contains(string(errs), "parent of c.vhdx in this folder") {
		t.Errorf("%d, %s", code, errs)
	}
}

// TestCreateRounds says that a disk is larger than was asked for, unless that was asked
// for.
func TestCreateRounds(t *testing.T) {
	dir := t.TempDir()
	for args, says := range map[string]string{
		"a.vhd 1000":                     "the disk has 1 024 bytes instead of 1 000",
		"b.vhd 20000001 --profile azure": "the disk has 20 971 520 bytes instead of 20 000 001",
		"c.vhd 1000 --round 1M":          "",
		"d.vhd 1024":                     "",
	} {
		a := strings.Fields(args)
		a[0] = filepath.Join(dir, a[0])
		if code, _, errs := run(t, append([]string{"create"}, a...)...); code != cli.ExitDone || !strings.Contains(string(errs), says) || says == "" && len(errs) > 0 {
			t.Errorf("%s: %d, %s", args, code, errs)
		}
	}
}

// TestProfilesChooseStreams makes the kind of VMDK that imports demand.
func TestProfilesChooseStreams(t *testing.T) {
	for _, profile := range []string{"ovf", "aws"} {
		path := made(t, "a.vmdk", "--profile", profile)
		if info := document[struct{ Type string }](t, "info", path); info.Type != "streamOptimized" {
			t.Errorf("%s: %+v", profile, info)
		}
		if code, out, _ := run(t, "check", path, "--profile", "vmware"); code != 3 || !strings.Contains(string(out), "yes, but no machine runs from a stream: import it") {
			t.Errorf("%d, %s", code, out)
		}
	}
}
