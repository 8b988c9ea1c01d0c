package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// strangers are a child with its parent, and another base of the parent's kind, all of which
// hold something at random, with pieces in which two of them are equal.
func (l layered) strangers(t *testing.T, steps int) (files *store.Mem, child, other string) {
	t.Helper()
	files, other = store.NewMem(), "other."+l.format
	base, child, _ := l.three()
	l.how.Renew = false
	for i, name := range []string{base, other, child} {
		l.layer(t, files, name, map[string]string{child: base}[name])
		files = enginetest.RandomWrites(t, l.bed(t, files, name, nil), enginetest.Steps(uint64(i), sizeOf(t, files, name), l.block, 1, steps, false))
	}
	unit := l.block / 2
	piece := func(b byte) []byte { return bytes.Repeat([]byte{b}, int(unit)) }
	for i, holds := range [][3]byte{ // the old parent, the new one, the child; 0: nothing
		{0x11, 0, 0}, {0x11, 0x22, 0}, {0x11, 0x11, 0}, {0, 0x22, 0}, {0x11, 0, 0x33}, {0x11, 0x22, 0x33}, {0x11, 0x11, 0x33}, {0, 0x22, 0x33},
	} {
		for k, name := range []string{base, other, child} {
			off := int64(i)*unit + 3*l.block
			if holds[k] != 0 && off+unit <= sizeOf(t, files, name) {
				l.write(t, files, name, func(w disk.Writer) error { _, err := w.WriteAt(piece(holds[k]), off); return err })
			}
		}
	}
	return files, child, other
}

// rebaseOnto bases a child on another parent without a change of its disk.
func rebaseOnto(ctx context.Context, t *testing.T, files store.FS, child, other string) (int64, error) {
	s, err := edit.OpenIn(ctx, files, child, engine.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if done, err := s.Replay(ctx); err != nil || done {
		if err = errors.Join(err, s.Commit(ctx), s.Close()); err != nil {
			return 0, err
		}
		return rebaseOnto(ctx, t, files, child, other)
	}
	to, err := readIn(ctx, files, other)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	planned, err := s.Adopt(ctx, to, false, nil)
	if err != nil {
		return 0, err
	}
	stored, err := s.Adopt(ctx, to, true, nil)
	if err == nil && stored != planned {
		t.Errorf("%d bytes were stored, %d were planned", stored, planned)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return 0, err
	}
	return stored, tieTo(t, files, child, other)
}

// TestRebaseOnto gives a child another parent: its disk stays the same, without the old one,
// and what both parents hold alike is not stored (B1 of the peers' cases).
func TestRebaseOnto(t *testing.T) {
	for _, l := range chains() {
		t.Run(l.name, func(t *testing.T) {
			files, child, other := l.strangers(t, 10)
			base, _, _ := l.three()
			want, old, fresh := diskOf(t, files, child), diskOf(t, files, base), diskOf(t, files, other)
			own := l.ownMap(t, files, child)
			stored, err := rebaseOnto(t.Context(), t, files, child, other)
			if err != nil {
				t.Fatal(err)
			}
			differ := int64(0)
			old, fresh = append(old, make([]byte, len(want))...), append(fresh, make([]byte, len(want))...)
			for at := 0; at < len(want); at += 512 {
				end := min(at+512, len(want))
				if !bytes.Equal(old[at:end], fresh[at:end]) {
					differ += int64(end - at)
				}
			}
			if stored == 0 || stored > differ {
				t.Errorf("%d bytes were stored, the parents differ in %d", stored, differ)
			}
			if err := files.Remove(base); err != nil {
				t.Fatal(err)
			}
			l.holding(t, files, child, want)
			if now := l.ownMap(t, files, child); l.format != "vmdk" && now != own { // a grain is stored as a whole
				t.Errorf("of what both parents hold the child has stored %s, before %s", now, own)
			}
		})
	}
}

// ownMap tells what a child stores of a piece that both parents hold.
func (l layered) ownMap(t *testing.T, files store.Opener, child string) (text string) {
	t.Helper()
	img, err := readIn(t.Context(), files, child)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for s, err := range disk.MapOwn(img, 3*l.block+2*(l.block/2), l.block/2) {
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%d+%d %v, ", s.Start, s.Length, s.State)
	}
	return text
}

// TestRebaseOntoPowerCuts cuts the power at each moment, and has each operation fail: the
// disk is the same, on the old parent or on the new one, and the same rebase ends well.
func TestRebaseOntoPowerCuts(t *testing.T) {
	for _, l := range kinds() {
		t.Run(l.name, func(t *testing.T) {
			files, child, other := l.strangers(t, 4)
			want := diskOf(t, files, child)
			bench := onBench(t, files)
			trace := bench.Record()
			if _, err := rebaseOnto(t.Context(), t, bench, child, other); err != nil {
				t.Fatal(err)
			}
			check := func(left *store.Mem, at any) {
				settle(t, left, child, false)
				if !bytes.Equal(diskOf(t, left, child), want) {
					t.Fatalf("%v: the disk is another one", at)
				}
				if _, err := rebaseOnto(t.Context(), t, left, child, other); err != nil {
					t.Fatalf("%v: again: %v", at, err)
				}
				if got := diskOf(t, left, child); !bytes.Equal(got, want) {
					t.Fatalf("%v: again: the disk is another one", at)
				}
			}
			for p, left := range trace.Crashes(enginetest.Scale(1, 6)) {
				if p.Ops%enginetest.Scale(7, 1) == 0 {
					check(left, p)
				}
			}
			for n := 1; n < trace.Len(); n += enginetest.Scale(13, 1) {
				bench := onBench(t, files)
				bench.FailAt(n, syscall.ENOSPC)
				if _, err := rebaseOnto(t.Context(), t, bench, child, other); err != nil && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("operation %d: %v", n, err)
				}
				check(bench.Clone(), n)
			}
		})
	}
}

// TestRebaseNonePowerCuts has a child stand alone, with the power cut at each moment: the disk
// is the same, and the same command comes to its end.
func TestRebaseNonePowerCuts(t *testing.T) {
	for _, l := range kinds() {
		if l.name == "vmdk redo log" {
			continue // refused
		}
		files, child, _ := l.strangers(t, 4)
		want := diskOf(t, files, child)
		var alone func(files store.FS) error
		alone = func(files store.FS) error {
			s, err := edit.OpenIn(t.Context(), files, child, engine.Options{})
			if err != nil {
				return err
			}
			defer s.Close()
			if done, err := s.Replay(t.Context()); err != nil || done {
				if err = errors.Join(err, s.Commit(t.Context()), s.Close()); err != nil {
					return err
				}
				return alone(files)
			}
			if _, err = s.Rebase(t.Context(), edit.Rebasing{Mode: edit.RebaseNone}); err != nil {
				return err
			}
			return s.Commit(t.Context())
		}
		bench := onBench(t, files)
		trace := bench.Record()
		if err := alone(bench); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		for p, left := range trace.Crashes(enginetest.Scale(1, 6)) {
			if p.Ops%enginetest.Scale(7, 1) != 0 && p.Ops != trace.Len() {
				continue
			}
			settle(t, left, child, p.Ops%2 == 0)
			if !bytes.Equal(diskOf(t, left, child), want) {
				t.Fatalf("%s, %v: the disk is another one", l.name, p)
			}
			if err := alone(left); err != nil {
				t.Fatalf("%s, %v: again: %v", l.name, p, err)
			}
			if err := left.Remove("base." + l.format); err != nil {
				t.Fatal(err)
			}
			if got := diskOf(t, left, child); !bytes.Equal(got, want) {
				t.Fatalf("%s, %v: the disk is another one without its parent", l.name, p)
			}
		}
	}
}
