package guest_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/decodetest"
	format "platter/decode/guest"
	"platter/engine/disk"
	"platter/engine/guest"
	"platter/engine/raw"
	"platter/engine/store"
	"platter/engine/store/storetest"
)

const mib = 1 << 20

// diskOf opens bytes as a raw disk.
func diskOf(t *testing.T, content []byte) disk.Image {
	t.Helper()
	fs := store.NewMem()
	fs.PutFile("disk.img", content)
	return imageIn(t, fs)
}

// imageIn opens the disk in a folder.
func imageIn(t *testing.T, fs store.Opener) disk.Image {
	t.Helper()
	f, err := fs.Open("disk.img")
	if err != nil {
		t.Fatal(err)
	}
	img, err := raw.Open(t.Context(), disk.Source{Path: "disk.img", Name: "disk.img", File: f})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// entry fills one partition entry of the boot record at off.
func entry(b []byte, off, i int, kind uint8, lba, sectors uint32) {
	rec, _ := format.MBR.Of(b[off:])
	format.MBRSignature.Put(rec, 0xAA55)
	e, _ := format.MBREntries.At(rec, i)
	format.MBREntryType.Put(e, kind)
	format.MBREntryLBA.Put(e, lba)
	format.MBREntrySectors.Put(e, sectors)
}

func partitions(t *testing.T, b []byte) guest.Table {
	t.Helper()
	return partitionsOf(t, diskOf(t, b))
}

func partitionsOf(t *testing.T, img disk.Image) guest.Table {
	t.Helper()
	table, err := guest.Partitions(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := guest.Tree(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	decodetest.Walk(t, tree, 5000)
	return table
}

func describe(t guest.Table) string {
	s := t.Scheme
	for _, p := range t.Partitions {
		s += fmt.Sprintf(" | %d %s %d+%d %s %s %q", p.Number, p.Type, p.Start/512, p.Length/512, p.System, p.Name, p.Label)
	}
	for _, f := range t.Findings {
		s += " ! " + f.Code
	}
	return s
}

func fat32(b []byte, name string) {
	rec := format.FAT32.Blank()
	format.FAT32Label.Put(rec, name)
	format.FAT32Type.Put(rec, "FAT32   ")
	copy(b, rec.Bytes())
}

func TestMBRWithLogicalPartitions(t *testing.T) {
	b := make([]byte, 4*mib)
	entry(b, 0, 0, 0x0C, 2048, 1024)
	entry(b, 0, 2, format.TypeExtended, 4096, 4096)
	entry(b, 4096*512, 0, 0x83, 64, 100)
	entry(b, 4096*512, 1, format.TypeExtended, 1000, 500)
	entry(b, 5096*512, 0, 0x82, 64, 5000)
	fat32(b[2048*512:], "DATA       ")
	want := `MBR | 1 FAT32 LBA 2048+1024 FAT32  "DATA" | 3 extended 4096+4096   "" | 5 Linux 4160+100   "" | 6 Linux swap 5160+5000   "" ! guest/P1`
	if got := describe(partitions(t, b)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMBRLoopEnds(t *testing.T) {
	b := make([]byte, 2*mib)
	entry(b, 0, 0, format.TypeExtended, 100, 2000)
	entry(b, 100*512, 0, 0x83, 1, 10)
	entry(b, 100*512, 1, format.TypeExtended, 0, 10)
	if got, want := describe(partitions(t, b)), `MBR | 1 extended 100+2000   "" | 5 Linux 101+10   "" ! guest/P3`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoTable(t *testing.T) {
	fat := make([]byte, mib)
	fat32(fat, "FLOPPY     ")
	for name, b := range map[string][]byte{"empty": nil, "short": make([]byte, 100), "zeros": make([]byte, mib), "file system without partitions": fat} {
		if got := describe(partitions(t, b)); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// gptDisk makes a disk with one partition and both copies of the table.
func gptDisk() []byte { return gptOf(512) }

// gptOf is the same with a table that counts in sectors of a size.
func gptOf(sector uint64) []byte {
	b := make([]byte, 2*mib)
	entry(b, 0, 0, format.TypeProtective, 1, 4095)
	last := uint64(len(b))/sector - 1
	e := format.GPTEntry.Blank()
	format.GPTEntryType.Put(e, uuid.MustParse("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"))
	format.GPTEntryGUID.Put(e, uuid.MustParse("11111111-2222-4333-8444-555555555555"))
	format.GPTEntryFirst.Put(e, 64)
	format.GPTEntryLast.Put(e, 127)
	format.GPTEntryName.Put(e, "Datä")
	for _, c := range []struct{ at, other, list uint64 }{{1, last, 2}, {last, 1, last - 32}} {
		h := format.GPTHeader.Blank()
		format.GPTHeaderSize.Put(h, 92)
		format.GPTMyLBA.Put(h, c.at)
		format.GPTAlternateLBA.Put(h, c.other)
		format.GPTEntryLBA.Put(h, c.list)
		format.GPTEntryCount.Put(h, 128)
		format.GPTEntrySize.Put(h, 128)
		copy(b[c.list*sector:], e.Bytes())
		format.GPTEntriesCRC.Put(h, crc(b[c.list*sector:c.list*sector+128*128]))
		format.GPTHeader.Seal(h.Bytes())
		copy(b[c.at*sector:], h.Bytes())
	}
	return b
}

// TestGPTInOtherSectors shows a table that counts in sectors of another size than the
// disk's, and says that systems don't.
func TestGPTInOtherSectors(t *testing.T) {
	if got := describe(partitions(t, gptOf(4096))); !strings.HasPrefix(got, "GPT | 1 Basic data") || !strings.HasSuffix(got, " ! guest/P11") {
		t.Errorf("got %s", got)
	}
}

func TestGPT(t *testing.T) {
	const part = ` | 1 Basic data 64+64  Datä "Datä"`
	last := 2*mib - 512
	tests := []struct {
		name   string
		damage func(b []byte)
		want   string
	}{
		{"healthy", func([]byte) {}, "GPT" + part},
		{"primary damaged", func(b []byte) { b[512+40]++ }, "GPT" + part + " ! guest/P5"},
		{"backup damaged", func(b []byte) { b[last+40]++ }, "GPT" + part + " ! guest/P6"},
		{"primary list damaged", func(b []byte) { b[1024+56] = 'X' }, `GPT | 1 Basic data 64+64  Xatä "Xatä" ! guest/P8`},
		{"another list in the backup", func(b []byte) { b[last-32*512+32]++ }, "GPT" + part + " ! guest/P7"},
		{"both damaged", func(b []byte) { b[512]++; b[last]++ }, `MBR | 1 GPT protective 1+4095   ""`},
	}
	for _, tt := range tests {
		b := gptDisk()
		tt.damage(b)
		if got := describe(partitions(t, b)); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestUnreadableSectors lacks one sector each time: the rest of the table is shown.
func TestUnreadableSectors(t *testing.T) {
	chained := make([]byte, 4*mib)
	entry(chained, 0, 0, 0x83, 2048, 1024)
	entry(chained, 0, 1, format.TypeExtended, 4096, 4096)
	entry(chained, 4096*512, 0, 0x83, 64, 100)
	entry(chained, 4096*512, 1, format.TypeExtended, 1000, 500)
	const whole, part = `GPT | 1 Basic data 64+64  Datä "Datä"`, `MBR | 1 Linux 2048+1024   "" | 2 extended 4096+4096   ""`
	last := int64(2*mib - 512)
	noBackup := gptDisk()
	noBackup[last]++
	for _, c := range []struct {
		name    string
		content []byte
		at      int64
		want    string
	}{
		{"primary header", gptDisk(), 512, whole + " ! guest/P5"},
		{"primary list", gptDisk(), 1024, whole + " ! guest/P5"},
		{"backup header", gptDisk(), last, whole + " ! guest/P6"},
		{"backup list", gptDisk(), last - 32*512, whole + " ! guest/P6"},
		{"the only header", noBackup, 512, `MBR | 1 GPT protective 1+4095   "" ! guest/P9`},
		{"boot sector of a partition", gptDisk(), 64 * 512, whole},
		{"first extended boot record", chained, 4096 * 512, part + " ! guest/P9"},
		{"second extended boot record", chained, 5096 * 512, part + ` | 5 Linux 4160+100   "" ! guest/P9`},
	} {
		fs := storetest.New()
		fs.PutFile("disk.img", c.content)
		fs.FailReads("disk.img", store.Range{Offset: c.at, Length: 512}, errors.New("bad sector"))
		img := imageIn(t, fs)
		table := partitionsOf(t, img)
		if got := describe(table); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		for _, f := range table.Findings {
			if !strings.Contains(f.Text, "can't be read") || !strings.Contains(f.Text, "bad sector") {
				t.Errorf("%s: %s", c.name, f.Text)
			}
		}
	}
}

// stopped reads a disk on which every sector but the first is bad, and reading
// one is told to stop.
type stopped struct {
	disk.Image
	stop context.CancelFunc
}

func (s stopped) ReadAt(p []byte, off int64) (int, error) {
	if off > 0 {
		s.stop()
		return 0, errors.New("bad sector")
	}
	return s.Image.ReadAt(p, off)
}

func TestToldToStop(t *testing.T) {
	chained := make([]byte, mib)
	entry(chained, 0, 0, format.TypeExtended, 100, 500)
	for name, content := range map[string][]byte{"GPT": gptDisk(), "MBR": chained} {
		ctx, stop := context.WithCancel(t.Context())
		if _, err := guest.Partitions(ctx, stopped{diskOf(t, content), stop}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGPTTreeJumpsBetweenCopies(t *testing.T) {
	tree, err := guest.Tree(t.Context(), diskOf(t, gptDisk()))
	if err != nil {
		t.Fatal(err)
	}
	header := tree.Child(1)
	if header.Name != "GPT header" || header.Mark != decode.Good || header.SecondCopy == nil || header.SecondCopy.Offset != 2*mib-512 {
		t.Errorf("header %q is %s (%s), second %+v", header.Name, header.Mark, header.Words, header.SecondCopy)
	}
}

// TestTreeFindsFields holds that a byte leads to its field also where that lies away from
// what it belongs to: in the list of partitions, and in a superblock of a disk without a table.
func TestTreeFindsFields(t *testing.T) {
	ext := make([]byte, mib)
	superblock(ext, 0, 1024, 0, "root")
	for _, c := range []struct {
		disk []byte
		at   int64
		want string
	}{
		{gptDisk(), 2*512 + 40, "partition list/partition entry 1/EndingLBA"},
		{ext, 1024 + 120, "volume/ext superblock/s_volume_name"},
	} {
		n, err := guest.Tree(t.Context(), diskOf(t, c.disk))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range n.Find(guest.VirtualDisk, c.at) {
			n = n.Child(i)
			names = append(names, n.Name)
		}
		if got := strings.Join(names, "/"); got != c.want {
			t.Errorf("at 0x%x: %s, want %s", c.at, got, c.want)
		}
	}
}

// FuzzPartitions: whatever the table claims, reading it ends.
func FuzzPartitions(f *testing.F) {
	f.Add(gptDisk()[:64*1024])
	b := make([]byte, 8192)
	entry(b, 0, 0, format.TypeExtended, 1, 10)
	entry(b, 512, 1, format.TypeExtended, 1, 10)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { partitions(t, b) })
}

func crc(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

// superblock puts a superblock of an ext volume of blocks of a size into a disk: that
// of the given group, for a volume that starts at a byte.
func superblock(b []byte, start, size int64, group uint16, name string) int64 {
	log, first, per := uint32(0), uint32(0), uint32(8*size)
	for s := size; s > 1024; s /= 2 {
		log++
	}
	if size == 1024 {
		first = 1
	}
	at := start + 1024
	if group > 0 {
		at = start + (int64(group)*int64(per)+int64(first))*size
	}
	rec := format.ExtSuperblock.Blank()
	format.ExtBlocks.Put(rec, 100000)
	format.ExtFirstBlock.Put(rec, first)
	format.ExtLogBlockSize.Put(rec, log)
	format.ExtBlocksPerGroup.Put(rec, per)
	format.ExtGroup.Put(rec, group)
	format.ExtLabel.Put(rec, name)
	copy(b[at:], rec.Bytes())
	return at
}

// TestFileSystemUnderATable lays a partition table over an ext volume: its superblock,
// or the copy that is left, is told, unless a partition stands for the volume.
func TestFileSystemUnderATable(t *testing.T) {
	for _, c := range []struct {
		size  int64
		group uint16
	}{{1024, 0}, {1024, 1}, {1024, 3}, {2048, 1}, {4096, 0}, {4096, 1}} {
		b := make([]byte, 4*mib+8*int64(c.group)*c.size*c.size)
		entry(b, 0, 0, 0x07, 2048, 1024)
		at := superblock(b, 0, c.size, c.group, "rootfs")
		table := partitions(t, b)
		if len(table.Findings) != 1 || table.Findings[0].Code != "guest/P10" || table.Findings[0].Where[0].Offset != at || !strings.Contains(table.Findings[0].Text, `"rootfs"`) {
			t.Errorf("%+v at 0x%x: %s", c, at, describe(table))
		}
	}
	b := make([]byte, 40*mib)
	entry(b, 0, 0, 0x83, 2048, 60000)
	superblock(b, mib, 1024, 0, "own")
	superblock(b, mib, 1024, 1, "own")
	if got, want := describe(partitions(t, b)), `MBR | 1 Linux 2048+60000 ext2/3/4  "own"`; got != want {
		t.Errorf("a volume in its partition: %s", got)
	}
	clear(b[mib : 2*mib])
	if got, want := describe(partitions(t, b)), `MBR | 1 Linux 2048+60000   "" ! guest/P10`; got != want {
		t.Errorf("a volume whose start was overwritten: %s", got)
	}
	bare := make([]byte, 40*mib)
	superblock(bare, 0, 1024, 0, "bare")
	if got := partitions(t, bare); got.Scheme != "" || got.System != "ext2/3/4" || got.Label != "bare" || len(got.Findings) > 0 {
		t.Errorf("a disk without a table: %+v", got)
	}
}

// TestVolumeUnderATable lays a partition table over volumes that have a copy of their first
// sector: the copy is told, unless it is a partition's own.
func TestVolumeUnderATable(t *testing.T) {
	const size = 40 * mib
	for system, place := range map[string]struct {
		at   int
		mark string
		off  int
	}{"FAT32": {6 * 512, "FAT32   ", 82}, "exFAT": {12 * 512, "EXFAT   ", 3}, "NTFS": {size - 512, "NTFS    ", 3}, "XFS": {size / 2, "XFSB", 0}} {
		b := make([]byte, size)
		entry(b, 0, 0, 0x07, 4096, 1024)
		copy(b[place.at+place.off:], place.mark)
		if system == "NTFS" {
			rec, _ := format.NTFS.Of(b[place.at:])
			format.NTFSSectors.Put(rec, size/512-1)
		}
		list := partitions(t, b).Findings
		if len(list) != 1 || list[0].Code != guest.CodeRemains || list[0].Where[0].Offset != int64(place.at) || !strings.Contains(list[0].Text, system) {
			t.Errorf("%s: %v", system, list)
		}
	}
	b := make([]byte, size)
	entry(b, 0, 0, 0x83, size/4/512, 30000)
	copy(b[size/4:], "XFSB")
	copy(b[size/2:], "XFSB")
	copy(b[size-512+3:], "NTFS    ") // of a volume of another size
	if got, want := describe(partitions(t, b)), `MBR | 1 Linux 20480+30000 XFS  ""`; got != want {
		t.Errorf("%s", got)
	}
}
