package engine_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

// merge merges an image of some files.
func merge(ctx context.Context, files store.FS, name string, how edit.Merging) (m *edit.Merge, done edit.Merged, err error) {
	if m, err = edit.OpenMergeIn(ctx, files, name, engine.Options{}, how); err != nil {
		return nil, done, err
	}
	done, err = m.CarryOut(ctx)
	return m, done, errors.Join(err, m.Close())
}

// three are the names of a chain of three.
func (l layered) three() (base, child, grandchild string) {
	return "base." + l.format, "child." + l.format, "grandchild." + l.format
}

// TestMergeOne merges the one in the middle of three layers into the oldest: that has its
// content then, in every kind, and the youngest shows what it did, without it.
func TestMergeOne(t *testing.T) {
	for _, l := range chains() {
		t.Run(l.name, func(t *testing.T) {
			files := l.threeLayers(t, 7, 25)
			base, child, last := l.three()
			want, wantLast := diskOf(t, files, child), diskOf(t, files, last)
			m, done, err := merge(t.Context(), files, child, edit.Merging{Delete: true})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(m.From, []string{child}) || m.Into != base || !slices.Equal(done.Relinked, []string{last}) || len(done.Deleted) == 0 || len(m.Stale) > 0 {
				t.Errorf("%+v, %+v", m, done)
			}
			l.holding(t, files, base, want)
			l.holding(t, files, last, wantLast)
			for _, name := range names(t, files) {
				if name == child || name == store.JobName(child) {
					t.Errorf("%s is still there", name)
				}
			}
		})
	}
}

// TestMergeSeveral merges two layers into the oldest at once: the last writer wins, the one
// in the middle, which would show a mixture, does not fit any more where its format can say
// that, and is told of (M2 and M3 of the peers' cases).
func TestMergeSeveral(t *testing.T) {
	for _, l := range kinds() {
		for _, how := range []edit.Merging{{Into: edit.Bottom}, {Levels: 2, Delete: true}} {
			files := l.threeLayers(t, 9, 20)
			base, child, last := l.three()
			want := diskOf(t, files, last)
			m, done, err := merge(t.Context(), files, last, how)
			if err != nil {
				t.Fatalf("%s: %v", l.name, err)
			}
			if !slices.Equal(m.From, []string{last, child}) || how.Delete != (len(m.Stale) == 0) || !how.Delete && !slices.Equal(m.Stale, []string{child}) || m.Into != base {
				t.Errorf("%s: %+v", l.name, m)
			}
			l.holding(t, files, base, want)
			if how.Delete {
				if list := names(t, files); slices.Contains(list, child) || slices.Contains(list, last) || len(done.Deleted) < 2 {
					t.Errorf("%s: %v are there, %v were deleted", l.name, list, done.Deleted)
				}
				continue
			}
			l.holding(t, files, last, want)
			if img, err := readIn(t.Context(), files, child); err != nil || l.format != "vhd" && img.(disk.Linked).Link().Fault == nil {
				t.Errorf("%s: the layer between still fits: %v", l.name, err)
			}
		}
	}
}

// TestMergeRefusals holds what a merge refuses, and that it then writes nothing.
func TestMergeRefusals(t *testing.T) {
	for _, l := range kinds() {
		files := l.threeLayers(t, 3, 8)
		base, child, last := l.three()
		l.layer(t, files, "sibling."+l.format, base)
		before := allBytes(t, files)
		for _, c := range []struct {
			name   string
			how    edit.Merging
			reason disk.Reason
			kind   error
		}{
			{base, edit.Merging{}, "", disk.ErrUnsupported},
			{child, edit.Merging{}, disk.RefusedSiblings, nil},
			{last, edit.Merging{Into: edit.Bottom}, disk.RefusedSiblings, nil},
			{last, edit.Merging{Levels: 3}, "", nil},
			{last, edit.Merging{Into: last}, "", nil},
			{child, edit.Merging{Leave: true, Delete: true, Force: true}, disk.RefusedChildren, nil},
		} {
			_, _, err := merge(t.Context(), files, c.name, c.how)
			var r *disk.Refusal
			if errors.As(err, &r); err == nil || (r != nil) != (c.reason != "") || r != nil && r.Reason != c.reason || c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%s: %s, %+v: %v", l.name, c.name, c.how, err)
			}
		}
		if !equalFiles(before, allBytes(t, files)) {
			t.Errorf("%s: a refusal has written", l.name)
		}
		want := diskOf(t, files, last)
		m, _, err := merge(t.Context(), files, child, edit.Merging{Force: true})
		if err != nil || !slices.Equal(m.Stale, []string{"sibling." + l.format}) {
			t.Errorf("%s: by force: %v", l.name, err)
		}
		l.holding(t, files, last, want)
	}
}

func allBytes(t *testing.T, files *store.Mem) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range names(t, files) {
		f, err := files.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		size, _ := f.Size()
		all[name] = make([]byte, size)
		f.ReadAt(all[name], 0)
	}
	return all
}

func equalFiles(a, b map[string][]byte) bool {
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return len(a) == len(b)
}

// onBench lays files on a bench.
func onBench(t *testing.T, files *store.Mem) *storetest.FS {
	t.Helper()
	bench := storetest.New()
	for _, name := range names(t, files) {
		f, err := files.OpenWrite(name)
		if err != nil {
			t.Fatal(err)
		}
		bench.Put(name, f.(*store.MemFile))
	}
	return bench
}

// mergeTrial is a merge that is interrupted.
type mergeTrial struct {
	layered
	image          string
	how            edit.Merging
	want, wantLast []byte // of the image that is merged, and of the youngest
}

// continues does the merge again, after it was interrupted: all disks are what they were.
func (m mergeTrial) continues(t *testing.T, left store.FS, at any) {
	t.Helper()
	base, _, last := m.three()
	if _, _, err := merge(t.Context(), left, m.image, m.how); err != nil && !m.over(left) {
		t.Fatalf("%v: again: %v", at, err)
	}
	m.holding(t, left, base, m.want)
	if m.image != last {
		m.holding(t, left, last, m.wantLast)
	}
	for _, name := range m.gone() {
		if _, err := left.Stat(name); err == nil && m.how.Delete {
			t.Fatalf("%v: %s is still there", at, name)
		}
	}
	if _, err := left.Stat(store.JobName(m.image)); err == nil {
		t.Fatalf("%v: the job is still there", at)
	}
}

// over reports whether the merge was at its end already: neither image nor job are there.
func (m mergeTrial) over(left store.FS) bool {
	_, image := left.Stat(m.image)
	_, job := left.Stat(store.JobName(m.image))
	return m.how.Delete && image != nil && job != nil
}

func (m mergeTrial) gone() []string {
	_, child, last := m.three()
	if m.image == last {
		return []string{child, last}
	}
	return []string{child}
}

// holding demands that an image, which may have siblings, is whole and has a content.
func (l layered) holding(t *testing.T, files store.Opener, name string, want []byte) {
	t.Helper()
	b := enginetest.Bed{Name: l.name, Image: name, Known: append([]string{"vhd/V027", "vhd/V045", "vhd/V046", "vmdk/L4"}, enginetest.Leaks...), Read: readIn}
	b.Holds(t, files, want)
}

// shows demands that the images show what they did at a moment of a merge. Of what is being
// removed at its end, a part of the files may be gone.
func (m mergeTrial) shows(t *testing.T, left *store.Mem, at any) {
	t.Helper()
	_, _, last := m.three()
	job, jobErr := store.ReadJob(left, m.image)
	for name, want := range map[string][]byte{m.image: m.want, last: m.wantLast} {
		_, err := left.Stat(name)
		if m.how.Delete && name == m.image && (err != nil || jobErr == nil && job.Merged) {
			continue
		}
		img, err := readIn(t.Context(), left, name)
		if err != nil {
			t.Fatalf("%v: %s: %v", at, name, err)
		}
		got := make([]byte, len(want))
		_, err = img.ReadAt(got, 0)
		if err != nil { // there must be a commit that is to be taken back, or finished
			got, err = diskOf(t, m.recovered(t, left), name), nil
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v: %s shows something else: %v", at, name, err)
		}
		img.Close()
	}
}

// recovered is what is left by a cut with the commits of all layers taken back.
func (m mergeTrial) recovered(t *testing.T, left *store.Mem) store.FS {
	t.Helper()
	whole := copyOf(t, left)
	base, child, last := m.three()
	for _, name := range []string{base, child, last} {
		if _, err := whole.Stat(name); err == nil {
			settle(t, whole, name, false)
		}
	}
	return whole
}

func copyOf(t *testing.T, files *store.Mem) *store.Mem {
	t.Helper()
	c := store.NewMem()
	for name, b := range allBytes(t, files) {
		c.PutFile(name, b)
	}
	return c
}

// trials are merges in the middle of a chain, and of all of it.
func trials(t *testing.T, l layered, run func(t *testing.T, m mergeTrial, files *store.Mem)) {
	base, child, last := l.three()
	_ = base
	for _, m := range []mergeTrial{{layered: l, image: child, how: edit.Merging{Delete: true}}, {layered: l, image: last, how: edit.Merging{Into: edit.Bottom, Delete: true}}} {
		t.Run(l.name+", "+m.image, func(t *testing.T) {
			files := l.threeLayers(t, 5, 6)
			m.want, m.wantLast = diskOf(t, files, m.image), diskOf(t, files, last)
			run(t, m, files)
		})
	}
}

// TestMergePowerCuts cuts the power at each moment of a merge: the images show what they
// did, and the same merge comes to its end (M4 and M8 of the peers' cases).
func TestMergePowerCuts(t *testing.T) {
	for _, l := range kinds() {
		trials(t, l, func(t *testing.T, m mergeTrial, files *store.Mem) {
			bench := onBench(t, files)
			trace := bench.Record()
			if _, _, err := merge(t.Context(), bench, m.image, m.how); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d operations", trace.Len())
			for p, left := range trace.Crashes(enginetest.Scale(1, 6)) {
				if p.Ops%enginetest.Scale(11, 1) != 0 {
					continue
				}
				m.shows(t, left, p)
				m.continues(t, left, p)
			}
		})
	}
}

// TestMergeFailures has each operation of a merge fail: the images show what they did, and
// the same merge comes to its end when there is room again.
func TestMergeFailures(t *testing.T) {
	for _, l := range kinds() {
		trials(t, l, func(t *testing.T, m mergeTrial, files *store.Mem) {
			for n := 1; ; n += enginetest.Scale(11, 1) {
				bench, cause := onBench(t, files), []error{syscall.ENOSPC, syscall.EIO}[n%2]
				bench.FailAt(n, cause)
				_, _, err := merge(t.Context(), bench, m.image, m.how)
				if err == nil {
					break
				}
				if !errors.Is(err, cause) {
					t.Fatalf("operation %d: %v", n, err)
				}
				left := bench.Clone()
				m.shows(t, left, n)
				m.continues(t, left, n)
			}
		})
	}
}
