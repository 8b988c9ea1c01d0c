package cli_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestSetHelp holds the flags of set.
func TestSetHelp(t *testing.T) { golden(t, "help/set.txt", done(t, "set", "--help")) }

type setDocument struct {
	Done     bool
	DryRun   bool `json:"dry_run"`
	Fields   []struct{ Path, Old, New string }
	Warnings []struct{ Message string }
	Plan     []struct{ What string }
}

// TestSetNames sets everything that has a common name: the image stays without findings,
// with the value where others read it.
func TestSetNames(t *testing.T) {
	const id = "11223344-5566-7788-99aa-bbccddeeff00"
	for image, c := range map[string]struct {
		pairs []string
		tree  []string // what the tree shows then
		not   []string // names that the format does not have
	}{
		"d.vhd": {[]string{"id=" + id, "creator=abcd", "geometry=100/16/17"},
			[]string{`unique_id +` + id, `creator_application +"abcd"`, `cylinders +100`, `sectors_per_track +17`}, []string{"cid=new", "parent-id=" + id}},
		"d.vhdx": {[]string{"id=" + id, "creator=somebody"},
			[]string{`VirtualDiskId +` + id, `Creator +"somebody"`}, []string{"geometry=auto", "parent-id=" + id}},
		"d.vmdk": {[]string{"id=" + id, "cid=0000abcd", "adapter=IDE", "hw-version=9", "comment=a disk of mine", "geometry=auto"},
			[]string{`ddb.uuid +11 22 33 44 55 66 77 88-99 aa bb cc dd ee ff 00`, `CID +0000abcd`, `ddb.adapterType +ide`, `ddb.virtualHWVersion +9`, `ddb.comment +a disk of mine`}, []string{"creator=abcd"}},
	} {
		path := filepath.Join(t.TempDir(), image)
		done(t, "create", path, "64M")
		disk := done(t, "read", path)
		before := read(t, path)
		dry := document[setDocument](t, append([]string{"set", path, "-n"}, c.pairs...)...)
		if dry.Done || len(dry.Plan) == 0 || !bytes.Equal(read(t, path), before) {
			t.Errorf("%s: a dry run: %+v", image, dry)
		}
		doc := document[setDocument](t, append([]string{"set", path, "--keep-undo"}, c.pairs...)...)
		if !doc.Done || len(doc.Fields) < len(c.pairs) {
			t.Errorf("%s: %+v", image, doc)
		}
		tree := string(done(t, "tree", path))
		for _, want := range c.tree {
			if !regexp.MustCompile(want).MatchString(tree) {
				t.Errorf("%s: %q is missing in the tree", image, want)
			}
		}
		done(t, "check", path)
		if !bytes.Equal(done(t, "read", path), disk) {
			t.Errorf("%s: the disk holds something else", image)
		}
		if lookedUp("qemu-img") {
			if out, err := exec.Command("qemu-img", "info", path).CombinedOutput(); err != nil {
				t.Errorf("%s: qemu-img: %v: %s", image, err, out)
			}
		}
		for _, pair := range c.not {
			if code, _, errs := run(t, "set", path, pair); code != cli.ExitFailed || len(errs) == 0 {
				t.Errorf("%s: %s: exit code %d: %s", image, pair, code, errs)
			}
		}
		if out := done(t, "set", path, c.pairs[0]); !strings.Contains(string(out), "already") {
			t.Errorf("%s: the same again: %s", image, out)
		}
		done(t, "revert", path)
		if !bytes.Equal(read(t, path), before) {
			t.Errorf("%s: taken back, the bytes are others", image)
		}
	}
}

// TestSetFields sets fields by their path, with the checksums and second copies that go
// with them.
func TestSetFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vhd")
	done(t, "create", path, "64M")
	doc := document[setDocument](t, "set", path, "footer.saved_state=1")
	if len(doc.Fields) != 1 || doc.Fields[0].Old != "0" || doc.Fields[0].New != "1" || len(doc.Warnings) > 0 {
		t.Errorf("%+v", doc)
	}
	b := read(t, path)
	if !bytes.Equal(b[:512], b[len(b)-512:]) || strings.Contains(string(done(t, "tree", path)), "expected 0x") {
		t.Error("the copy of the footer, or a checksum, was left behind")
	}
	done(t, "set", path, "parent locator 2.data_space=512") // in an array of the dynamic header
	if tree := string(done(t, "tree", path)); strings.Count(tree, "checksum matches") != 3 {
		t.Errorf("a checksum was left behind:\n%s", tree)
	}
	done(t, "set", path, "--wrong", "footer.saved_state=0")
	b = read(t, path)
	if bytes.Equal(b[:512], b[len(b)-512:]) {
		t.Error("--wrong has changed the copy too")
	}
	if code, _, _ := run(t, "check", path); code == cli.ExitDone {
		t.Error("--wrong leaves no finding")
	}
	other := filepath.Join(t.TempDir(), "d.vhdx")
	done(t, "create", other, "64M")
	if doc := document[setDocument](t, "set", other, "header 1.LogVersion=0", "header 2.SequenceNumber=77"); len(doc.Warnings) != 1 || doc.Fields[1].New != "77" {
		t.Errorf("headers of a VHDX: %+v", doc)
	}
	done(t, "check", other)
	for _, wrong := range [][]string{{"set", other}, {"set", other, "SequenceNumber"}, {"set", other, "header 2.SequenceNumber=many"}, {"set", other, "id=5"}} {
		if code, _, errs := run(t, wrong...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d: %s", wrong, code, errs)
		}
	}
	for _, wrong := range []string{"nothing of this name=1", "header 2=1", "BAT=0"} {
		if code, _, errs := run(t, "set", other, wrong); code != cli.ExitFailed || len(errs) == 0 {
			t.Errorf("%q: exit code %d: %s", wrong, code, errs)
		}
	}
}
