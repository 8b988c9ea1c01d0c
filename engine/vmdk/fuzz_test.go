package vmdk_test

import (
	"errors"
	"testing"

	"platter/decode/decodetest"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/vmdk"
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
		files := folder(map[string][]byte{"d.vmdk": main, "d-x.vmdk": extent})
		src := enginetest.Memory(t, files, "d.vmdk", formats)
		img, err := vmdk.Open(t.Context(), src)
		if err != nil {
			if !errors.Is(err, disk.ErrNotThisFormat) {
				t.Fatal(err)
			}
			return
		}
		defer img.Close()
		info := img.Info()
		decodetest.Walk(t, img.Tree(), 500)
		enginetest.Regions(t, img)
		worst := disk.SeverityInfo
		for f, err := range img.Check(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			worst = max(worst, f.Severity)
		}
		if !info.Readable() && worst == disk.SeverityInfo {
			t.Fatalf("refused without a finding: %v", info.Refused)
		}
		mapAndRead(t, img)
	})
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
