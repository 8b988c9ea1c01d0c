package blockmap

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// What is read of a cell to see what is in it, in bytes.
const (
	sampleBytes = 4 << 10
	samples     = 16       // that are taken of a cell, spread evenly
	wholeBytes  = 64 << 20 // stored in a cell: up to here zeros are proven, not sampled
	wholeStep   = 256 << 10
	sampleRuns  = 1 << 12 // stored runs of a cell that samples are taken from
)

// sampled is what the samples of a cell have shown.
type sampled struct {
	look    uint8
	entropy float64 // bits per byte, of all samples together
	zeros   int     // samples that held only zeros
	taken   int
	proven  bool // the whole cell was read
}

// content is what the cells of a part of the map hold.
type content struct {
	level   uint
	first   int64
	cells   []sampled
	done    int
	running bool
	gen     views.Gen
	cancel  context.CancelFunc
}

// tasted is news of the sampling.
type tasted struct {
	gen   views.Gen
	first int // index of cell
	cells []sampled
	done  bool
	more  tea.Cmd
}

// covers reports whether cells are those that are sampled, or being sampled.
func (c *content) covers(level uint, first, n int64) bool {
	return c.level == level && c.first == first && int64(len(c.cells)) == n
}

// stop ends the sampling and reports whether there was any.
func (c *content) stop() bool {
	if !c.running {
		return false
	}
	c.cancel()
	c.running, c.gen = false, views.NewGen()
	return true
}

// start samples n cells of a level.
func (c *content) start(img disk.Image, sh shape, level uint, first, n int64) tea.Cmd {
	c.stop()
	ctx, cancel := context.WithCancel(context.Background())
	*c = content{level: level, first: first, cells: make([]sampled, n), running: true, gen: views.NewGen(), cancel: cancel}
	t := taster{ctx: ctx, gen: c.gen, img: img, shape: sh, level: level, first: first, n: int(n)}
	return func() tea.Msg { return t.next(0) }
}

// take keeps news; it reports whether they were asked for.
func (c *content) take(msg tasted) bool {
	if msg.gen != c.gen || msg.first+len(msg.cells) > len(c.cells) {
		return false
	}
	copy(c.cells[msg.first:], msg.cells)
	c.done = msg.first + len(msg.cells)
	if msg.done {
		c.cancel()
		c.running = false
	}
	return true
}

// taster takes samples, a beat's worth in each of its commands.
type taster struct {
	ctx   context.Context
	gen   views.Gen
	img   disk.Image
	shape shape
	level uint
	first int64
	n     int
	buf   []byte
}

func (t *taster) next(from int) tea.Msg {
	msg := tasted{gen: t.gen, first: from}
	for began := time.Now(); from < t.n && time.Since(began) < beat; from++ {
		s := t.cell(t.first + int64(from))
		if t.ctx.Err() != nil {
			return nil
		}
		msg.cells = append(msg.cells, s)
	}
	if msg.done = from >= t.n; !msg.done {
		msg.more = func() tea.Msg { return t.next(from) }
	}
	return msg
}

// cell samples one cell. Whatever can't be read is a look of its own.
func (t *taster) cell(cell int64) (s sampled) {
	defer func() {
		if recover() != nil {
			s = sampled{look: contentLost}
		}
	}()
	first, n := t.shape.cell(t.level, cell)
	off := t.shape.offset(first)
	runs, stored, err := t.runs(off, t.shape.offset(first+n)-off)
	switch {
	case err != nil:
		return sampled{look: contentLost}
	case stored == 0:
		return sampled{look: contentNone, proven: true}
	}
	if s, err = t.taste(runs, stored); err != nil {
		return sampled{look: contentLost}
	}
	if s.zeros == s.taken && stored <= wholeBytes {
		allZero, err := t.allZero(runs)
		if err != nil {
			return sampled{look: contentLost}
		}
		if s.proven = allZero; allZero {
			s.look = contentZero
		} else {
			s.look = contentLow
		}
	}
	return s
}

// runs lists what is stored in a range of the disk, up to a bound, and tells
// how many bytes these are.
func (t *taster) runs(off, n int64) (runs []disk.Run, stored int64, err error) {
	for r, err := range disk.Runs(t.ctx, t.img, off, n) {
		if err != nil {
			return nil, 0, err
		}
		switch {
		case r.Content == disk.Lost:
			return nil, 0, fmt.Errorf("%d bytes at 0x%x can't be read", r.Length, r.Start)
		case r.Content == disk.Zeros:
		case len(runs) == sampleRuns:
			return runs, max(stored, wholeBytes+1), nil
		default:
			runs = append(runs, r)
			stored += r.Length
		}
	}
	return runs, stored, nil
}

// taste reads samples spread evenly over what is stored.
func (t *taster) taste(runs []disk.Run, stored int64) (sampled, error) {
	var s sampled
	var histogram [256]int
	step := max(stored/samples, sampleBytes)
	var passed, at int64 // stored bytes before the run, and before the next sample
	for _, r := range runs {
		for at < passed+r.Length && s.taken < samples {
			b := t.buffer(int(min(sampleBytes, passed+r.Length-at)))
			if n, err := t.img.ReadAt(b, r.Start+at-passed); n < len(b) {
				return s, err
			}
			for _, c := range b {
				histogram[c]++
			}
			if allZeros(b) {
				s.zeros++
			}
			s.taken++
			at += step
		}
		passed += r.Length
	}
	s.entropy = entropy(&histogram)
	s.look = contentLook(s)
	return s, nil
}

// allZero reads everything that is stored until a byte is not zero.
func (t *taster) allZero(runs []disk.Run) (bool, error) {
	for _, r := range runs {
		for off := r.Start; off < r.End(); off += wholeStep {
			b := t.buffer(int(min(wholeStep, r.End()-off)))
			if n, err := t.img.ReadAt(b, off); n < len(b) {
				return false, err
			}
			if !allZeros(b) {
				return false, nil
			}
			if err := t.ctx.Err(); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func (t *taster) buffer(n int) []byte {
	if t.buf == nil {
		t.buf = make([]byte, wholeStep)
	}
	return t.buf[:n]
}

var zeroBytes [sampleBytes]byte

func allZeros(b []byte) bool {
	for len(b) > sampleBytes {
		if !bytes.Equal(b[:sampleBytes], zeroBytes[:]) {
			return false
		}
		b = b[sampleBytes:]
	}
	return bytes.Equal(b, zeroBytes[:len(b)])
}

// entropy is Shannon's, in bits per byte.
func entropy(histogram *[256]int) float64 {
	total := 0
	for _, n := range histogram {
		total += n
	}
	var e float64
	for _, n := range histogram {
		if n > 0 {
			p := float64(n) / float64(total)
			e -= p * math.Log2(p)
		}
	}
	return e
}

// contentLook classes samples by their entropy: below 2 bits a byte nearly
// everything is filler, text and tables stay below 6, programs below 7.5;
// beyond that data are packed, encrypted, or random.
func contentLook(s sampled) uint8 {
	switch {
	case s.zeros == s.taken:
		return contentZeros
	case s.entropy < 2:
		return contentLow
	case s.entropy < 6:
		return contentText
	case s.entropy < 7.5:
		return contentMixed
	}
	return contentDense
}
