package hexpane

import (
	"encoding/binary"
	"errors"
	"io"

	"platter/views/hexgrid"
	"platter/views/theme"
)

const (
	pageSize  = 64 << 10
	probeStep = 1 << 20  // bytes that a probe reads at once
	probeMax  = 64 << 20 // bytes that one probe looks through
)

// Source is the bytes that a pane shows.
type Source struct {
	Name   string
	Size   int64 // bytes
	Data   io.ReaderAt
	Sector int64 // bytes, for the sector keys and for offsets by sectors; 0 is [SectorSize]
	Runs   Runs  // nil: all bytes are stored, and there is nothing to say of them
}

// Runs tells what is stored of a source's bytes: by runs without holes between
// them, as far as they are known.
type Runs interface {
	// Run is the run that holds a byte; false where it is not known.
	Run(off int64) (Run, bool)
	// Label is what the line of the run says that holds a byte: the line over
	// its bytes, or the one in their place if they are not stored.
	Label(off int64) Label
	// Edge is what the line says from which on nothing is known.
	Edge() string
}

// Run is the bytes from Start up to but not including End, all of which are
// stored, or none.
type Run struct {
	Start, End int64
	Stored     bool
}

// Label is what a line without bytes shows.
type Label struct {
	Glyph rune // over the bytes the line is drawn with it; else it marks the state
	Style theme.Style
	Text  string
}

// page is a piece of the source, as far as it can be read.
type page struct {
	data []byte
	lost []hexgrid.Range // what of it can't be read, by offset, ascending
	err  error           // why not
	used uint64
}

// readable is where the next byte of a page at base lies that can't be read,
// from off.
func (p *page) readable(base, off int64) int64 {
	for _, r := range p.lost {
		if r.End > off {
			return max(r.Start, off)
		}
	}
	return base + int64(len(p.data))
}

// Request is something that a pane wants to be read. Do reads it: in a
// command, never while drawing.
type Request struct {
	src Source
	ask
}

// ask is what is to be read, and for which showing of a source.
type ask struct {
	showing uint64
	off     int64
	what    what
}

// what is a page, or how far zeros go: from an offset, or up to it.
type what uint8

const (
	aPage what = iota
	zerosFrom
	zerosTo
)

// Answer is what a request found. It is also the message that brings it.
type Answer struct {
	req  Request
	page *page
	zero int64 // bytes that are zero, for a probe
}

// Do reads. A probe reads on while there are only zeros, up to its limit.
func (r Request) Do() Answer {
	switch r.what {
	case zerosFrom:
		return Answer{req: r, zero: r.zerosFrom()}
	case zerosTo:
		return Answer{req: r, zero: r.zerosTo()}
	}
	return Answer{req: r, page: r.read()}
}

// read reads a page. Where that fails it reads sector by sector: a fault in
// one place hides no other.
func (r Request) read() *page {
	p := &page{data: make([]byte, max(0, min(pageSize, r.src.Size-r.off)))}
	if _, p.err = r.fill(p.data, r.off); p.err == nil {
		return p
	}
	for in := 0; in < len(p.data); in += SectorSize {
		piece := p.data[in:min(in+SectorSize, len(p.data))]
		if n, err := r.fill(piece, r.off+int64(in)); err != nil {
			clear(piece[n:])
			p.lose(r.off+int64(in+n), r.off+int64(in+len(piece)))
		}
	}
	return p
}

// fill reads all of b, or says why not. That nothing follows is no error.
func (r Request) fill(b []byte, off int64) (int, error) {
	n, err := r.src.Data.ReadAt(b, off)
	switch {
	case n == len(b) && errors.Is(err, io.EOF):
		err = nil
	case n < len(b) && (err == nil || errors.Is(err, io.EOF)):
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (p *page) lose(start, end int64) {
	if n := len(p.lost); n > 0 && p.lost[n-1].End == start {
		p.lost[n-1].End = end
		return
	}
	p.lost = append(p.lost, hexgrid.Range{Start: start, End: end})
}

func (r Request) zerosFrom() int64 {
	b := make([]byte, probeStep)
	end := min(r.src.Size, r.off+probeMax)
	pos := r.off
	for pos < end {
		n, err := r.fill(b[:min(probeStep, end-pos)], pos)
		zeros := firstNonZero(b[:n])
		if pos += int64(zeros); zeros < n || err != nil {
			break
		}
	}
	return pos - r.off
}

func (r Request) zerosTo() int64 {
	b := make([]byte, probeStep)
	end := max(0, r.off-probeMax)
	pos := r.off
	for pos > end {
		piece := b[:min(probeStep, pos-end)]
		if _, err := r.fill(piece, pos-int64(len(piece))); err != nil {
			break
		}
		zeros := len(piece) - len(trimEnd(piece))
		if pos -= int64(zeros); zeros < len(piece) {
			break
		}
	}
	return r.off - pos
}

// firstNonZero is the index of the first byte that is not zero; len(b) if
// there is none.
func firstNonZero(b []byte) int {
	word, i := binary.NativeEndian.Uint64, 0
	for i+32 <= len(b) && word(b[i:])|word(b[i+8:])|word(b[i+16:])|word(b[i+24:]) == 0 {
		i += 32
	}
	for i < len(b) && b[i] == 0 {
		i++
	}
	return i
}

// trimEnd is b without the zeros at its end.
func trimEnd(b []byte) []byte {
	word, n := binary.NativeEndian.Uint64, len(b)
	for n >= 32 && word(b[n-32:])|word(b[n-24:])|word(b[n-16:])|word(b[n-8:]) == 0 {
		n -= 32
	}
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return b[:n]
}
