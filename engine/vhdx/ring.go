package vhdx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/store"
)

// ring is the log's place in the file, as the current header gives it.
type ring struct {
	off    int64
	length int64     // bytes; 0 unless the place is possible
	guid   uuid.UUID // of the entries that count; null: none do
	fault  string    // why the log can't be replayed; empty if it can or need not
	code   string    // of the check that says so
	needs  uint64    // bytes that the file had when the last entry was written, if it is shorter now
}

// dirty reports whether the image was not closed cleanly.
func (r *ring) dirty() bool { return r.guid != uuid.UUID{} }

// logEntry is one entry, or what starts like one.
type logEntry struct {
	pos         int64 // in the log
	length      int64
	tail        int64
	seq         uint64
	descriptors int64
	guid        uuid.UUID
	flushed     uint64
	last        uint64
	why         fault // why it is no whole entry
}

// whole reports whether the entry is one, and not what is left of one.
func (e logEntry) whole() bool { return e.why.format == "" }

// fault is why an entry is not whole. It becomes words when somebody reads it:
// a hostile log has a million of them.
type fault struct {
	format string // empty for no fault
	args   [3]uint64
	count  int
	sector int64 // of the entry
}

func faultf(format string, args ...uint64) fault {
	f := fault{format: format, count: len(args)}
	copy(f.args[:], args)
	return f
}

// String words the fault.
func (f fault) String() string {
	args := make([]any, f.count)
	for i := range args {
		args[i] = f.args[i]
	}
	text := fmt.Sprintf(f.format, args...)
	if f.sector > 0 {
		text = fmt.Sprintf("sector %d of the entry: %s", f.sector, text)
	}
	return text
}

// sectors walks the sectors of the log that start with the signature of an
// entry, with their bytes, which are valid until the next one is asked for.
// Holes of the file are skipped: a ring of gigabytes may be nothing else.
func (r *ring) sectors(ctx context.Context, f store.File) iter.Seq2[logSector, error] {
	return func(yield func(logSector, error) bool) {
		buf := make([]byte, 16*vhdx.LogSector)
		var piece store.Range
		for at := r.off; ; {
			var err error
			if at >= piece.End() {
				piece, err = r.piece(f, at)
				at = piece.Offset
			}
			if errors.Is(err, io.EOF) {
				return
			}
			buf = buf[:min(int64(cap(buf)), piece.End()-at)]
			if err == nil {
				err = readFull(ctx, f, buf, at)
			}
			if err != nil {
				yield(logSector{}, err)
				return
			}
			for i := 0; i < len(buf); i += vhdx.LogSector {
				sector := buf[i : i+vhdx.LogSector]
				if signed(sector, vhdx.LogEntrySignature) && !yield(logSector{at + int64(i) - r.off, sector}, nil) {
					return
				}
			}
			at += int64(len(buf))
		}
	}
}

type logSector struct {
	pos   int64 // in the log
	bytes []byte
}

// piece is the next run of the log's sectors, from a place in the file on,
// that are not all in a hole; io.EOF if there are none. Some systems look at
// all of a run to find its end.
func (r *ring) piece(f store.File, at int64) (store.Range, error) {
	end := r.off + r.length
	data, err := store.NextData(f, at, end)
	if err != nil {
		return data, err
	}
	start := max(at, data.Offset/vhdx.LogSector*vhdx.LogSector)
	stop := min((data.End()+vhdx.LogSector-1)/vhdx.LogSector*vhdx.LogSector, end)
	return store.Range{Offset: start, Length: stop - start}, nil
}

// readFull fills buf, unless the context has ended.
func readFull(ctx context.Context, f store.File, buf []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := f.ReadAt(buf, off)
	if n < len(buf) {
		return fmt.Errorf("log: %w", shortRead(off, n, len(buf), err))
	}
	return nil
}

// entries reads all entries of the log in the order of their places, whole or
// not. Nothing of them is kept: a ring of 4 GiB has room for a million.
func (r *ring) entries(ctx context.Context, f store.File) iter.Seq2[logEntry, error] {
	return func(yield func(logEntry, error) bool) {
		if r.length == 0 {
			return
		}
		next := make([]byte, vhdx.LogSector)
		for s, err := range r.sectors(ctx, f) {
			var e logEntry
			if err == nil {
				e, err = r.entry(f, s.pos, s.bytes, next)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// entryAt reads the entry at pos of the log.
func (r *ring) entryAt(f store.File, pos int64) (logEntry, error) {
	first, next := make([]byte, vhdx.LogSector), make([]byte, vhdx.LogSector)
	if err := r.sector(f, pos, first); err != nil {
		return logEntry{}, err
	}
	if !signed(first, vhdx.LogEntrySignature) {
		return logEntry{pos: pos, why: faultf("no entry starts here")}, nil
	}
	return r.entry(f, pos, first, next)
}

// entry takes the entry at pos apart, whose first sector was read, and tells
// whether it is a whole one (vhdx.md 5.3). It goes no further than the first
// sector that does not belong to it, so that all of a ring's entries are read
// in one pass over it. Next is room for one more sector.
func (r *ring) entry(f store.File, pos int64, first, next []byte) (logEntry, error) {
	head, _ := vhdx.LogEntryTable.Of(first)
	e := logEntry{
		pos: pos, length: int64(vhdx.LogEntryLength.Get(head)), tail: int64(vhdx.LogTail.Get(head)),
		seq: vhdx.LogSequence.Get(head), descriptors: int64(vhdx.LogDescriptors.Get(head)), guid: vhdx.LogGUID.Get(head),
		flushed: vhdx.LogFlushed.Get(head), last: vhdx.LogLast.Get(head),
	}
	if e.why = r.headFault(e); !e.whole() {
		return e, nil
	}
	stored := vhdx.LogChecksum.Get(head)
	vhdx.LogChecksum.Put(head, 0)
	var err error
	e.why, err = r.bodyFault(f, e, first, next, stored)
	return e, err
}

// wrongSum is why an entry is not whole of which every sector is there.
const wrongSum = "CRC-32C: 0x%08x stored, 0x%08x computed"

// headFault checks what the header alone tells.
func (r *ring) headFault(e logEntry) fault {
	area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector
	switch {
	case e.length < vhdx.LogSector || e.length%vhdx.LogSector != 0:
		return faultf("EntryLength is 0x%x, expected a multiple of 4096", uint64(e.length))
	case e.length >= r.length:
		return faultf("EntryLength is 0x%x, the log has 0x%x bytes", uint64(e.length), uint64(r.length))
	case e.tail%vhdx.LogSector != 0 || e.tail >= r.length:
		return faultf("Tail is 0x%x, expected a multiple of 4096 inside the log", uint64(e.tail))
	case e.seq == 0:
		return faultf("SequenceNumber is zero")
	case area > e.length:
		return faultf("%d descriptors do not fit an entry of 0x%x bytes", uint64(e.descriptors), uint64(e.length))
	case e.last > maxGrown || e.flushed > maxGrown:
		return faultf("file sizes 0x%x and 0x%x are impossible", e.flushed, e.last)
	}
	return fault{}
}

// maxGrown bounds the sizes of the file that an entry may give: twice what the
// largest disk needs.
const maxGrown = 1 << 47

// bodyFault checks descriptors, data sectors and checksum. First holds the
// entry's first sector with the checksum taken as zero.
func (r *ring) bodyFault(f store.File, e logEntry, first, next []byte, stored uint32) (fault, error) {
	area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector
	var crc uint32
	var pages int64
	for at := int64(0); at < e.length; at += vhdx.LogSector {
		buf := first
		if at > 0 {
			buf = next
			if err := r.sector(f, e.pos+at, buf); err != nil {
				return fault{}, err
			}
		}
		var why fault
		if at < area {
			var n int64
			n, why = r.descriptorFault(e, at, buf)
			pages += n
		} else {
			why = dataFault(e, buf)
		}
		if why.format != "" {
			why.sector = at / vhdx.LogSector
			return why, nil
		}
		crc = vhdx.ChecksumAdd(crc, buf)
	}
	if want := area + pages*vhdx.LogSector; want != e.length {
		return faultf("EntryLength is 0x%x, descriptors and data take 0x%x", uint64(e.length), uint64(want)), nil
	}
	if crc != stored {
		return faultf(wrongSum, uint64(stored), uint64(crc)), nil
	}
	return fault{}, nil
}

// descriptorFault checks the descriptors in one sector and counts those with a
// data sector.
func (r *ring) descriptorFault(e logEntry, at int64, buf []byte) (pages int64, why fault) {
	first, n := descriptorsIn(at)
	for i := first; i < min(first+n, e.descriptors); i++ {
		d, number := descriptorOf(buf[vhdx.DescriptorOffset(i)-at:][:vhdx.DescriptorSize]), uint64(i)
		switch {
		case d.kind == "":
			return pages, faultf("descriptor %d has an unknown signature", number)
		case d.seq != e.seq:
			return pages, faultf("descriptor %d has sequence number %d, the entry %d", number, d.seq, e.seq)
		case d.target < vhdx.LogLowestTarget || d.target > maxGrown || d.target%vhdx.LogSector != 0:
			return pages, faultf("descriptor %d has FileOffset 0x%x, expected a multiple of 4096 after the headers", number, d.target)
		case d.length > maxGrown || d.length%vhdx.LogSector != 0:
			return pages, faultf("descriptor %d has ZeroLength 0x%x, expected a multiple of 4096", number, d.length)
		case int64(d.target) < r.off+r.length && int64(d.target+d.length) > r.off:
			return pages, faultf("descriptor %d changes the log itself, at 0x%x", number, d.target)
		}
		if d.kind == vhdx.DataSignature {
			pages++
		}
	}
	return pages, fault{}
}

// descriptorsIn tells which descriptors lie in the sector at an offset from
// the entry's start: the first one and how many.
func descriptorsIn(at int64) (first, n int64) {
	if at == 0 {
		return 0, (vhdx.LogSector - vhdx.LogHeadSize) / vhdx.DescriptorSize
	}
	return (at - vhdx.LogHeadSize) / vhdx.DescriptorSize, vhdx.LogSector / vhdx.DescriptorSize
}

// descriptor is a descriptor of either kind.
type descriptor struct {
	kind     string // its signature; empty if unknown
	target   uint64
	length   uint64
	seq      uint64
	leading  uint64
	trailing uint32
}

// signed reports whether a sector or descriptor of the log starts with a
// signature.
func signed(b []byte, signature string) bool { return bytes.HasPrefix(b, []byte(signature)) }

func descriptorOf(b []byte) descriptor {
	switch {
	case signed(b, vhdx.ZeroSignature):
		rec, _ := vhdx.ZeroTable.Of(b)
		return descriptor{kind: vhdx.ZeroSignature, target: vhdx.ZeroFileOffset.Get(rec), length: vhdx.ZeroLength.Get(rec), seq: vhdx.ZeroSequence.Get(rec)}
	case signed(b, vhdx.DataSignature):
		rec, _ := vhdx.DataTable.Of(b)
		return descriptor{kind: vhdx.DataSignature, target: vhdx.DataOffset.Get(rec), length: vhdx.LogSector, seq: vhdx.DataSequence.Get(rec),
			leading: vhdx.DataLeading.Get(rec), trailing: vhdx.DataTrailing.Get(rec)}
	}
	return descriptor{}
}

func dataFault(e logEntry, buf []byte) fault {
	rec, _ := vhdx.DataSectorTable.Of(buf)
	if !signed(buf, vhdx.DataSectorSignature) {
		return faultf("signature 0x%08x, expected that of a data sector", vhdx.DataSectorTable.Order().Uint(decode.In(buf, vhdx.SectorSign)))
	}
	if seq := uint64(vhdx.SectorHigh.Get(rec))<<32 | uint64(vhdx.SectorLow.Get(rec)); seq != e.seq {
		return faultf("sequence number %d in the data sector, %d in the entry", seq, e.seq)
	}
	return fault{}
}

// at is where a position in the log, which may lie past its end, is in the file.
func (r *ring) at(pos int64) int64 { return r.off + pos%r.length }

// sector reads the sector at a position in the log.
func (r *ring) sector(f store.File, pos int64, buf []byte) error {
	return readFull(context.Background(), f, buf, r.at(pos))
}

// change is a descriptor with its place in the log.
type change struct {
	descriptor
	pos    int64 // of the descriptor in the log
	sector int64 // of its data sector in the log; -1 for zeros
}

// changes reads the descriptors of an entry, those of a torn one as far as
// they make sense.
func (r *ring) changes(f store.File, e logEntry) iter.Seq2[change, error] {
	return func(yield func(change, error) bool) {
		buf := make([]byte, vhdx.LogSector)
		area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector
		next := area
		for at := int64(0); at < min(area, e.length, r.length); at += vhdx.LogSector {
			if err := r.sector(f, e.pos+at, buf); err != nil {
				yield(change{}, err)
				return
			}
			first, n := descriptorsIn(at)
			for i := first; i < min(first+n, e.descriptors); i++ {
				off := vhdx.DescriptorOffset(i)
				c := change{descriptor: descriptorOf(buf[off-at:][:vhdx.DescriptorSize]), pos: (e.pos + off) % r.length, sector: -1}
				if c.kind == "" || !e.whole() && c.seq != e.seq {
					return
				}
				if c.kind == vhdx.DataSignature {
					c.sector, next = (e.pos+next)%r.length, next+vhdx.LogSector
				}
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}
