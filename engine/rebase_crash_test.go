package engine_test

import (
	"bytes"
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// kinds are the chains whose metadata differ.
func kinds() (list []layered) {
	for _, l := range chains() {
		switch l.name {
		case "vhd", "vhdx", "vmdk", "vmdk split", "vmdk redo log":
			list = append(list, l)
		default:
			if enginetest.Scale(0, 1) > 0 {
				list = append(list, l)
			}
		}
	}
	return list
}

// renamed is a chain of two whose parent lies there a second time, under another name.
func (l layered) renamed(t *testing.T) (files *store.Mem, child, moved string) {
	t.Helper()
	files = store.NewMem()
	base, child, moved := "base."+l.format, "child."+l.format, "a much longer name, with spaces and ünïcode."+l.format
	l.layer(t, files, base, "")
	files = enginetest.RandomWrites(t, l.bed(t, files, base, nil), enginetest.Steps(1, sizeOf(t, files, base), l.block, 1, 12, false))
	l.layer(t, files, child, base)
	files = enginetest.RandomWrites(t, l.bed(t, files, child, nil), enginetest.Steps(2, sizeOf(t, files, child), l.block, 1, 12, false))
	f, err := files.OpenWrite(base)
	if err != nil {
		t.Fatal(err)
	}
	files.Put(moved, f.(*store.MemFile).Clone())
	return files, child, moved
}

// tieTo commits another name of the parent to a child's metadata.
func tieTo(t *testing.T, files store.FS, child, parent string) error {
	t.Helper()
	w := store.NewWorkspace(files, child)
	defer w.Close()
	f, err := w.Snapshot().Open(child)
	if err != nil {
		return err
	}
	img, err := engine.OpenIn(t.Context(), w.Snapshot(), child, f, child, engine.Options{})
	if err != nil {
		return err
	}
	defer img.Close()
	base, err := readIn(t.Context(), files, parent)
	if err != nil {
		return err
	}
	defer base.Close()
	r, err := engine.Relink(img, disk.Relink{Names: true, Identity: true, Base: &disk.Base{Image: base, Relative: parent, Absolute: "/images/" + parent}})
	if err != nil {
		return err
	}
	if err := w.Do("rebase", func(tx *store.Tx) error { return r.Apply(t.Context(), tx) }); err != nil {
		return err
	}
	return w.Commit(t.Context())
}

// settle brings an interrupted commit to an end, back or forward.
func settle(t *testing.T, files store.FS, image string, forward bool) {
	t.Helper()
	j, err := store.ReadJournal(files, image)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case errors.Is(err, store.ErrTorn):
		forward = false
	case err != nil:
		t.Fatal(err)
	default:
		j.Allow(image)
	}
	if forward {
		err = j.RollForward(files)
	} else {
		err = j.RollBack(files)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRebasePowerCuts cuts the power at each moment of a rebase: before or after it is
// taken back or finished the disk is what it was, and the same rebase can be done again.
func TestRebasePowerCuts(t *testing.T) {
	for _, l := range kinds() {
		t.Run(l.name, func(t *testing.T) {
			files, child, moved := l.renamed(t)
			want := diskOf(t, files, child)
			bench := storetest.New()
			for name, f := range l.bed(t, files, child, nil).Files {
				bench.Put(name, f)
			}
			trace := bench.Record()
			if err := tieTo(t, bench, child, moved); err != nil {
				t.Fatal(err)
			}
			for p, left := range trace.Crashes(enginetest.Scale(1, 6)) {
				settle(t, left, child, (p.Ops+int(p.Seed))%2 == 1)
				if got := diskOf(t, left, child); !bytes.Equal(got, want) {
					t.Fatalf("%v: the disk is another one", p)
				}
				if err := tieTo(t, left, child, moved); err != nil {
					t.Fatalf("%v: again: %v", p, err)
				}
				if err := left.Remove("base." + l.format); err != nil {
					t.Fatal(err)
				}
				l.bed(t, left, child, nil).Holds(t, left, want) // the new name leads to the parent
			}
		})
	}
}

// TestRebaseFailures has each operation of a rebase fail: the disk is what it was.
func TestRebaseFailures(t *testing.T) {
	for _, l := range kinds() {
		files, child, moved := l.renamed(t)
		want := diskOf(t, files, child)
		for n := 1; ; n++ {
			bench := storetest.New()
			for name, f := range l.bed(t, files, child, nil).Files {
				bench.Put(name, f)
			}
			bench.FailAt(n, syscall.ENOSPC)
			err := tieTo(t, bench, child, moved)
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s, operation %d: %v", l.name, n, err)
			}
			left := bench.Clone()
			settle(t, left, child, n%2 == 1)
			l.bed(t, left, child, nil).Holds(t, left, want)
		}
	}
}

// diskOf is all bytes of a disk.
func diskOf(t *testing.T, files store.Opener, name string) []byte {
	t.Helper()
	img, err := readIn(t.Context(), files, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}
