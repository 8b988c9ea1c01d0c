package vhdx

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// verifyEntry reads an entry again and tells rule by rule whether it is whole
// (vhdx.md 5.3), also after the first fault: that a torn entry's checksum is
// wrong says little, how far its sequence numbers are right says where it was
// torn.
func (v *Image) verifyEntry(ctx context.Context, e logEntry) ([]disk.LogRule, error) {
	r := &v.log
	head := disk.LogRule{Name: "header", Place: v.place(r.at(e.pos), vhdx.LogHeadSize), Holds: true,
		Words: fmt.Sprintf("sequence number %d, 0x%x bytes, %d descriptors", e.seq, e.length, e.descriptors)}
	if why := r.headFault(e); why.format != "" {
		head.Words, head.Holds = why.String()+": the rest can't be told", false
		return []disk.LogRule{head}, nil
	}
	t, err := r.tallyEntry(ctx, v.src.File, e)
	if err != nil {
		return nil, err
	}
	area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector
	size := disk.LogRule{Name: "length", Words: fmt.Sprintf("0x%x bytes, as many as descriptors and data take", e.length), Holds: area+t.pages*vhdx.LogSector == e.length,
		Place: v.place(r.at(e.pos)+int64(vhdx.LogEntryLength.Offset()), int64(vhdx.LogEntryLength.Size()))}
	if !size.Holds {
		size.Words = fmt.Sprintf("EntryLength is 0x%x, descriptors and data take 0x%x", e.length, area+t.pages*vhdx.LogSector)
	}
	sum := disk.LogRule{Name: "checksum", Words: fmt.Sprintf("CRC-32C 0x%08x matches", t.stored), Holds: t.stored == t.computed,
		Place: v.place(r.at(e.pos)+int64(vhdx.LogChecksum.Offset()), int64(vhdx.LogChecksum.Size()))}
	if !sum.Holds {
		sum.Words = fmt.Sprintf("CRC-32C: 0x%08x stored, 0x%08x computed", t.stored, t.computed)
	}
	return []disk.LogRule{head, t.descriptors.rule("descriptors", e, v.place(r.at(e.pos), vhdx.LogHeadSize)), t.data.rule("data sectors", e, v.place(r.at(e.pos+area), 0)), size, sum}, nil
}

// entryTally is what the sectors of an entry came to.
type entryTally struct {
	stored, computed  uint32
	pages             int64 // data sectors that the descriptors ask for
	descriptors, data sectorTally
}

// sectorTally counts sectors of a kind and those at fault.
type sectorTally struct {
	count, faults int64
	first         string // fault
	at            int64  // in the file, of the first fault
}

func (t *sectorTally) add(why fault, sector, at int64) {
	if t.count++; why.format == "" {
		return
	}
	if t.faults++; t.faults == 1 {
		why.sector = 0
		t.first, t.at = fmt.Sprintf("sector %d of the entry: %s", sector, why), at
	}
}

func (t *sectorTally) rule(name string, e logEntry, where decode.Place) disk.LogRule {
	rule := disk.LogRule{Name: name, Holds: t.faults == 0, Place: where}
	switch {
	case t.count == 0:
		rule.Words = "there are none"
	case t.faults == 0:
		rule.Words = fmt.Sprintf("all signatures and sequence numbers are those of the entry, %d (sectors: %d)", e.seq, t.count)
	default:
		rule.Words = fmt.Sprintf("%d of %d sectors are wrong, the first: %s", t.faults, t.count, t.first)
		rule.Place.Offset, rule.Place.Length = t.at, vhdx.LogSector
	}
	return rule
}

// tallyEntry reads all sectors of an entry.
func (r *ring) tallyEntry(ctx context.Context, f store.File, e logEntry) (entryTally, error) {
	var t entryTally
	buf := make([]byte, vhdx.LogSector)
	area := vhdx.DescriptorSectors(e.descriptors) * vhdx.LogSector
	for at := int64(0); at < e.length; at += vhdx.LogSector {
		place := r.at(e.pos + at)
		if err := readFull(ctx, f, buf, place); err != nil {
			return t, err
		}
		if at == 0 {
			head, _ := vhdx.LogEntryTable.Of(buf)
			t.stored = vhdx.LogChecksum.Get(head)
			clear(buf[vhdx.LogChecksum.Offset():][:vhdx.LogChecksum.Size()])
		}
		if at < area {
			n, why := r.descriptorFault(e, at, buf)
			t.pages += n
			t.descriptors.add(why, at/vhdx.LogSector, place)
		} else {
			t.data.add(dataFault(e, buf), at/vhdx.LogSector, place)
		}
		t.computed = vhdx.ChecksumAdd(t.computed, buf)
	}
	return t, nil
}
