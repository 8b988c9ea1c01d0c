package guest

import (
	"bytes"
	"fmt"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// The boot region of exFAT, in sectors: eleven, the one with their checksum, and then a
// copy of the twelve (exFAT specification section 2).
const (
	exFATSummed = 11
	exFATRegion = 12
)

// followExFAT lists the checksum of the boot region and its backup. A volume whose checksum
// is wrong is not mounted, so that the checksum comes first.
func (r reader) followExFAT(p disk.Partition, boot []byte, at int64) ([]disk.Follow, error) {
	rec, _ := format.ExFAT.Of(boot)
	shift := format.ExFATSectorShift.Get(rec)
	if shift < 9 || shift > 12 {
		return nil, nil
	}
	unit := int64(1) << shift
	if at >= p.Start+exFATRegion*unit || p.Length < 2*exFATRegion*unit {
		return nil, nil
	}
	region, err := r.bytes(p.Start, exFATRegion*unit)
	if err != nil || region == nil {
		return nil, err
	}
	var list []disk.Follow
	summed := exFATRegion*unit - unit
	sealed := append(bytes.Clone(region[:summed]), exFATSum(region[:summed], unit)...)
	if !bytes.Equal(sealed, region) {
		list = append(list, disk.Follow{Sum: true, Title: "checksum of the exFAT boot region",
			Why:   "a volume whose boot region has a wrong checksum is not mounted: it is computed again over the eleven sectors",
			Edits: []disk.Edit{{File: VirtualDisk, Offset: p.Start + summed, Data: sealed[summed:]}}})
	}
	backup, err := r.bytes(p.Start+exFATRegion*unit, exFATRegion*unit)
	if err != nil || backup == nil || bytes.Equal(backup, sealed) {
		return list, err
	}
	return append(list, disk.Follow{Title: "backup of the exFAT boot region", Why: "exFAT keeps a copy of its boot region, with the checksum, in the twelve sectors after it",
		Edits: []disk.Edit{{File: VirtualDisk, Offset: p.Start + exFATRegion*unit, Data: sealed}}}), nil
}

// exFATSum is the sector of the checksum: the same number again and again. The volume's
// flags and how full it is are left out, since they change while it is mounted.
func exFATSum(region []byte, unit int64) []byte {
	flags, used := format.ExFATFlags, format.ExFATPercent
	var sum uint32
	for i, b := range region {
		if i == flags.Offset() || i == flags.Offset()+1 || i == used.Offset() {
			continue
		}
		sum = sum<<31 | sum>>1
		sum += uint32(b)
	}
	number := make([]byte, 4)
	decode.Little.Put(number, uint64(sum))
	return bytes.Repeat(number, int(unit)/len(number))
}

// followExt lists the checksum of the first superblock, and its copies in other block groups.
func (r reader) followExt(p disk.Partition, at int64) ([]disk.Follow, error) {
	start, size := p.Start+extStart, int64(format.ExtSuperblock.Size())
	if at < start || at >= start+size {
		return nil, nil
	}
	b, err := r.bytes(start, size)
	if err != nil || b == nil {
		return nil, err
	}
	own, _ := format.ExtSuperblock.Of(b)
	if format.ExtMark.Get(own) != format.ExtMagic {
		return nil, nil
	}
	var list []disk.Follow
	sealed := extSealed(b, format.ExtGroup.Get(own))
	if !bytes.Equal(sealed, b) {
		list = append(list, disk.Follow{Sum: true, Title: "checksum of the ext superblock", Why: "a superblock with a wrong checksum is not mounted: it is computed again",
			Edits: []disk.Edit{{File: VirtualDisk, Offset: start, Data: sealed}}})
	}
	copies := disk.Follow{Title: "copies of the ext superblock", Why: "ext keeps copies of the superblock in other block groups, with their own group numbers and checksums, for a repair to read"}
	for _, group := range r.extCopies(p, sealed) {
		where := group.at
		want := extSealed(sealed, group.number)
		have, err := r.bytes(where, size)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(have, want) {
			copies.Edits = append(copies.Edits, disk.Edit{File: VirtualDisk, Offset: where, Data: want})
		}
	}
	if n := len(copies.Edits); n > 0 {
		copies.Title += fmt.Sprintf(" (%d)", n)
		list = append(list, copies)
	}
	return list, nil
}

// extSealed is a superblock for a block group, with its checksum right where it has one.
func extSealed(b []byte, group uint16) []byte {
	out := bytes.Clone(b)
	rec, _ := format.ExtSuperblock.Of(out)
	format.ExtGroup.Put(rec, group)
	if format.ExtReadOnly.Get(rec)&format.ExtChecksummed != 0 {
		format.ExtChecksum.Put(rec, extSum(^uint32(0), out[:format.ExtChecksum.Offset()]))
	}
	return out
}

// extCopy is a copy of a superblock.
type extCopy struct {
	number uint16 // of the block group that it stands in
	at     int64
}

// extCopies finds the copies in groups 1 and the powers of 3, 5 and 7. Only what is the
// same volume's superblock already counts: whatever else lies there is not touched.
func (r reader) extCopies(p disk.Partition, own []byte) []extCopy {
	rec, _ := format.ExtSuperblock.Of(own)
	log, perGroup, first := format.ExtLogBlockSize.Get(rec), int64(format.ExtBlocksPerGroup.Get(rec)), int64(format.ExtFirstBlock.Get(rec))
	if log > 6 || perGroup == 0 || perGroup > 8*(1024<<log) || first > 1 {
		return nil
	}
	block, size := int64(1024)<<log, int64(format.ExtSuperblock.Size())
	var list []extCopy
	add := func(group int64) bool {
		at := p.Start + (first+group*perGroup)*block
		if at+size > p.End() || group > 0xFFFF {
			return false
		}
		if b, err := r.bytes(at, size); err == nil && b != nil {
			there, _ := format.ExtSuperblock.Of(b)
			if format.ExtMark.Get(there) == format.ExtMagic && int64(format.ExtGroup.Get(there)) == group && bytes.Equal(format.ExtUUID.Get(there), format.ExtUUID.Get(rec)) {
				list = append(list, extCopy{uint16(group), at})
			}
		}
		return true
	}
	add(1)
	for _, base := range []int64{3, 5, 7} {
		for group := base; add(group); group *= base {
		}
	}
	return list
}
