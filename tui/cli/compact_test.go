package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/tui/cli"
)

// TestCompactHelp holds the flags of compact.
func TestCompactHelp(t *testing.T) { golden(t, "help/compact.txt", done(t, "compact", "--help")) }

type compactDocument struct {
	Done     bool
	DryRun   bool                          `json:"dry_run"`
	FileSize struct{ Before, After int64 } `json:"file_size"`
	OnHost   struct {
		Before int64
		After  *int64
	} `json:"on_host"`
	Dropped struct{ Zero, Free, Parent, Orphan int64 }
	Moved   int64 `json:"moved_blocks"`
	Punched int64 `json:"punched_bytes"`
	Refused *struct {
		Reason   string
		Override *string
	}
}

// fileSystem is a raw disk with an ext4 file system, half full.
func fileSystem(t *testing.T) (path string, fsck func(t *testing.T, image string)) {
	t.Helper()
	for _, tool := range []string{"mkfs.ext4", "debugfs", "e2fsck"} {
		enginetest.Tool(t, tool)
	}
	dir := t.TempDir()
	path = filepath.Join(dir, "ext4.raw")
	host := filepath.Join(dir, "file")
	if err := os.WriteFile(host, bytes.Repeat([]byte("what the guest has stored\n"), 200_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mkfs.ext4", "-q", "-F", path, "24M"},
		{"debugfs", "-w", "-R", "write " + host + " one", path},
		{"debugfs", "-w", "-R", "write " + host + " two", path},
		{"debugfs", "-w", "-R", "rm one", path},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	return path, func(t *testing.T, image string) {
		t.Helper()
		back := filepath.Join(t.TempDir(), "back.raw")
		if err := os.WriteFile(back, done(t, "read", image), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("e2fsck", "-fn", back).CombinedOutput(); err != nil {
			t.Errorf("e2fsck: %v: %s", err, out)
		}
	}
}

// TestCompactFileSystem compacts images of a guest's file system whose free blocks are
// stored zeros (K1): other programs read the same afterwards.
func TestCompactFileSystem(t *testing.T) {
	raw, fsck := fileSystem(t)
	want := document[hashDocument](t, "hash", raw, "--format", "raw").Digests["sha256"]
	for _, kind := range [][]string{{"d.vhd", "--block-size", "512K"}, {"d.vhdx", "--block-size", "1M"}, {"d.vmdk"}, {"split.vmdk", "--type", "twoGbMaxExtentSparse", "--split", "8M"}} {
		image := filepath.Join(t.TempDir(), kind[0])
		done(t, append([]string{"convert", "--format", "raw", "--zero-unit", "0", raw, image}, kind[1:]...)...)
		dry := document[compactDocument](t, "compact", "-n", image)
		doc := document[compactDocument](t, "compact", image)
		if !doc.Done || doc.Dropped.Zero == 0 || doc.Moved == 0 || doc.FileSize.After > doc.FileSize.Before-8<<20 || *doc.OnHost.After > doc.FileSize.After+64<<10 { // whole blocks of the host
			t.Errorf("%s: %+v", kind[0], doc)
		}
		if dry.Done || !dry.DryRun || dry.FileSize != doc.FileSize || dry.Dropped != doc.Dropped || dry.Moved != doc.Moved {
			t.Errorf("%s: a dry run says %+v, then it was %+v", kind[0], dry, doc)
		}
		if got := document[hashDocument](t, "hash", image).Digests["sha256"]; got != want {
			t.Errorf("%s: the disk holds something else", kind[0])
		}
		fsck(t, image)
		done(t, "check", image)
		if out, err := exec.Command("qemu-img", "compare", image, "-F", "raw", raw).CombinedOutput(); err != nil && lookedUp("qemu-img") {
			t.Errorf("%s: qemu-img compare: %v: %s", kind[0], err, out)
		}
		if again := document[compactDocument](t, "compact", image); again.FileSize.After != doc.FileSize.After || again.Moved != 0 {
			t.Errorf("%s: a second time: %+v", kind[0], again)
		}
	}
}

func lookedUp(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}

// TestCompactPunch makes holes in what has its blocks at fixed places.
func TestCompactPunch(t *testing.T) {
	raw, content := aDisk(t)
	for _, kind := range [][]string{{"f.raw"}, {"f.vhd", "--type", "fixed", "--preallocate", "full"}, {"f.vhdx", "--type", "fixed", "--preallocate", "full"}, {"f.vmdk", "--type", "monolithicFlat", "--preallocate", "full"}} {
		image := filepath.Join(filepath.Dir(raw), kind[0])
		if kind[0] == "f.raw" {
			if err := os.WriteFile(image, content, 0o600); err != nil {
				t.Fatal(err)
			}
		} else {
			done(t, append([]string{"convert", raw, image}, kind[1:]...)...)
		}
		code, _, errs := run(t, "compact", image)
		if code != cli.ExitFailed || !bytes.Contains(errs, []byte("--punch-only")) {
			t.Errorf("%s: exit code %d: %s", kind[0], code, errs)
		}
		before, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		dry := document[compactDocument](t, "compact", "-n", "--punch-only", image)
		doc := document[compactDocument](t, "compact", "--punch-only", image)
		if doc.Punched < 2<<20 || doc.Punched != dry.Punched || *doc.OnHost.After > doc.OnHost.Before-2<<20 || doc.FileSize.After != doc.FileSize.Before {
			t.Errorf("%s: %+v, dry %+v", kind[0], doc, dry)
		}
		if after, err := os.ReadFile(image); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: bytes have changed: %v", kind[0], err)
		}
		if out := done(t, "compact", "--punch-only", image); !strings.Contains(string(out), "nothing was changed") {
			t.Errorf("%s: a second time: %s", kind[0], out)
		}
	}
}

type kindDocument struct{ Type, ID, Parent string }

// TestCompactOut writes new images of the same kind.
func TestCompactOut(t *testing.T) {
	raw, content := aDisk(t)
	at := func(name string) string { return filepath.Join(filepath.Dir(raw), name) }
	done(t, "convert", raw, at("base.vhdx"), "--zero-unit", "0", "--block-size", "1M")
	done(t, "create", at("child.vhdx"), "--parent", at("base.vhdx"))
	done(t, "write", at("child.vhdx"), "--offset", "0", "--fill", "41", "--length", "600")
	done(t, "convert", raw, at("s.vmdk"), "--type", "streamOptimized")
	content = append(bytes.Repeat([]byte{0x41}, 600), content[600:]...)
	for _, image := range []string{"base.vhdx", "child.vhdx", "s.vmdk"} {
		want := done(t, "read", at(image))
		doc := document[compactDocument](t, "compact", at(image), "--sort", "--out", at("new-"+image))
		if got := done(t, "read", at("new-"+image)); !bytes.Equal(got, want) || doc.FileSize.After > doc.FileSize.Before {
			t.Errorf("%s: %+v", image, doc)
		}
		old, made := document[kindDocument](t, "info", at(image)), document[kindDocument](t, "info", at("new-"+image))
		if made.Type != old.Type || image != "s.vmdk" && made.ID != old.ID || (made.Parent == "") != (old.Parent == "") {
			t.Errorf("%s: %+v became %+v", image, old, made)
		}
	}
	if got := done(t, "read", at("new-child.vhdx")); !bytes.Equal(got, content) {
		t.Error("the child holds something else")
	}
	if code, _, errs := run(t, "compact", at("s.vmdk")); code != cli.ExitFailed || !bytes.Contains(errs, []byte("--out")) {
		t.Errorf("a stream in place: exit code %d: %s", code, errs)
	}
	if code, _, _ := run(t, "compact", at("base.vhdx"), "--sort"); code != cli.ExitUsage {
		t.Errorf("--sort alone: exit code %d", code)
	}
}

// TestCompactRefuses keeps what could be a block that lost its entry.
func TestCompactRefuses(t *testing.T) {
	raw, _ := aDisk(t)
	for _, name := range []string{"d.vhd", "d.vhdx", "d.vmdk"} {
		image := filepath.Join(filepath.Dir(raw), name)
		if name == "d.vhdx" {
			done(t, "convert", raw, image, "--block-size", "1M")
		} else {
			done(t, "convert", raw, image)
		}
		lose(t, image)
		before, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		code, out, _ := run(t, "compact", "--json", image)
		if code != cli.ExitFailed || !bytes.Contains(out, []byte(`"reason": "loss"`)) || !bytes.Contains(out, []byte(`"override": "--discard"`)) {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
		if after, err := os.ReadFile(image); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: bytes have changed: %v", name, err)
		}
		doc := document[compactDocument](t, "compact", "--discard", image)
		if !doc.Done || doc.FileSize.After >= doc.FileSize.Before || doc.Dropped.Orphan == 0 {
			t.Errorf("%s: %+v", name, doc)
		}
		done(t, "check", image)
	}
}

// lose adds bytes to an image that no entry leads to.
func lose(t *testing.T, image string) {
	t.Helper()
	b, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	footer := 0
	if strings.HasSuffix(image, ".vhd") {
		footer = 512
	}
	more := append(bytes.Repeat([]byte("lost"), 1<<19), make([]byte, 1<<20)...)
	b = append(append(b[:len(b)-footer:len(b)-footer], more...), b[len(b)-footer:]...)
	if err := os.WriteFile(image, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCompactAnchors takes the room of freed blocks of a VHDX, whatever it holds, and leaves
// it alone where another block lies there.
func TestCompactAnchors(t *testing.T) {
	image := filepath.Join(t.TempDir(), "d.vhdx")
	done(t, "create", image, "8M", "--block-size", "1M")
	done(t, "write", image, "--offset", "0", "--length", "3M", "--fill", "41")
	done(t, "set", image, "BAT.0.State=UNMAPPED")
	want := done(t, "read", image)
	shared := filepath.Join(t.TempDir(), "shared.vhdx")
	if err := os.WriteFile(shared, read(t, image), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "set", shared, "BAT.0.FileOffsetMB=6") // where block 2 lies
	doc := document[compactDocument](t, "compact", image)
	if doc.Dropped.Orphan != 1 || doc.Moved != 1 || doc.FileSize.Before-doc.FileSize.After != 1<<20 || !bytes.Equal(done(t, "read", image), want) {
		t.Errorf("%+v", doc)
	}
	done(t, "check", image)
	_, _, _ = run(t, "compact", "--discard", shared)
	if !bytes.Equal(done(t, "read", shared), want) {
		t.Error("a block that lies in the room of a freed one is gone")
	}
}
