package cli_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"platter/engine/enginetest"
	"platter/engine/store"
)

// commitKill pastes a file into blocks of a VHDX that are not stored, and has the program
// killed inside of the commit that writes them.
type commitKill struct {
	t      *testing.T
	rng    *rand.Rand
	from   []byte // the image before
	paste  string // path of the file
	old    []byte // the disk before, and after
	new    []byte
	counts map[string]int
}

// commitAt is where the file is pasted, in bytes of the disk, which has commitDisk.
const (
	commitAt   = 512
	commitDisk = 16 << 20
)

func layCommitKill(t *testing.T) *commitKill {
	t.Helper()
	k := &commitKill{t: t, rng: rand.New(rand.NewPCG(12, 201)), paste: filepath.Join(t.TempDir(), "pasted"), old: make([]byte, commitDisk), counts: map[string]int{}}
	k.new = bytes.Clone(k.old)
	pasted := k.new[commitAt:][:enginetest.Scale(2, 8)<<20]
	for i := range pasted {
		pasted[i] = byte(k.rng.Uint32())
	}
	path := filepath.Join(t.TempDir(), "disk.vhdx")
	mustRun(t, "", "create", path, "16M", "--block-size", "1M")
	var err error
	if k.from, err = os.ReadFile(path); err == nil {
		err = os.WriteFile(k.paste, pasted, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// round stages, writes, kills, and looks at what is left.
func (k *commitKill) round() {
	k.t.Helper()
	dir := k.t.TempDir()
	defer os.RemoveAll(dir) // a hundred of them take room
	state, path := filepath.Join(dir, "state"), filepath.Join(dir, "disk.vhdx")
	if err := os.WriteFile(path, k.from, 0o600); err != nil {
		k.t.Fatal(err)
	}
	s := onTerminal(k.t, state, path).expect("disk.vhdx").keys("6").expect("LBA 0").keys(":512\r").expect("0x200")
	s.keys("P").expect("Change bytes").keys("paste a file\r").expect("paste the bytes of").keys("\x15" + k.paste + "\r").expect("* 2 staged")
	since := time.Now()
	s.keys("W").expect("Turn on").keys("t").expect("RW").keys("s").expect("Staged changes").keys("w").expect("Type the file's name")
	made := watched(k.t, dir)
	s.keys("disk.vhdx\r")
	k.await(made, store.JournalName(path))
	if err := s.cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	_ = s.cmd.Wait() // says that it was killed
	s.near.Close()
	k.inspect(state, path, time.Since(since))
}

// watched tells when a file is made in a folder.
func watched(t *testing.T, folder string) *os.File {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err == nil {
		_, err = syscall.InotifyAddWatch(fd, folder, syscall.IN_CREATE)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	if err := f.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return f
}

// await waits for the journal until the commit has come to a random step: it is begun, or it
// is whole, and then a number of looks more.
func (k *commitKill) await(made *os.File, journal string) {
	k.t.Helper()
	defer made.Close()
	events := make([]byte, 4096)
	for n := 0; !bytes.Contains(events[:n], []byte(filepath.Base(journal))); {
		var err error
		if n, err = made.Read(events); err != nil {
			k.t.Fatalf("there is never a journal: %v", err)
		}
	}
	whole, more := k.rng.IntN(3) > 0, k.rng.IntN(enginetest.Scale(300, 3000))
	if whole {
		more *= 4
	}
	for b := []byte{0}; whole && b[0] == 0; { // its first byte comes last
		f, err := os.Open(journal)
		if err != nil {
			return // the commit has come to its end
		}
		_, _ = f.ReadAt(b, 0) // nothing yet
		f.Close()
	}
	for range more {
		if _, err := os.Lstat(journal); err != nil {
			return
		}
	}
}

// inspect settles what was left, and holds that the disk is the old one or the new one, as
// it was asked for, and that what it has not is staged again.
func (k *commitKill) inspect(state, path string, age time.Duration) {
	k.t.Helper()
	now, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	want := [][]byte{k.old, k.new}
	_, err = os.Stat(store.JournalName(path))
	begun := err == nil
	switch {
	case begun:
		k.counts["inside of the commit"]++
		if !bytes.Equal(now, k.from) {
			k.counts["the image was half written"]++
		}
		want = want[k.settle(state, path):][:1]
	case !bytes.Equal(now, k.from):
		k.counts["past the commit"]++
		want = want[1:]
	}
	if code, said := program("", "check", path); code != 0 {
		k.t.Fatalf("check: %d %s", code, said)
	}
	got, err := exec.Command(built, "read", path, "--offset", "0", "--length", "16M").Output()
	if err != nil || !slices.ContainsFunc(want, func(w []byte) bool { return bytes.Equal(got, w) }) {
		k.t.Fatalf("the disk is not as it is to be: %v", err)
	}
	if !bytes.Equal(got, k.old) || !begun && age < time.Second {
		return
	}
	k.counts["staged again"]++
	s := onTerminal(k.t, state, path).expect("staged again")
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // says that it was killed
	s.near.Close()
}

// settle rolls the commit back or finishes it, from the command line or from the screens,
// and tells which disk is to show: 0 the old one, 1 the new one.
func (k *commitKill) settle(state, path string) (to int) {
	k.t.Helper()
	to = k.rng.IntN(2)
	if k.rng.IntN(2) == 0 {
		way := []string{"--back", "--forward"}[to]
		if code, _ := program("", "recover", path, way, "--yes"); code != 0 { // one that is not whole leads back only
			to = 0
			mustRun(k.t, "", "recover", path, "--back", "--yes")
		}
		return to
	}
	s := onTerminal(k.t, state, path).expect("An earlier write was interrupted").expect("[ Not now ]")
	if strings.Contains(s.seen.String(), "Remove the journal") {
		k.counts["the journal was half written"]++
		to = 0
	}
	s.keys([]string{"r", "f"}[to]).expect([]string{"as it was before that write", "the interrupted write is complete"}[to])
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // says that it was killed
	s.near.Close()
	return to
}

// TestKilledInsideOfACommit kills the program inside of the commit of some MiB: the image is
// never torn, and what was staged is written or staged again.
func TestKilledInsideOfACommit(t *testing.T) {
	k := layCommitKill(t)
	for range enginetest.Scale(3, 100) {
		k.round()
	}
	t.Log(k.counts)
	if k.counts["inside of the commit"] == 0 {
		t.Error("no kill hit a commit")
	}
}

// TestHalfKeptIsSweptAway leaves what a run has left that was killed while it kept what was
// staged: the next one removes it, but not what another run may be writing now.
func TestHalfKeptIsSweptAway(t *testing.T) {
	dir := t.TempDir()
	state, path := filepath.Join(dir, "state"), filepath.Join(dir, "disk.img")
	kept := filepath.Join(state, "platter", "staged")
	if err := os.MkdirAll(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"0011-123": time.Hour, "0011-124": 0, "0011": time.Hour, "0011.old1": time.Hour} {
		name = filepath.Join(kept, name)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	onTerminal(t, state, path).expect("disk.img").keys("q").ended()
	list, err := os.ReadDir(kept)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if want := []string{"0011", "0011-124", "0011.old1"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v is left, %v, want %v", names, err, want)
	}
}
