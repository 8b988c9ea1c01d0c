package vmdk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"platter/decode/decodetest"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
	"platter/engine/vmdk/writer"
)

// FuzzOpen opens any bytes, alone and as an extent, and does with them
// whatever can be done: nothing may panic, hang, or contradict itself.
func FuzzOpen(f *testing.F) {
	for _, k := range kinds() {
		if len(k.files["d-x.vmdk"]) < 1<<20 {
			f.Add(k.files["d.vmdk"], k.files["d-x.vmdk"])
		}
	}
	f.Add([]byte("version=1\nparentCID=1\nparentFileNameHint=\"d.vmdk\"\nRW 5 FLAT \"d-x.vmdk\" 1\nRW 5 ZERO\n"), []byte("raw"))
	f.Fuzz(func(t *testing.T, main, extent []byte) {
		survive(t, map[string][]byte{"d.vmdk": main, "d-x.vmdk": extent})
	})
}

// survive opens hostile files and does with them whatever can be done.
func survive(t *testing.T, files map[string][]byte) {
	t.Helper()
	m := folder(files)
	img, err := vmdk.Open(t.Context(), enginetest.Memory(t, m, "d.vmdk", formats))
	if err != nil {
		if !errors.Is(err, disk.ErrNotThisFormat) {
			t.Fatal(err)
		}
		return
	}
	defer img.Close()
	decodetest.Walk(t, img.Tree(), 500)
	enginetest.Regions(t, img)
	worst := disk.SeverityInfo
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, f.Severity)
		enginetest.Offers(t, m, img, writer.Repairs, f)
	}
	if !img.Info().Readable() && worst == disk.SeverityInfo {
		t.Fatalf("refused without a finding: %v", img.Info().Refused)
	}
	mapAndRead(t, img)
}

// TestRandomDamage overwrites fields of headers and tables with values that
// break careless arithmetic.
func TestRandomDamage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	values := []uint64{0, 1, 2, 3, 7, 127, 128, 512, 0xFFFF, 1 << 20, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 54, 1<<55 - 1, 1 << 62, 1 << 63, 1<<64 - 1, 0x10000000 << 32}
	all := kinds()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		k := all[name]
		if name == "flat" {
			continue
		}
		target := "d-x.vmdk"
		if k.files[target] == nil {
			target = "d.vmdk"
		}
		good := k.files[target]
		for range 200 {
			bad := bytes.Clone(good)
			for range 1 + rnd.IntN(3) {
				v := binary.LittleEndian.AppendUint64(nil, values[rnd.IntN(len(values))])
				copy(bad[damageAt(rnd, bad):], v[:4<<rnd.IntN(2)])
			}
			if rnd.IntN(8) == 0 {
				bad = bad[:rnd.IntN(len(bad))]
			}
			k.files[target] = bad
			survive(t, k.files)
		}
	}
}

// damageAt picks a place in a header, a footer, or anywhere.
func damageAt(rnd *rand.Rand, b []byte) int {
	switch rnd.IntN(4) {
	case 0:
		return rnd.IntN(len(b))
	case 1:
		return max(0, len(b)-3*sector) + 4*rnd.IntN(2*sector/4)
	}
	return 4 * rnd.IntN(210/4)
}

// mapAndRead reads the first spans of the map, and expects that what the map
// calls missing can't be read.
func mapAndRead(t *testing.T, img disk.Image) {
	buf := make([]byte, 700)
	pos, spans := int64(0), 0
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			if img.Info().Readable() {
				t.Fatal(err)
			}
			return
		}
		if s.Start != pos || s.Length <= 0 {
			t.Fatalf("span %+v, expected one at %d", s, pos)
		}
		pos += s.Length
		part := buf[:min(int64(len(buf)), s.Length)]
		_, err = img.ReadAt(part, s.Start)
		absent := s.State == disk.Missing || s.State == disk.FromParent
		if absent != (err != nil) && s.Packed == 0 {
			t.Fatalf("span %+v reads with error %v", s, err)
		}
		if spans++; spans == 200 {
			return
		}
	}
}
