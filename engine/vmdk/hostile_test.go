package vmdk_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestSmallFilesWithHugeClaims has images that name more than a check could
// ever go through: they are checked all the same, to the end.
func TestSmallFilesWithHugeClaims(t *testing.T) {
	t.Run("tables in holes", func(t *testing.T) {
		const tables = 1 << 18 // of 2 KiB each, in a file of 1 MiB
		f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), nil)
		f.u64(12, tables*512*grainSectors)
		f.u32(8, 1)
		f.u64(48, 0)
		f.u64(64, 1<<21)
		for i := range uint32(tables) {
			f.b = binary.LittleEndian.AppendUint32(f.b, 1<<16+4*i)
		}
		f.u64(56, uint64(f.overHead))
		m := folder(map[string][]byte{"d.vmdk": f.b})
		file, err := m.OpenWrite("d.vmdk")
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Truncate(1 << 30); err != nil {
			t.Fatal(err)
		}
		img := openSource(t, memory(t, m))
		for f, err := range img.Check(t.Context()) {
			if err != nil || f.Code == "vmdk/G2" {
				t.Fatalf("%s %s: %v", f.Code, f.Text, err)
			}
		}
	})
	t.Run("missing files", func(t *testing.T) {
		var lines strings.Builder
		for i := range 5000 {
			lines.WriteString("RW 1 FLAT \"gone" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + "\" 0\n")
		}
		img := openMem(t, map[string][]byte{"d.vmdk": []byte(text("custom", lines.String()))}, "d.vmdk")
		expect(t, img, "vmdk/X1", disk.SeverityError)
		if last := img.Files(); len(last) != 1 {
			t.Errorf("%d files", len(last))
		}
		_, err := img.ReadAt(make([]byte, 1), 4999*sector)
		if err == nil || !strings.Contains(err.Error(), "gone") {
			t.Errorf("the last extent: %v", err)
		}
	})
	t.Run("one compressed grain for all", func(t *testing.T) {
		img := openMem(t, inStream(func(f *built) {
			for i := range int64(512) {
				f.u32(f.gts[0]+4*i, uint32(f.grain[0]/sector))
			}
		}), "d.vmdk")
		expect(t, img, "vmdk/G8", disk.SeverityError)
		enginetest.Conform(t, img)
	})
}
