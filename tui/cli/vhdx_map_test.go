package cli_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"platter/engine/enginetest"
)

// stored is a range of the disk and where the file has it.
type stored struct{ start, length, offset int64 }

// TestVHDXMapAgreesWithTable walks the BAT of every plain VHDX image of the
// corpus by hand, since qemu-img does not tell their blocks apart.
func TestVHDXMapAgreesWithTable(t *testing.T) {
	compared := 0
	for _, s := range enginetest.Manifest(t, "vhdx") {
		if s.Subformat != "dynamic" && s.Subformat != "fixed" || s.SHA256 == "-" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			path := enginetest.Corpus(t, s.Name)
			want, ok := walkVHDX(t, path)
			if !ok {
				t.Skip("its log is not empty: the table on disk is not the one that counts")
			}
			var got []stored
			for _, e := range document[mapDocument](t, "map", path).Extents {
				if e.State == "data" {
					got = append(got, stored{e.Start, e.Length, *e.Offset})
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("map has %d extents of data, the table %d", len(got), len(want))
			}
			compared++
		})
	}
	if compared < 5 && !t.Failed() {
		t.Errorf("only %d images compared", compared)
	}
}

// walkVHDX reads where the blocks of a VHDX lie, with nothing but the offsets
// of the specification. It reports false if the file's log has to be replayed.
func walkVHDX(t *testing.T, path string) ([]stored, bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := func(off int64, n int) []byte {
		b := make([]byte, n)
		if _, err := f.ReadAt(b, off); err != nil {
			t.Fatalf("%d bytes at %d: %v", n, off, err)
		}
		return b
	}
	le := binary.LittleEndian
	for _, header := range []int64{64 << 10, 128 << 10} {
		if !bytes.Equal(at(header+48, 16), make([]byte, 16)) {
			return nil, false
		}
	}
	region := func(guid string) int64 {
		table := at(192<<10, 64<<10)
		for i := range int(le.Uint32(table[8:])) {
			if e := table[16+32*i:]; string(e[:16]) == guid {
				return int64(le.Uint64(e[16:]))
			}
		}
		t.Fatal("a region is missing")
		return 0
	}
	bat := region("\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08")
	metadata := region("\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E")
	item := func(guid string, n int) []byte {
		table := at(metadata, 64<<10)
		for i := range int(le.Uint16(table[10:])) {
			if e := table[32+32*i:]; string(e[:16]) == guid {
				return at(metadata+int64(le.Uint32(e[16:])), n)
			}
		}
		t.Fatal("a metadata item is missing")
		return nil
	}
	block := int64(le.Uint32(item("\x37\x67\xA1\xCA\x36\xFA\x43\x4D\xB3\xB6\x33\xF0\xAA\x44\xE7\x6B", 4)))
	size := int64(le.Uint64(item("\x24\x42\xA5\x2F\x1B\xCD\x76\x48\xB2\x11\x5D\xBE\xD8\x3B\xF4\xB8", 8)))
	sector := int64(le.Uint32(item("\x1D\xBF\x41\x81\x6F\xA9\x09\x47\xBA\x47\xF2\x33\xA8\xFA\xAB\x5F", 4)))
	ratio := 1 << 23 * sector / block
	var list []stored
	for b := int64(0); b*block < size; b++ {
		entry := le.Uint64(at(bat+8*(b+b/ratio), 8))
		if entry&7 != 6 {
			continue
		}
		next := stored{b * block, min(block, size-b*block), int64(entry &^ (1<<20 - 1))}
		if n := len(list); n > 0 && list[n-1].start+list[n-1].length == next.start && list[n-1].offset+list[n-1].length == next.offset {
			list[n-1].length += next.length
		} else {
			list = append(list, next)
		}
	}
	return list, true
}
