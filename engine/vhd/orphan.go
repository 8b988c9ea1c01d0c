package vhd

import (
	"context"
	"fmt"

	"platter/decode/vhd"
	"platter/engine/space"
)

// Orphan is a block that may have lost its entry of the table, for a finding V031
// or V035: the entry has no block, and at the place that the order of the others
// gives to it lie bytes that no entry names. One that is alone has no order that
// tells: no other entry lacks its block, and no other block its entry.
type Orphan struct {
	Entry, Start int64
	Alone        bool
}

// aligned is what Hyper-V starts the data of blocks on, in bytes.
const aligned = 4096

// expected is where the block of an entry would lie, in the order of the others.
// Blocks follow each other, or start on multiples of 4 KiB.
func (v *Image) expected(entry int64) (start int64, ok bool, err error) {
	return v.expectedBut(entry, -1)
}

// expectedBut is expected where an entry is not to be believed.
func (v *Image) expectedBut(entry, doubted int64) (start int64, ok bool, err error) {
	near := [4]int64{-1, -1, -1, -1} // two entries before it, and two after it
	for i, d := range [...]int64{-2, -1, 1, 2} {
		if entry+d == doubted {
			continue
		}
		if near[i], err = v.placeOf(entry + d); err != nil {
			return 0, false, err
		}
	}
	before, after := near[1], near[2]
	step, wide := v.table.stored(), roundUp(v.table.stored(), aligned)
	switch {
	case before >= 0 && after >= 0 && after-before == 2*wide,
		after < 0 && near[0] >= 0 && before-near[0] == wide,
		before < 0 && near[3] >= 0 && near[3]-after == wide:
		step = wide
	}
	start, ok = space.Expected(before, after, step)
	return start, ok, nil
}

// placeOf is where the entry says that its block lies; -1 for one without a
// possible place.
func (v *Image) placeOf(entry int64) (int64, error) {
	if entry < 0 || entry >= v.table.usable() {
		return -1, nil
	}
	sector, err := v.table.entry(entry)
	if err != nil || sector == 0 || sector == vhd.Unallocated || v.misplaced(sector) != "" {
		return -1, err
	}
	return int64(sector) * vhd.Sector, nil
}

// orphan looks for the block of an entry that has none, where its neighbours say
// that it lies. Whether other blocks lie there is not looked at.
func (v *Image) orphan(ctx context.Context, look *space.Looker, entry int64) (Orphan, bool, error) {
	if entry < 0 || entry >= v.table.usable() {
		return Orphan{}, false, nil
	}
	sector, err := v.table.entry(entry)
	if err != nil || sector != 0 && sector != vhd.Unallocated {
		return Orphan{}, false, err
	}
	t := &v.table
	start, ok, err := v.expected(entry)
	if err != nil || !ok || start%vhd.Sector != 0 || start < v.metaEnd || start+t.stored() > v.dataEnd || v.areaAt(start, t.stored()) != "" {
		return Orphan{}, false, err
	}
	first, err := look.NotZero(ctx, start+t.bitmapBytes, t.blockSize)
	return Orphan{Entry: entry, Start: start}, err == nil && first >= 0, err
}

// orphanIn is the block that lies in [off, off+n), which nothing claims, and has lost its entry:
// the only one that names no block between that of the block in front in the file, last, and
// that of the one after it, next; both -1 for none. Where there are several nothing tells which:
// among words that.
func (c *checker) orphanIn(ctx context.Context, look *space.Looker, off, n, last, next int64) (o Orphan, among string, ok bool, err error) {
	t := &c.image.table
	if next < 0 {
		next = t.usable()
	}
	first, final, count := int64(-1), int64(-1), 0
	for entry := last + 1; entry < next; entry++ {
		sector, err := t.entry(entry)
		if err != nil {
			return o, "", false, err
		}
		if sector != 0 && sector != vhd.Unallocated {
			continue
		}
		if final = entry; count == 0 {
			first = entry
		}
		count++
	}
	if count != 1 {
		if count > 1 {
			among = fmt.Sprintf("; in the order of the others one of %d entries of the table, from %d to %d, may have led there, and nothing tells which", count, first, final)
		}
		return o, among, false, nil
	}
	o, ok, err = c.image.orphan(ctx, look, first)
	return o, "", err == nil && ok && o.Start >= off && o.Start+t.stored() <= off+n, err
}

// words tell of the entry that is missing.
func (o Orphan) words() string {
	if o.Alone {
		return fmt.Sprintf("entry %d of the table is the only one that leads nowhere, and this is the only such range with data: it may be block %d", o.Entry, o.Entry)
	}
	return fmt.Sprintf("entry %d of the table names no block, and in the order of the others its block would lie at 0x%x: the entry may have been lost", o.Entry, o.Start)
}
