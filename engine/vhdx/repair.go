package vhdx

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// remedies are the repairs of findings by code, as far as they replace bytes
// in place (vhdx.md 14). They get the finding's places.
var remedies = map[string]func(v *Image, where []decode.Place) []disk.Repair{
	"1":  (*Image).sign,
	"3":  (*Image).renewOther,
	"5":  (*Image).chooseHeader,
	"6":  (*Image).zeroHeaderRoom,
	"8":  (*Image).renewOther,
	"13": (*Image).renewTable,
	"15": (*Image).zeroTableBits,
	"19": (*Image).requireRegion,
	"36": entryRemedy("zero the entries behind the last one", "what is hidden in them is lost", func(b []byte) { clear(b) }),
	"37": entryRemedy("clear the reserved bits", "", mapEntry(func(e uint64) uint64 { return e &^ vhdx.ReservedBits(e) })),
	"39": entryRemedy("mark the block as fully present", "sectors that were never written show what lies in the file there",
		mapEntry(func(e uint64) uint64 { return e&^7 | vhdx.FullyPresent })),
	"40": entryRemedy("take the place out of the entry", "", mapEntry(func(e uint64) uint64 { return e - vhdx.FileOffset(e) })),
	"41": (*Image).clearEntries,
	"42": (*Image).clearEntries,
	"44": (*Image).clearEntries,
	"45": entryRemedy("take the place out of the entry", "", mapEntry(func(e uint64) uint64 { return e - vhdx.FileOffset(e) })),
	"46": (*Image).clearBitmapEntry,
	"53": (*Image).renewIdentity,
}

// repairs are those of a finding. A state in the middle of a replay is only
// there to be looked at.
func (v *Image) repairs(code string, where []decode.Place) []disk.Repair {
	if remedy, ok := remedies[code]; ok && v.steps < 0 && len(where) > 0 {
		return remedy(v, where)
	}
	return nil
}

// clean reports whether no log has to be replayed: what it holds would undo a
// repair of anything but the headers.
func (v *Image) clean() bool {
	h, ok := v.headers.ruling()
	return ok && vhdx.HeaderLogGUID.Get(h) == (uuid.UUID{})
}

// mend is the repair of rewriting bytes of the file, if it has them.
func (v *Image) mend(title, risk string, off, n int64, change func([]byte)) []disk.Repair {
	if off < 0 || n <= 0 || off > v.size || n > v.size-off {
		return nil
	}
	return []disk.Repair{disk.Mend(title, risk, v.src.File, v.place(off, n), change)}
}

// sign writes the signature at the start (1), where all else is there.
func (v *Image) sign([]decode.Place) []disk.Repair {
	if v.headers.current < 0 || !v.tables.sound {
		return nil
	}
	return v.mend("write the signature", "", 0, int64(len(vhdx.Signature)), func(b []byte) { copy(b, vhdx.Signature) })
}

// renewOther writes the header that is not current anew, as the copy of the
// current one that came before it (3, 8).
func (v *Image) renewOther([]decode.Place) []disk.Repair {
	h := &v.headers
	if h.current < 0 {
		return nil
	}
	return v.copyHeader(h.current, fmt.Sprintf("write header %d anew from header %d", 2-h.current, h.current+1), "")
}

// copyHeader makes header i current by writing the other one as its copy, with
// the sequence number before, or behind where there is none before.
func (v *Image) copyHeader(i int, title, risk string) []disk.Repair {
	c := v.headers.copies[i]
	raw := bytes.Clone(c.raw[:vhdx.HeaderSize])
	rec, ok := vhdx.HeaderTable.Of(raw)
	if !ok {
		return nil
	}
	sequence := c.sequence() - 1
	if c.sequence() == 0 {
		sequence = 1
	}
	vhdx.HeaderSequence.Put(rec, sequence)
	vhdx.HeaderTable.Seal(raw)
	return v.mend(title, risk, vhdx.HeaderOffset(1-i), vhdx.HeaderSize, func(b []byte) { copy(b, raw) })
}

// chooseHeader settles two headers with the same number (5).
func (v *Image) chooseHeader([]decode.Place) []disk.Repair {
	if v.headers.identical() {
		return v.copyHeader(0, "give header 2 another sequence number", "")
	}
	const risk = "what the other header says is lost: compare the two first"
	return append(v.copyHeader(0, "header 1 is right: write header 2 anew from it", risk), v.copyHeader(1, "header 2 is right: write header 1 anew from it", risk)...)
}

// mendHeaders changes all valid headers and seals them.
func (v *Image) mendHeaders(title, risk string, change func(decode.Record[vhdx.Header])) []disk.Repair {
	var parts []disk.Repair
	for i, c := range v.headers.copies {
		if !c.valid {
			continue
		}
		parts = append(parts, v.mend(title, risk, vhdx.HeaderOffset(i), vhdx.HeaderSize, func(b []byte) {
			if rec, ok := vhdx.HeaderTable.Of(b); ok {
				change(rec)
				vhdx.HeaderTable.Seal(b)
			}
		})...)
	}
	return []disk.Repair{disk.Mends(title, risk, parts...)}
}

// zeroHeaderRoom zeroes the reserved bytes of the headers, or those behind one
// (6).
func (v *Image) zeroHeaderRoom(where []decode.Place) []disk.Repair {
	const title, risk = "zero the bytes", "what is hidden in them is lost"
	at := where[0]
	for i := range v.headers.copies {
		if start := vhdx.HeaderOffset(i); at.Offset >= start && at.Offset < start+vhdx.HeaderSize {
			return v.mendHeaders(title, risk, func(h decode.Record[vhdx.Header]) { clear(vhdx.HeaderReserved.Get(h)) })
		}
	}
	return v.mend(title, risk, at.Offset, at.Length, func(b []byte) { clear(b) })
}

// renewIdentity gives the image new identities where they are null (53).
func (v *Image) renewIdentity([]decode.Place) []disk.Repair {
	fresh := []uuid.UUID{uuid.New(), uuid.New()}
	return v.mendHeaders("make a new identity", "differencing images that name this disk by zeros no longer find it", func(h decode.Record[vhdx.Header]) {
		for i, g := range []decode.GUID[vhdx.Header]{vhdx.HeaderFileGUID, vhdx.HeaderDataGUID} {
			if g.Get(h) == (uuid.UUID{}) {
				g.Put(h, fresh[i])
			}
		}
	})
}

// renewTable writes one region table anew from the other (13).
func (v *Image) renewTable([]decode.Place) []disk.Repair {
	t := &v.tables
	if !t.sound || !v.clean() {
		return nil
	}
	good, other := t.copies[t.used].raw, 1-t.used
	list := v.mend(fmt.Sprintf("write region table %d anew from the other one", other+1), "", vhdx.RegionOffset(other), vhdx.RegionTableSize, func(b []byte) { copy(b, good) })
	if t.copies[other].valid {
		list = append(list, v.mend(fmt.Sprintf("region table %d is right: write the other one anew from it", other+1), "the image is read by the other table then: look at both first",
			vhdx.RegionOffset(t.used), vhdx.RegionTableSize, func(b []byte) { copy(b, t.copies[other].raw) })...)
	}
	return list
}

// mendTables changes both region tables alike and seals them. If they are not
// equal that has to be settled first.
func (v *Image) mendTables(title string, change func(b []byte)) []disk.Repair {
	t := &v.tables
	if !v.clean() || !t.copies[0].valid || !bytes.Equal(t.copies[0].raw, t.copies[1].raw) {
		return nil
	}
	var parts []disk.Repair
	for i := range t.copies {
		parts = append(parts, v.mend(title, "", vhdx.RegionOffset(i), vhdx.RegionTableSize, func(b []byte) {
			change(b)
			vhdx.RegionTable.Seal(b)
		})...)
	}
	return []disk.Repair{disk.Mends(title, "", parts...)}
}

// inTable is where a place lies in the region table that is used.
func (v *Image) inTable(at decode.Place) (off int64, ok bool) {
	off = at.Offset - vhdx.RegionOffset(v.tables.used)
	return off, off >= 0 && off+at.Length <= vhdx.RegionTableSize
}

// zeroTableBits zeroes what is reserved in the region tables (15): four bytes
// of the head, or all bits of Required but the first.
func (v *Image) zeroTableBits(where []decode.Place) []disk.Repair {
	off, ok := v.inTable(where[0])
	switch {
	case !ok || off == int64(vhdx.RegionCount.Offset()) || where[0].Length != 4:
		return nil
	case off < vhdx.RegionHeadSize:
		return v.mendTables("zero the reserved bytes", func(b []byte) { clear(b[off : off+4]) })
	}
	return v.mendTables("clear the undefined bits", func(b []byte) {
		binary.LittleEndian.PutUint32(b[off:], binary.LittleEndian.Uint32(b[off:])&1)
	})
}

// requireRegion sets Required of a region (19).
func (v *Image) requireRegion(where []decode.Place) []disk.Repair {
	off, ok := v.inTable(where[0])
	if !ok || where[0].Length != vhdx.RegionEntrySize {
		return nil
	}
	return v.mendTables("mark the region as required", func(b []byte) { b[off+28] |= 1 })
}

// entryRemedy changes the bytes of the BAT that a finding is about.
func entryRemedy(title, risk string, change func(b []byte)) func(*Image, []decode.Place) []disk.Repair {
	return func(v *Image, where []decode.Place) []disk.Repair {
		if !v.clean() {
			return nil
		}
		return v.mend(title, risk, where[0].Offset, where[0].Length, change)
	}
}

// mapEntry changes a BAT entry.
func mapEntry(to func(uint64) uint64) func([]byte) {
	return func(b []byte) {
		if len(b) == vhdx.EntrySize {
			binary.LittleEndian.PutUint64(b, to(binary.LittleEndian.Uint64(b)))
		}
	}
}

// clearEntries makes a block not present, for each entry that a finding names
// (41, 42, 44).
func (v *Image) clearEntries(where []decode.Place) []disk.Repair {
	if !v.clean() || !v.sized {
		return nil
	}
	risk := "what is stored for it is lost: the range reads as zeros from then on"
	if v.params.hasParent {
		risk = "what is stored for it is lost: the range is read from the parent from then on"
	}
	var list []disk.Repair
	for _, at := range where {
		index := (at.Offset - v.bat.off) / vhdx.EntrySize
		if at.Length != vhdx.EntrySize || at.Offset < v.bat.off || at.Offset >= v.bat.off+v.bat.length {
			continue
		}
		if _, bitmap := v.geo.IsBitmap(index); !bitmap {
			list = append(list, v.mend(fmt.Sprintf("clear BAT entry %d", index), risk, at.Offset, at.Length, func(b []byte) { clear(b) })...)
		}
	}
	return list
}

// clearBitmapEntry is for an image without a parent, which has no use for
// sector bitmaps (46).
func (v *Image) clearBitmapEntry(where []decode.Place) []disk.Repair {
	if v.params.hasParent || !v.clean() {
		return nil
	}
	return v.mend("clear the entry", "if the image was a differencing one, which sectors are its own is lost", where[0].Offset, where[0].Length, func(b []byte) { clear(b) })
}
