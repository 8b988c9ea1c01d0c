package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeysVerb runs the program with a configuration of its own, since keys
// hold for a whole process.
func TestKeysVerb(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"XDG_CONFIG_HOME", "HOME", "AppData"} {
		t.Setenv(name, base)
	}
	out, err := exec.Command(built, "keys").Output()
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	path := strings.TrimPrefix(line, "Configuration file: ")
	if !strings.HasPrefix(path, base) {
		t.Fatalf("does not name the file: %s", line)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ file, shows, warns string }{
		"none":      {"", `ctrl\+n +hits +List what`, ``},
		"given":     {"search = 'f3'", `f3 +search +Search for text`, `^$`},
		"no key":    {"hash = []", `- +hash +Hash`, `^$`},
		"swapped":   {"up = 'j'\ndown = 'k'", `k +down +Down\n +j +up +Up`, `^$`},
		"one place": {"map.right = 'z'\nright = 'x'\naddress-space=[]", `z +right +Next cell`, `^$`},
		"taken":     {"copy = 'j'", `j +copy `, `: keys: j is now copy, no longer everywhere\.down, results\.down; if that is meant`},
		"meant":     {"copy = 'j'\ndown = 'down'", `j +copy `, `^$`},
		"twice":     {"copy = 'f3'\nsearch = 'f3'", `f3 +search `, `: keys: f3 is bound to bytes\.copy as well as to search, which has it now`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte("[keys]\n"+tt.file+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs strings.Builder
			cmd := exec.Command(built, "keys")
			cmd.Stdout, cmd.Stderr = &out, &errs
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			if !regexp.MustCompile(tt.shows).MatchString(out.String()) {
				t.Errorf("no %s in:\n%s", tt.shows, out.String())
			}
			if !regexp.MustCompile(tt.warns).MatchString(errs.String()) {
				t.Errorf("warns: %s", errs.String())
			}
		})
	}
}
