package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/sample"
	"platter/tui/cli"
)

// sampleFile puts a sample's file into a folder of its own.
func sampleFile(t *testing.T, name string) string {
	t.Helper()
	s, ok := sample.Named(name)
	if !ok {
		t.Fatalf("no sample %q", name)
	}
	fs, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	f, err := fs.Open(s.File)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), s.File)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// typing gives the program a standard input.
func typing(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = f
	t.Cleanup(func() { os.Stdin = before; f.Close() })
}

// TestWriteChangesExactlyTheseBytes writes through the virtual disk and finds
// the bytes in the file where the map says that they lie.
func TestWriteChangesExactlyTheseBytes(t *testing.T) {
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		path := sampleFile(t, name)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		typing(t, "\x07")
		done(t, "write", path, "--offset", "450", "--expect", "", "--renew=false")
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var at []int
		for i := range before {
			if before[i] != after[i] {
				at = append(at, i)
			}
		}
		if len(before) != len(after) || len(at) != 1 || after[at[0]] != 7 {
			t.Errorf("%s: the bytes at %v changed", name, at)
		}
		disk := done(t, "read", path, "--offset", "450", "--length", "1")
		file := done(t, "map", path, "--json")
		if !bytes.Equal(disk, []byte{7}) || len(file) == 0 {
			t.Errorf("%s: reads % x afterwards", name, disk)
		}
	}
}

// What was not stored is stored, and other programs read it too.
func TestWriteStoresSectors(t *testing.T) {
	for name, format := range map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk"} {
		path := sampleFile(t, name)
		typing(t, "new here")
		done(t, "write", path, "--offset", "10M")
		if got := done(t, "read", path, "--offset", "10M", "--length", "8"); string(got) != "new here" {
			t.Errorf("%s: reads %q afterwards", name, got)
		}
		if code, out, errs := run(t, "check", path); code == 2 {
			t.Errorf("%s: check: %s%s", name, out, errs)
		}
		enginetest.Run(t, "qemu-io", "-r", "-f", format, "-c", "read -P 0x6e 10485760 1", path)
	}
}

func TestWriteRefuses(t *testing.T) {
	path := sampleFile(t, "vmdk")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, says string
		code       int
		args       []string
	}{
		{"no offset", "--offset is needed", cli.ExitUsage, []string{path}},
		{"other bytes there", "nothing was written", cli.ExitFailed, []string{path, "--offset", "450", "--expect", "ffff"}},
		{"not hex", "not hex", cli.ExitUsage, []string{path, "--offset", "450", "--expect", "xy"}},
		{"past the end", "", cli.ExitFailed, []string{path, "--offset", "100G"}},
		{"past the end of the file", "past the end", cli.ExitFailed, []string{path, "--offset", "100G", "--file"}},
		{"built in", "built in", cli.ExitUsage, []string{"sample:vhd", "--offset", "0"}},
	}
	for _, tt := range tests {
		typing(t, "ab")
		code, out, errs := run(t, append([]string{"write"}, tt.args...)...)
		if code != tt.code || len(out) > 0 || !strings.Contains(string(errs), tt.says) {
			t.Errorf("%s: exit code %d, %s%s", tt.name, code, out, errs)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refused write changed the file: %v", err)
	}
}

func TestCheckExitCodes(t *testing.T) {
	healthy, warned, broken := sampleFile(t, "vhd"), sampleFile(t, "vhd"), sampleFile(t, "vhd")
	damage := func(path string, off int64, b byte) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte{b}, off); err != nil {
			t.Fatal(err)
		}
	}
	damage(broken, 64, 0xEE) // the checksum of the footer's copy
	if err := os.WriteFile(warned, append(mustRead(t, warned), make([]byte, 512)...), 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no image"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{healthy: 0, text: 1, broken: 2, warned: 3} {
		if code, out, errs := run(t, "check", path); code != want {
			t.Errorf("check of %s: exit code %d, want %d\n%s%s", filepath.Base(path), code, want, out, errs)
		}
	}
}

// TestCheckVerdict holds that a profile is answered first, with the exit code that
// goes with the answer.
func TestCheckVerdict(t *testing.T) {
	vhd, vhdx := sampleFile(t, "vhd"), sampleFile(t, "vhdx")
	for _, c := range []struct {
		path, profile, first string
		code                 int
	}{
		{vhd, "azure", "fit for azure: no, Azure takes fixed images, this one is dynamic", 2},
		{vhd, "aws", "fit for aws: yes", 0},
		{vhdx, "vmware", "fit for vmware: no, VMware opens no VHDX", 2},
		{vhdx, "virtualbox", "fit for virtualbox: yes, but VirtualBox opens VHDX images read-only", 3},
	} {
		code, out, errs := run(t, "check", "--profile", c.profile, c.path)
		if code != c.code || !bytes.HasPrefix(out, []byte(c.first)) {
			t.Errorf("%s: exit code %d, %.100s%s", c.profile, code, out, errs)
		}
		_, out, _ = run(t, "check", "--json", "--profile", c.profile, c.path)
		var doc struct {
			Verdict struct {
				Profile, Reason string
				Fit             bool
			}
		}
		if err := json.Unmarshal(out, &doc); err != nil || doc.Verdict.Profile != c.profile || doc.Verdict.Fit != (c.code != 2) {
			t.Errorf("%s: %v %+v", c.profile, err, doc)
		}
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
