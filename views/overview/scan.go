package overview

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// buckets is into how many parts of equal size the virtual disk is counted.
const buckets = 2048

// tally counts the bytes of a part of the disk by their state.
type tally [disk.Missing + 1]int64

func (t *tally) add(u tally) {
	for s, n := range u {
		t[s] += n
	}
}

func (t tally) sum() (n int64) {
	for _, c := range t {
		n += c
	}
	return n
}

// scan goes through an image's map in the background and counts.
type scan struct {
	gen     views.Gen
	img     disk.Image
	size    int64 // of the virtual disk, bytes
	part    int64 // bytes in a bucket
	at      int64 // scanned so far
	parts   []tally
	total   tally
	running bool
	err     error
}

// scanSlice is how long a step works before it shows what it has.
const scanSlice = 100 * time.Millisecond

func newScan(img disk.Image, info disk.Info) scan {
	s := scan{gen: views.NewGen(), img: img, size: info.VirtualSize, running: info.Readable() && info.VirtualSize > 0}
	unit := max(info.BlockSize, 512)
	s.part = max((s.size/buckets+unit-1)/unit*unit, unit)
	if s.running {
		s.parts = make([]tally, (s.size-1)/s.part+1)
	}
	return s
}

// scanned is the counts of some buckets that follow each other.
type scanned struct {
	gen   views.Gen
	first int
	parts []tally
	err   error
}

// step is a command that counts on for a while, by whole buckets.
func (s *scan) step() tea.Cmd {
	if !s.running {
		return nil
	}
	gen, img, size, part, at := s.gen, s.img, s.size, s.part, s.at
	return func() tea.Msg {
		msg := scanned{gen: gen, first: int(at / part)}
		for begin := time.Now(); at < size && msg.err == nil && time.Since(begin) < scanSlice; {
			var t tally
			n := min(part, size-at)
			for span, err := range img.Map(at, n) {
				if err != nil {
					msg.err = err
					break
				}
				t[span.State] += span.Length
			}
			msg.parts = append(msg.parts, t)
			at += n // not part: a header can claim all of 63 bits
		}
		return msg
	}
}

// take takes counts in and goes on.
func (s *scan) take(msg scanned) tea.Cmd {
	if msg.gen != s.gen || !s.running {
		return nil
	}
	for i, t := range msg.parts {
		s.parts[msg.first+i] = t
		s.total.add(t)
	}
	if s.at = s.size; msg.first+len(msg.parts) < len(s.parts) {
		s.at = int64(msg.first+len(msg.parts)) * s.part
	}
	s.err = msg.err
	s.running = s.at < s.size && s.err == nil
	return s.step()
}

func (s *scan) halt() bool {
	was := s.running
	s.running = false
	return was
}

func (s *scan) percent() int64 {
	if s.size == 0 {
		return 100
	}
	return int64(float64(s.at) / float64(s.size) * 100)
}

// cells sums the buckets up into n cells; a cell may be a part of a bucket
// where there are more cells than buckets.
func (s *scan) cells(n int) []tally {
	out := make([]tally, n)
	for i := range out {
		from, to := i*len(s.parts)/n, (i+1)*len(s.parts)/n
		for k := from; k < max(to, from+1) && k < len(s.parts); k++ {
			out[i].add(s.parts[k])
		}
	}
	return out
}
