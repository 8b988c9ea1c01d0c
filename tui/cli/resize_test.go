package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"platter/decode/vhd"
	"platter/tui/cli"
)

// TestResizeHelp holds the flags of resize.
func TestResizeHelp(t *testing.T) { golden(t, "help/resize.txt", done(t, "resize", "--help")) }

type resizeDocument struct {
	Schema  string
	Done    bool
	DryRun  bool `json:"dry_run"`
	Refused *struct {
		Reason, Message string
		Override        *string
	}
	Warnings []struct{ Code, Message string }
	Identity []struct{ Kind, Old, New string }
	Files    []struct {
		Path    string
		Before  *int64 `json:"size_before"`
		After   *int64 `json:"size_after"`
		Created bool
	}
	Plan        []struct{ What string }
	VirtualSize struct{ Before, After int64 } `json:"virtual_size"`
	Moved       int64                         `json:"moved_blocks"`
	GPT         struct{ Found, Moved bool }
	Out         *string
}

// TestResizeVerb resizes as a user would: sizes absolute and counted from the old one, also
// below it, which the parser of flags must not take for flags.
func TestResizeVerb(t *testing.T) {
	raw, content := aDisk(t)
	vhd := filepath.Join(filepath.Dir(raw), "d.vhd")
	done(t, "convert", raw, vhd)
	if out := string(done(t, "resize", vhd, "+1M", "--dry-run")); !strings.Contains(out, "would have 4 MiB (4 194 304 bytes), before 3 MiB") {
		t.Error(out)
	}
	doc := document[resizeDocument](t, "resize", vhd, "+1M")
	if doc.Schema != "platter/resize/1" || !doc.Done || doc.VirtualSize.Before != 3<<20 || doc.VirtualSize.After != 4<<20 {
		t.Errorf("%+v", doc)
	}
	if got := done(t, "read", vhd); !bytes.Equal(got, append(bytes.Clone(content), make([]byte, 1<<20)...)) {
		t.Error("the disk holds something else")
	}
	if out := string(done(t, "resize", vhd, "4M")); !strings.Contains(out, "4 MiB (4 194 304 bytes) already") {
		t.Error(out)
	}
	for _, args := range [][]string{{"resize", vhd, "-1M"}, {"resize", "--", vhd, "-1M"}, {"resize", vhd, "3M"}, {"resize", vhd, "1X"}, {"resize", vhd, "-4M", "--shrink"},
		{"resize", vhd, "0"}, {"resize", vhd}, {"resize", vhd, "5M", "--geometry", "a"}, {"resize", vhd, "5M", "--preallocate", "b"}, {"resize", vhd, "5M", "--discard"},
		{"resize", "sample:vhd", "+1M"}, {"resize", vhd, "+1M", "--preallocate", "full"}} {
		if code, _, errs := run(t, args...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d: %s", args, code, errs)
		}
	}
	if doc := document[resizeDocument](t, "resize", vhd, "-1M", "--shrink"); doc.VirtualSize.After != 3<<20 {
		t.Errorf("%+v", doc)
	}
	doc = document[resizeDocument](t, "resize", raw, "3145729")
	if doc.VirtualSize.After != 3<<20+512 || len(doc.Warnings) != 1 || doc.Warnings[0].Code != "option/size" {
		t.Errorf("%+v", doc)
	}
	if fi, err := os.Stat(raw); err != nil || fi.Size() != 3<<20+512 {
		t.Errorf("%v %v", fi, err)
	}
	for _, how := range []string{"reserve", "full"} {
		if doc := document[resizeDocument](t, "resize", raw, "+64K", "--preallocate", how); !doc.Done {
			t.Errorf("%+v", doc)
		}
	}
}

// TestResizeRefusals holds the reasons that scripts match.
func TestResizeRefusals(t *testing.T) {
	raw, _ := aDisk(t)
	at := func(name string) string { return filepath.Join(filepath.Dir(raw), name) }
	done(t, "convert", raw, at("base.vhd"))
	done(t, "create", at("child.vhd"), "--parent", at("base.vhd"))
	done(t, "convert", raw, at("s.vmdk"), "--type", "streamOptimized")
	for _, c := range []struct{ reason, override, args string }{
		{"children", "--force", "base.vhd +1M"},
		{"loss", "--discard", "disk.raw 1M --shrink"},
		{"limit", "", "child.vhd 3T"},
	} {
		args := strings.Fields("resize " + c.args + " --json")
		args[1] = at(args[1])
		code, out, _ := run(t, args...)
		var doc resizeDocument
		if err := json.Unmarshal(out, &doc); err != nil {
			t.Fatal(err)
		}
		if code != cli.ExitFailed || doc.Done || doc.Refused == nil || doc.Refused.Reason != c.reason || c.override != "" && (doc.Refused.Override == nil || *doc.Refused.Override != c.override) {
			t.Errorf("%s: exit code %d, %s", c.args, code, out)
		}
	}
	for _, args := range [][]string{{at("s.vmdk"), "+1M"}, {at("child.vhd"), "2M", "--shrink"}} {
		if code, _, errs := run(t, append([]string{"resize"}, args...)...); code != cli.ExitFailed || !strings.Contains(string(errs), "--out makes") {
			t.Errorf("%q: exit code %d: %s", args, code, errs)
		}
	}
}

// TestResizeToANewImage makes an image of another size beside the old one.
func TestResizeToANewImage(t *testing.T) {
	raw, content := aDisk(t)
	at := func(name string) string { return filepath.Join(filepath.Dir(raw), name) }
	for _, to := range []string{"d.vhd", "d.vhdx", "d.vmdk", "e.vmdk --type streamOptimized", "f.vhd --type fixed"} {
		args := strings.Fields(to)
		old, made := at(args[0]), at("new-"+args[0])
		done(t, append([]string{"convert", raw, old}, args[1:]...)...)
		before, err := os.ReadFile(old)
		if err != nil {
			t.Fatal(err)
		}
		doc := document[resizeDocument](t, "resize", old, "+3M", "--out", made)
		if doc.Out == nil || *doc.Out != made || doc.VirtualSize.After != 6<<20 {
			t.Errorf("%s: %+v", to, doc)
		}
		if got := done(t, "read", made); !bytes.Equal(got, append(bytes.Clone(content), make([]byte, 3<<20)...)) {
			t.Errorf("%s: the disk holds something else", to)
		}
		was, is := document[infoDocument](t, "info", old), document[infoDocument](t, "info", made)
		if after, _ := os.ReadFile(old); !bytes.Equal(before, after) || was.Type != is.Type || was.BlockSize != is.BlockSize {
			t.Errorf("%s: the old image has changed, or the new one is of another kind: %s, %s", to, was.Type, is.Type)
		}
		if doc := document[resizeDocument](t, "resize", made, "2M", "--shrink", "--out", at("small-"+args[0])); doc.VirtualSize.After != 2<<20 {
			t.Errorf("%s: %+v", to, doc)
		}
		if got := done(t, "read", at("small-"+args[0])); !bytes.Equal(got, content[:2<<20]) {
			t.Errorf("%s: the smaller disk holds something else", to)
		}
	}
}

// TestResizeChildren lets the top layer of a chain grow: past the end of its parent are zeros,
// and the parent stays as it is. The links of a VMDK chain have one size: only a new image has
// another.
func TestResizeChildren(t *testing.T) {
	raw, content := aDisk(t)
	at := func(name string) string { return filepath.Join(filepath.Dir(raw), name) }
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		base, child := at("base."+format), at("child."+format)
		shape := []string{}
		if format != "vmdk" {
			shape = []string{"--block-size", "2M"} // of which the last one ends past the disk
		}
		done(t, append([]string{"convert", raw, base}, shape...)...)
		done(t, append([]string{"create", child, "--parent", base}, shape...)...)
		done(t, "write", child, "--offset", "3000000", "--length", "1000", "--fill", "5A")
		want := append(bytes.Clone(content), make([]byte, 5<<20)...)
		copy(want[3000000:], bytes.Repeat([]byte{0x5A}, 1000))
		before, err := os.ReadFile(base)
		if err != nil {
			t.Fatal(err)
		}
		resized := child
		if format == "vmdk" {
			if code, _, errs := run(t, "resize", child, "+5M"); code != cli.ExitFailed || !strings.Contains(string(errs), "--out") {
				t.Errorf("%s: exit code %d: %s", format, code, errs)
			}
			resized = at("new.vmdk")
			done(t, "resize", child, "+5M", "--out", resized)
		} else if code, _, errs := run(t, "resize", child, "+5M"); code != cli.ExitDone {
			t.Fatalf("%s: %s", format, errs)
		}
		if code, got, _ := run(t, "read", resized); code != cli.ExitDone || !bytes.Equal(got, want) {
			t.Errorf("%s: the disk holds something else", format)
		}
		if after, _ := os.ReadFile(base); !bytes.Equal(before, after) {
			t.Errorf("%s: the parent has changed", format)
		}
	}
}

// TestResizeInSavedState refuses a disk that a machine in saved state would find changed.
func TestResizeInSavedState(t *testing.T) {
	raw, _ := aDisk(t)
	image := filepath.Join(filepath.Dir(raw), "d.vhd")
	done(t, "convert", raw, image)
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	for _, footer := range [][]byte{b[:vhd.FooterSize], b[len(b)-vhd.FooterSize:]} {
		rec, _ := vhd.FooterTable.Of(footer)
		vhd.FooterSavedState.Put(rec, 1)
		vhd.FooterTable.Seal(footer)
	}
	if err := os.WriteFile(image, b, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := run(t, "resize", image, "+1M")
	if after, _ := os.ReadFile(image); code != cli.ExitFailed || !strings.Contains(string(errs), "saved state") || !bytes.Equal(after, b) {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// TestResizeMakesFilesAlike gives further extents of a split disk the permissions that the
// image has, and removes them again where the disk stays as it is.
func TestResizeMakesFilesAlike(t *testing.T) {
	raw, _ := aDisk(t)
	image := filepath.Join(filepath.Dir(raw), "d.vmdk")
	done(t, "convert", raw, image, "--type", "twoGbMaxExtentFlat", "--split", "2M")
	if err := os.Chmod(image, 0o640); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(filepath.Dir(raw), "d-f003.vmdk")
	if err := os.WriteFile(next, []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t, "resize", image, "+2M"); code != cli.ExitFailed || !strings.Contains(string(errs), "d-f003.vmdk") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if err := os.Remove(next); err != nil {
		t.Fatal(err)
	}
	done(t, "resize", image, "+2M")
	if fi, err := os.Stat(next); err != nil || fi.Mode().Perm() != 0o640 && runtime.GOOS != "windows" || fi.Size() != 1<<20 {
		t.Errorf("%v %v", fi, err)
	}
}
