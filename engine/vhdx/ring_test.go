package vhdx_test

import (
	"encoding/binary"
	"runtime"
	"testing"

	"platter/decode"
	"platter/decode/decodetest"
	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
)

// fullRing is an image with a log of nothing but entries, which are made up
// while they are read; each sector is one, as sector makes it.
type fullRing struct {
	*fixture
	length int64
	sector func(number int64, b []byte)
}

// ringAt is where that log lies: after everything else.
const ringAt = 16 * mib

func newFullRing(t testing.TB, length int64, sector func(int64, []byte)) *fullRing {
	t.Helper()
	f := build(t, plain)
	f.grow(ringAt - f.next)
	bothHeaders(f, func(h decode.Record[layout.Header]) {
		layout.HeaderLogGUID.Put(h, session)
		layout.HeaderLogOffset.Put(h, ringAt)
		layout.HeaderLogLength.Put(h, uint32(length))
	})
	return &fullRing{f, length, sector}
}

func (r *fullRing) Size() (int64, error) { return ringAt + r.length, nil }

// NextData has no holes.
func (r *fullRing) NextData(off int64) (store.Range, error) {
	return store.Range{Offset: off, Length: ringAt + r.length - off}, nil
}

func (r *fullRing) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off+int64(n) < ringAt {
		got, err := r.MemFile.ReadAt(p[n:min(int64(len(p)), ringAt-off)], off+int64(n))
		if n += got; err != nil {
			return n, err
		}
	}
	sector := make([]byte, layout.LogSector)
	for n < len(p) && off+int64(n) < ringAt+r.length {
		at := off + int64(n) - ringAt
		r.sector(at/layout.LogSector, sector)
		n += copy(p[n:], sector[at%layout.LogSector:])
	}
	return n, nil
}

// emptyEntry makes sectors that are whole entries of the session without
// descriptors, with the Tail that tail gives.
func emptyEntry(sequence func(int64) uint64, tail func(int64) int64) func(int64, []byte) {
	blank := logRecord{guid: session}.bytes()
	return func(number int64, b []byte) {
		copy(b, blank)
		head, _ := layout.LogEntryTable.Of(b)
		layout.LogSequence.Put(head, sequence(number))
		layout.LogTail.Put(head, uint32(tail(number)*layout.LogSector))
		layout.LogChecksum.Put(head, 0)
		layout.LogChecksum.Put(head, uint32(layout.Checksum(b)))
	}
}

// TestFullRings reads logs that are full of entries: neither opening, nor the
// check, nor the tree, nor the list of entries may keep all of them.
func TestFullRings(t *testing.T) {
	length := int64(96 * mib)
	if enginetest.Full() {
		length = 4<<30 - mib
	}
	number := func(n int64) uint64 { return uint64(n) + 1 }
	zero := func(int64) int64 { return 0 }
	for name, c := range map[string]struct {
		sector func(int64, []byte)
		code   string
		steps  int
	}{
		"torn": {func(n int64, b []byte) {
			clear(b)
			copy(b, layout.LogEntrySignature)
			binary.LittleEndian.PutUint64(b[16:], uint64(n))
		}, "vhdx/11", 0},
		"of no session": {func(n int64, b []byte) {
			clear(b)
			copy(b, layout.LogEntrySignature)
			binary.LittleEndian.PutUint32(b[8:], layout.LogSector)
		}, "vhdx/11", 0},
		"each by itself":               {emptyEntry(func(n int64) uint64 { return 2*uint64(n) + 1 }, func(n int64) int64 { return n }), "vhdx/10", 1},
		"the newest first":             {emptyEntry(func(n int64) uint64 { return 1<<40 - 2*uint64(n) }, func(n int64) int64 { return n }), "vhdx/10", 1},
		"one run, the last one counts": {emptyEntry(number, func(n int64) int64 { return n }), "vhdx/10", 1},
		"one run, half of it counts": {emptyEntry(number, func(n int64) int64 { return n / 2 }), map[bool]string{false: "vhdx/10", true: "vhdx/11"}[enginetest.Full()],
			map[bool]int{false: int(length/layout.LogSector/2) + 1, true: 0}[enginetest.Full()]},
		"one run, all of it counts": {emptyEntry(number, zero), map[bool]string{false: "vhdx/10", true: "vhdx/11"}[enginetest.Full()],
			map[bool]int{false: int(length / layout.LogSector), true: 0}[enginetest.Full()]},
	} {
		t.Run(name, func(t *testing.T) {
			before := memory()
			img, err := vhdx.Open(t.Context(), disk.Source{Path: "ring", Name: "ring", File: newFullRing(t, length, c.sector)})
			if err != nil {
				t.Fatal(err)
			}
			codes := map[string]bool{}
			for _, f := range check(t, img) {
				codes[f.Code] = true
			}
			if !codes[c.code] {
				t.Errorf("no %s among %v", c.code, codes)
			}
			log, err := img.(disk.Logged).Log(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all := int(length / layout.LogSector)
			if n := len(log.Entries); n > 1<<14 || n+log.Omitted != all || log.Steps != c.steps {
				t.Errorf("%d entries and %d more, want %d together; %d steps, want %d", n, log.Omitted, all, log.Steps, c.steps)
			}
			if c.steps > 0 && !containsStep(log) {
				t.Error("no entry that is to be replayed is listed")
			}
			decodetest.Walk(t, img.Tree(), 3000)
			if used := memory() - before; used > 64*mib {
				t.Errorf("%d MiB in use", used/mib)
			}
			runtime.KeepAlive(log)
			runtime.KeepAlive(img)
		})
	}
}

func containsStep(log disk.Log) bool {
	for _, e := range log.Entries {
		if e.Active() {
			return true
		}
	}
	return false
}
