package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// everything is what a compaction gives up at most, without loss.
var everything = disk.CompactOptions{Zeros: true, Parent: true}

// compactable are the kinds whose blocks can lie anywhere.
func compactable() []layered {
	list := chains()
	for _, l := range alone() {
		if !strings.Contains(l.name, "ixed") && !strings.Contains(l.name, "Flat") && !strings.Contains(l.name, "vmfs") {
			list = append(list, l)
		}
	}
	return append(list, layered{"vmdk redo log alone", "vmdk", values("size", "700K", "type", "vmfs"), values("type", "vmfsSparse"), 4 << 10, disk.WriteOptions{}})
}

// scattered is an image whose blocks lie in no order: some hold data, some zeros that are
// stored, some what the parent holds, and some a little of everything.
func (l layered) scattered(t testing.TB) (enginetest.Bed, []byte) {
	t.Helper()
	b := l.made(t)
	files := store.NewMem()
	for name, f := range b.Files {
		files.Put(name, f)
	}
	rnd := rand.New(rand.NewPCG(3, uint64(len(l.name))))
	l.write(t, files, b.Image, func(w disk.Writer) error {
		var steps []func() error
		for off := int64(0); off < w.Size(); off += l.block {
			whole := min(l.block, w.Size()-off)
			data := enginetest.Step{N: whole, Seed: uint64(off)}.Data()
			put := func(p []byte, at int64) func() error {
				return func() error { _, err := w.WriteAt(p, at); return err }
			}
			same := make([]byte, whole)
			if _, err := w.ReadAt(same, off); err != nil && err != io.EOF {
				return err
			}
			switch rnd.IntN(6) {
			case 0, 1:
				steps = append(steps, put(data, off))
			case 2:
				steps = append(steps, put(make([]byte, whole), off))
			case 3:
				steps = append(steps, put(same, off))
			case 4:
				steps = append(steps, put(data[:min(whole, 3000)], off))
			}
		}
		rnd.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		for _, do := range steps {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	b = l.bed(t, files, b.Image, b.Below)
	return b, readWhole(t, files, b.Image)
}

// readWhole reads a whole disk.
func readWhole(t testing.TB, o store.Opener, name string) []byte {
	t.Helper()
	img, err := readIn(t.Context(), o, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

// bytesOf is how long the files of an image are together.
func lengthOf(t testing.TB, o store.Opener, name string) int64 {
	t.Helper()
	img, err := readIn(t.Context(), o, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return img.Info().FileSize
}

// compacted compacts an image, and replays a log first where one was left.
func compacted(ctx context.Context, fs store.FS, name string, opt disk.CompactOptions) (disk.Compacted, error) {
	if err := replayed(ctx, fs, name); err != nil {
		return disk.Compacted{}, err
	}
	w, err := writeIn(disk.WriteOptions{})(ctx, fs, name)
	if err != nil {
		return disk.Compacted{}, err
	}
	r, err := w.(disk.Compacter).Compact(ctx, opt)
	return r, errors.Join(err, w.Close(ctx))
}

func replayed(ctx context.Context, fs store.FS, name string) error {
	img, err := readIn(ctx, fs, name)
	if err != nil {
		return err
	}
	defer img.Close()
	for _, f := range img.Info().Findings {
		if f.Code != "vhdx/10" {
			continue
		}
		list, err := engine.Repairs(ctx, img, f)
		if err != nil || len(list) == 0 {
			return errors.Join(err, errors.New("a log can't be replayed"))
		}
		return list[0].Apply(ctx, fs)
	}
	return nil
}

// TestCompact gives up and moves blocks of all kinds: the disk stays the same, the file
// has no gaps after that, and there is nothing left to do.
func TestCompact(t *testing.T) {
	for _, l := range compactable() {
		t.Run(l.name, func(t *testing.T) {
			b, want := l.scattered(t)
			s := storetest.New()
			for name, f := range b.Files {
				s.Put(name, f)
			}
			before := lengthOf(t, s, b.Image)
			r, err := compacted(t.Context(), s, b.Image, everything)
			if err != nil {
				t.Fatal(err)
			}
			after := lengthOf(t, s, b.Image)
			unit := l.block
			if l.base["type"] == "vmfs" {
				unit = 512
			}
			if gone := r.Zero + r.Parent; gone == 0 || before-after < gone*unit || r.Moved == 0 && !strings.HasPrefix(l.name, "vhdx") || l.top != nil && r.Parent == 0 {
				t.Errorf("%d -> %d bytes, %+v", before, after, r)
			}
			b.Known = nil
			b.Known = append(b.Known, "vhd/V027", "vhd/V046")
			b.Holds(t, s, want)
			again, err := compacted(t.Context(), s, b.Image, everything)
			if err != nil || again != (disk.Compacted{}) || lengthOf(t, s, b.Image) != after {
				t.Errorf("a second time: %+v %v", again, err)
			}
			if more := lengthOf(t, s, b.Image); l.top == nil && after > smallest(t, l, want)+l.block {
				t.Errorf("%d bytes, a new image has %d", more, smallest(t, l, want))
			}
		})
	}
}

// smallest is how long an image of a kind is that was made to hold a disk.
func smallest(t testing.TB, l layered, want []byte) int64 {
	t.Helper()
	files := store.NewMem()
	name := "new." + l.format
	l.layer(t, files, name, "")
	l.how = disk.WriteOptions{}
	l.write(t, files, name, func(w disk.Writer) error {
		for off := int64(0); off < w.Size(); off += l.block {
			if p := want[off:min(off+l.block, w.Size())]; !bytes.Equal(p, make([]byte, len(p))) {
				if _, err := w.WriteAt(p, off); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return lengthOf(t, files, name)
}

// TestCompactCuts cuts the power at each moment of a compaction: the image is whole, its
// disk as it was, and the same command finishes the work.
func TestCompactCuts(t *testing.T) {
	for _, l := range compactable() {
		t.Run(l.name, func(t *testing.T) {
			b, want := l.scattered(t)
			s := storetest.New()
			for name, f := range b.Files {
				s.Put(name, f)
			}
			trace := s.Record()
			if _, err := compacted(t.Context(), s, b.Image, everything); err != nil {
				t.Fatal(err)
			}
			size := lengthOf(t, s, b.Image)
			b.Known = append(b.Known, "vhdx/52") // a log entry that was torn
			every, n := trace.Len()/enginetest.Scale(8, trace.Len()+1)+1, 0
			for p, left := range trace.Crashes(enginetest.Scale(1, 4)) {
				if n++; every > 1 && n%every != 0 {
					continue
				}
				holdsAfterCut(t, b, left, want, p.String())
				if _, err := compacted(t.Context(), left, b.Image, everything); err != nil {
					t.Fatalf("%v: the same again: %v", p, err)
				}
				if got := lengthOf(t, left, b.Image); got > size+l.block {
					t.Fatalf("%v: the same again leaves %d bytes, without a cut %d", p, got, size)
				}
				b.Holds(t, left, want)
			}
		})
	}
}

// holdsAfterCut demands that the image has no errors, and the same disk.
func holdsAfterCut(t *testing.T, b enginetest.Bed, left store.Opener, want []byte, when string) {
	t.Helper()
	img, err := readIn(t.Context(), left, b.Image)
	if err != nil {
		t.Fatal(when, err)
	}
	defer img.Close()
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity == disk.SeverityError {
			t.Fatal(when, f.Code, f.Text, err)
		}
	}
	if !bytes.Equal(readWhole(t, left, b.Image), want) {
		t.Fatal(when, "the disk holds something else")
	}
}

// TestCompactFails makes each operation of a compaction fail in turn.
func TestCompactFails(t *testing.T) {
	for _, l := range compactable() {
		if !slices.Contains([]string{"vhd", "vhdx", "vmdk redo log", "vmdk monolithicSparse"}, l.name) {
			continue
		}
		b, want := l.scattered(t)
		for n := 1; ; n += enginetest.Scale(37, 1) {
			s := storetest.New()
			for name, f := range b.Files {
				s.Put(name, f)
			}
			cause := []error{syscall.ENOSPC, syscall.EIO}[n%2]
			s.FailAt(n, cause)
			_, err := compacted(t.Context(), s, b.Image, everything)
			if err == nil {
				break
			}
			if !errors.Is(err, cause) {
				t.Fatalf("%s: operation %d failed with %v, the writer said %v", l.name, n, cause, err)
			}
			holdsAfterCut(t, b, s, want, l.name)
			left := s.Clone()
			if _, err := compacted(t.Context(), left, b.Image, everything); err != nil {
				t.Fatalf("%s: operation %d: the same again: %v", l.name, n, err)
			}
			b.Holds(t, left, want)
		}
	}
}
