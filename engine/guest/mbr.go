package guest

import (
	"fmt"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// mbr reads the four primary entries and follows the chain of logical ones.
func (r reader) mbr(rec decode.Record[format.MBRRecord], sector int64) (Table, error) {
	t := Table{Scheme: "MBR", Sector: sector}
	for i := range 4 {
		e, _ := format.MBREntries.At(rec, i)
		kind := format.MBREntryType.Get(e)
		if kind == 0 || format.MBREntrySectors.Get(e) == 0 {
			continue
		}
		p := r.primary(&t, e, i+1, 0, entryPlace(0, i))
		if extended(kind) {
			if err := r.logical(&t, p.Start); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

func extended(kind uint8) bool {
	return kind == format.TypeExtended || kind == format.TypeExtendedLBA || kind == format.TypeLinuxExt
}

// entryPlace is where entry i of the boot record at an offset lies.
func entryPlace(record int64, i int) decode.Place {
	return decode.At(decode.Place{File: VirtualDisk, Offset: record}, format.MBREntries.Item(i))
}

// primary adds the partition of one entry; base is what its first LBA counts
// from, at where the entry lies on the disk.
func (r reader) primary(t *Table, e decode.Record[format.MBREntryRecord], number int, base int64, at decode.Place) disk.Partition {
	p := disk.Partition{
		Number: number,
		Start:  base + int64(format.MBREntryLBA.Get(e))*t.Sector,
		Length: int64(format.MBREntrySectors.Get(e)) * t.Sector,
		Type:   format.MBREntryType.Field().Meaning(e.Bytes()),
		Entry:  at,
	}
	if p.Type == "unknown" {
		p.Type = fmt.Sprintf("type 0x%02x", format.MBREntryType.Get(e))
	}
	if p.End() > r.size {
		t.Findings = append(t.Findings, finding("P1", disk.SeverityWarning, p.Entry,
			"partition %d ends at byte 0x%x, the disk at 0x%x", number, p.End(), r.size))
	}
	r.volume(&p)
	t.Partitions = append(t.Partitions, p)
	return p
}

// logical follows the chain of extended boot records. Each holds one logical
// partition, counted from the record, and the next record, counted from the
// start of the extended partition. Records must ascend, which ends loops.
func (r reader) logical(t *Table, start int64) error {
	at, number := start, 5
	for range maxLogical {
		place := decode.Place{File: VirtualDisk, Offset: at, Length: 512}
		b, err := r.sector(at)
		if stop := r.ctx.Err(); stop != nil {
			return stop
		}
		if err != nil {
			t.Findings = append(t.Findings, finding("P9", disk.SeverityWarning, place, "the extended boot record at 0x%x can't be read: %v", at, err))
			return nil
		}
		if b == nil {
			return nil
		}
		rec, _ := format.MBR.Of(b)
		if format.MBRSignature.Get(rec) != 0xAA55 {
			t.Findings = append(t.Findings, finding("P2", disk.SeverityWarning, place, "the extended boot record at 0x%x lacks the mark 55 AA", at))
			return nil
		}
		if e, _ := format.MBREntries.At(rec, 0); format.MBREntrySectors.Get(e) != 0 {
			r.primary(t, e, number, at, entryPlace(at, 0))
			number++
		}
		next, _ := format.MBREntries.At(rec, 1)
		if format.MBREntrySectors.Get(next) == 0 {
			return nil
		}
		to := start + int64(format.MBREntryLBA.Get(next))*t.Sector
		if to <= at {
			t.Findings = append(t.Findings, finding("P3", disk.SeverityWarning, place, "the extended boot record at 0x%x leads back to 0x%x", at, to))
			return nil
		}
		at = to
	}
	t.Findings = append(t.Findings, finding("P4", disk.SeverityWarning, decode.Place{File: VirtualDisk, Offset: start, Length: 512},
		"more than %d logical partitions: the rest is not shown", maxLogical))
	return nil
}
