package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// Bed is an image to try a writer on. What lies in it decides what a trial is
// worth: lost data is not noticed where zeros were before.
type Bed struct {
	Name  string
	Files map[string]*store.MemFile // durable before the writer begins
	Image string                    // the one of them that is written
	Align int64                     // what a write has to be aligned to; 0 or 1: to nothing
	Known []string                  // codes of warnings that are about the bed itself
	Below []string                  // those of the files that belong to parents, which no writer changes

	// ID is the content ID that child images know the disk by, which must be
	// another one as soon as the content is; nil: the format has none.
	ID func(disk.Image) string

	Write func(ctx context.Context, fs store.FS, name string) (disk.Writer, error)
	Read  func(ctx context.Context, o store.Opener, name string) (disk.Image, error)
}

// Step is one call of a writer.
type Step struct {
	Kind   StepKind
	Off, N int64
	Seed   uint64 // of the bytes written
}

// StepKind is what a [Step] does.
type StepKind uint8

// The kinds of step.
const (
	WriteStep StepKind = iota
	ZeroStep
	TrimStep
	RevealStep // in a child: lets the parent show again
	SyncStep
	ReopenStep // closes the writer and opens another
)

// String shows the step as a failing test does.
func (s Step) String() string {
	return fmt.Sprintf("%s %d+%d", [...]string{"write", "zero", "trim", "reveal", "sync", "reopen"}[s.Kind], s.Off, s.N)
}

// Data is what the step writes: no two steps, and no two sectors, write the same.
func (s Step) Data() []byte {
	b := make([]byte, s.N)
	rnd := rand.NewChaCha8([32]byte{byte(s.Seed), byte(s.Seed >> 8), byte(s.Seed >> 16), 1})
	rnd.Read(b)
	return b
}

// Steps is a workload of n steps on a disk of size bytes: mostly short writes in
// a few places that come back, so that blocks are met in all states; some zeros,
// trims and syncs. With reopens it closes the image now and then.
func Steps(seed uint64, size, block, align int64, n int, reopens bool) []Step {
	rnd := rand.New(rand.NewPCG(seed, 7))
	align = max(align, 1)
	var list []Step
	for i := range n {
		s := Step{Seed: seed<<16 + uint64(i)}
		switch k := rnd.IntN(20); {
		case k < 12:
			s.Kind = WriteStep
		case k < 14:
			s.Kind = ZeroStep
		case k < 16:
			s.Kind = TrimStep
		case k < 19 || !reopens:
			s.Kind = SyncStep
		default:
			s.Kind = ReopenStep
		}
		if s.Kind < SyncStep {
			s.Off, s.N = someRange(rnd, size, block, align)
		}
		list = append(list, s)
	}
	return append(list, Step{Kind: SyncStep})
}

// Workloads are workloads that reopen the image now and then: one of a few steps, or
// where the run may take long three of 10,000.
func Workloads(size, block int64, few int) [][]Step {
	var list [][]Step
	for seed := range uint64(Scale(1, 3)) {
		list = append(list, Steps(seed+1, size, block, 1, Scale(few, 10_000), true))
	}
	return list
}

// someRange is a range near the start or the end of a block, or a whole one.
func someRange(rnd *rand.Rand, size, block, align int64) (off, n int64) {
	off = rnd.Int64N((size+block-1)/block) * block
	switch rnd.IntN(4) {
	case 0:
		n = block
	case 1:
		off, n = off+block-rnd.Int64N(4096), 1+rnd.Int64N(8192)
	default:
		off, n = off+rnd.Int64N(block), 1+rnd.Int64N(6000)
	}
	off = min(off, size-1) / align * align
	n = (n + align - 1) / align * align
	return off, min(n, size-off)
}

// sectorBytes is what is written whole or not at all.
const sectorBytes = 512

var hashSeed = maphash.MakeSeed()

func hashSector(b []byte) uint64 { return maphash.Bytes(hashSeed, b) }

// version is what a sector held after a step.
type version struct {
	step int
	hash uint64
}

// model is the disk as a byte slice, with all that each sector ever held.
type model struct {
	disk     []byte
	below    []byte      // what the parent shows; nil: there is none
	seen     []byte      // room for a disk that is compared
	versions [][]version // by sector; the first is what was there before. Nil: nobody asks
}

// modelOf is a model that holds what an image holds, and knows its parent.
func modelOf(t testing.TB, img disk.Image) *model {
	t.Helper()
	m := &model{disk: wholeDisk(t, img)}
	if p := img.Parent(); p != nil {
		m.below = append(wholeDisk(t, p), make([]byte, len(m.disk))...)[:len(m.disk)] // zeros past its end
	}
	return m
}

// revealing has a child reveal its parent in every second place that would be trimmed.
func (m *model) revealing(steps []Step) []Step {
	steps = slices.Clone(steps)
	trims := 0
	for i := range steps {
		if steps[i].Kind != TrimStep || m.below == nil {
			continue
		}
		if trims++; trims%2 == 1 {
			steps[i].Kind = RevealStep
		}
	}
	return steps
}

// remembering is a model that knows what each sector held before.
func remembering(t testing.TB, img disk.Image) *model {
	t.Helper()
	m := modelOf(t, img)
	m.versions = make([][]version, (len(m.disk)+sectorBytes-1)/sectorBytes)
	for i := range m.versions {
		m.versions[i] = []version{{-1, hashSector(m.sector(i))}}
	}
	return m
}

func (m *model) sector(i int) []byte {
	return m.disk[i*sectorBytes : min((i+1)*sectorBytes, len(m.disk))]
}

// took notes that a range of the disk is as it is since a step.
func (m *model) took(step int, off, n int64) {
	if m.versions == nil {
		return
	}
	for i := int(off / sectorBytes); int64(i)*sectorBytes < off+n; i++ {
		m.versions[i] = append(m.versions[i], version{step, hashSector(m.sector(i))})
	}
}

// fits reports whether a sector may hold these bytes after the steps up to
// durable are, and those up to begun may be.
func (m *model) fits(i int, b []byte, durable, begun int) bool {
	got, list := hashSector(b), m.versions[i]
	for k := len(list) - 1; k >= 0; k-- {
		if list[k].step <= begun && list[k].hash == got {
			return true
		}
		if list[k].step <= durable {
			return false
		}
	}
	return false
}

// carryOut does a step with a writer and in the model. Trimmed bytes may be old or zero,
// revealed ones old or the parent's: the model takes what the writer says.
func (m *model) carryOut(ctx context.Context, w disk.Writer, number int, s Step) error {
	switch s.Kind {
	case WriteStep:
		data := s.Data()
		copy(m.disk[s.Off:], data)
		m.took(number, s.Off, s.N)
		_, err := w.WriteAt(data, s.Off)
		return err
	case ZeroStep:
		clear(m.disk[s.Off : s.Off+s.N])
		m.took(number, s.Off, s.N)
		return w.Zero(ctx, s.Off, s.N)
	case TrimStep:
		return m.give(number, s, w, make([]byte, s.N), func() error { return w.Trim(ctx, s.Off, s.N) })
	case RevealStep:
		return m.reveal(ctx, w, number, s)
	default:
		return w.Sync(ctx)
	}
}

// give gives up a range, all or parts of which become other bytes.
func (m *model) give(number int, s Step, w disk.Writer, other []byte, do func() error) error {
	if err := do(); err != nil {
		kept := bytes.Clone(m.disk[s.Off : s.Off+s.N])
		copy(m.disk[s.Off:], other)
		m.took(number, s.Off, s.N)
		copy(m.disk[s.Off:], kept)
		return err
	}
	got := make([]byte, s.N)
	if _, err := w.ReadAt(got, s.Off); err != nil && err != io.EOF {
		return err
	}
	old := m.disk[s.Off : s.Off+s.N]
	for at := int64(0); at < s.N; at++ {
		if got[at] != other[at] && got[at] != old[at] {
			return fmt.Errorf("after a %v byte %d holds %x, which is neither %x nor what was there (%x)", s, s.Off+at, got[at], other[at], old[at])
		}
	}
	copy(old, got)
	m.took(number, s.Off, s.N)
	return nil
}

// reveal lets the parent show. What the writer said would be lost is what has changed.
func (m *model) reveal(ctx context.Context, w disk.Writer, number int, s Step) error {
	r := w.(disk.Revealer)
	said, err := r.Hides(ctx, s.Off, s.N)
	if err != nil {
		return err
	}
	before := bytes.Clone(m.disk[s.Off : s.Off+s.N])
	if err := m.give(number, s, w, m.below[s.Off:][:s.N], func() error { return r.Reveal(ctx, s.Off, s.N) }); err != nil {
		return err
	}
	var lost disk.Loss
	for at := s.Off; at < s.Off+s.N; at += sectorBytes - at%sectorBytes {
		n := min(sectorBytes-at%sectorBytes, s.Off+s.N-at)
		if !bytes.Equal(before[at-s.Off:][:n], m.disk[at:at+n]) {
			lost.Add(at, n)
		}
	}
	if said.Bytes != lost.Bytes || !slices.Equal(said.Ranges, lost.Ranges) {
		return fmt.Errorf("%v: %d bytes changed, %d were said to be lost: %v, %v", s, lost.Bytes, said.Bytes, lost.Ranges, said.Ranges)
	}
	return nil
}

// read reads a disk that ought to be the model's. What it returns lasts until the next call.
func (m *model) read(img disk.Image) ([]byte, error) {
	if m.seen == nil {
		m.seen = make([]byte, len(m.disk))
	}
	if size := img.Info().VirtualSize; size != int64(len(m.disk)) {
		return nil, fmt.Errorf("the disk has %d bytes, expected %d", size, len(m.disk))
	}
	if n, err := img.ReadAt(m.seen, 0); n < len(m.seen) {
		return nil, fmt.Errorf("read %d of %d bytes: %w", n, len(m.seen), err)
	}
	return m.seen, nil
}

// wholeDisk reads the disk from end to end.
func wholeDisk(t testing.TB, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("read %d of %d bytes: %v", n, len(b), err)
	}
	return b
}

// opened opens the image of the bed and demands that no finding is as bad as least.
func (b Bed) opened(t testing.TB, o store.Opener, least disk.Severity) disk.Image {
	t.Helper()
	img, err := b.Read(t.Context(), o, b.Image)
	if err != nil {
		t.Fatal(err)
	}
	if err := img.Info().Refused; err != nil {
		t.Fatalf("the disk can't be read: %v", err)
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity >= least && !slices.Contains(b.Known, f.Code) {
			t.Fatalf("%s %s %v", f.Code, f.Text, err)
		}
	}
	return img
}

// equal holds an image against the model.
func (m *model) equal(t testing.TB, img disk.Image) {
	t.Helper()
	got, err := m.read(img)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, m.disk) {
		for at := range got {
			if got[at] != m.disk[at] {
				t.Fatalf("byte %d of the disk is %02x, expected %02x", at, got[at], m.disk[at])
			}
		}
	}
}

// Holds demands that the image among some files is whole, and its disk equal to want.
func (b Bed) Holds(t testing.TB, o store.Opener, want []byte) {
	t.Helper()
	img := b.opened(t, o, disk.SeverityWarning)
	defer img.Close()
	(&model{disk: want}).equal(t, img)
}
