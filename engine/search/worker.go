package search

import (
	"context"
	"errors"
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// finding is what a job found, in ascending order, as far as rest.
type finding struct {
	job  job
	hits []disk.Hit
	errs []error
	rest int64 // job.to, or where to go on because there is very much
}

// Bytes around a hit, for whoever looks at it.
const (
	before  = 32
	behind  = 32
	ofMatch = 64
)

// worker does jobs with buffers of its own.
type worker struct {
	s     *search
	scan  *scanner
	buf   []byte
	bytes []byte // the contexts of the hits of a job
}

func (s *search) worker() func(job) finding {
	w := &worker{s: s, scan: newScanner(s.m)}
	return w.do
}

func (w *worker) do(j job) finding {
	f := finding{job: j, rest: j.to}
	switch j.kind {
	case passBy:
		return f
	case lostIt:
		f.errs = []error{w.lost(j.from, j.to, nil)}
		return f
	}
	w.bytes = nil
	lo := max(j.from-before, j.floor)
	hi := min(j.to+int64(w.s.m.longest)+behind, w.s.on.Size)
	if n := int(hi - lo); cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	b := w.buf[:hi-lo]
	if n, err := w.s.on.ReadAt(b, lo); n < len(b) || err != nil && err != io.EOF {
		w.carefully(&f, lo, hi)
		return f
	}
	w.window(&f, b, lo)
	return f
}

// window adds what the bytes at base contain, and reports whether it came to
// the end.
func (w *worker) window(f *finding, b []byte, base int64) bool {
	win := window{b: b, base: base, from: w.s.r.From, to: w.s.r.To}
	lo, hi := int(max(f.job.from, base)-base), int(min(f.job.to, base+int64(len(b)))-base)
	for lo < hi {
		found, upTo := w.scan.scan(&win, lo, hi)
		for _, m := range found {
			if at := base + int64(m.at); at+int64(m.length) > f.job.data {
				f.hits = append(f.hits, w.hit(b, base, m))
			}
		}
		if lo = upTo; len(f.hits) >= enough && lo < hi && !w.s.r.Backwards {
			f.rest = base + int64(lo)
			return false
		}
	}
	return true
}

func (w *worker) hit(b []byte, base int64, m match) disk.Hit {
	at := decode.Place{File: w.s.on.Name, Offset: base + int64(m.at), Length: int64(m.length)}
	if w.s.on.Disk {
		at.File = disk.VirtualDisk
	}
	h := disk.Hit{Place: at, Encoding: "regexp"}
	if w.s.m.expr == nil {
		h.Encoding = w.s.m.needles[m.needle].label
	}
	from := max(0, m.at-before)
	to := min(len(b), m.at+min(m.length, ofMatch)+behind)
	start := len(w.bytes)
	w.bytes = append(w.bytes, b[from:to]...)
	h.Context, h.Before = w.bytes[start:len(w.bytes):len(w.bytes)], m.at-from
	return h
}

// carefully searches what can be read of [lo, hi), stretch by stretch.
func (w *worker) carefully(f *finding, lo, hi int64) {
	from := lo
	for run, err := range w.s.on.Runs(context.Background(), lo, hi-lo) {
		if err != nil {
			f.errs = append(f.errs, w.lost(max(from, f.job.from), f.job.to, err))
			return
		}
		if run.Content != disk.Lost {
			continue
		}
		if !w.stretch(f, lo, from, run.Start) {
			return
		}
		from = run.End()
	}
	w.stretch(f, lo, from, hi)
}

// sector is the least that is read when something is wrong.
const sector = 512

// stretch searches [from, to), of which some sectors may be unreadable. It
// reports whether it came to the end.
func (w *worker) stretch(f *finding, lo, from, to int64) bool {
	if from >= to {
		return true
	}
	b := w.buf[from-lo : to-lo]
	if _, err := w.read(b, from); err == nil {
		return w.window(f, b, from)
	}
	start := from
	for at := from; at < to; {
		end := min(to, (at/sector+1)*sector)
		if n, err := w.read(w.buf[at-lo:end-lo], at); err != nil {
			at += int64(n)
			if start < at && !w.window(f, w.buf[start-lo:at-lo], start) {
				return false
			}
			w.addLost(f, at, end, err)
			start = end
		}
		at = end
	}
	return start == to || w.window(f, w.buf[start-lo:to-lo], start)
}

// read fills b or says why not; n bytes are good all the same.
func (w *worker) read(b []byte, off int64) (n int, err error) {
	n, err = w.s.on.ReadAt(b, off)
	switch {
	case n == len(b):
		return n, nil
	case err == nil || err == io.EOF:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// addLost notes a range that can't be read, joined to the one before.
func (w *worker) addLost(f *finding, from, to int64, err error) {
	from, to = max(from, f.job.from), min(to, f.job.to)
	if from >= to {
		return
	}
	if n := len(f.errs); n > 0 {
		var last *disk.Error
		if errors.As(f.errs[n-1], &last) && last.At.End() == from {
			f.errs[n-1] = w.lost(last.At.Offset, to, last.Err)
			return
		}
	}
	f.errs = append(f.errs, w.lost(from, to, err))
}

// lost is the error for a range that was not searched.
func (w *worker) lost(from, to int64, cause error) error {
	e := disk.Errorf(disk.Damaged, decode.Place{Offset: from, Length: to - from}, "0x%x to 0x%x of the %s can't be read and was not searched", from, to, w.s.on.Noun())
	e.Op, e.Err = "search", cause
	return e
}
