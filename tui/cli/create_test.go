package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// golden compares what a verb prints with a file of the folder testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", filepath.FromSlash(name))
	if os.Getenv("PLATTER_UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("%s differs (PLATTER_UPDATE=1 writes it):\n%s", name, got)
	}
}

// TestCreateHelp holds the flags that the options of all formats make.
func TestCreateHelp(t *testing.T) { golden(t, "help/create.txt", done(t, "create", "--help")) }

type createDocument struct {
	Done    bool
	DryRun  bool `json:"dry_run"`
	Refused *struct{ Reason, Message string }
	Files   []struct {
		Path      string
		SizeAfter int64 `json:"size_after"`
		Created   bool
	}
	Image struct {
		Format, Type string
		VirtualSize  int64 `json:"virtual_size"`
		ID           string
	}
	Layout  []struct{ Name string }
	Plan    []struct{ What string }
	GrowsTo int64 `json:"grows_to"`
}

// TestCreateVerb makes images as a user would.
func TestCreateVerb(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	out := string(done(t, "create", at("a.vhd"), "100M"))
	for _, want := range []string{"made ", "vhd, dynamic, a disk of 100 MiB (104 857 600 bytes)", "grows to", "qemu-img info -f vpc"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
	if info := document[infoDocument](t, "info", at("a.vhd")); info.VirtualSize != 100<<20 || info.Format != "vhd" {
		t.Errorf("%+v", info)
	}
	doc := document[createDocument](t, "create", at("b.vhdx"), "1G", "--type", "fixed", "--dry-run")
	if doc.Done || !doc.DryRun || doc.Image.VirtualSize != 1<<30 || doc.Image.Type != "fixed" || len(doc.Plan) == 0 {
		t.Errorf("%+v", doc)
	}
	doc = document[createDocument](t, "create", at("new.bin"), "10M", "-f", "vmdk", "--type", "TWOGBMAXEXTENTFLAT", "--split", "4M", "--seed", "x")
	if !doc.Done || len(doc.Files) != 4 || !doc.Files[0].Created || doc.Image.Type != "twoGbMaxExtentFlat" || doc.GrowsTo < 10<<20 {
		t.Errorf("%+v", doc)
	}
	done(t, "create", at("c.vpc"), "--format", "vpc", "--parent", at("a.vhd"), "-q")
	done(t, "check", at("c.vpc"))
}

// TestCreateVerbRefuses holds the exit codes and the words of refusals: N2, N16.
func TestCreateVerbRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	done(t, "create", at("there.vhd"), "1M")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", cli.ExitUsage, "1 to 2 arguments"},
		{"d.vhd", cli.ExitUsage, "size: how large shall the disk be?"},
		{"d.vhd 0", cli.ExitUsage, "a disk of 0 bytes"},
		{"d.vhd 1X", cli.ExitUsage, `platter: size "1X"`},
		{"d.vhd 99999999999T", cli.ExitFailed, "does not fit"},
		{"d.raw 1M --profile azure", cli.ExitFailed, "a raw disk has no footer"},
		{"d.vhd 1M --profile ovf", cli.ExitFailed, "streamOptimized VMDK"},
		{". 1M --format vhd --force", cli.ExitFailed, "is a folder"},
		{"d.vhd -5", cli.ExitUsage, "-5"},
		{"d 1G", cli.ExitUsage, "--format: "},
		{"d.vhd 1G --format qcow2", cli.ExitUsage, "qcow2"},
		{"d.vhd 1G --block-size 3M", cli.ExitUsage, "--block-size: 3M: expected a power of two, 4K to 256M"},
		{"d.vhdx 1G --block-size 512M", cli.ExitFailed, "--block-size: 512M: expected a power of two, 1M to 256M"},
		{"d.vhdx 1G --log-size 1234567", cli.ExitUsage, "--log-size: 1234567: expected a multiple of 1M, 1M to 4095M"},
		{"d.vhd 1G --log-size 1M", cli.ExitUsage, "--log-size: there is no such option for an image of this format"},
		{"d.vhdx 65T", cli.ExitFailed, "65T is too large: a VHDX holds at most 64T"},
		{"d.vmdk 1G --adapter pvscsi", cli.ExitUsage, "--adapter: pvscsi"},
		{"d.vmdk 1G --type flat", cli.ExitUsage, "--type: \"flat\": expected monolithicSparse, "},
		{"d.vmdk 1G --profile azure", cli.ExitFailed, "profile azure: "},
		{"d.vmdk 1G --colour red", cli.ExitUsage, "unknown flag"},
		{"there.vhd 1G", cli.ExitFailed, "file already exists (--force does it all the same)"},
		{"gone/d.vhd 1G", cli.ExitFailed, "no such file"},
	} {
		args := []string{"create"}
		for i, a := range strings.Fields(c.args) {
			if i == 0 {
				a = at(a)
			}
			args = append(args, a)
		}
		code, out, errs := run(t, args...)
		if code != c.code || !strings.Contains(string(errs), c.says) || len(out) > 0 {
			t.Errorf("create %s: exit code %d, %s%s", c.args, code, out, errs)
		}
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("the folder holds %v", list)
	}
	code, out, _ := run(t, "create", at("there.vhd"), "1M", "--json")
	var doc createDocument
	if err := json.Unmarshal(out, &doc); err != nil || code != cli.ExitFailed || doc.Refused == nil || doc.Refused.Reason != "exists" {
		t.Errorf("%s: %v", out, err)
	}
	done(t, "create", at("there.vhd"), "2M", "--force")
}
