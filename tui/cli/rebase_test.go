package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/tui/cli"
)

// TestRebaseHelp holds the flags of rebase.
func TestRebaseHelp(t *testing.T) { golden(t, "help/rebase.txt", done(t, "rebase", "--help")) }

type rebaseDocument struct {
	Done, Changed bool
	DryRun        bool `json:"dry_run"`
	Mode          string
	Parent        struct {
		Before, After struct {
			Path, Kind, Identity string
			Names                []struct{ Where, Name string }
		}
	}
	Identity []struct{ Kind, Old, New string }
	Warnings []struct{ Code string }
	Plan     []struct{ What string }
	Refused  struct{ Reason, Override string }
	Copied   int64 `json:"copied_bytes"`
}

// family is a parent with data and its child, in a folder of their own.
func family(t *testing.T, format string) (dir, parent, child string) {
	t.Helper()
	dir = t.TempDir()
	parent, child = filepath.Join(dir, "base."+format), filepath.Join(dir, "child."+format)
	block := map[string]string{"vhd": "512K", "vhdx": "1M", "vmdk": "64K"}[format]
	done(t, "create", parent, "4M", "--block-size", block, "-q")
	done(t, "write", parent, "--offset", "60000", "--fill", "a15b", "--length", "300000", "-q")
	done(t, "create", child, "--parent", parent, "--block-size", block, "-q")
	done(t, "write", child, "--offset", "70000", "--fill", "c3", "--length", "100", "-q")
	return dir, parent, child
}

func hashOf(t *testing.T, args ...string) string {
	t.Helper()
	sum, _, _ := strings.Cut(string(done(t, append([]string{"hash"}, args...)...)), " ")
	return sum
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestRebasePaths moves the parent, also to names that are hard to store: the child finds
// it again, and nothing but the names has changed (B2 and B4 of the peers' cases).
func TestRebasePaths(t *testing.T) {
	for i, format := range []string{"vhd", "vhdx", "vmdk"} {
		for k, name := range []string{"sub/base.", "with space/the base, 1.", "ünï/日本語.", "moved.", `quote'd.`} {
			if enginetest.Scale(0, 1) == 0 && k != 2 && k%3 != i {
				continue
			}
			dir, parent, child := family(t, format)
			want, before := hashOf(t, child), mustRead(t, child)
			moved := filepath.Join(dir, filepath.FromSlash(name)+format)
			rename(t, parent, moved)
			if code, _, errs := run(t, "rebase", child, "--paths"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("--parent names it")) {
				t.Errorf("%s: a parent that is not found: exit code %d, %s", moved, code, errs)
			}
			doc := document[rebaseDocument](t, "rebase", child, "--paths", "--parent", moved, "-n")
			if doc.Done || !doc.DryRun || len(doc.Plan) == 0 || !bytes.Equal(mustRead(t, child), before) {
				t.Errorf("%s: dry run: %+v", moved, doc)
			}
			doc = document[rebaseDocument](t, "rebase", child, "--paths", "--parent", moved)
			if !doc.Done || !doc.Changed || doc.Mode != "paths" || len(doc.Identity) != 0 || len(doc.Warnings) != 0 || doc.Parent.After.Path != moved {
				t.Errorf("%s: %+v", moved, doc)
			}
			if got := hashOf(t, child); got != want {
				t.Errorf("%s: the disk has changed", moved)
			}
			if code, out, _ := run(t, "check", child); code != 0 {
				t.Errorf("%s: %s", moved, out)
			}
			if doc := document[rebaseDocument](t, "rebase", child, "--paths"); !doc.Done || doc.Changed {
				t.Errorf("%s: again: %+v", moved, doc)
			}
		}
	}
}

// TestRebaseAbove has the parent lie in the folder above, which is not followed by itself.
func TestRebaseAbove(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		want := hashOf(t, child)
		below := filepath.Join(dir, "sub", "child."+format)
		rename(t, child, below)
		doc := document[rebaseDocument](t, "rebase", below, "--paths", "--parent", parent, "--relative")
		names := doc.Parent.After.Names
		if !doc.Done || len(doc.Warnings) != 1 || len(names) == 0 || strings.ReplaceAll(names[0].Name, `\`, "/") != "../base."+format {
			t.Errorf("%s: %+v", format, doc)
		}
		if got := hashOf(t, below, "--allow", dir); got != want {
			t.Errorf("%s: the disk has changed", format)
		}
	}
}

// TestRebaseColons has names that a child can't store as they are, or only so that nobody
// takes them for a drive, or for a protocol.
func TestRebaseColons(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		want, before := hashOf(t, child), mustRead(t, child)
		moved := filepath.Join(dir, "c:base."+format)
		rename(t, parent, moved)
		code, out, errs := run(t, "rebase", child, "--paths", "--parent", moved)
		if format == "vhd" {
			if code == 0 || !bytes.Contains(errs, []byte("colon")) || !bytes.Equal(mustRead(t, child), before) {
				t.Errorf("%s: exit code %d, %s%s", format, code, out, errs)
			}
			continue
		}
		if code != 0 || len(errs) > 0 || hashOf(t, child) != want {
			t.Errorf("%s: exit code %d, %s%s", format, code, out, errs)
		}
	}
}

// TestRebaseRelink touches the parent, as in B3 of the peers' cases: the child fits it no
// more, and again after a relink, for QEMU too.
func TestRebaseRelink(t *testing.T) {
	for _, format := range []string{"vhdx", "vmdk"} {
		_, parent, child := family(t, format)
		if code, _, errs := run(t, "write", parent, "--offset", "0x100000", "--fill", "ee", "--length", "512", "--force", "-q"); code != 0 {
			t.Fatalf("%s", errs)
		}
		if code, _, _ := run(t, "hash", child); code == 0 {
			t.Fatalf("%s: the child still fits", format)
		}
		code, out, _ := run(t, "rebase", child, "--paths", "--json")
		if code != cli.ExitFailed || !bytes.Contains(out, []byte(`"reason": "link"`)) {
			t.Errorf("%s: --paths exits %d: %s", format, code, out)
		}
		doc := document[rebaseDocument](t, "rebase", child, "--relink")
		if !doc.Done || len(doc.Identity) != 1 || doc.Identity[0].Old == doc.Identity[0].New || doc.Parent.After.Identity != doc.Identity[0].New {
			t.Errorf("%s: %+v", format, doc)
		}
		if got := done(t, "read", child, "--offset", "0x100000", "--length", "512"); !bytes.Equal(got, bytes.Repeat([]byte{0xEE}, 512)) {
			t.Errorf("%s: the parent does not show", format)
		}
		if format == "vmdk" {
			enginetest.Tool(t, "qemu-io")
			enginetest.Run(t, "qemu-io", "-r", "-f", "vmdk", "-c", "read -P 0xee 1M 512", child)
		}
	}
}

// TestRebaseUnsafe takes a copy for the parent, and refuses what can't be one.
func TestRebaseUnsafe(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		want, other := hashOf(t, child), filepath.Join(dir, "other."+format)
		done(t, "convert", parent, other, "-q")
		doc := document[rebaseDocument](t, "rebase", child, "--onto", other, "--unsafe")
		if !doc.Done || doc.Parent.After.Path != other || hashOf(t, child) != want {
			t.Errorf("%s: %+v", format, doc)
		}
		if err := os.Remove(parent); err != nil {
			t.Fatal(err)
		}
		if hashOf(t, child) != want {
			t.Errorf("%s: the old parent is still needed", format)
		}
		before := mustRead(t, child)
		large, foreign, grandchild := filepath.Join(dir, "large."+format), filepath.Join(dir, "foreign."+map[string]string{"vhd": "vmdk", "vhdx": "vhd", "vmdk": "vhdx"}[format]), filepath.Join(dir, "grandchild."+format)
		done(t, "create", large, "1G", "-q")
		done(t, "convert", other, foreign, "-q")
		done(t, "create", grandchild, "--parent", child, "-q")
		for name, words := range map[string]string{large: "can't be the parent", foreign: "must be a " + format, grandchild: "come back to itself", child: "come back to itself", filepath.Join(dir, "none"): "no such file"} {
			if code, out, errs := run(t, "rebase", child, "--onto", name, "--unsafe"); code != cli.ExitFailed || !bytes.Contains(errs, []byte(words)) {
				t.Errorf("%s: exit code %d, %s%s", name, code, out, errs)
			}
		}
		if code, _, errs := run(t, "rebase", other, "--relink"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("has no parent")) {
			t.Errorf("%s: a base: exit code %d, %s", format, code, errs)
		}
		if !bytes.Equal(mustRead(t, child), before) {
			t.Errorf("%s: a refusal has written", format)
		}
	}
}

// TestRebaseOnto gives the child another parent: the disk is the same without the old one,
// also to QEMU.
func TestRebaseOnto(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir, parent, child := family(t, format)
		want, other := hashOf(t, child), filepath.Join(dir, "other."+format)
		done(t, "create", other, "4M", "-q")
		done(t, "write", other, "--offset", "200000", "--fill", "a15b", "--length", "1000000", "-q")
		before, copied := mustRead(t, child), int64(0)
		if doc := document[rebaseDocument](t, "rebase", child, "--onto", other, "-n"); doc.Done || doc.Copied == 0 || !bytes.Equal(mustRead(t, child), before) {
			t.Errorf("%s: dry run: %+v", format, doc)
		} else {
			copied = doc.Copied
		}
		doc := document[rebaseDocument](t, "rebase", child, "--onto", other)
		if !doc.Done || doc.Mode != "onto" || doc.Copied != copied || doc.Parent.After.Path != other {
			t.Errorf("%s: %+v", format, doc)
		}
		if err := os.Remove(parent); err != nil {
			t.Fatal(err)
		}
		if hashOf(t, child) != want {
			t.Errorf("%s: the disk has changed", format)
		}
		if code, out, _ := run(t, "check", child); code != 0 {
			t.Errorf("%s: %s", format, out)
		}
		if format == "vmdk" {
			raw := filepath.Join(dir, "disk.raw")
			enginetest.Run(t, "qemu-img", "convert", "-f", "vmdk", "-O", "raw", child, raw)
			if hashOf(t, raw, "--format", "raw") != want {
				t.Error("QEMU reads another disk")
			}
		}
	}
}

// TestRebaseWrongUsage holds what goes together.
func TestRebaseWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"--paths", "--relink"}, {"--unsafe", "--paths"}, {"--unsafe"}, {"--paths", "--relative", "--absolute"}} {
		if code, _, _ := run(t, append([]string{"rebase", "x.vhd"}, args...)...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}

// TestRebaseRoom fills what holds the names: longer ones are refused with the room there
// is, or get new room where the format has some.
func TestRebaseRoom(t *testing.T) {
	dir, parent, child := family(t, "vmdk")
	var fill []string
	for _, key := range []string{"ddb.a", "ddb.b"} {
		fill = append(fill, "--ddb", key+"="+strings.Repeat("x", 4500))
	}
	full := filepath.Join(dir, "full.vmdk")
	done(t, append([]string{"create", full, "--parent", parent, "-q"}, fill...)...)
	before := mustRead(t, full)
	moved := filepath.Join(dir, strings.Repeat("long/", 40), strings.Repeat("name", 50)+".vmdk")
	for range 4 {
		moved = filepath.Join(filepath.Dir(moved), strings.Repeat("folder", 40), filepath.Base(moved))
	}
	rename(t, parent, moved)
	code, out, _ := run(t, "rebase", full, "--paths", "--parent", moved, "--json")
	if code != cli.ExitFailed || !bytes.Contains(out, []byte("room for 10751")) || !bytes.Contains(out, []byte(`"reason": "limit"`)) || !bytes.Equal(mustRead(t, full), before) {
		t.Errorf("exit code %d, %s", code, out)
	}
	done(t, "rebase", child, "--paths", "--parent", moved, "-q")
	for _, format := range []string{"vhd", "vhdx"} {
		dir, parent, child := family(t, format)
		want, size := hashOf(t, child), len(mustRead(t, child))
		moved := filepath.Join(dir, strings.Repeat("long/", 20))
		for range 6 {
			moved = filepath.Join(moved, strings.Repeat("folder", 40))
		}
		rename(t, parent, filepath.Join(moved, "base."+format))
		done(t, "rebase", child, "--paths", "--parent", filepath.Join(moved, "base."+format), "-q")
		if hashOf(t, child) != want {
			t.Errorf("%s: the disk has changed", format)
		}
		if code, out, _ := run(t, "check", child); code != 0 {
			t.Errorf("%s: %s", format, out)
		}
		if now := len(mustRead(t, child)); format == "vhd" && now <= size {
			t.Errorf("the names of the parent got no new room: %d bytes, %d before", now, size)
		}
	}
}

// TestRebaseNone makes a child stand alone: the disk is the same without the parent, also to
// QEMU. What can't be done in place is refused before anything is written.
func TestRebaseNone(t *testing.T) {
	for _, format := range []string{"vhd", "vmdk", "vhdx", "redo"} {
		dir, parent, child := t.TempDir(), "", ""
		if format == "redo" {
			parent, child = filepath.Join(dir, "base.vmdk"), filepath.Join(dir, "child.vmdk")
			done(t, "create", parent, "1M", "--type", "vmfs", "-q")
			done(t, "create", child, "--parent", parent, "-q")
		} else {
			dir, parent, child = family(t, format)
		}
		want, before := hashOf(t, child), mustRead(t, child)
		if format == "redo" {
			if code, _, errs := run(t, "rebase", child, "--none"); code != cli.ExitFailed || !bytes.Contains(errs, []byte("platter convert")) || !bytes.Equal(mustRead(t, child), before) {
				t.Errorf("%s: exit code %d, %s", format, code, errs)
			}
			continue
		}
		if doc := document[rebaseDocument](t, "rebase", child, "--none", "-n"); doc.Done || doc.Copied == 0 || !bytes.Equal(mustRead(t, child), before) {
			t.Errorf("%s: dry run: %+v", format, doc)
		}
		if doc := document[rebaseDocument](t, "rebase", child, "--none"); !doc.Done || doc.Mode != "none" || doc.Copied == 0 || doc.Parent.After.Kind != "" {
			t.Errorf("%s: %+v", format, doc)
		}
		if err := os.Remove(parent); err != nil {
			t.Fatal(err)
		}
		if code, out, _ := run(t, "check", child); code != 0 || hashOf(t, child) != want {
			t.Errorf("%s: the disk has changed, or %s", format, out)
		}
		if doc := document[rebaseDocument](t, "rebase", child, "--none"); !doc.Done || doc.Changed {
			t.Errorf("%s: again: %+v", format, doc)
		}
		raw := filepath.Join(dir, "disk.raw")
		driver := map[string]string{"vhd": "driver=vpc,force_size_calc=current_size", "vmdk": "driver=vmdk", "vhdx": "driver=vhdx"}[format]
		enginetest.Run(t, "qemu-img", "convert", "--image-opts", "-O", "raw", driver+",file.driver=file,file.filename="+child, raw)
		if hashOf(t, raw, "--format", "raw") != want {
			t.Errorf("%s: QEMU reads another disk", format)
		}
	}
}
