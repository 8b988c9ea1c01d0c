package cli_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"platter/engine/enginetest"
	"platter/engine/store"
)

// killing stages a sector of text in a block of a VHDX that is not stored, which takes table
// entries, bits and headers, and has the program killed.
type killing struct {
	t    *testing.T
	rng  *rand.Rand
	from []byte // the image before
	text string // what is written
	said map[string]int
}

// round stages the text, kills the program while it edits or while it writes, and looks at
// what is left.
func (k *killing) round(commit bool) {
	k.t.Helper()
	dir := k.t.TempDir()
	state, path := filepath.Join(dir, "state"), filepath.Join(dir, "disk.vhdx")
	if err := os.WriteFile(path, k.from, 0o600); err != nil {
		k.t.Fatal(err)
	}
	s := onTerminal(k.t, state, path).expect("disk.vhdx").keys("6").expect("LBA 0").keys(":512\r").expect("0x200")
	s.keys("p").expect("PASTE").keys(`"` + k.text + `"` + "\r").expect("stored for it")
	since := time.Now()
	if commit {
		s.keys("W").expect("Turn on").keys("t").expect("RW").keys("s").expect("Staged changes").keys("w").expect("Type the file's name")
		s.keys("disk.vhdx\r")
		time.Sleep(time.Duration(k.rng.Int64N(int64(30 * time.Millisecond))))
	} else {
		time.Sleep(time.Duration(k.rng.Int64N(int64(1500 * time.Millisecond))))
	}
	if err := s.cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	age := time.Since(since)
	_ = s.cmd.Wait() // says that it was killed
	s.near.Close()
	k.inspect(state, path, commit, age)
}

// inspect recovers what was left, and holds that the image has the old content or the new
// one, and that what it has not is staged again.
func (k *killing) inspect(state, path string, commit bool, age time.Duration) {
	k.t.Helper()
	now, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	if !commit && !bytes.Equal(now, k.from) {
		k.t.Fatal("the file changed before it was to be written")
	}
	_, err = os.Stat(store.JournalName(path))
	begun := err == nil
	if begun {
		k.said["left a journal"]++
		way := []string{"--back", "--forward"}[k.rng.IntN(2)]
		code, said := program("", "recover", path, way, "--yes")
		if code != 0 { // a journal that is not whole leads back only
			code, said = program("", "recover", path, "--back", "--yes")
		}
		if code != 0 {
			k.t.Fatalf("recover: %s", said)
		}
	}
	if code, said := program("", "check", path); code != 0 {
		k.t.Fatalf("check: %d %s", code, said)
	}
	_, content := program("", "read", path, "--offset", "512", "--length", "512")
	switch {
	case strings.Contains(content, k.text):
		k.said["written"]++
		if !commit {
			k.t.Fatal("it was written, and nobody said so")
		}
		return
	case strings.Trim(content, "\x00") != "" || len(content) != 512:
		k.t.Fatalf("the disk holds neither the old content nor the new: %.80q", content)
	}
	kept, _ := filepath.Glob(filepath.Join(state, "platter", "staged", "*"))
	kept = slices.DeleteFunc(kept, func(name string) bool { return strings.Contains(filepath.Base(name), "-") }) // not whole yet
	if len(kept) == 0 {
		k.said["lost"]++
		if begun || age > time.Second {
			k.t.Fatalf("nothing is left of what was staged for %v", age)
		}
		return
	}
	k.said["staged again"]++
	s := onTerminal(k.t, state, path).expect("staged again")
	s.keys("6").expect("LBA 0").keys(":512\r").expect(k.text[:8])
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // says that it was killed
	s.near.Close()
}

// TestKilledWhileItEditsAndWrites has the program killed at random moments: the image is
// never torn, and nothing is lost that was staged for more than a second.
func TestKilledWhileItEditsAndWrites(t *testing.T) {
	rounds := 2
	if enginetest.Full() {
		rounds = 100
	}
	path := filepath.Join(t.TempDir(), "disk.vhdx")
	if code, said := program("", "create", path, "16M", "--block-size", "1M"); code != 0 {
		t.Fatal(said)
	}
	from, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	k := &killing{t: t, rng: rand.New(rand.NewPCG(12, 200)), from: from, text: strings.Repeat("kill me ", 50), said: map[string]int{}}
	for range rounds {
		k.round(false)
		k.round(true)
	}
	t.Log(k.said)
}
