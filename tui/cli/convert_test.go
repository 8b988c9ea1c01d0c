package cli_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestConvertHelp holds the flags of convert.
func TestConvertHelp(t *testing.T) { golden(t, "help/convert.txt", done(t, "convert", "--help")) }

type convertDocument struct {
	Done    bool
	DryRun  bool `json:"dry_run"`
	Refused *struct {
		Reason, Message string
		Override        *string
	}
	Source, Target struct {
		Format, Type string
		VirtualSize  int64 `json:"virtual_size"`
		ID           string
	}
	Bytes    struct{ Read, Stored, Zero, Skipped int64 }
	Digests  map[string]string
	Verified bool
	Lost     []struct{ Start, Length int64 }
}

// aDisk is a raw disk with some data, and its file.
func aDisk(t *testing.T) (path string, content []byte) {
	t.Helper()
	content = make([]byte, 3<<20)
	copy(content[1<<20:], bytes.Repeat([]byte("platter "), 5000))
	path = filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, content
}

// TestConvertVerb converts as a user would.
func TestConvertVerb(t *testing.T) {
	raw, content := aDisk(t)
	at := func(name string) string { return filepath.Join(filepath.Dir(raw), name) }
	out := string(done(t, "convert", raw, at("d.vhdx"), "--verify"))
	for _, want := range []string{"made ", "vhdx, dynamic, a disk of 3 MiB", "checked and read back", "qemu-img check -f vhdx"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	doc := document[convertDocument](t, "convert", at("d.vhdx"), at("s.vmdk"), "--type", "streamOptimized", "--hash", "sha256,blake3")
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	if !doc.Done || doc.Digests["sha256"] != sum || len(doc.Digests["blake3"]) != 64 || doc.Bytes.Stored != 40960 || doc.Bytes.Stored+doc.Bytes.Zero != 3<<20 ||
		doc.Target.Type != "streamOptimized" {
		t.Errorf("%+v", doc)
	}
	if got := done(t, "read", at("s.vmdk")); !bytes.Equal(got, content) {
		t.Error("the stream holds another disk")
	}
	kept := document[convertDocument](t, "convert", at("d.vhdx"), at("kept.vhd"), "--keep-id")
	if kept.Source.ID == "" || !strings.EqualFold(kept.Source.ID, kept.Target.ID) {
		t.Errorf("--keep-id: %+v", kept)
	}
	if dry := document[convertDocument](t, "convert", raw, at("never.vhd"), "-n"); dry.Done || !dry.DryRun || dry.Target.VirtualSize != 3<<20 {
		t.Errorf("dry run: %+v", dry)
	}
	if _, err := os.Stat(at("never.vhd")); err == nil {
		t.Error("the dry run made a file")
	}
	child := document[convertDocument](t, "convert", raw, at("child.vhdx"), "--onto", at("d.vhdx"))
	if child.Target.Type != "differencing" || child.Bytes.Skipped != child.Bytes.Read {
		t.Errorf("a child of an equal disk: %+v", child)
	}
	done(t, "create", at("into.vhd"), "4M")
	into := done(t, "convert", raw, at("into.vhd"), "--into")
	if got := done(t, "read", at("into.vhd"), "--length", "3M"); !bytes.Equal(got, content) || !bytes.Contains(into, []byte("wrote into")) {
		t.Errorf("--into: %s", into)
	}
}

// TestConvertVerbRefuses holds what convert does not do, and how it says so.
func TestConvertVerbRefuses(t *testing.T) {
	raw, _ := aDisk(t)
	dir := filepath.Dir(raw)
	at := func(name string) string { return filepath.Join(dir, name) }
	done(t, "create", at("there.vhd"), "4M")
	other := at("other")
	if err := os.WriteFile(other, []byte("no image at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{raw, at("there.vhd")}, cli.ExitFailed, "--force"},
		{[]string{raw, raw, "--force", "--to", "vhd"}, cli.ExitUsage, "source itself"},
		{[]string{raw, at("small.vhd"), "--size", "1M"}, cli.ExitFailed, "--discard"},
		{[]string{raw, at("x.vhd"), "--size", "10X"}, cli.ExitUsage, "10X"},
		{[]string{other, at("x.vhd")}, cli.ExitFailed, "--format raw"},
		{[]string{raw, at("nothing")}, cli.ExitUsage, "format"},
		{[]string{raw, "-"}, cli.ExitUsage, "--to"},
		{[]string{raw, at("x.vhd"), "--hash", "crc"}, cli.ExitUsage, "sha256"},
		{[]string{raw, at("x.vhd"), "--zero-unit", "3000"}, cli.ExitUsage, "power of two"},
		{[]string{raw, at("x.vhd"), "--level", "3"}, cli.ExitUsage, "level"},
		{[]string{raw}, cli.ExitUsage, "2 arguments"},
		{[]string{at("there.vhd"), at("there.vhd"), "--into"}, cli.ExitUsage, "is the source"},
	} {
		code, _, errs := run(t, append([]string{"convert"}, c.args...)...)
		if code != c.code || !bytes.Contains(errs, []byte(c.says)) {
			t.Errorf("%q: exit code %d, %s", c.args, code, errs)
		}
	}
	for _, name := range []string{"small.vhd", "x.vhd", "nothing"} {
		if _, err := os.Stat(at(name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}

// TestConvertPipes converts from standard input and to standard output.
func TestConvertPipes(t *testing.T) {
	raw, content := aDisk(t)
	dir := filepath.Dir(raw)
	piped := func(in []byte, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(built, append([]string{"convert"}, args...)...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return out
	}
	vhd := piped(content, "-", "-", "--to", "vhd")
	if len(vhd) != len(content)+512 || !bytes.Equal(vhd[:len(content)], content) {
		t.Errorf("a fixed VHD has %d bytes", len(vhd))
	}
	path := filepath.Join(dir, "d.vmdk")
	piped(content, "-", path)
	if got := piped(nil, path, "-", "--to", "raw"); !bytes.Equal(got, content) {
		t.Error("the disk is another one")
	}
	cmd := exec.Command(built, "convert", "-", filepath.Join(dir, "x.vhdx"))
	cmd.Stdin = bytes.NewReader(vhd)
	if out, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("is a VHD image: --format vhd")) {
		t.Errorf("an image is taken for a raw disk: %v, %s", err, out)
	}
	list, _ := os.ReadDir(dir)
	if len(list) != 2 {
		t.Errorf("%d files are left in the folder", len(list))
	}
}

// TestCreateFrom holds that create --from is convert by another name, and that a raw disk
// can be compared with an image.
func TestCreateFrom(t *testing.T) {
	raw, content := aDisk(t)
	path := filepath.Join(filepath.Dir(raw), "made.img")
	out := done(t, "create", path, "4M", "--format", "vhdx", "--from", raw, "--block-size", "1M")
	if got := done(t, "read", path, "--length", "3M"); !bytes.Equal(got, content) || !bytes.Contains(out, []byte("vhdx, dynamic, a disk of 4 MiB")) {
		t.Errorf("%s", out)
	}
	same := filepath.Join(filepath.Dir(raw), "same.vmdk")
	done(t, "convert", raw, same)
	done(t, "compare", raw, same)
	done(t, "compare", same, raw, "--format", "vmdk", "--to", "raw")
	if code, out, _ := run(t, "compare", path, raw); code != 1 {
		t.Errorf("disks of 4 and 3 MiB: exit code %d: %s", code, out)
	}
	if version := string(done(t, "--version")); !strings.Contains(version, "platter version") || !strings.Contains(version, "go1") {
		t.Errorf("--version: %s", version)
	}
}

// TestWriteFromItself holds that an image is not written from its own file, by whichever
// name: it changes meanwhile.
func TestWriteFromItself(t *testing.T) {
	raw, _ := aDisk(t)
	path, link := filepath.Join(filepath.Dir(raw), "d.vhd"), filepath.Join(filepath.Dir(raw), "link")
	done(t, "convert", raw, path, "-q")
	if err := os.Link(path, link); err != nil {
		t.Skip("no second names here")
	}
	before := mustRead(t, path)
	for _, from := range []string{path, link} {
		if code, _, errs := run(t, "write", path, "--offset", "0", "--from", from, "--force"); code != cli.ExitUsage || !bytes.Contains(errs, []byte("image itself")) {
			t.Errorf("from %s: exit code %d, %s", from, code, errs)
		}
	}
	if !bytes.Equal(mustRead(t, path), before) {
		t.Error("the image was changed")
	}
}

// TestConvertOntoTheSame stores nothing in a child whose disk is its parent's, zeros
// between data neither.
func TestConvertOntoTheSame(t *testing.T) {
	dir := t.TempDir()
	content := make([]byte, 8<<20)
	for at := 0; at < len(content); at += 300_000 {
		copy(content[at:], bytes.Repeat([]byte("data"), 1000))
	}
	raw := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		at := func(name string) string { return filepath.Join(dir, name+"."+format) }
		done(t, "convert", "--format", "raw", raw, at("base"))
		done(t, "convert", at("base"), at("child"), "--onto", at("base"))
		done(t, "create", at("empty"), "--parent", at("base"))
		child, err := os.Stat(at("child"))
		empty, errEmpty := os.Stat(at("empty"))
		if err != nil || errEmpty != nil || child.Size() != empty.Size() {
			t.Errorf("%s: the child has %d bytes, an empty one %d, %v %v", format, child.Size(), empty.Size(), err, errEmpty)
		}
	}
}
