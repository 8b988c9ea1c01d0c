package viewtest

import (
	"context"
	"slices"

	"platter/decode"
	"platter/engine/disk"
)

// The log of the fake image: a ring in a part of the file that nothing else
// uses.
const (
	ringAt   = 0xC0000
	ringSize = 0x20000
)

// Dirty is the fake image with a log: two entries to be replayed, and before
// and after them one that was applied, one of an earlier session, and a torn
// one that wraps around the end of the ring.
type Dirty struct {
	*Image
	Clean bool // nothing is to be replayed
	at    int
}

// NewDirty makes the image as it is with its log replayed.
func NewDirty() *Dirty {
	d := &Dirty{Image: New(), at: 2}
	for step := range d.at {
		d.apply(step + 1)
	}
	return d
}

// patch is what an entry of the log writes.
type patch struct {
	zero   bool
	target int64
	length int64
}

// patches are those of the two steps of the replay: a page of the table, and
// the start of a block.
func patches(step int) []patch {
	switch step {
	case 1:
		return []patch{{target: 0x8000, length: 4096}}
	case 2:
		return []patch{{target: 0x1000, length: 4096}, {zero: true, target: 0x20000, length: 8192}}
	}
	return nil
}

// page is what the data descriptor of a step writes: entry 5 of the table in
// the first, the first header made whole in the second.
func page(step int) []byte {
	img := New()
	if step == 1 {
		b := slices.Clone(img.data[0x8000:0x9000])
		copy(b[5*8:], []byte{0, 0, 0x0A, 0, 0, 0, 0, 0})
		return b
	}
	b := slices.Clone(img.data[0x1000:0x2000])
	headers.Seal(b)
	return b
}

func (d *Dirty) apply(step int) {
	for _, p := range patches(step) {
		b := d.data[p.target:][:p.length]
		clear(b)
		if !p.zero {
			copy(b, page(step))
		}
	}
}

// AtStep is the image after so many entries.
func (d *Dirty) AtStep(_ context.Context, n int) (disk.Image, error) {
	out := &Dirty{Image: New(), at: n}
	for step := range n {
		out.apply(step + 1)
	}
	return out, nil
}

// Log has five entries.
func (d *Dirty) Log(context.Context) (disk.Log, error) {
	log := disk.Log{Place: decode.Place{File: "fake.vhdx", Offset: ringAt, Length: ringSize}, GUID: "b01b19c4-52a8-934d-a271-0e6f58b94421", Dirty: true, Steps: 2, At: d.at}
	if d.Clean {
		log.GUID, log.Dirty, log.Steps, log.At = "00000000-0000-0000-0000-000000000000", false, 0, 0
	}
	add := func(seq uint64, at, length int64, step int, refine func(*disk.LogEntry)) {
		e := disk.LogEntry{
			Place: decode.Place{File: "fake.vhdx", Offset: ringAt + at, Length: min(length, ringSize-at)}, Offset: at, Length: length,
			Sequence: seq, Tail: 0x8000, GUID: "b01b19c4-52a8-934d-a271-0e6f58b94421", Flushed: fileSize, Last: fileSize, Step: step,
		}
		e.Count = int64(len(patches(step)))
		e.Descriptors = func(yield func(disk.LogDescriptor, error) bool) {
			for i, p := range patches(step) {
				if !yield(descriptor(e, step, i, p), nil) {
					return
				}
			}
		}
		e.Verify = func(context.Context) ([]disk.LogRule, error) {
			return []disk.LogRule{
				{Name: "header", Words: "8192 \x1b[31mbytes", Holds: true, Place: e.Place.Sub(0, 64)},
				{Name: "checksum", Words: "stored and computed differ", Holds: !e.Torn, Place: e.Place.Sub(4, 4)},
			}, nil
		}
		if refine != nil {
			refine(&e)
		}
		if d.Clean {
			e.Step, e.Stale, e.Why = 0, true, "the image was closed cleanly since"
		}
		log.Entries = append(log.Entries, e)
	}
	add(16, 0x4000, 0x4000, 0, func(e *disk.LogEntry) { e.Why = "not in the active sequence: applied before, or not connected to it" })
	add(17, 0x8000, 0x2000, 1, nil)
	add(18, 0xA000, 0x8000, 2, nil)
	add(11, 0x14000, 0x2000, 0, func(e *disk.LogEntry) {
		e.GUID, e.Stale, e.Why = "5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611", true, "written by an earlier \x1b[31msession"
	})
	add(12, 0x1E000, 0x4000, 0, func(e *disk.LogEntry) {
		e.Torn, e.Count, e.Why = true, 4, "not whole: sector 2 of the entry: sequence number 11 in the data sector, 12 in the entry"
	})
	return log, nil
}

func descriptor(e disk.LogEntry, step, i int, p patch) disk.LogDescriptor {
	d := disk.LogDescriptor{Kind: "zero", Place: e.Place.Sub(64+32*int64(i), 32), Target: decode.Place{File: "fake.vhdx", Offset: p.target, Length: p.length}}
	if !p.zero {
		d.Kind, d.Sector = "data", e.Place.Sub(4096, 4096)
		d.Page = func() ([]byte, error) { return page(step), nil }
	}
	return d
}
