package storetest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"platter/engine/store"
	"platter/engine/store/storetest"
)

func read(t *testing.T, o store.Opener, name string) []byte {
	t.Helper()
	f, err := o.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	size, _ := f.Size()
	b := make([]byte, size)
	f.ReadAt(b, 0)
	return b
}

func TestCrashKeepsWhatWasSynced(t *testing.T) {
	s := storetest.New()
	f, err := s.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	synced := bytes.Repeat([]byte("s"), 2000)
	f.WriteAt(synced, 0)
	if err := errors.Join(f.Sync(), s.SyncDir()); err != nil {
		t.Fatal(err)
	}
	later := bytes.Repeat([]byte("l"), 2000)
	f.WriteAt(later, 1000)
	seen := map[string]bool{}
	for seed := range uint64(200) {
		got := read(t, s.CrashClone(seed), "a")
		if !bytes.Equal(got[:1000], synced[:1000]) || len(got) < 2000 {
			t.Fatalf("seed %d: synced bytes are gone", seed)
		}
		sectors := ""
		for at := 1000; at < len(got); at = at/512*512 + 512 {
			sectors += string(got[at])
			end := min(at/512*512+512, len(got), 3000)
			if part := got[at:end]; at < 2000 && end <= 2000 && bytes.Count(part, part[:1]) != len(part) {
				t.Fatalf("seed %d: torn inside the sector at %d", seed, at)
			}
		}
		seen[sectors] = true
		if !bytes.Equal(got, read(t, s.CrashClone(seed), "a")) {
			t.Fatalf("seed %d gives two results", seed)
		}
	}
	if !seen["sss"] || !seen["lllll"] || len(seen) < 10 {
		t.Errorf("%d outcomes: %v", len(seen), seen)
	}
	if got := read(t, s, "a"); len(got) != 3000 {
		t.Errorf("the program itself sees %d bytes", len(got))
	}
}

func TestCrashKeepsSyncedNames(t *testing.T) {
	s := storetest.New()
	s.PutFile("a", []byte("1"))
	for _, err := range []error{s.Rename("a", "b"), s.SyncDir(), s.Remove("b")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := s.Create("c")
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("x"), 0)
	f.Sync()
	seen := map[string]bool{}
	for seed := range uint64(100) {
		names, _ := s.CrashClone(seed).ReadDir(".")
		seen[string(bytes.Join(toBytes(names), []byte(" ")))] = true
	}
	if len(seen) != 3 || !seen["b"] || !seen[""] || !seen["c"] {
		t.Errorf("outcomes %v", seen)
	}
}

func toBytes(names []string) (list [][]byte) {
	for _, n := range names {
		list = append(list, []byte(n))
	}
	return list
}

func TestFailures(t *testing.T) {
	s := storetest.New()
	s.PutFile("a", []byte("0123456789"))
	f, err := s.OpenWrite("a")
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("cause")
	s.FailAt(2, cause)
	for i, want := range []error{nil, cause, nil} {
		if _, err := f.WriteAt([]byte("x"), int64(i)); !errors.Is(err, want) {
			t.Errorf("write %d: %v, want %v", i, err, want)
		}
	}
	if got := read(t, s, "a"); string(got) != "x1x3456789" {
		t.Errorf("content %q", got)
	}
	s.CutAfter(1)
	if err := f.Truncate(5); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{"sync": f.Sync(), "truncate": f.Truncate(1), "remove": s.Remove("a"), "rename": s.Rename("a", "b"), "syncdir": s.SyncDir()} {
		if !errors.Is(err, storetest.ErrPowerCut) {
			t.Errorf("%s without power: %v", name, err)
		}
	}
	if s.Ops() != 9 {
		t.Errorf("%d operations", s.Ops())
	}
	if got := read(t, s, "a"); string(got) != "x1x34" {
		t.Errorf("content %q", got)
	}
}

func TestFailReads(t *testing.T) {
	s := storetest.New()
	s.PutFile("a", []byte("0123456789"))
	cause := errors.New("bad sector")
	s.FailReads("a", store.Range{Offset: 4, Length: 2}, cause)
	f, _ := s.Open("a")
	b := make([]byte, 4)
	if n, err := f.ReadAt(b, 2); n != 2 || !errors.Is(err, cause) || string(b[:2]) != "23" {
		t.Errorf("across: %q, %v", b[:n], err)
	}
	if _, err := f.ReadAt(b, 6); err != nil {
		t.Errorf("after: %v", err)
	}
	s.FailReads("a", store.Range{}, nil)
	if _, err := f.ReadAt(b, 2); err != nil {
		t.Errorf("healed: %v", err)
	}
}

func TestNames(t *testing.T) {
	s := storetest.New()
	s.PutFile("sub/a", nil)
	s.PutFile("b", []byte("b"))
	if names, _ := s.ReadDir("."); !slices.Equal(names, []string{"b", "sub"}) {
		t.Errorf("folder holds %q", names)
	}
	if _, err := s.Create("b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating it twice: %v", err)
	}
	for name, err := range map[string]error{"open": second(s.Open("x")), "stat": second(s.Stat("x")), "remove": s.Remove("x"), "rename": s.Rename("x", "y")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of what is not there: %v", name, err)
		}
	}
	f, _ := s.Open("b")
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
	if name, err := s.Resolve("sub/a", `..\b`); name != "b" || err != nil {
		t.Errorf("resolve: %q, %v", name, err)
	}
}

func second[T any](_ T, err error) error { return err }
