package decode_test

import (
	"hash/crc32"
	"testing"

	"platter/decode"
)

type guarded struct{}

// TestFlippedBitOfARecord flips each bit of a record that a CRC guards, the CRC's own too:
// it is located; two bits are not, and a sum of bytes tells nothing.
func TestFlippedBitOfARecord(t *testing.T) {
	for name, poly := range map[string]uint32{"Castagnoli": crc32.Castagnoli, "IEEE": crc32.IEEE} {
		for _, order := range []decode.Order{decode.Little, decode.Big} {
			l := decode.New[guarded]("guarded", 64, order, "A record.", "-")
			l.U32(8, "crc", "Guards it.", decode.Sum(name, 64, func(b []byte) uint64 { return uint64(crc32.Checksum(b, crc32.MakeTable(poly))) }))
			b := make([]byte, 64)
			for i := range b {
				b[i] = byte(i * 7)
			}
			l.Seal(b)
			if _, _, ok := l.Flipped(b); ok {
				t.Error("a bit of a sound record is flipped")
			}
			for at := range b {
				for bit := range uint(8) {
					b[at] ^= 1 << bit
					if off, n, ok := l.Flipped(b); !ok || off != at || n != bit {
						t.Fatalf("%s: bit %d of byte %d is found as bit %d of %d, %v", name, bit, at, n, off, ok)
					}
					b[at] ^= 1 << bit
				}
			}
			b[20] ^= 3
			if off, n, ok := l.Flipped(b); ok {
				t.Errorf("two bits are found as bit %d of byte %d", n, off)
			}
		}
	}
}
