package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDryRunsInAReadOnlyFolder has dry runs refuse what the real run would, in a folder in
// which no file can be made.
func TestDryRunsInAReadOnlyFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "platter-read-only-") // which another user can reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	done(t, "create", at("there.vhd"), "1M", "-q")
	program, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"there.vhd": 0o666, "platter": 0o755, "": 0o555} {
		if name == "platter" {
			err = os.WriteFile(at(name), program, mode)
		}
		if err != nil || name != "" && os.Chmod(at(name), mode) != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"create new.vhd 1M", "write there.vhd --offset 0 --length 512 --fill 01"} {
		var said []string
		for _, more := range []string{"", " -n"} {
			cmd := exec.Command(at("platter"), strings.Fields(args+more)...)
			cmd.Dir = dir
			if os.Getuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "permission denied") {
				t.Errorf("%s: %v, %s", args+more, err, out)
			}
			said = append(said, string(out))
		}
		if said[0] != said[1] {
			t.Errorf("the dry run says %q, the real one %q", said[1], said[0])
		}
	}
}

// TestAccessTimeOfOthersFiles has another user look at a file: that its access time can't be
// kept is said, to the owner nothing.
func TestAccessTimeOfOthersFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("", "platter-others-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	done(t, "create", at("there.vhd"), "1M", "-q")
	program, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("platter"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Chmod(at("there.vhd"), 0o644) != nil || os.Chmod(dir, 0o755) != nil {
		t.Fatal("no rights can be given")
	}
	for uid, want := range map[uint32]bool{0: false, 65534: true} {
		cmd := exec.Command(at("platter"), "info", "--no-state", at("there.vhd"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		var s syscall.Statfs_t
		if syscall.Statfs(dir, &s) == nil && s.Flags&1024 != 0 {
			want = false // no access times are set there
		}
		if err != nil || strings.Contains(string(out), "may set its access time") != want {
			t.Errorf("user %d: %v\n%s", uid, err, out)
		}
	}
}
