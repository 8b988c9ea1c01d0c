package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/tui/cli"
)

// TestPatchVerb exports a change, applies it to another copy, and takes it back.
func TestPatchVerb(t *testing.T) {
	raw, content := aDisk(t)
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		old, changed, patch := at("old."+format), at("new."+format), at("p.txt")
		done(t, "convert", raw, old, "-q")
		if err := os.WriteFile(changed, mustRead(t, old), 0o600); err != nil {
			t.Fatal(err)
		}
		done(t, "write", changed, "--offset", "0x1c2", "--length", "3", "--fill", "27", "-q")
		done(t, "write", changed, "--offset", "2M", "--length", "100", "--fill", "abcd", "-q")
		text := done(t, "patch", "export", changed, "--against", old)
		if err := os.WriteFile(patch, text, 0o600); err != nil {
			t.Fatal(err)
		}
		want := bytes.Clone(content)
		copy(want[0x1C2:], "\x27\x27\x27")
		copy(want[2<<20:], bytes.Repeat([]byte{0xAB, 0xCD}, 50))
		if out := string(done(t, "patch", "show", patch, old)); !strings.Contains(out, "can be applied") || !strings.Contains(out, "+ 272727") {
			t.Errorf("%s, show: %s", format, out)
		}
		before := mustRead(t, old)
		if out := string(done(t, "patch", "apply", patch, old, "-n")); !strings.Contains(out, "nothing was written") || !bytes.Equal(mustRead(t, old), before) {
			t.Errorf("%s, dry run: %s", format, out)
		}
		child := at("child." + format)
		done(t, "patch", "apply", patch, old, "--child", child)
		if got := done(t, "read", child); !bytes.Equal(got, want) || !bytes.Equal(mustRead(t, old), before) {
			t.Errorf("%s: the child holds another disk, or its parent was changed", format)
		}
		if err := os.Remove(child); err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{"applied", "already applied"} {
			out := string(done(t, "patch", "apply", patch, old))
			if got := done(t, "read", old); !bytes.Equal(got, want) || !strings.Contains(out, said) {
				t.Errorf("%s, apply: %s", format, out)
			}
		}
		done(t, "patch", "revert", patch, old)
		if got := done(t, "read", old); !bytes.Equal(got, content) {
			t.Errorf("%s: revert left another disk", format)
		}
		done(t, "check", old)
	}
}

// TestPatchVerbRefuses holds that a patch goes nowhere but where its old bytes are.
func TestPatchVerbRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	patch := at("p.txt")
	if err := os.WriteFile(patch, []byte("platter-patch 1\nimage any\nplane disk\n@ 0 2\n- 00 00\n+ 01 02\n@ 0x10000 1\n- 05\n+ 06\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "create", at("d.vhd"), "4M", "-q")
	before := mustRead(t, at("d.vhd"))
	code, out, errs := run(t, "patch", "apply", patch, at("d.vhd"))
	if code != cli.ExitFailed || !bytes.Contains(out, []byte("other bytes at disk 0x10000")) || !bytes.Contains(errs, []byte("can't be applied")) {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if !bytes.Equal(mustRead(t, at("d.vhd")), before) {
		t.Error("something was written")
	}
	for _, args := range [][]string{{"apply", at("d.vhd"), at("d.vhd")}, {"apply", at("none"), at("d.vhd")}} {
		if code, _, _ := run(t, append([]string{"patch"}, args...)...); code != cli.ExitFailed {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	for _, args := range [][]string{{}, {"export", at("d.vhd")}, {"apply", patch}, {"nonsense"}} {
		if code, _, _ := run(t, append([]string{"patch"}, args...)...); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	flat := at("file.txt")
	done(t, "create", at("e.vhd"), "4M", "-q", "--seed", "1")
	done(t, "create", at("f.vhd"), "4M", "-q", "--seed", "2")
	if err := os.WriteFile(flat, done(t, "patch", "export", at("f.vhd"), "--against", at("e.vhd"), "--file"), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "patch", "apply", flat, at("e.vhd"))
	if !bytes.Equal(mustRead(t, at("e.vhd")), mustRead(t, at("f.vhd"))) {
		t.Error("a patch of the file made another one")
	}
}
