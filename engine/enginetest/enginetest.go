// Package enginetest is what the tests of all formats share: one conformance
// suite for every [disk.Image], the corpus of real images, other people's
// tools as witnesses, and sources to open images from. Only tests import it.
package enginetest

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

var full = flag.Bool("full", false, "also run what takes long: large disks, the whole matrix, all cases of which else a third is run")

// Full reports whether the run may take long (-full, or PLATTER_FULL=1 where a
// flag can't be handed to every package).
func Full() bool { return *full || os.Getenv("PLATTER_FULL") == "1" }

// Third makes a function that says of one case after the other whether to run
// it: all of them where the run may take long, else a third, picked by the seed.
func Third(seed uint64) func() bool {
	rnd := rand.New(rand.NewPCG(seed, 3))
	return func() bool { return rnd.IntN(3) == 0 || Full() }
}

// Scale is how much of something a test does: little, or much where the run may
// take long.
func Scale(little, much int) int {
	if Full() {
		return much
	}
	return little
}

// Tool is the path of a program of somebody else that a test needs as witness.
// Without it the test is skipped, or fails if PLATTER_REQUIRE_TOOLS=1.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("PLATTER_REQUIRE_TOOLS") == "1":
		t.Fatalf("%s is not installed, and PLATTER_REQUIRE_TOOLS=1 demands it", name)
	default:
		t.Skipf("%s is not installed", name)
	}
	return ""
}

// Run runs a tool and fails the test with its output if it fails.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// RunTo runs a tool with its standard output going to out.
func RunTo(t testing.TB, out io.Writer, name string, args ...string) {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(Tool(t, name), args...)
	cmd.Stdout, cmd.Stderr = out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, &complaints)
	}
}
