package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

func (b Bed) fs() *storetest.FS {
	s := storetest.New()
	for name, f := range b.Files {
		s.Put(name, f)
	}
	return s
}

// RandomWrites carries out a workload and holds the image against the model: what
// the writer reads after each step, and the whole disk with its check at each
// reopening and at the end. It returns the files as they are then.
func RandomWrites(t *testing.T, b Bed, steps []Step) *store.Mem {
	t.Helper()
	s := b.fs()
	m := modelOf(t, b.opened(t, s, disk.SeverityWarning))
	steps = m.revealing(steps)
	w := b.writer(t, s)
	for i, step := range steps {
		if step.Kind == ReopenStep {
			b.close(t, w)
			m.equal(t, b.opened(t, s, disk.SeverityWarning))
			w = b.writer(t, s)
			continue
		}
		if err := m.carryOut(t.Context(), w, i, step); err != nil {
			t.Fatalf("step %d, %v: %v", i, step, err)
		}
		readsBack(t, w, m, i, step)
	}
	b.close(t, w)
	m.equal(t, b.opened(t, s, disk.SeverityWarning))
	left := s.Clone()
	b.parentsAreAsTheyWere(t, left)
	return left
}

// parentsAreAsTheyWere compares the files of the parents byte for byte.
func (b Bed) parentsAreAsTheyWere(t testing.TB, left *store.Mem) {
	t.Helper()
	for _, name := range b.Below {
		f, err := left.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if was, is := content(t, b.Files[name]), content(t, f); !bytes.Equal(was, is) {
			t.Errorf("%s, a file of a parent, has changed", name)
		}
	}
}

// content is all that a file holds.
func content(t testing.TB, f store.File) []byte {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

func (b Bed) writer(t testing.TB, s *storetest.FS) disk.Writer {
	t.Helper()
	w, err := b.Write(t.Context(), s, b.Image)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (b Bed) close(t testing.TB, w disk.Writer) {
	t.Helper()
	if err := w.Close(t.Context()); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// readsBack reads what a step touched, and a little around it.
func readsBack(t testing.TB, w disk.Writer, m *model, i int, s Step) {
	t.Helper()
	from, to := max(s.Off-700, 0), min(s.Off+s.N+700, int64(len(m.disk)))
	got := make([]byte, to-from)
	if n, err := w.ReadAt(got, from); n < len(got) && err != io.EOF {
		t.Fatalf("step %d, %v: reading back: %v", i, s, err)
	}
	for at := range got {
		if got[at] != m.disk[from+int64(at)] {
			t.Fatalf("step %d, %v: byte %d is %02x, expected %02x", i, s, from+int64(at), got[at], m.disk[from+int64(at)])
		}
	}
}

// run is a workload as it went: the model, and after how many operations of the
// file system each step began and became durable.
type run struct {
	model   *model
	id      string // of the content at first
	trace   *storetest.Trace
	began   []int
	durable []int // the last step that is, and from which operation on
	since   []int
}

// record runs a workload once and closes the image at its end.
func (b Bed) record(t *testing.T, steps []Step) run {
	t.Helper()
	s := b.fs()
	img := b.opened(t, s, disk.SeverityWarning)
	r := run{model: remembering(t, img), trace: s.Record()}
	if b.ID != nil {
		r.id = b.ID(img)
	}
	w := b.writer(t, s)
	for i, step := range r.model.revealing(steps) {
		r.began = append(r.began, s.Ops())
		if step.Kind == ReopenStep {
			b.close(t, w)
			w = b.writer(t, s)
		} else if err := r.model.carryOut(t.Context(), w, i, step); err != nil {
			t.Fatalf("step %d, %v: %v", i, step, err)
		}
		if step.Kind >= SyncStep {
			r.durable, r.since = append(r.durable, i), append(r.since, s.Ops())
		}
	}
	b.close(t, w)
	return r
}

// state tells which steps are durable, and which had begun, at a point.
func (r run) state(p storetest.Point) (durable, begun int) {
	durable, begun = -1, -1
	for i, ops := range r.began {
		if ops < p.Ops {
			begun = i
		}
	}
	for i, ops := range r.since {
		if ops <= p.Ops {
			durable = r.durable[i]
		}
	}
	return durable, begun
}

// fault is what is wrong with what a power cut left; nil if nothing is.
func (b Bed) fault(t *testing.T, r run, p storetest.Point, left store.Opener) error {
	img, err := b.Read(t.Context(), left, b.Image)
	if err != nil {
		return err
	}
	defer img.Close()
	if err := img.Info().Refused; err != nil {
		return err
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity == disk.SeverityError {
			return errors.Join(err, errors.New(f.Code+" "+f.Text))
		}
	}
	changed, err := r.holds(img, p)
	if err == nil && changed && b.ID != nil && b.ID(img) == r.id {
		err = errors.New("the content has changed, but the content ID has not")
	}
	return err
}

// PowerCuts cuts the power at each moment of a workload, with as many outcomes each
// as it takes to look at least times, and returns how many there were. Each image must
// open, be whole, and hold in every sector what was durable or written since.
func PowerCuts(t *testing.T, b Bed, steps []Step, least int) int {
	t.Helper()
	r := b.record(t, steps)
	points, seeds := 0, (least+r.trace.Len())/(r.trace.Len()+1)
	for p, left := range r.trace.Crashes(seeds) {
		points++
		if err := b.fault(t, r, p, left); err != nil {
			t.Fatalf("%s: %v: %v", b.Name, p, err)
		}
	}
	return points
}

// syncSites tells of each site that a bed comes by whether the syncs there are
// needed. Those that are known to be are not tried again.
func (b Bed) syncSites(t *testing.T, steps []Step, seeds int, known map[string]bool) map[string]bool {
	t.Helper()
	r := b.record(t, steps)
	needed := map[string]bool{}
	for _, site := range r.trace.Sites() {
		if needed[site] = known[site]; known[site] {
			continue
		}
		for p, left := range r.trace.IgnoreSync(site).Crashes(seeds) {
			if needed[site] = b.fault(t, r, p, left) != nil; needed[site] {
				break
			}
		}
	}
	return needed
}

// SyncsAreNeeded takes out each sync of the writers in turn: without it some power
// cut must do harm to one of the beds, unless but has a reason for a part of its
// site's name.
func SyncsAreNeeded(t *testing.T, beds []Bed, steps []Step, seeds int, but map[string]string) {
	t.Helper()
	needed := map[string]bool{}
	for _, b := range beds {
		for site, harm := range b.syncSites(t, steps, seeds, needed) {
			needed[site] = needed[site] || harm
		}
	}
	for site, harm := range needed {
		if !harm && !excused(site, but) {
			t.Errorf("no power cut shows what the sync at %s is for", site)
		}
	}
}

func excused(site string, but map[string]string) bool {
	for part := range but {
		if strings.Contains(site, part) {
			return true
		}
	}
	return false
}

// FailingWrites makes each operation of a workload fail in turn, as on a full
// disk or a bad one. The writer must say so, the image be whole, and what was
// durable be there; after a failed sync nothing more may be written.
func FailingWrites(t *testing.T, b Bed, steps []Step) int {
	t.Helper()
	total := b.record(t, steps).trace.Len()
	for n := 1; n <= total; n++ {
		for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
			b.fail(t, steps, n, cause)
		}
	}
	return 2 * total
}

func (b Bed) fail(t *testing.T, steps []Step, n int, cause error) {
	t.Helper()
	s := b.fs()
	m := remembering(t, b.opened(t, s, disk.SeverityWarning))
	steps = m.revealing(steps)
	s.FailAt(n, cause)
	durable, last, failed := -1, -1, error(nil)
	w, err := b.Write(t.Context(), s, b.Image)
	if err != nil {
		failed = err
	}
	for i := 0; failed == nil && i < len(steps); i++ {
		last = i
		if failed = m.carryOut(t.Context(), w, i, steps[i]); failed == nil && steps[i].Kind == SyncStep {
			durable = i
		}
	}
	if failed == nil {
		failed = w.Close(t.Context())
	}
	if !errors.Is(failed, cause) {
		t.Fatalf("%s: operation %d failed with %v, the writer said %v", b.Name, n, cause, failed)
	}
	img := b.opened(t, s.Clone(), disk.SeverityError)
	for i := range m.versions {
		if got := sectorOf(img, i); !m.fits(i, got, durable, last) {
			t.Fatalf("%s: operation %d failed with %v: sector %d holds neither what it held nor what was written", b.Name, n, cause, i)
		}
	}
}

// holds compares the whole disk with what may be there. It reports whether anything
// is not as it was at first.
func (r run) holds(img disk.Image, p storetest.Point) (changed bool, err error) {
	durable, begun := r.state(p)
	got, err := r.model.read(img)
	if err != nil {
		return false, err
	}
	for i := range r.model.versions {
		b := got[i*sectorBytes : min((i+1)*sectorBytes, len(got))]
		if !r.model.fits(i, b, durable, begun) {
			return false, fmt.Errorf("sector %d holds %x..., neither what was durable after step %d nor what steps up to %d wrote", i, b[:8], durable, begun)
		}
		changed = changed || hashSector(b) != r.model.versions[i][0].hash
	}
	return changed, nil
}

func sectorOf(img disk.Image, i int) []byte {
	b := make([]byte, min(sectorBytes, img.Info().VirtualSize-int64(i)*sectorBytes))
	n, _ := img.ReadAt(b, int64(i)*sectorBytes)
	return b[:n]
}
