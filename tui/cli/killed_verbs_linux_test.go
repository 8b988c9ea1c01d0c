package cli_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/tui/cli"
)

// killedVerb is an operation in place on images of one format that is killed at random
// moments: the disk shows the same at each, and the same command goes on.
type killedVerb struct {
	name  string
	args  []string // after the verb and the image
	kinds []string
	child bool // of the image, and the verb is given the child
	zeros bool // a third of the disk is stored as zeros
}

var killedVerbs = []killedVerb{
	{name: "resize", args: []string{"300G"}, kinds: []string{"vhd", "vhdx", "vmdk"}},
	{name: "merge", kinds: []string{"vhd", "vhdx", "vmdk"}, child: true},
	{name: "compact", kinds: []string{"vhd", "vhdx", "vmdk"}, zeros: true},
}

// killedDisk is the size of the disks, in bytes.
const killedDisk = 12 << 20

// killedBed is a folder with the images of one operation, and what they show.
type killedBed struct {
	t      *testing.T
	rng    *rand.Rand
	from   string // the folder before
	args   []string
	top    string // the image that the verb is given
	files  []string
	want   []byte // the disk
	span   time.Duration
	counts map[string]int
}

func mustRun(t *testing.T, in string, args ...string) string {
	t.Helper()
	code, said := program(in, args...)
	if code != 0 {
		t.Fatalf("%v: %d %s", args, code, said)
	}
	return said
}

// layKilledBed makes the images, and sees how long the verb takes when nobody kills it.
func layKilledBed(t *testing.T, v killedVerb, kind string, rng *rand.Rand) *killedBed {
	t.Helper()
	b := &killedBed{t: t, rng: rng, from: t.TempDir(), counts: map[string]int{}, want: make([]byte, killedDisk)}
	for i := range b.want {
		b.want[i] = byte(rng.Uint32())
	}
	clear(b.want[killedDisk*3/4:])
	raw := filepath.Join(b.from, "disk.raw")
	if err := os.WriteFile(raw, b.want, 0o600); err != nil {
		t.Fatal(err)
	}
	base := "base." + kind
	mustRun(t, "", "convert", raw, filepath.Join(b.from, base), "--to", kind, "--block-size", "1M")
	b.top, b.files = base, []string{base}
	if err := os.Remove(raw); err != nil {
		t.Fatal(err)
	}
	third := bytes.Repeat([]byte{7}, killedDisk/3)
	if v.zeros {
		clear(third)
	}
	if v.child {
		b.top = "child." + kind
		b.files = append(b.files, b.top)
		mustRun(t, "", "create", filepath.Join(b.from, b.top), "--parent", filepath.Join(b.from, base))
	}
	if v.child || v.zeros {
		mustRun(t, string(third), "write", filepath.Join(b.from, b.top), "--offset", "4M")
		copy(b.want[4<<20:], third)
	}
	b.args = append([]string{v.name, b.top}, v.args...)
	dir := b.copied()
	start := time.Now()
	if said, err := b.verb(dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v %s", b.args, err, said)
	}
	b.span = time.Since(start)
	b.shows(dir)
	return b
}

// copied is a copy of the folder.
func (b *killedBed) copied() string {
	b.t.Helper()
	dir := b.t.TempDir()
	for _, name := range b.files {
		content, err := os.ReadFile(filepath.Join(b.from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return dir
}

func (b *killedBed) verb(dir string) *exec.Cmd {
	cmd := exec.Command(built, b.args...)
	cmd.Dir = dir
	return cmd
}

// shows holds that the image shows the disk, and that the check has no error.
func (b *killedBed) shows(dir string) {
	b.t.Helper()
	top := filepath.Join(dir, b.top)
	// A warning that the merge is not at its end goes to the other stream.
	if got, err := exec.Command(built, "read", top, "--offset", "0", "--length", "12M").Output(); err != nil || !bytes.Equal(got, b.want) {
		b.t.Fatalf("%v: the disk is another: %v", b.args, err)
	}
	if code, said := program("", "check", top); code != cli.ExitDone && !strings.Contains(said, "0 errors") {
		b.t.Fatalf("%v: check: %s", b.args, said)
	}
}

// round kills the verb, settles what it left behind, and has the same command go on.
func (b *killedBed) round() {
	b.t.Helper()
	dir := b.copied()
	cmd := b.verb(dir)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(time.Duration(b.rng.Int64N(int64(b.span))))
	_ = cmd.Process.Kill() // it may have ended
	if cmd.Wait() != nil {
		b.counts["killed"]++
	}
	for _, name := range b.files {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(store.JournalName(path)); err == nil {
			b.counts["left a journal"]++
			way := []string{"--back", "--forward"}[b.rng.IntN(2)]
			if code, _ := program("", "recover", path, way, "--yes"); code != 0 { // one that is not whole leads back only
				mustRun(b.t, "", "recover", path, "--back", "--yes")
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, b.top+".platter-job")); err == nil {
		b.counts["left a job"]++
	}
	b.shows(dir)
	b.again(dir)
	b.shows(dir)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.platter-*")); len(left) > 0 {
		b.t.Fatalf("%v: left behind: %v", b.args, left)
	}
}

// again gives the same command, with what it asks for where the kill left a log.
func (b *killedBed) again(dir string) {
	b.t.Helper()
	said, err := b.verb(dir).CombinedOutput()
	if err != nil && strings.Contains(string(said), "(--replay does it") {
		b.counts["left a log"]++
		cmd := b.verb(dir)
		cmd.Args = append(cmd.Args, "--replay")
		said, err = cmd.CombinedOutput()
	}
	if err != nil && !strings.Contains(string(said), "already") {
		b.t.Fatalf("%v, again: %v %s", b.args, err, said)
	}
}

// TestOperationsInPlaceKilled has resize, merge and compact killed at random moments.
func TestOperationsInPlaceKilled(t *testing.T) {
	for i, v := range killedVerbs {
		for j, kind := range v.kinds {
			if !enginetest.Full() && i != j {
				continue
			}
			t.Run(v.name+" "+kind, func(t *testing.T) {
				b := layKilledBed(t, v, kind, rand.New(rand.NewPCG(11, uint64(10*i+j))))
				for range enginetest.Scale(1, 100) {
					b.round()
				}
				t.Logf("in %v: %v", b.span, b.counts)
			})
		}
	}
}
