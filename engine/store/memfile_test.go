package store_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"platter/engine/store"
)

// check compares a file with the bytes it should hold.
func check(t *testing.T, f store.File, want []byte) {
	t.Helper()
	if got := content(t, f); got != string(want) {
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		t.Fatalf("%d bytes, expected %d; the first difference is at %d", len(got), len(want), i)
	}
}

// random is n bytes, in runs of one value, so that edits often meet equal bytes.
func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		if i > 0 && rng.IntN(4) > 0 {
			b[i] = b[i-1]
		} else {
			b[i] = byte(rng.IntN(4))
		}
	}
	return b
}

// put writes into a model of a file, growing it if need be.
func overwrite(model []byte, p []byte, off int) []byte {
	if grow := off + len(p) - len(model); grow > 0 {
		model = append(model, make([]byte, grow)...)
	}
	copy(model[off:], p)
	return model
}

// resize gives a model of a file another length.
func resize(model []byte, size int) []byte {
	if size <= len(model) {
		return model[:size:size]
	}
	return append(model, make([]byte, size-len(model))...)
}

func TestMemFileAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	f := store.NewMemFile(0)
	var model []byte
	for range 2000 {
		off := rng.IntN(20000)
		if rng.IntN(10) == 0 {
			model = resize(model, off)
			if err := f.Truncate(int64(off)); err != nil {
				t.Fatal(err)
			}
		} else {
			p := random(rng, 1+rng.IntN(9000))
			model = overwrite(model, p, off)
			if n, err := f.WriteAt(p, int64(off)); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		}
		check(t, f, model)
	}
}

func TestMemFileIsSparse(t *testing.T) {
	const size = 64 << 40
	f := store.NewMemFile(size)
	if _, err := f.WriteAt([]byte("end"), size-3); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	n, err := f.ReadAt(got, size-5)
	if n != 5 || err != io.EOF || string(got[:n]) != "\x00\x00end" {
		t.Errorf("read %q, %v", got[:n], err)
	}
	r, err := store.NextData(f, 0, size)
	if err != nil || r.Offset != size-4096 || r.End() != size {
		t.Errorf("data at %+v, %v", r, err)
	}
	if _, err := store.NextData(f, 0, size-4096); err != io.EOF {
		t.Errorf("data before it: %v", err)
	}
}

func TestMemFileLimits(t *testing.T) {
	f := store.NewMemFile(10)
	if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read at -1")
	}
	if _, err := f.WriteAt(make([]byte, 2), 1<<63-2); err == nil {
		t.Error("write past the largest offset")
	}
	if err := f.Truncate(-1); err == nil {
		t.Error("truncate to -1")
	}
	for _, off := range []int64{10, 11, 1<<63 - 1} {
		if n, err := f.ReadAt(make([]byte, 1), off); n != 0 || err != io.EOF {
			t.Errorf("read at %d: %d, %v", off, n, err)
		}
	}
}

func TestMemFileClone(t *testing.T) {
	f := store.NewMem().PutFile("a", []byte("before"))
	c := f.Clone()
	f.WriteAt([]byte("after!"), 0)
	check(t, c, []byte("before"))
	check(t, f, []byte("after!"))
	if a, b := id(t, f), id(t, c); a == b {
		t.Errorf("both are %v", a)
	}
}

func id(t *testing.T, f store.File) store.FileID {
	t.Helper()
	id, err := f.ID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestMem(t *testing.T) {
	m := store.NewMem()
	m.PutFile("b.vmdk", []byte("b"))
	m.PutFile("sub/a.vmdk", []byte("a"))
	if f, err := m.Create("c.vmdk"); err != nil {
		t.Error(err)
	} else if _, err := f.WriteAt([]byte("c"), 0); err != nil {
		t.Error(err)
	}
	if _, err := m.Create("c.vmdk"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating it twice: %v", err)
	}
	if names, _ := m.ReadDir("."); !slices.Equal(names, []string{"b.vmdk", "c.vmdk", "sub"}) {
		t.Errorf("folder holds %q", names)
	}
	if names, _ := m.ReadDir("sub"); !slices.Equal(names, []string{"a.vmdk"}) {
		t.Errorf("sub holds %q", names)
	}
	f, err := m.Open("b.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
	if err := f.Truncate(0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("truncate: %v", err)
	}
	if err := errors.Join(m.Rename("b.vmdk", "d.vmdk"), m.Remove("c.vmdk"), m.SyncDir()); err != nil {
		t.Error(err)
	}
	if names, _ := m.ReadDir("."); !slices.Equal(names, []string{"d.vmdk", "sub"}) {
		t.Errorf("then it holds %q", names)
	}
	for _, name := range []string{"b.vmdk", "none"} {
		if _, err := m.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %q: %v", name, err)
		}
	}
	if _, err := m.OpenWrite("../x"); !errors.Is(err, store.ErrOutside) {
		t.Errorf("outside: %v", err)
	}
	if info, err := m.Stat("d.vmdk"); err != nil || info.Size != 1 || !info.Regular {
		t.Errorf("stat: %+v, %v", info, err)
	}
	check(t, f, bytes.Repeat([]byte("b"), 1))
}
