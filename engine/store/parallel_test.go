package store_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"platter/engine/store"
)

// TestReadersSeeWholeWrites reads while changes are made, undone and committed:
// a write is seen as a whole or not at all.
func TestReadersSeeWholeWrites(t *testing.T) {
	w, f := workspace(t, bytes.Repeat([]byte{0}, 10_000))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			buf := make([]byte, 64)
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := f.ReadAt(buf, 5000); err != nil || bytes.Count(buf, buf[:1]) != len(buf) {
					t.Errorf("read % x, %v", buf, err)
					return
				}
				w.Plan()
				w.Dirty("a")
				w.History()
			}
		})
	}
	for i := range 300 {
		write(t, w, 4990, string(bytes.Repeat([]byte{byte(i + 1)}, 100)))
		if i%3 == 0 {
			must(t, w.Undo(), w.Redo())
		}
		if i%7 == 0 {
			must(t, w.Commit(context.Background()))
		}
	}
	close(done)
	wg.Wait()
}

func TestClosingLastHandleClosesFile(t *testing.T) {
	base := &opens{Mem: store.NewMem()}
	base.PutFile("a", []byte("0123"))
	w := store.NewWorkspace(base, "a")
	f, g := open(t, w.Snapshot(), "a"), open(t, w.Snapshot(), "a")
	must(t, f.Close(), f.Close())
	check(t, g, []byte("0123"))
	must(t, g.Close())
	if base.open != 0 {
		t.Errorf("%d files open after all were closed", base.open)
	}
	write(t, w, 0, "x")
	check(t, open(t, w.Snapshot(), "a"), []byte("x123"))
	if base.open != 1 {
		t.Errorf("%d files open where something is staged", base.open)
	}
	must(t, w.Close())
	if base.open != 0 {
		t.Errorf("%d files open after the workspace was closed", base.open)
	}
}

// opens counts open files.
type opens struct {
	*store.Mem
	open int
}

type counted struct {
	store.File
	of *opens
}

func (o *opens) Open(name string) (store.File, error) {
	f, err := o.Mem.Open(name)
	if err == nil {
		o.open++
	}
	return counted{f, o}, err
}

func (c counted) Close() error {
	c.of.open--
	return c.File.Close()
}

func TestStagedNextData(t *testing.T) {
	mem := store.NewMem()
	sparse := store.NewMemFile(1 << 40)
	sparse.WriteAt([]byte("x"), 1<<39)
	mem.Put("a", sparse)
	w, _ := over(t, mem)
	write(t, w, 1<<30, "staged")
	f := open(t, w.Snapshot(), "a")
	var got []store.Range
	for off := int64(0); ; {
		r, err := store.NextData(f, off, 1<<40)
		if err != nil {
			break
		}
		got = append(got, r)
		off = r.End()
	}
	want := []store.Range{{Offset: 1 << 30, Length: 6}, {Offset: 1 << 39, Length: 4096}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("data at %v, want %v", got, want)
	}
}

func TestShrunkFileIsAnError(t *testing.T) {
	mem := store.NewMem()
	under := mem.PutFile("a", []byte("0123456789"))
	w, f := over(t, mem)
	must(t, under.Truncate(4))
	buf := make([]byte, 4)
	if n, err := f.ReadAt(buf, 2); n != 2 || string(buf[:2]) != "23" || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if err := edit(w, "edit", text("x", 8)); err == nil {
		t.Error("staged over bytes that are gone")
	}
	if err := w.Commit(context.Background()); errors.Is(err, store.ErrChanged) {
		t.Error("a commit of nothing looks at the disk")
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	w, f := workspace(t, make([]byte, 100_000))
	for i := range int64(50) {
		write(t, w, i*2000, "staged")
	}
	f = open(t, w.Snapshot(), "a")
	buf := make([]byte, 64<<10)
	if n := testing.AllocsPerRun(100, func() { f.ReadAt(buf, 1000) }); n != 0 {
		t.Errorf("a read allocates %v times", n)
	}
}
