package edit_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// window is a stretch of the disk, or of a file, that a walk looks at.
type window struct {
	file string // empty: the virtual disk
	off  int64
}

// windowSize is how long each is, in bytes.
const windowSize = 3 << 10

// step is a change of the model: bytes of a window, or the drop of another step.
type step struct {
	id     int
	window int
	off    int
	data   []byte
	drops  int // index of a step; -1: none
}

// planes is an image and what it should hold.
type planes struct {
	t       *testing.T
	rnd     *rand.Rand
	path    string
	s       *edit.Session
	windows []window
	base    [][]byte // of the windows when the session began
	disk    [][]byte // of the windows as they are on disk
	history []step
	cursor  int
	full    bool // a compressed grain may find no room
}

// seen is what the windows show after the first n steps.
func (p *planes) seen(n int) [][]byte {
	gone := map[int]bool{}
	for _, s := range p.history[:n] {
		if s.drops >= 0 {
			gone[s.drops] = true
		}
	}
	out := make([][]byte, len(p.base))
	for i, b := range p.base {
		out[i] = bytes.Clone(b)
	}
	for i, s := range p.history[:n] {
		if s.drops < 0 && !gone[i] {
			copy(out[s.window][s.off:], s.data)
		}
	}
	return out
}

// read reads the windows of an image.
func (p *planes) read(img disk.Image) [][]byte {
	p.t.Helper()
	var out [][]byte
	for _, w := range p.windows {
		b := make([]byte, windowSize)
		if w.file == "" {
			if _, err := img.ReadAt(b, w.off); err != nil {
				p.t.Fatal(err)
			}
		}
		for _, f := range img.Files() {
			if f.Name == w.file {
				if _, err := f.Data.ReadAt(b, w.off); err != nil {
					p.t.Fatal(err)
				}
			}
		}
		out = append(out, b)
	}
	return out
}

func (p *planes) check(what string) {
	p.t.Helper()
	img, err := p.s.Image()
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	if i := differing(p.read(img), p.seen(p.cursor)); i >= 0 {
		p.t.Fatalf("%s: window %+v is not as it should be", what, p.windows[i])
	}
}

// differing is the first window that is not alike; -1 for none.
func differing(a, b [][]byte) int {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return i
		}
	}
	return -1
}

// put changes bytes of a window, wherever they are stored.
func (p *planes) put() {
	w := p.rnd.IntN(len(p.windows))
	s := step{window: w, off: p.rnd.IntN(windowSize - 64), drops: -1, data: make([]byte, 1+p.rnd.IntN(64))}
	for i := range s.data {
		s.data[i] = byte(p.rnd.Uint32()) | 1
	}
	at, err := p.windows[w], error(nil)
	if at.file != "" {
		err = p.s.Stage("bytes of the file", disk.Edit{File: at.file, Offset: at.off + int64(s.off), Data: s.data})
	} else if err = stageDisk(p.s, at.off+int64(s.off), s.data); errors.Is(err, disk.ErrUnsupported) {
		_, err = p.s.Store(p.t.Context(), "stored", disk.Edit{Offset: at.off + int64(s.off), Data: s.data})
	}
	if errors.Is(err, disk.ErrUnsupported) && p.full {
		return
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.record(s)
}

// record takes in that the last change of the session is a step.
func (p *planes) record(s step) {
	list := p.s.History()
	s.id = list[len(list)-1].ID
	if p.cursor > 0 && p.history[p.cursor-1].id == s.id {
		return // it changed nothing
	}
	p.history = append(p.history[:p.cursor], s)
	p.cursor++
}

func (p *planes) move(step int) {
	act := p.s.Undo
	if step > 0 {
		act = p.s.Redo
	}
	_, err := act()
	end := step < 0 && p.cursor == 0 || step > 0 && p.cursor == len(p.history)
	if end != errors.Is(err, store.ErrNothing) || !end && err != nil {
		p.t.Fatalf("step %d at %d of %d: %v", step, p.cursor, len(p.history), err)
	}
	if !end {
		p.cursor += step
	}
}

// drop takes a step out of the middle, unless others build on it.
func (p *planes) drop() {
	if p.cursor == 0 {
		return
	}
	i := p.rnd.IntN(p.cursor)
	if p.history[i].drops >= 0 {
		return
	}
	if err := p.s.Drop(p.history[i].id); err == nil {
		p.record(step{drops: i})
	} else if !errors.Is(err, store.ErrEntangled) && !errors.Is(err, store.ErrNothing) {
		p.t.Fatal(err)
	}
}

func (p *planes) commit() {
	if err := p.s.Commit(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.disk = p.seen(p.cursor)
	p.onDisk("after a commit")
}

// onDisk checks the files themselves.
func (p *planes) onDisk(what string) {
	p.t.Helper()
	s := openEdit(p.t, p.path)
	defer s.Close()
	img, err := s.Image()
	if err != nil {
		p.t.Fatal(err)
	}
	if i := differing(p.read(img), p.disk); i >= 0 {
		p.t.Fatalf("%s: on disk window %+v is not as it should be", what, p.windows[i])
	}
}

// reopen keeps what is staged and goes on in a new session: it shows the same, and undoing all
// of it shows what is on disk.
func (p *planes) reopen() {
	kept := saved(p.t, p.s)
	was := p.seen(p.cursor)
	p.s.Close()
	p.onDisk("before it is opened again")
	p.s = openEdit(p.t, p.path)
	if l, err := p.s.Load(p.t.Context(), bytes.NewReader(kept)); err != nil || l.Aside+l.Written > 0 {
		p.t.Fatalf("loaded %+v, %v", l, err)
	}
	img, err := p.s.Image()
	if err != nil || differing(p.read(img), was) >= 0 {
		p.t.Fatalf("opened again it shows something else, %v", err)
	}
	for p.s.Staged() > 0 {
		if _, err := p.s.Undo(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.base, p.history, p.cursor = p.disk, nil, 0
	p.check("all undone")
	for len(p.history) == 0 { // what was undone is of another history
		p.put()
	}
}

// walkPlanes goes n steps at random.
func walkPlanes(t *testing.T, sample string, seed uint64, n int, windows ...window) {
	p := &planes{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), path: sampleOnDisk(t, sample), windows: windows}
	p.s, p.full = openEdit(t, p.path), sample == "stream"
	img, err := p.s.Image()
	if err != nil {
		t.Fatal(err)
	}
	p.base = p.read(img)
	p.disk = p.base
	for i := range n {
		switch r := p.rnd.IntN(100); {
		case r < 50:
			p.put()
		case r < 68:
			p.move(-1)
		case r < 80:
			p.move(1)
		case r < 90:
			p.drop()
		case r < 96:
			p.commit()
		default:
			p.reopen()
		}
		p.check(fmt.Sprintf("%s, seed %d, step %d", sample, seed, i))
	}
	for p.cursor > 0 {
		p.move(-1)
	}
	p.check("all undone at the end")
	p.commit()
}

// TestWalkOnAllPlanes edits stored, unallocated and zero blocks, a parent's and compressed
// sectors, and bytes of the files themselves, with undo, redo, drop, commit and reopening at
// random: what shows, and what is on disk, is what a model says.
func TestWalkOnAllPlanes(t *testing.T) {
	n := 60
	if enginetest.Full() {
		n = 10_000 / 5
	}
	for i, bed := range []struct {
		sample  string
		windows []window
	}{
		{"vhd", []window{{"", 0x10000}, {"", 0x17000}, {"", 0x500000}, {"", 0xa00000}}},
		{"vhdx", []window{{"", 0x10000}, {"", 0x200000}, {"", 0x500000}, {"", 0xa00000}, {"sample.vhdx", 0x400}}},
		{"vmdk", []window{{"", 0x10000}, {"", 0x500000}, {"", 0xa00000}}},
		{"stream", []window{{"", 0}, {"", 0x8000}}},
		{"chain", []window{{"", 0}, {"", 0x500000}, {"", 0x1800000}}},
	} {
		walkPlanes(t, bed.sample, uint64(i), n, bed.windows...)
	}
}
