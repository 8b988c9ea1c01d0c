package vhdx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// Check examines the image and all of its table and bitmaps. Of each code
// [disk.PerCode] findings are listed.
func (v *Image) Check(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, ctx: ctx, Reporter: disk.NewReporter(yield)}
		if c.Repeat(v.info.Findings) && c.reserved() && c.checkLog() && c.scans() && c.checkUnused() && c.checkLayers() {
			c.Rest()
		}
	}
}

// CheckTables is the part of Check that tells whether the structures which place
// the disk can be trusted. It reads no data.
func (v *Image) CheckTables(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, ctx: ctx, Reporter: disk.NewReporter(yield)}
		if c.Repeat(v.info.Findings) && c.scans() {
			c.Rest()
		}
	}
}

// checker streams findings to whoever asked.
type checker struct {
	disk.Reporter
	image *Image
	ctx   context.Context

	sought bool
	lone   Orphan // see loneIn
	found  bool
	among  string // see storedBlocks
	blank  *bool  // see wiped
}

// full is Full with the number of a check.
func (c *checker) full(code string) bool { return c.Full("vhdx/" + code) }

func (c *checker) add(code string, where []decode.Place, format string, args ...any) bool {
	return c.Report(c.image.finding(code, fmt.Sprintf(format, args...), where...))
}

// storedBlocks counts the blocks that the BAT says are stored, in words. They are
// counted once; nothing where that fails.
func (c *checker) storedBlocks() string {
	if c.among == "" {
		n := int64(0)
		for p, err := range c.image.storedPieces(c.ctx) {
			if err != nil {
				return ""
			}
			for i := p.first; i < p.first+p.count; i++ {
				if _, bitmap := c.image.geo.IsBitmap(i); !bitmap && vhdx.State(p.at(i)) >= vhdx.FullyPresent {
					n++
				}
			}
		}
		c.among = decode.Plural(n, "block that is stored", "blocks that are stored")
	}
	return c.among
}

// lost adds that n bytes of the disk, from a place in the file on, can't be read.
func (c *checker) lost(n, from int64, code string, where []decode.Place, format string, args ...any) bool {
	f := c.image.finding(code, fmt.Sprintf(format, args...), where...)
	// An entry that leads further than twice all that the disk needs is damaged: it tells
	// nothing about how long the file was.
	if f.Lost = n; from/2 <= c.image.geo.DiskSize+c.image.data.grown {
		f.Needs = from + n
	}
	f.Row, f.Among = "cut", c.storedBlocks()
	return c.Report(f)
}

func (c *checker) addAs(s disk.Severity, code string, where []decode.Place, format string, args ...any) bool {
	return c.Report(graded(c.image.finding(code, fmt.Sprintf(format, args...), where...), s))
}

// reserved looks at the room in the first MiB that should be zero (2, 6), and
// at the end of the file (51).
func (c *checker) reserved() bool {
	v := c.image
	last := vhdx.RegionOffset(1) + vhdx.RegionTableSize
	ok := c.creatorRest() && c.tableRest() && c.zeros("2", vhdx.IdentifierSize, vhdx.SlotSize, "after the file type identifier") &&
		c.zeros("6", vhdx.HeaderOffset(0)+vhdx.HeaderSize, vhdx.HeaderOffset(0)+vhdx.SlotSize, "after header 1") &&
		c.zeros("6", vhdx.HeaderOffset(1)+vhdx.HeaderSize, vhdx.HeaderOffset(1)+vhdx.SlotSize, "after header 2") &&
		c.zeros("2", last, vhdx.MiB, "after the region tables")
	if odd := v.size % vhdx.MiB; ok && odd != 0 {
		return c.odd(v.place(v.size-odd, odd))
	}
	return ok
}

// odd reports what follows the last whole MiB of the file (51). Where no block lies there
// it is looked at: somebody may have put something there.
func (c *checker) odd(at decode.Place) bool {
	v := c.image
	text := fmt.Sprintf("the file has 0x%x bytes, no multiple of 1 MiB", v.size)
	if !c.scannable() {
		return c.add("51", []decode.Place{at}, "%s", text)
	}
	taken, err := v.claimed(c.ctx, at.Offset, at.Length, -1)
	if err != nil {
		return c.Fail(err)
	}
	first, last, err := v.notZero(c.ctx, at.Offset, at.End())
	switch {
	case err != nil:
		return c.Fail(err)
	case taken || first < 0:
		return c.add("51", []decode.Place{at}, "%s", text)
	}
	return c.addAs(warning, "51:bytes", []decode.Place{at}, "%s; after the last whole one it is not zero from 0x%x to 0x%x, and no block lies there", text, first, last)
}

// zeros reports the bytes of a range that are not zero, from the first to the
// last one.
func (c *checker) zeros(code string, from, to int64, where string) bool {
	v := c.image
	first, last, err := v.notZero(c.ctx, from, to)
	switch {
	case err != nil:
		return c.Fail(err)
	case first < 0:
		return true
	}
	return c.addAs(warning, code, []decode.Place{v.place(first, last-first+1)}, "unused bytes %s are not zero, from 0x%x to 0x%x", where, first, last)
}

// notZero finds the first and the last byte of a range that are not zero; -1
// if there are none. Holes of the file are skipped.
func (v *Image) notZero(ctx context.Context, from, to int64) (first, last int64, err error) {
	first, last = -1, -1
	buf := make([]byte, min(max(to-from, 0), maxPiece))
	for at := from; at < min(to, v.size); {
		if len(v.data.parts) == 0 {
			data, err := store.NextData(v.src.File, at, v.size)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return first, last, err
			}
			at = max(at, data.Offset)
		}
		n := min(int64(len(buf)), min(to, v.size)-at)
		if n <= 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return first, last, err
		}
		if got, err := v.data.ReadAt(buf[:n], at); int64(got) < n {
			return first, last, shortRead(at, got, int(n), err)
		}
		if head := n - int64(len(bytes.TrimLeft(buf[:n], "\x00"))); head < n {
			if first < 0 {
				first = at + head
			}
			last = at + int64(len(bytes.TrimRight(buf[:n], "\x00"))) - 1
		}
		at += n
	}
	return first, last, nil
}

// checkLog tells what of earlier sessions is left in the log (52).
func (c *checker) checkLog() bool {
	v := c.image
	if v.log.length == 0 {
		return true
	}
	stale, torn := 0, 0
	var at, changed []decode.Place
	var left leftovers
	for e, err := range v.log.entries(c.ctx, v.src.File) {
		if err == nil && e.whole() {
			err = left.look(v, e, v.stepOf(e) == 0)
		}
		if err != nil {
			return c.Fail(err)
		}
		if v.stepOf(e) > 0 {
			continue
		}
		if stale++; !e.whole() {
			torn++
		}
		if e.why.format == wrongSum && len(changed) < 16 {
			changed = append(changed, v.place(v.log.off+e.pos, min(e.length, v.log.length-e.pos)))
		}
		if len(at) < 16 {
			at = append(at, v.place(v.log.off+e.pos, vhdx.LogSector))
		}
	}
	if !c.strangers() || !c.changed(changed) || !c.hiddenInLog(left) {
		return false
	}
	if stale == 0 {
		return true
	}
	text := fmt.Sprintf("%d entries in the log are left over from earlier updates", stale)
	if stale == 1 {
		text = "1 entry in the log is left over from an earlier update"
	}
	if torn > 0 {
		text += fmt.Sprintf(", %d of them not whole", torn)
	}
	return c.add("52", at, "%s", text)
}

// scans are the checks that go through table and bitmaps. An image that is
// refused has no table to be gone through.
func (c *checker) scans() bool {
	return !c.scannable() || c.checkEntries() && c.checkOverlaps()
}

// checkUnused looks at what the structures leave over.
func (c *checker) checkUnused() bool {
	return !c.scannable() || c.checkSlack() && c.checkPadding() && c.blockTails() && c.checkLeaks()
}

func (c *checker) scannable() bool {
	return c.image.sized && (c.image.refused == nil || c.image.tableTrusted())
}

// checkSlack looks at the room in the metadata region that nothing uses (52).
func (c *checker) checkSlack() bool {
	v := cover{c.image}
	for _, r := range v.metadataClaims() {
		if r.Kind != disk.KindSlack {
			continue
		}
		n, err := c.repeated(r)
		if err != nil {
			return c.Fail(err)
		}
		if r.Offset, r.Length = r.Offset+n, r.Length-n; n > 0 && !c.addAs(info, "52:repeated", []decode.Place{v.place(r.Offset-n, n)}, "the last entry of the metadata table stands there twice; it is counted once") {
			return false
		}
		if r.Length > 0 && !c.zeros("52:metadata", r.Offset, r.Offset+r.Length, "in the metadata region") {
			return false
		}
	}
	return true
}

// tableTrusted reports whether the table of a refused image can be scanned:
// only a broken chain leaves it whole.
func (v *Image) tableTrusted() bool {
	for _, f := range v.findings {
		if f.Fatal && f.Code != "vhdx/34" {
			return false
		}
	}
	return true
}

// checkEntries judges each BAT entry by itself (37 to 43, 46 to 49).
func (c *checker) checkEntries() bool {
	v := c.image
	var lacks unstored
	usual := v.usualEntry()
	pieces := v.storedPieces(c.ctx)
	if v.params.fixed {
		pieces = v.pieces(c.ctx)
	}
	for p, err := range pieces {
		if err != nil {
			return c.Fail(err)
		}
		for i := p.first; i < p.first+p.count; i++ {
			e := p.at(i)
			if e == 0 && !v.params.fixed {
				continue
			}
			number, bitmap := v.geo.IsBitmap(i)
			if !bitmap && usual(e) {
				continue
			}
			if !bitmap {
				lacks.add(number, e, v.entryPlaceAt(i))
			}
			if e != 0 && !c.checkEntry(i, number, e, bitmap) {
				return false
			}
		}
	}
	if v.params.fixed && !v.params.hasParent {
		return c.unstored(lacks)
	}
	return true
}

// usualEntry tells entries that nothing can be wrong with: of blocks that are
// wholly present after all structures and inside the file. They may be 67 million.
func (v *Image) usualEntry() func(uint64) bool {
	if v.params.hasParent || v.data.grown < v.geo.BlockSize {
		return func(uint64) bool { return false }
	}
	first := uint64(v.held[len(v.held)-1].reach) | vhdx.FullyPresent
	last := uint64(v.data.grown-v.geo.BlockSize)&^(vhdx.MiB-1) | vhdx.FullyPresent
	return func(e uint64) bool { return e&(vhdx.MiB-1) == vhdx.FullyPresent && e >= first && e <= last }
}

func (c *checker) checkEntry(index, number int64, entry uint64, bitmap bool) bool {
	at := []decode.Place{c.image.entryPlaceAt(index)}
	if r := vhdx.ReservedBits(entry); r != 0 && !c.full("37") {
		if !c.add("37", at, "BAT entry %d has the reserved bits 0x%x", index, r) {
			return false
		}
	}
	if bitmap {
		return c.checkBitmapEntry(index, number, entry, at)
	}
	return c.checkState(number, entry, at) && c.checkPlace(index, number, entry, at)
}

// checkState judges the state of a payload block (38, 39, 40, 41, 47, 48).
func (c *checker) checkState(block int64, entry uint64, at []decode.Place) bool {
	v := c.image
	off := vhdx.FileOffset(entry)
	switch state := vhdx.State(entry); {
	case state == vhdx.ReservedState:
		return c.full("38") || c.add("38", at, "block %d has the state 4, which is not defined", block)
	case state == vhdx.UnmappedDraft && v.params.hasParent:
		return c.full("38") || c.add("38", at, "block %d has the state 5, which is not defined", block)
	case state == vhdx.UnmappedDraft:
		return c.full("38") || c.addAs(warning, "38", at, "block %d has the state 5, which only a draft of the format knew", block)
	case state == vhdx.PartiallyPresent && !v.params.hasParent:
		return c.full("39") || c.add("39", at, "block %d is partially present, but the image has no parent", block)
	case (state == vhdx.NotPresent || state == vhdx.ZeroBlock) && off != 0:
		return c.full("40") || c.add("40", at, "block %d is %s, but has the place 0x%x", block, vhdx.StateName(state), off)
	case state >= vhdx.FullyPresent && off == 0:
		return c.full("41") || c.add("41", at, "block %d is %s, but has no place", block, vhdx.StateName(state))
	case state == vhdx.PartiallyPresent:
		return c.checkBits(block, entry, at)
	}
	return true
}

// checkBits looks at the sector bitmap of a partially present block (47, 48).
func (c *checker) checkBits(block int64, entry uint64, at []decode.Place) bool {
	v := c.image
	off, why, err := v.bitmapAt(v.geo.Chunk(block))
	switch {
	case err != nil:
		return c.Fail(err)
	case why != "":
		return c.full("47") || c.add("47", at, "block %d is partially present, but %s", block, why)
	}
	start := off + v.geo.BitmapByte(block)
	sectors := min(v.geo.BlockSize, v.geo.DiskSize-block*v.geo.BlockSize) / v.geo.SectorSize
	set, n, err := v.bitRow(start, 0, sectors)
	switch {
	case err != nil:
		return c.Fail(err)
	case n < sectors || c.full("48"):
		return true
	}
	words := map[bool]string{true: "all of its sectors are here", false: "none of its sectors is here"}[set]
	return c.add("48", append(at, v.place(start, v.geo.BitmapBytes())), "block %d is partially present, but %s", block, words)
}

// checkPlace judges where a payload block lies (42, 43, 44, 45).
func (c *checker) checkPlace(index, block int64, entry uint64, at []decode.Place) bool {
	v := c.image
	off, state := vhdx.FileOffset(entry), vhdx.State(entry)
	stored := state >= vhdx.FullyPresent
	if off == 0 || !stored && state != vhdx.Undefined && state != vhdx.Unmapped && state != vhdx.UnmappedDraft {
		return true
	}
	what, _, length := v.claimOf(index, entry)
	needed := min(v.geo.BlockSize, v.geo.DiskSize-block*v.geo.BlockSize)
	if what == useNone && !stored {
		return c.full("42") || c.add("42:anchor", at, "the old place of block %d is said to be at 0x%x, the file ends at 0x%x", block, off, v.data.grown)
	}
	if what == useNone {
		return c.FullLosing("vhdx/42", needed) || c.lost(needed, int64(off), "42", at, "block %d is said to be at 0x%x, the file ends at 0x%x", block, off, v.data.grown)
	}
	where := append(at, v.place(int64(off), length))
	if meets, _ := v.clearOf(int64(off), int64(off)+v.geo.BlockSize); meets != "" {
		if !stored {
			return c.full("45") || c.add("45", where, "the old place 0x%x of block %d overlaps the %s", off, block, meets)
		}
		return c.full("44") || c.add("44", where, "block %d at 0x%x overlaps the %s", block, off, meets)
	}
	if length == v.geo.BlockSize || !stored {
		return true
	}
	if length < needed {
		return c.FullLosing("vhdx/42", needed-length) || c.lost(needed-length, int64(off)+length, "42:part", where, "block %d at 0x%x: the last 0x%x bytes that the disk needs lie past the end of the file", block, off, needed-length)
	}
	return c.full("43") || c.addAs(v.quirk("QEMU", warning), "43", where, "block %d at 0x%x reaches 0x%x bytes past the end of the file; the disk does not need them", block, off, v.geo.BlockSize-length)
}

// checkBitmapEntry judges the entry of a sector bitmap (42, 44, 46).
func (c *checker) checkBitmapEntry(index, chunk int64, entry uint64, at []decode.Place) bool {
	v := c.image
	state, off := vhdx.State(entry), vhdx.FileOffset(entry)
	switch {
	case !v.params.hasParent:
		return c.full("46") || c.add("46", at, "the entry for sector bitmap %d is 0x%x, but only differencing images have sector bitmaps", chunk, entry)
	case state != vhdx.NotPresent && state != vhdx.FullyPresent:
		return c.full("46") || c.addAs(severe, "46", at, "the entry for sector bitmap %d has the state %d, expected 0 or 6", chunk, state)
	case state == vhdx.NotPresent && off != 0:
		return c.full("40") || c.add("40:bitmap", at, "sector bitmap %d is not present, but has the place 0x%x", chunk, off)
	case state == vhdx.NotPresent:
		return true
	case off == 0:
		return c.full("41") || c.add("41:bitmap", at, "sector bitmap %d is present, but has no place", chunk)
	case off >= uint64(v.data.grown) || v.data.grown-int64(off) < vhdx.MiB:
		return c.full("42") || c.add("42:bitmap", at, "sector bitmap %d is said to be at 0x%x, the file ends at 0x%x", chunk, off, v.data.grown)
	}
	if meets, _ := v.clearOf(int64(off), int64(off)+vhdx.MiB); meets != "" {
		return c.full("44") || c.add("44", append(at, v.place(int64(off), vhdx.MiB)), "sector bitmap %d at 0x%x overlaps the %s", chunk, off, meets)
	}
	return true
}

// checkPadding looks at the entries after the last one (36).
func (c *checker) checkPadding() bool {
	v := c.image
	first, last, err := v.notZero(c.ctx, v.bat.off+v.geo.Entries(v.params.hasParent)*vhdx.EntrySize, v.bat.off+v.bat.length)
	switch {
	case err != nil:
		return c.Fail(err)
	case first < 0:
		return true
	}
	return c.addAs(warning, "36", []decode.Place{v.place(first, last-first+1)}, "the BAT is not zero after the last entry that the disk needs, from 0x%x to 0x%x", first, last)
}

// tablesWhole is an error that names the first fault of the structures after
// the log (13 to 45).
func (v *Image) tablesWhole(ctx context.Context) error {
	for _, f := range v.findings {
		if f.Severity == severe && f.Code != "vhdx/11" && f.Code != "vhdx/34" {
			return v.refusal(f)
		}
	}
	if !v.sized {
		return disk.Errorf(disk.Damaged, v.place(0, 0), "the structures that place the blocks of the disk are not there")
	}
	var fault error
	c := &checker{image: v, ctx: ctx, Reporter: disk.NewReporter(func(f disk.Finding, err error) bool {
		if err == nil && f.Severity == severe {
			err = v.refusal(f)
		}
		fault = err
		return err == nil
	})}
	if c.checkEntries() {
		c.checkOverlaps()
	}
	return fault
}
