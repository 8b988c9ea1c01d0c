package tui_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"platter/decode/guest"
	"platter/engine"
)

// volumes is a raw disk with an MBR and two volumes, NTFS and FAT32, with their second
// copies; in sectors of 512 bytes.
func volumes() []byte {
	const ntfs, fat = 64, 1024
	b := make([]byte, 2<<20)
	mbr, _ := guest.MBR.Of(b)
	guest.MBRSignature.Put(mbr, 0xAA55)
	for i, p := range [][3]uint32{{7, ntfs, 512}, {0x0C, fat, 2048}} {
		e, _ := guest.MBREntries.At(mbr, i)
		guest.MBREntryType.Put(e, byte(p[0]))
		guest.MBREntryLBA.Put(e, p[1])
		guest.MBREntrySectors.Put(e, p[2])
	}
	boot := b[ntfs*512:]
	copy(boot, "\xeb\x52\x90NTFS    ")
	put := func(b []byte, at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	put(boot, 11, 512)
	put(boot, 40, 511)
	put(boot, 510, 0xAA55)
	copy(b[(ntfs+511)*512:], boot[:512])
	boot = b[fat*512:]
	copy(boot, "\xeb\x58\x90MSDOS5.0")
	put(boot, 11, 512)
	put(boot, 14, 32) // reserved
	boot[13], boot[16] = 1, 2
	put(boot, 32, 2048)
	put(boot, 36, 16) // of one table
	put(boot, 50, 6)  // second boot sector
	copy(boot[71:], "NO NAME    FAT32   ")
	put(boot, 510, 0xAA55)
	copy(boot[6*512:], boot[:512])
	return b
}

func onVolumes(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "volumes.raw")
	if err := os.WriteFile(path, volumes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return editFile(t, path, 120, 40)
}

// TestFieldsOfTheBootSectors changes fields of an MBR and of the boot sectors of NTFS and
// FAT32: their second copies are offered, and after a write they are alike.
func TestFieldsOfTheBootSectors(t *testing.T) {
	const ntfs, fat = 64 * 512, 1024 * 512
	b := onVolumes(t)
	b.keys("6", ":", "0x1c2", "enter", "P", "field", "enter").expect("type").keys("ctrl+u", "0x27", "enter").expect("-> 0x27").not("alt+c stages")
	b.keys(":", "0x1ba", "enter", "P", "field", "enter", "ctrl+u", "12").keys("esc")
	b.keys(":", "part1+72", "enter", "P", "field", "enter").expect("volume serial").keys("ctrl+u", "0x1122334455667788", "enter")
	b.expect("alt+c stages what belongs with it: backup of the").keys("alt+c").expect("staged: backup of the NTFS boot sector")
	b.keys(":", "part2+67", "enter", "P", "field", "enter").expect("volume serial").keys("ctrl+u", "0x99", "enter")
	b.expect("alt+c stages what belongs with it: second copy of the FAT32").keys("alt+c").expect("staged: second copy of the FAT32 boot sector")
	b.keys(":", "part2+16384", "enter", "P", "field", "enter").expect("no field of a known structure")
	b.keys("P", "value", "enter", "u32 little", "enter", "ctrl+u", "0x0ffffff8", "enter")
	b.expect("alt+c stages what belongs with it: same sector of").keys("alt+c").expect("same sector of the other FAT").keys("esc")
	if len(b.differing()) > 0 {
		t.Fatal("the file changed before it was written")
	}
	want := volumes()
	want[0x1c2] = 0x27
	for _, at := range []int{ntfs + 72, ntfs + 511*512 + 72} {
		binary.LittleEndian.PutUint64(want[at:], 0x1122334455667788)
	}
	want[fat+67], want[fat+6*512+67] = 0x99, 0x99
	for _, at := range []int{fat + 32*512, fat + 48*512} {
		binary.LittleEndian.PutUint32(want[at:], 0x0ffffff8)
	}
	if b.write(); !bytes.Equal(b.file(), want) {
		t.Errorf("other bytes than the fields and their second copies were written: at %v", b.differing())
	}
}

// TestFieldsOfTheGUIDPartitionTable changes a field of the first header, one of an entry and
// one of the second header: the checksums come by themselves, as changes of their own, the
// other copy is offered, and after a write both copies hold the same.
func TestFieldsOfTheGUIDPartitionTable(t *testing.T) {
	const id = "11111111-2222-4333-8444-555555555555"
	b := onFile(t, "vhdx", 120, 40)
	b.keys("6", ":", "lba 1+56", "enter", "P", "field", "enter").expect("DiskGUID").keys("ctrl+u", id, "enter")
	b.expect("staged: checksum over DiskGUID; and before it: DiskGUID", "alt+c stages what belongs with it: second GPT as the first", "* 3 staged")
	broken(t, b.image(), false) // the second copy lists the same partitions
	b.keys("alt+c").expect("staged: second GPT as the first")
	b.keys(":", "lba 2+56", "enter", "P", "field", "enter").expect("PartitionName").keys("ctrl+u", "Changed", "enter")
	b.expect("staged: checksums of the first GPT", "PartitionName: ", "second GPT as the first")
	b.keys("u").expect("undone: checksums of the first GPT").keys("ctrl+r", "alt+c").expect("staged: second GPT as the first")
	b.keys(":", "0x3fffe30", "enter", "P", "field", "enter").expect("LastUsableLBA").keys("ctrl+u", "131000", "enter")
	b.expect("it: first GPT as the second").keys("alt+c").expect("staged: first GPT as the second").keys("esc")
	if len(b.differing()) > 0 {
		t.Fatal("the file changed before it was written")
	}
	b.write()
	img, err := engine.Open(t.Context(), b.path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	table, err := engine.Explorer{}.PartitionTable(t.Context(), img)
	if err != nil || len(table.Findings) > 0 || table.Backup == 0 || table.Partitions[0].Name != "Changed" {
		t.Errorf("%+v, %v", table, err)
	}
	lists := [2][]byte{make([]byte, 32*512), make([]byte, 32*512)}
	for i, at := range []int64{512, table.Backup} {
		header := make([]byte, 92)
		_, err := img.ReadAt(header, at)
		rec, _ := guest.GPTHeader.Of(header)
		_, err2 := img.ReadAt(lists[i], int64(guest.GPTEntryLBA.Get(rec))*512)
		if err != nil || err2 != nil || guest.GPTDiskGUID.Get(rec).String() != id || guest.GPTLastUsable.Get(rec) != 131000 {
			t.Errorf("copy %d: %v, %d, %v %v", i+1, guest.GPTDiskGUID.Get(rec), guest.GPTLastUsable.Get(rec), err, err2)
		}
		if got := guest.GPTEntriesCRC.Get(rec); got != crc32.ChecksumIEEE(lists[i]) {
			t.Errorf("copy %d has the checksum 0x%x over its list", i+1, got)
		}
		sum := guest.GPTHeaderCRC.Get(rec)
		guest.GPTHeaderCRC.Put(rec, 0)
		if sum != crc32.ChecksumIEEE(header) {
			t.Errorf("copy %d has the checksum 0x%x over itself", i+1, sum)
		}
	}
	if !bytes.Equal(lists[0], lists[1]) {
		t.Error("the two lists differ")
	}
}

// TestTrimIsRefusedWithItsReason holds that where a trim would give no room back nothing is
// staged, and it is said why.
func TestTrimIsRefusedWithItsReason(t *testing.T) {
	fixed := func(format string) *bench {
		path := filepath.Join(t.TempDir(), "fixed."+format)
		_, err := engine.Create(t.Context(), path, engine.CreateOptions{Format: format, Values: map[string]string{"size": "16777216", "type": "fixed"}})
		if err != nil {
			t.Fatal(err)
		}
		return editFile(t, path, 120, 40)
	}
	for name, c := range map[string]struct {
		b       *bench
		at, why string
	}{
		"raw":        {onVolumes(t), "0x100", "this image has no blocks: F fills a selection with zeros"},
		"fixed VHD":  {fixed("vhd"), "0x100", "this image has no blocks: F fills a selection with zeros"},
		"fixed VHDX": {fixed("vhdx"), "0x100", "a fixed VHDX keeps all of its blocks"},
		"stream":     {onFile(t, "stream", 120, 40), "0x40", "a stream keeps its grains"},
		"not stored": {onFile(t, "vhd", 120, 40), "0x500000", "nothing is stored in this image for the whole block"},
	} {
		c.b.keys("6", ":", c.at, "enter", "P", "trim block", "enter")
		c.b.expect(c.why)
		if n := c.b.staged(); n != 0 {
			t.Errorf("%s: %d changes are staged", name, n)
		}
	}
}
