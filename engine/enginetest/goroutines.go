package enginetest

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"platter/engine/disk"
)

// writers is how many goroutines share a writer.
const writers = 8

// Goroutines has eight goroutines use one writer at once. In the first half of the disk
// every eighth sector is one goroutine's own, so that they meet in each block; in the
// second half all of them write, zero, trim and read. Every sector must be as one of
// them wrote it, whenever it is read, and still be so when the image is opened again.
func Goroutines(t *testing.T, b Bed, block int64, rounds int) {
	t.Helper()
	s := b.fs()
	size := b.opened(t, s, disk.SeverityWarning).Info().VirtualSize
	w := b.writer(t, s)
	var all sync.WaitGroup
	faults := make([]error, writers)
	for g := range writers {
		all.Go(func() {
			h := hand{number: g, rnd: rand.New(rand.NewPCG(uint64(g), 11)), w: w, size: size, block: block}
			for i := 0; i < rounds && faults[g] == nil; i++ {
				faults[g] = h.round(t, uint64(i))
			}
		})
	}
	all.Wait()
	for g, err := range faults {
		if err != nil {
			t.Fatalf("goroutine %d: %v", g, err)
		}
	}
	inFirstHalf(t, w, size, uint64(rounds-1))
	b.close(t, w)
	img := b.opened(t, s, disk.SeverityWarning)
	defer img.Close()
	inFirstHalf(t, img, size, uint64(rounds-1))
	if err := wholeSectors(img, size/2, size-size/2); err != nil {
		t.Fatal(err)
	}
}

// hand is what one goroutine does.
type hand struct {
	number      int
	rnd         *rand.Rand
	w           disk.Writer
	size, block int64
}

// word fills the sectors that a goroutine writes in a round.
func word(number int, round uint64) uint64 { return uint64(number+1)<<32 | round<<8 | 0xA5 }

func sectors(word uint64, n int64) []byte {
	b := make([]byte, n)
	for at := 0; at+8 <= len(b); at += 8 {
		binary.LittleEndian.PutUint64(b[at:], word)
	}
	return b
}

// round writes all of the goroutine's own sectors, each with a call of its own, and then
// does something where everybody does.
func (h hand) round(t *testing.T, round uint64) error {
	data := sectors(word(h.number, round), sectorBytes)
	for s := int64(h.number) * 17; s < own(h.size); s += writers * 17 {
		if _, err := h.w.WriteAt(data, s*sectorBytes); err != nil {
			return err
		}
	}
	off := h.size/2/sectorBytes*sectorBytes + h.rnd.Int64N(h.size/2/sectorBytes-1)*sectorBytes
	n := min(h.rnd.Int64N(h.block/sectorBytes+2)*sectorBytes, h.size/sectorBytes*sectorBytes-off)
	switch h.rnd.IntN(8) {
	case 0:
		return h.w.Zero(t.Context(), off, n)
	case 1:
		return h.w.Trim(t.Context(), off, n)
	case 2:
		return h.w.Sync(t.Context())
	case 3, 4:
		return wholeSectors(h.w, off, n)
	}
	_, err := h.w.WriteAt(sectors(word(h.number, round), n), off)
	return err
}

// own is how many sectors at the start of the disk belong to one goroutine each.
func own(size int64) int64 { return size / 2 / sectorBytes }

// inFirstHalf holds that each goroutine's own sectors are as its last round wrote them.
func inFirstHalf(t *testing.T, r io.ReaderAt, size int64, last uint64) {
	t.Helper()
	b := make([]byte, sectorBytes)
	for s := int64(0); s < own(size); s += 17 {
		want := word(int(s/17%writers), last)
		if n, err := r.ReadAt(b, s*sectorBytes); n < len(b) || binary.LittleEndian.Uint64(b) != want || !uniform(b) {
			t.Fatalf("sector %d holds %x..., its only goroutine wrote %x last: %v", s, b[:8], want, err)
		}
	}
}

// wholeSectors holds that no sector of a range is a mixture.
func wholeSectors(r io.ReaderAt, off, n int64) error {
	off = (off + sectorBytes - 1) / sectorBytes * sectorBytes
	b := make([]byte, n/sectorBytes*sectorBytes)
	if got, err := r.ReadAt(b, off); got < len(b) && err != io.EOF {
		return err
	}
	for at := int64(0); at+sectorBytes <= int64(len(b)); at += sectorBytes {
		if !uniform(b[at : at+sectorBytes]) {
			return fmt.Errorf("the sector at byte %d is a mixture of several", off+at)
		}
	}
	return nil
}

// uniform reports whether a sector repeats its first word.
func uniform(b []byte) bool {
	first := binary.LittleEndian.Uint64(b)
	for at := 8; at+8 <= len(b); at += 8 {
		if binary.LittleEndian.Uint64(b[at:]) != first {
			return false
		}
	}
	return true
}
