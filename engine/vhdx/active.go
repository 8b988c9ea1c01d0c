package vhdx

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/store"
)

// replayLog finds out what the log has to change and lays it over the file.
// Why it can't be replayed is kept in the ring; the file is shown as it is then.
func (v *Image) replayLog(ctx context.Context) error {
	h, ok := v.headers.ruling()
	if !ok || v.headers.tied && !v.headers.identical() {
		return nil
	}
	r := &v.log
	r.guid = vhdx.HeaderLogGUID.Get(h)
	off, length := vhdx.HeaderLogOffset.Get(h), int64(vhdx.HeaderLogLength.Get(h))
	if r.fault = logPlaceFault(off, length, v.size, r.dirty()); r.fault != "" {
		r.code = "9"
		return nil
	}
	r.off, r.length = int64(off), length
	if version := vhdx.HeaderLogVersion.Get(h); r.dirty() && version != 0 {
		r.code, r.fault = "7", fmt.Sprintf("LogVersion is %d, expected 0: the log can't be replayed", version)
	}
	if !r.dirty() || r.fault != "" {
		return nil
	}
	s, err := r.search(ctx, v.src.File)
	if err != nil {
		return err
	}
	return v.replay(s)
}

// logPlaceFault says why the log can't be where the header puts it.
func logPlaceFault(off uint64, length, size int64, dirty bool) string {
	switch {
	case length == 0 && dirty:
		return "LogGuid is not zero, but LogLength is: the log to be replayed is not there"
	case length == 0:
		return ""
	case off < vhdx.MiB:
		return fmt.Sprintf("LogOffset 0x%x lies in the first MiB of the file", off)
	case off%vhdx.MiB != 0 || length%vhdx.MiB != 0:
		return fmt.Sprintf("log at 0x%x+0x%x: expected multiples of 1 MiB", off, length)
	case off > uint64(size) || length > size-int64(off):
		return fmt.Sprintf("log at 0x%x+0x%x: the file has 0x%x bytes", off, length, size)
	}
	return ""
}

// replay lays the active entries over the file, as many as are asked for.
func (v *Image) replay(s logSearch) error {
	r := &v.log
	if !s.found {
		r.code, r.fault = "11", s.none()
		return nil
	}
	if last := s.best.last; last.flushed > uint64(v.data.size) {
		r.code, r.needs = "12", last.flushed
		r.fault = fmt.Sprintf("the file has 0x%x bytes, but had 0x%x when the log entry at 0x%x was written: it was truncated", v.data.size, last.flushed, last.pos)
		return nil
	}
	active, err := r.follow(v.src.File, s.best)
	if err == nil {
		v.active = active
		if v.steps >= 0 {
			active = active[:min(v.steps, len(active))]
		}
		var data *replayed
		if data, err = (replayed{file: v.src.File, size: v.size}).with(r, active); err == nil {
			v.data = data
		}
	}
	if errors.Is(err, errTooMany) {
		v.active = nil
		r.code, r.fault = "11", err.Error()
		return nil
	}
	return err
}

// logRun is a row of whole entries of the session, each of which starts where
// the one before ends and has the next sequence number (vhdx.md 5.4).
type logRun struct {
	pos   int64 // of its first entry in the log
	seq   uint64
	bytes int64
	last  logEntry
}

// continues reports whether an entry is the next one of the run.
func (u *logRun) continues(pos int64, seq uint64, ringLength int64) bool {
	return u.bytes > 0 && (u.pos+u.bytes)%ringLength == pos && seq == u.last.seq+1 && seq != 0
}

// logSearch is what is known of a log while its entries go by: whole entries
// never overlap, so that runs follow each other and few have to be kept.
type logSearch struct {
	found  bool
	best   logRun   // the one to be replayed
	newest logEntry // of the session, whole or not
	count  int64    // entries in the log
	guid   uuid.UUID
}

// search finds the run to be replayed: of those that the Tail of their last
// entry lies in, the one with the newest last entry.
func (r *ring) search(ctx context.Context, f store.File) (logSearch, error) {
	s := logSearch{guid: r.guid}
	var first, run logRun // the first one may continue the one that ends at the ring's end
	end := func() error {
		if first.bytes == 0 {
			first = run // if there is any yet
			return nil
		}
		return s.consider(r, f, run)
	}
	for e, err := range r.entries(ctx, f) {
		if err != nil {
			return s, err
		}
		s.note(e)
		switch {
		case !e.whole() || e.guid != r.guid:
			continue
		case !run.continues(e.pos, e.seq, r.length):
			if err := end(); err != nil {
				return s, err
			}
			run = logRun{pos: e.pos, seq: e.seq}
		}
		run.bytes, run.last = run.bytes+e.length, e
	}
	if first.bytes == 0 {
		return s, s.consider(r, f, run)
	}
	if run.continues(first.pos, first.seq, r.length) {
		run.bytes, run.last = run.bytes+first.bytes, first.last
		return s, s.consider(r, f, run)
	}
	if err := s.consider(r, f, first); err != nil {
		return s, err
	}
	return s, s.consider(r, f, run)
}

// note keeps what tells why there is nothing to be replayed.
func (s *logSearch) note(e logEntry) {
	s.count++
	if e.guid == s.guid && (s.newest.length == 0 || e.seq > s.newest.seq) {
		s.newest = e
	}
}

// consider takes a run if it is newer than the best one and the Tail of its
// last entry is the place of one of its entries.
func (s *logSearch) consider(r *ring, f store.File, run logRun) error {
	if run.bytes == 0 || run.bytes > r.length || s.found && run.last.seq <= s.best.last.seq {
		return nil
	}
	if into := (run.last.tail - run.pos + r.length) % r.length; into >= run.bytes {
		return nil
	}
	e, err := r.entryAt(f, run.last.tail)
	if err != nil || !e.whole() || e.guid != s.guid {
		return err
	}
	s.found, s.best = true, run
	return nil
}

// none words why nothing can be replayed: what the newest entry of the session
// lacks.
func (s *logSearch) none() string {
	const none = "LogGuid is not zero, but the log has no valid sequence of entries to replay"
	switch e := s.newest; {
	case s.newest.length == 0 && s.newest.seq == 0:
		return fmt.Sprintf("%s: none of its %d entries carries LogGuid %s", none, s.count, s.guid)
	case !e.whole():
		return fmt.Sprintf("%s: entry %d at 0x%x: %s", none, e.seq, e.pos, e.why)
	default:
		return fmt.Sprintf("%s: entry %d at 0x%x has Tail 0x%x, where no entry of its sequence starts", none, e.seq, e.pos, e.tail)
	}
}

// maxActive bounds the entries that are replayed: a log of a gigabyte has room
// for as many that each change a page.
const maxActive = 1 << 17

// follow reads the entries of a run from the Tail of its last one on, oldest
// first: those that are to be replayed.
func (r *ring) follow(f store.File, run logRun) ([]logEntry, error) {
	var active []logEntry
	for pos := run.last.tail; ; {
		e, err := r.entryAt(f, pos)
		switch {
		case err != nil:
			return nil, err
		case len(active) == maxActive:
			return nil, errTooMany
		case !e.whole():
			return nil, shortRead(r.at(pos), 0, vhdx.LogSector, nil)
		case active == nil:
			active = make([]logEntry, 0, min(run.last.seq-e.seq+1, maxActive))
		}
		active = append(active, e)
		if e.seq == run.last.seq {
			return active, nil
		}
		pos = (pos + e.length) % r.length
	}
}
