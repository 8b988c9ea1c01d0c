package edit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
)

// entryOf is where the table entry of a stored block lies, with its bytes.
type entryOf struct {
	at    int64
	raw   uint64
	width int64
	order binary.ByteOrder
}

func (e entryOf) put(b []byte, v uint64) {
	switch {
	case e.width == 8:
		e.order.PutUint64(b[e.at:], v)
	default:
		e.order.PutUint32(b[e.at:], uint32(v))
	}
}

// entriesOf are the entries of the stored blocks of an image.
func entriesOf(t *testing.T, img disk.Image) (list []entryOf) {
	t.Helper()
	seen := map[int64]bool{}
	size := img.Info().VirtualSize
	for at := int64(0); at < size; at += max(img.Info().BlockSize, 512) {
		for span, err := range img.Map(at, min(512, size-at)) {
			if err != nil {
				t.Fatal(err)
			}
			if span.State != disk.Data || len(span.Via) == 0 {
				continue
			}
			via := span.Via[0]
			if span.Via[0].Table == "GD" {
				via = span.Via[1]
			}
			e := entryOf{via.Place.Offset, via.Raw, via.Place.Length, binary.LittleEndian}
			if img.Info().Format == "vhd" {
				e.order = binary.BigEndian
			}
			if !seen[e.at] {
				seen[e.at] = true
				list = append(list, e)
			}
		}
	}
	return list
}

// overlapping are ways to have blocks share bytes, with one another and with the
// structures: new values for an entry, by those of two blocks.
var overlapping = map[string]map[string]func(a, b uint64) uint64{
	"vhd": {
		"twice": func(a, b uint64) uint64 { return b }, "shifted": func(a, b uint64) uint64 { return b + 3 },
		"on the table": func(a, b uint64) uint64 { return 3 }, "on the footer copy": func(a, b uint64) uint64 { return 0 },
		"past the end": func(a, b uint64) uint64 { return 1 << 28 },
	},
	"vhdx": {
		"twice": func(a, b uint64) uint64 { return b }, "on the log": func(a, b uint64) uint64 { return 1<<20 | 6 },
		"on the headers": func(a, b uint64) uint64 { return 6 }, "past the end": func(a, b uint64) uint64 { return 1<<40 | 6 },
		"state 4": func(a, b uint64) uint64 { return a&^7 | 4 },
	},
	"vmdk": {
		"twice": func(a, b uint64) uint64 { return b }, "shifted": func(a, b uint64) uint64 { return b + 3 },
		"on the header": func(a, b uint64) uint64 { return 2 }, "past the end": func(a, b uint64) uint64 { return 1 << 30 },
	},
}

// TestWritesChangeNothingElse plants blocks that share bytes, in every format, and
// writes to each sector that can be read: either it is refused, with the finding's
// code, or nothing but that sector changes.
func TestWritesChangeNothingElse(t *testing.T) {
	for format, ways := range overlapping {
		path, whole := sampleFile(t, format)
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		img, err := engine.Open(t.Context(), path, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		entries := entriesOf(t, img)
		img.Close()
		if len(entries) < 2 {
			t.Fatalf("%s: %d blocks are stored", format, len(entries))
		}
		for name, value := range ways {
			t.Run(fmt.Sprintf("%s %s", format, name), func(t *testing.T) {
				b := bytes.Clone(whole)
				first, last := entries[0], entries[len(entries)-1]
				first.put(b, value(first.raw, last.raw))
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				writesStayApart(t, path)
			})
		}
	}
}

// writesStayApart writes to some sectors of the disk at path, each for itself.
func writesStayApart(t *testing.T, path string) {
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := sectorsOf(t, s)
	for off := int64(0); off < int64(len(before)); off += max(512, int64(len(before))/12&^511) {
		_, err := s.Write(t.Context(), "write", off, bytes.Repeat([]byte{0xEE}, 512))
		if err != nil {
			if !errors.Is(err, disk.ErrReadOnly) && !errors.Is(err, disk.ErrDamaged) {
				t.Fatalf("refused with %v", err)
			}
			continue
		}
		after := sectorsOf(t, s)
		copy(after[off:], before[off:][:512])
		if !bytes.Equal(before, after) {
			t.Fatalf("writing to 0x%x changed other sectors", off)
		}
		if _, err := s.Undo(); err != nil {
			t.Fatal(err)
		}
	}
}

// sectorsOf is the disk; what can't be read is 0xBB.
func sectorsOf(t *testing.T, s *edit.Session) []byte {
	t.Helper()
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, img.Info().VirtualSize)
	const piece = 4096
	for off := 0; off < len(b); off += piece {
		p := b[off:min(off+piece, len(b))]
		if _, err := img.ReadAt(p, int64(off)); err != nil && err != io.EOF {
			copy(p, bytes.Repeat([]byte{0xBB}, len(p)))
		}
	}
	return b
}
