// Package storetest makes files fail and lose power, for tests of everything
// that promises to leave an image whole.
package storetest

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"sync"

	"platter/engine/store"
)

// ErrPowerCut is what every operation gives after the power is gone.
var ErrPowerCut = errors.New("power cut")

// sectorSize is what a disk writes whole or not at all, in bytes.
const sectorSize = 512

// FS is a store.FS in memory that knows what is durable: the content of each file
// as of its last Sync, and the names as of the last SyncDir. It counts all
// operations that change something or make it durable (write, truncate, sync,
// create, remove, rename, sync of the folder), and fails on demand.
type FS struct {
	mu      sync.Mutex
	live    map[string]*file
	durable map[string]*file
	names   []naming // since the last SyncDir
	trace   *Trace   // what is recorded; nil: nothing
	ops     int
	cut     int // operations until the power goes; negative: never
	failAt  int
	failErr error
}

// file is what a name stands for.
type file struct {
	fs      *FS
	live    *store.MemFile
	synced  *store.MemFile
	pending []op // since the last Sync
	bad     store.Range
	badErr  error
	twin    *file // in a trace: the file that this is the state of
}

// op is a write, or with nil data a truncation to off.
type op struct {
	data []byte
	off  int64
}

// apply carries out the whole of an operation.
func (o op) apply(to *store.MemFile) error {
	if o.data == nil {
		return to.Truncate(o.off)
	}
	_, err := to.WriteAt(o.data, o.off)
	return err
}

// wholeSectors is a write as the disk gets it: what is written in a sector goes
// there with what the sector holds besides, earlier writes included.
func (o op) wholeSectors(f *store.MemFile) op {
	if o.data == nil {
		return o
	}
	size, _ := f.Size()
	start := o.off / sectorSize * sectorSize
	end := min((o.off+int64(len(o.data))+sectorSize-1)/sectorSize*sectorSize, size)
	b := make([]byte, end-start)
	f.ReadAt(b, start)
	return op{b, start}
}

// naming takes the name from away and gives the name to to a file; an empty
// name does nothing.
type naming struct {
	from, to string
	file     *file
}

func (n naming) apply(names map[string]*file) {
	if n.from != "" {
		delete(names, n.from)
	}
	if n.to != "" {
		names[n.to] = n.file
	}
}

// New makes an empty one that never fails.
func New() *FS { return &FS{live: map[string]*file{}, durable: map[string]*file{}, cut: -1} }

// PutFile makes a durable file of these bytes, or replaces one. It counts as no operation.
func (s *FS) PutFile(name string, content []byte) {
	f := store.NewMemFile(int64(len(content)))
	f.WriteAt(content, 0)
	s.Put(name, f)
}

// Put makes a durable file with the content of f, which is copied.
func (s *FS) Put(name string, f *store.MemFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &file{fs: s, live: f.Clone(), synced: f.Clone()}
	s.live[path.Clean(name)], s.durable[path.Clean(name)] = n, n
}

// Ops is the number of operations so far, those that failed included.
func (s *FS) Ops() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ops
}

// CutAfter lets n more operations succeed; all after them fail with ErrPowerCut
// and change nothing. CrashClone then tells what the disk holds.
func (s *FS) CutAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = n
}

// FailAt makes the n-th operation from now, counted from 1, fail with err and
// change nothing.
func (s *FS) FailAt(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failAt, s.failErr = s.ops+n, err
}

// FailReads makes reads that meet a range of a file fail with err; nil heals it.
func (s *FS) FailReads(name string, r store.Range, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.live[path.Clean(name)]; f != nil {
		f.bad, f.badErr = r, err
	}
}

// operate counts an operation and decides its fate. The lock is held.
func (s *FS) operate() error {
	s.ops++
	if s.cut == 0 {
		return ErrPowerCut
	}
	if s.cut > 0 {
		s.cut--
	}
	if s.ops == s.failAt {
		return s.failErr
	}
	return nil
}

// CrashClone is the file system after a power cut now: what was synced, and of
// the rest a random part, writes torn at sectors of 512 bytes, names in the order
// in which they changed. The same seed gives the same part. The FS itself goes on.
func (s *FS) CrashClone(seed uint64) *store.Mem {
	s.mu.Lock()
	defer s.mu.Unlock()
	rng := rand.New(rand.NewPCG(seed, 0))
	names := maps.Clone(s.durable)
	for _, n := range s.names[:rng.IntN(len(s.names)+1)] {
		n.apply(names)
	}
	clone := store.NewMem()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		clone.Put(name, names[name].crash(rng))
	}
	return clone
}

// Clone is the file system as the program sees it.
func (s *FS) Clone() *store.Mem {
	s.mu.Lock()
	defer s.mu.Unlock()
	clone := store.NewMem()
	for name, f := range s.live {
		clone.Put(name, f.live.Clone())
	}
	return clone
}

// crash is what is left of a file. Now and then all or nothing of the rest
// survives, since that is where the commonest mistakes show.
func (f *file) crash(rng *rand.Rand) *store.MemFile {
	left := f.synced.Clone()
	odds := []float64{0, 0.1, 0.5, 0.9, 1}[rng.IntN(5)]
	for _, o := range f.pending {
		if o.data != nil {
			o.tear(left, rng, odds)
		} else if rng.Float64() < odds {
			left.Truncate(o.off)
		}
	}
	return left
}

// tear applies each sector of a write with the given odds.
func (o op) tear(to *store.MemFile, rng *rand.Rand, odds float64) {
	for at := int64(0); at < int64(len(o.data)); {
		n := min(sectorSize-(o.off+at)%sectorSize, int64(len(o.data))-at)
		if rng.Float64() < odds {
			to.WriteAt(o.data[at:at+n], o.off+at)
		}
		at += n
	}
}

func (s *FS) find(op, name string) (*file, error) {
	f := s.live[path.Clean(name)]
	if f == nil {
		return nil, &store.NameError{Op: op, Name: name, Err: fs.ErrNotExist}
	}
	return f, nil
}
