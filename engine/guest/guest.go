// Package guest finds what a guest operating system wrote to a virtual disk:
// its partitions, by MBR with logical partitions or by GPT with its backup,
// and the boot sectors that tell which file system a partition holds. It works
// on any image through the disk contract.
package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// VirtualDisk stands for a file name in the Places of this package: offsets
// count from the start of the virtual disk.
const VirtualDisk = disk.VirtualDisk

// Table is what was found out about a disk's partitions.
type Table = disk.PartitionTable

// Bounds on what a hostile table may claim.
const (
	maxLogical = 256  // extended boot records in a chain
	maxEntries = 1024 // GPT entries looked at
)

// Partitions reads a disk's partition table, and looks for what an older one or a
// file system left. A disk without a table gives a Table without a scheme, with the
// file system that the disk itself holds. The error is about reading the first sector,
// or the context's; what is wrong with the table, or can't be read of it, is in its
// Findings.
func Partitions(ctx context.Context, d disk.Image) (Table, error) {
	info := d.Info()
	if !info.Readable() {
		return Table{}, info.Refused
	}
	r := reader{ctx, d, info.VirtualSize}
	t, err := r.table(info)
	if err != nil {
		return t, err
	}
	if t.Scheme == "" {
		whole := disk.Partition{Length: info.VirtualSize}
		r.volume(&whole)
		t.System, t.Label = whole.System, whole.Label
	}
	if err := r.remains(&t); err != nil && ctx.Err() != nil {
		return t, err // what can't be read is told by others
	}
	return t, nil
}

func (r reader) table(info disk.Info) (Table, error) {
	sector, err := r.sector(0)
	if err != nil || sector == nil {
		return Table{}, err
	}
	rec, _ := format.MBR.Of(sector)
	if format.MBRSignature.Get(rec) != 0xAA55 || !plausible(rec) {
		return Table{}, nil
	}
	var unread []disk.Finding
	if protective(rec) {
		for _, size := range sectorSizes(info.LogicalSectorSize) {
			t, ok, err := r.gpt(size)
			if ok && size != max(info.LogicalSectorSize, 512) {
				t.Findings = append(t.Findings, finding("P11", disk.SeverityWarning, gptPlace(size),
					"the GPT counts in sectors of %d bytes, and the disk has sectors of %d: a system that is given this disk does not find its partitions; they were made through another controller, or the image was converted", size, max(info.LogicalSectorSize, 512)))
			}
			if ok || err != nil {
				return t, err
			}
			unread = append(unread, t.Findings...)
		}
	}
	t, err := r.mbr(rec, max(info.LogicalSectorSize, 512))
	t.Findings = append(unread, t.Findings...)
	return t, err
}

// sectorSizes puts the disk's own sector size first: a table written through
// another controller may count in the other one.
func sectorSizes(own int64) []int64 {
	if own == 4096 {
		return []int64{4096, 512}
	}
	return []int64{512, 4096}
}

// plausible tells a partition table from a boot sector, which ends in the
// same mark: entries have a known status, and a file system's does not start
// with its parameters.
func plausible(rec decode.Record[format.MBRRecord]) bool {
	for i := range 4 {
		e, _ := format.MBREntries.At(rec, i)
		if s := format.MBREntryStatus.Get(e); s != 0 && s != 0x80 {
			return false
		}
	}
	first, _ := format.MBREntries.At(rec, 0)
	return fileSystem(rec.Bytes()) == "" || format.MBREntryType.Get(first) != 0
}

func protective(rec decode.Record[format.MBRRecord]) bool {
	for i := range 4 {
		if e, _ := format.MBREntries.At(rec, i); format.MBREntryType.Get(e) == format.TypeProtective {
			return true
		}
	}
	return false
}

type reader struct {
	ctx  context.Context
	disk io.ReaderAt
	size int64
}

// sector reads 512 bytes; nil where the disk ends before.
func (r reader) sector(off int64) ([]byte, error) { return r.bytes(off, 512) }

func (r reader) bytes(off, n int64) ([]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if off < 0 || n > r.size || off > r.size-n {
		return nil, nil
	}
	b := make([]byte, n)
	if _, err := r.disk.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("partition table: %w", err)
	}
	return b, nil
}

// volume words what a partition's first sector says about its file system. A
// part of the disk that can't be read has none.
func (r reader) volume(p *disk.Partition) {
	b, err := r.bytes(p.Start, min(2048, p.Length))
	if err != nil || len(b) < 512 {
		return
	}
	p.System = fileSystem(b)
	switch p.System {
	case "FAT12", "FAT16":
		rec, _ := format.FAT16.Of(b)
		p.Label = label(format.FAT16Label.Get(rec))
	case "FAT32":
		rec, _ := format.FAT32.Of(b)
		p.Label = label(format.FAT32Label.Get(rec))
	case "ext2/3/4":
		p.Label = strings.TrimRight(string(b[extLabel:extLabel+16]), "\x00")
	}
}

func label(s string) string {
	s = strings.TrimRight(s, " \x00")
	if s == "NO NAME" {
		return ""
	}
	return s
}

// extLabel is where the superblock of ext2/3/4 has the volume's name.
const extLabel = 1024 + 120

// fileSystem guesses what a volume's first bytes are; empty if nothing known.
func fileSystem(b []byte) string {
	at := func(off int, s string) bool { return len(b) >= off+len(s) && string(b[off:off+len(s)]) == s }
	switch {
	case at(3, "NTFS    "):
		return "NTFS"
	case at(3, "EXFAT   "):
		return "exFAT"
	case at(82, "FAT32   "):
		return "FAT32"
	case at(54, "FAT12   "):
		return "FAT12"
	case at(54, "FAT16   "):
		return "FAT16"
	case at(3, "-FVE-FS-"):
		return "BitLocker"
	case at(0, "XFSB"):
		return "XFS"
	case at(0, "LUKS\xba\xbe"):
		return "LUKS"
	case at(512, "LABELONE"):
		return "LVM"
	case at(1024+56, "\x53\xef"):
		return "ext2/3/4"
	case at(1024, "H+\x00\x04"), at(1024, "HX\x00\x05"):
		return "HFS+"
	}
	return ""
}

func finding(code string, sev disk.Severity, at decode.Place, format string, args ...any) disk.Finding {
	return disk.Finding{Code: "guest/" + code, Severity: sev, Where: []decode.Place{at}, Text: fmt.Sprintf(format, args...)}
}
