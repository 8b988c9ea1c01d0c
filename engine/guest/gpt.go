package guest

import (
	"cmp"
	"fmt"
	"hash/crc32"

	"github.com/google/uuid"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// gpt reads the GUID partition table counted in sectors of the given size:
// the primary one, or its backup if the primary is damaged. It reports false
// if there is neither; the table has then only what could not be read.
func (r reader) gpt(sector int64) (Table, bool, error) {
	last := (r.size/sector - 1) * sector
	primary, ok, err := r.gptAt(sector, sector)
	if err != nil {
		return Table{}, false, err
	}
	backupAt := last
	if ok && primary.alternate > 0 && primary.alternate*sector <= last {
		backupAt = primary.alternate * sector
	}
	backup, backupOK, err := r.gptAt(backupAt, sector)
	if err != nil || !ok && !backupOK {
		return Table{Findings: append(primary.unreadable(sector), backup.unreadable(backupAt)...)}, false, err
	}
	t := primary.table
	if !ok {
		t = backup.table
		t.Findings = append(t.Findings, finding("P5", disk.SeverityWarning, gptPlace(sector),
			"the primary GPT header %s; its backup at 0x%x is shown", primary.fault(), backupAt))
	}
	if backupOK {
		t.Backup = backupAt
	}
	if ok && !backupOK {
		t.Findings = append(t.Findings, finding("P6", disk.SeverityWarning, gptPlace(backupAt),
			"the backup GPT header expected at 0x%x %s", backupAt, backup.fault()))
	}
	if ok && backupOK && !samePartitions(primary.table, backup.table) {
		t.Findings = append(t.Findings, finding("P7", disk.SeverityWarning, gptPlace(backupAt),
			"the backup GPT lists other partitions than the primary one"))
	}
	return t, true, nil
}

type gptCopy struct {
	table     Table
	alternate int64
	unread    error // why its header or its list can't be read
}

// fault says what is wrong with a copy that does not count.
func (c gptCopy) fault() string {
	if c.unread != nil {
		return fmt.Sprintf("or its partition list can't be read (%v)", c.unread)
	}
	return "is missing or damaged"
}

// unreadable finds that a copy whose header would be at an offset can't be read.
func (c gptCopy) unreadable(at int64) []disk.Finding {
	if c.unread == nil {
		return nil
	}
	return []disk.Finding{finding("P9", disk.SeverityWarning, gptPlace(at),
		"the GPT header at 0x%x, or its partition list, can't be read: %v", at, c.unread)}
}

func gptPlace(at int64) decode.Place {
	return decode.Place{File: VirtualDisk, Offset: at, Length: int64(format.GPTHeader.Size())}
}

// gptAt reads one copy. A copy counts if its header's checksum is right. The
// error is the context's: where one copy can't be read the other may serve.
func (r reader) gptAt(at, sector int64) (gptCopy, bool, error) {
	b, err := r.sector(at)
	if err != nil || b == nil {
		return gptCopy{unread: err}, false, r.ctx.Err()
	}
	rec, _ := format.GPTHeader.Of(b)
	size := int(format.GPTHeaderSize.Get(rec))
	if format.GPTSignature.Get(rec) != "EFI PART" || size < format.GPTHeader.Size() || size > len(b) || !sealed(b[:size]) {
		return gptCopy{}, false, nil
	}
	c := gptCopy{table: Table{Scheme: "GPT", Sector: sector}, alternate: clampLBA(format.GPTAlternateLBA.Get(rec))}
	entry := int64(format.GPTEntrySize.Get(rec))
	count := int64(min(format.GPTEntryCount.Get(rec), maxEntries))
	list := clampLBA(format.GPTEntryLBA.Get(rec)) * sector
	if entry < 128 || entry > 4096 || entry&(entry-1) != 0 {
		return gptCopy{}, false, nil
	}
	entries, err := r.bytes(list, entry*count)
	if err != nil || entries == nil {
		return gptCopy{unread: err}, false, r.ctx.Err()
	}
	if count == int64(format.GPTEntryCount.Get(rec)) && crc32.ChecksumIEEE(entries) != format.GPTEntriesCRC.Get(rec) {
		c.table.Findings = append(c.table.Findings, finding("P8", disk.SeverityWarning,
			decode.Place{File: VirtualDisk, Offset: list, Length: entry * count}, "the checksum of the partition list does not match"))
	}
	for i := range count {
		r.gptEntry(&c.table, entries[i*entry:(i+1)*entry], int(i)+1, list+i*entry)
	}
	return c, true, nil
}

// sealed reports whether the checksum of a header is right.
func sealed(b []byte) bool {
	own := append([]byte(nil), b...)
	rec, _ := format.GPTHeader.Of(own)
	sum := format.GPTHeaderCRC.Get(rec)
	format.GPTHeaderCRC.Put(rec, 0)
	return crc32.ChecksumIEEE(own) == sum
}

// clampLBA keeps sector numbers in a range where multiplying is safe.
func clampLBA(v uint64) int64 { return int64(min(v, 1<<50)) }

func (r reader) gptEntry(t *Table, b []byte, number int, at int64) {
	rec, ok := format.GPTEntry.Of(b)
	kind := format.GPTEntryType.Get(rec)
	if !ok || kind == (uuid.UUID{}) {
		return
	}
	first, last := clampLBA(format.GPTEntryFirst.Get(rec)), clampLBA(format.GPTEntryLast.Get(rec))
	p := disk.Partition{
		Number: number,
		Start:  first * t.Sector,
		Length: max(0, last-first+1) * t.Sector,
		Type:   format.GPTType(kind),
		GUID:   format.GPTEntryGUID.Get(rec).String(),
		Name:   format.GPTEntryName.Get(rec),
		Entry:  decode.Place{File: VirtualDisk, Offset: at, Length: int64(len(b))},
	}
	if p.Type == "" {
		p.Type = kind.String()
	}
	if p.End() > r.size || last < first {
		t.Findings = append(t.Findings, finding("P1", disk.SeverityWarning, p.Entry,
			"partition %d lies at sectors %d to %d, the disk has %d", number, first, last, r.size/t.Sector))
	}
	r.volume(&p)
	p.Label = cmp.Or(p.Label, p.Name)
	t.Partitions = append(t.Partitions, p)
}

func samePartitions(a, b Table) bool {
	if len(a.Partitions) != len(b.Partitions) {
		return false
	}
	for i, p := range a.Partitions {
		q := b.Partitions[i]
		if p.Number != q.Number || p.Start != q.Start || p.Length != q.Length || p.GUID != q.GUID || p.Type != q.Type {
			return false
		}
	}
	return true
}
