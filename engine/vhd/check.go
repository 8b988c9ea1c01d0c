package vhd

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// Check examines the image and all of its table and bitmaps, and looks for
// errors in the layers below. Of each code [disk.PerCode] findings are listed.
func (v *Image) Check(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, Reporter: disk.NewReporter(yield), order: v.order()}
		if c.Repeat(v.looked(ctx)) && c.scans(ctx) && c.checkLayers(ctx) {
			c.Rest()
		}
	}
}

// looked are the findings of the opening, with what lies past the end of a fixed disk
// read to its end.
func (v *Image) looked(ctx context.Context) []disk.Finding {
	list := slices.Clone(v.info.Findings)
	for i, f := range list {
		if f.Code == "vhd/V015" && f.Severity == warning {
			list[i] = v.surplus(ctx, space.All)
		}
	}
	return list
}

// CheckTables is the part of Check that tells whether the structures which place
// the disk can be trusted. It reads no data.
func (v *Image) CheckTables(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v, Reporter: disk.NewReporter(yield), order: v.order()}
		if c.Repeat(v.info.Findings) && (v.kind == vhd.Fixed || c.checkEntries(ctx) && c.checkOverlaps(ctx)) {
			c.Rest()
		}
	}
}

// checker streams findings to whoever asked.
type checker struct {
	disk.Reporter
	image *Image
	order *space.Order
	among string // see storedBlocks
}

// scans are the checks that go through table, bitmaps and blocks. An image
// that is refused has no table to be gone through.
func (c *checker) scans(ctx context.Context) bool {
	v := c.image
	if v.refused != nil && !v.tableTrusted() {
		return true
	}
	if v.kind == vhd.Fixed {
		return true
	}
	return c.checkPadding() && c.checkRooms(ctx) && c.checkEntries(ctx) && c.checkOverlaps(ctx) && c.checkGaps(ctx) && c.checkSectors(ctx) && c.checkBatmap(ctx)
}

// tableTrusted reports whether the table of a refused image can be scanned:
// only a broken chain leaves it whole.
func (v *Image) tableTrusted() bool {
	for _, f := range v.findings {
		if f.Fatal && f.Code != "vhd/V047" {
			return false
		}
	}
	return true
}

// checkPadding looks at the rest of the table's last sector (V037).
func (c *checker) checkPadding() bool {
	v := c.image
	end := v.table.at(v.table.entries)
	b, err := readUpTo(v.src.File, end, int(v.table.end()-end))
	if err != nil {
		return c.Fail(err)
	}
	for _, x := range b {
		if x != b[0] || x != 0 && x != 0xFF {
			return c.Report(v.finding("V037", "the padding after the table is neither all ones nor all zeros", v.place(end, int64(len(b)))))
		}
	}
	return true
}

// checkEntries judges each entry by itself (V031, V032, V038).
func (c *checker) checkEntries(ctx context.Context) bool {
	t := &c.image.table
	for e, err := range t.scan(ctx, 0, t.entries) {
		if err != nil {
			return c.Fail(err)
		}
		if !c.checkEntry(e) {
			return false
		}
	}
	return true
}

func (c *checker) checkEntry(e tableEntry) bool {
	v, t := c.image, &c.image.table
	start := int64(e.sector) * vhd.Sector
	code := ""
	switch {
	case e.index >= t.needed && e.holes > 0:
		return true // spare entries of XenServer
	case e.holes > 0:
		code = "V031"
	case e.index >= t.needed:
		code = "V038"
	case v.touchesMetadata(start, t.stored()):
		code = "V031"
	case start+t.stored() > v.dataEnd:
		code = "V032"
	case v.areaAt(start, t.stored()) != "":
		code = "V031"
	}
	lost := int64(0)
	if code == "V032" {
		lost = min(t.blockSize, start+t.stored()-v.dataEnd)
	}
	if code == "" || c.FullLosing("vhd/"+code, lost) {
		return true
	}
	f := v.entryFinding(code, e)
	if f.Lost = lost; lost > 0 {
		f.Among = c.storedBlocks()
	}
	return c.Report(f)
}

// storedBlocks counts the blocks that the table says are stored, in words. They are
// counted once; nothing where that fails.
func (c *checker) storedBlocks() string {
	if c.among == "" {
		n := int64(0)
		t := &c.image.table
		for e, err := range t.scan(context.Background(), 0, t.usable()) {
			if err != nil {
				return ""
			}
			if e.holes == 0 {
				n++
			}
		}
		c.among = decode.Plural(n, "block that is stored", "blocks that are stored")
	}
	return c.among
}

// entryFinding words what is wrong with an entry.
func (v *Image) entryFinding(code string, e tableEntry) disk.Finding {
	t := &v.table
	at := v.entryPlace(e.index)
	start := int64(e.sector) * vhd.Sector
	block := v.place(start, t.stored())
	switch {
	case e.holes > 0:
		at.Length = vhd.EntrySize * e.holes
		return v.holesFinding(code, e, at)
	case code == "V038":
		return v.finding(code, fmt.Sprintf("entry %d of the table lies after the last one needed, %d, and points to 0x%x", e.index, t.needed-1, start), at, block)
	case code == "V032":
		if !v.footers.tail.present && v.footers.front.present {
			code = "V032:cut"
		}
		f := v.finding(code, fmt.Sprintf("block %d is said to be at 0x%x, its end at 0x%x; the room for blocks ends at 0x%x", e.index, start, start+t.stored(), v.dataEnd), at, block)
		if t.within(start) {
			f.Needs = start + t.stored() + vhd.FooterSize
		}
		return f
	case v.touchesMetadata(start, t.stored()):
		return v.finding(code, fmt.Sprintf("block %d is said to be at 0x%x, inside the image's own structures", e.index, start), at, block)
	}
	return v.finding(code, fmt.Sprintf("block %d at 0x%x overlaps the %s", e.index, start, v.areaAt(start, t.stored())), at, block)
}

// holesFinding tells of entries that are zero. A single one may be that of a block
// that is still there.
func (v *Image) holesFinding(code string, e tableEntry, at decode.Place) disk.Finding {
	if e.holes > 1 {
		return v.finding(code, fmt.Sprintf("%d entries of the table from %d on are zero: they point to the footer copy", e.holes, e.index), at)
	}
	text := fmt.Sprintf("entry %d of the table is zero: it points to the footer copy", e.index)
	o, ok, err := v.orphan(context.Background(), space.NewLooker(v.src.File, v.size), e.index)
	if err != nil || !ok {
		return v.finding(code, text, at)
	}
	f := v.finding(code, text+fmt.Sprintf("; in the order of the others its block would lie at 0x%x, where there is data", o.Start), at)
	f.About = o
	return f
}

// areaAt names the locator or batmap that meets [off, off+n).
func (v *Image) areaAt(off, n int64) string {
	meets := func(at, length int64) bool { return length > 0 && off < at+length && at < off+n }
	if name := v.pathAt(off, n); name != "" {
		return name
	}
	if v.batmap.found && (meets(v.batmap.off, vhd.Sector) || meets(v.batmap.mapOff, v.batmap.length)) {
		return "batmap"
	}
	return ""
}

// pathAt names the locator whose path meets [off, off+n).
func (v *Image) pathAt(off, n int64) string {
	for _, l := range v.locators {
		if l.fits && l.length > 0 && off < l.off+l.length && l.off < off+n {
			return fmt.Sprintf("path of parent locator %d", l.slot+1)
		}
	}
	return ""
}

// checkGaps looks at what nothing claims (V035), all of it.
func (c *checker) checkGaps(ctx context.Context) bool {
	g := gaps{checker: c, look: space.NewLooker(c.image.src.File, c.image.size), last: -1}
	for cl, err := range c.image.ascending(ctx, c.order) {
		if err != nil {
			return c.Fail(err)
		}
		next := int64(-1)
		if cl.fixed.Length == 0 {
			next = int64(cl.block.Index)
		}
		if cl.off > g.reach && !g.gap(ctx, g.reach, cl.off-g.reach, next) {
			return false
		}
		if g.reach = max(g.reach, cl.off+cl.n); next >= 0 {
			g.last = next
		}
	}
	return g.reach >= c.image.size || g.gap(ctx, g.reach, c.image.size-g.reach, -1)
}

// gaps are the ranges that nothing claims, as they are gone through.
type gaps struct {
	*checker
	look  *space.Looker
	reach int64 // up to where everything was looked at
	last  int64 // the block that was met last; -1: none

	sought bool
	lone   Orphan // see loneIn
	found  bool
}

// gap tells of a range that nothing claims, in front of a block, or of something else
// where next is -1.
func (c *gaps) gap(ctx context.Context, off, n, next int64) bool {
	v := c.image
	if c.Full("vhd/V035") {
		return true
	}
	f, err := c.look.Look(ctx, off, n, space.All)
	if err != nil {
		return c.Fail(err)
	}
	large := v.holdsBlock(n)
	if f.Whole() && !large && (off < v.table.end() || off+n != v.dataEnd) {
		return true
	}
	text, at := c.gapWords(off, n)+"; filled with "+f.String(), []decode.Place{v.place(off, n)}
	if f.Other >= 0 {
		count, last, err := c.look.Count(ctx, off, n)
		if err != nil {
			return c.Fail(err)
		}
		text = fmt.Sprintf("%s; %s not zero from 0x%x on, the last at 0x%x", c.gapWords(off, n), decode.Plural(count, "byte is", "bytes are"), f.First(off), last)
	}
	if large && f.Other >= 0 {
		if severity, ok := c.wiped(ctx, n/v.table.stored()); ok {
			count, last, err := c.look.Count(ctx, off, n)
			if err != nil {
				return c.Fail(err)
			}
			text = fmt.Sprintf("no entry of the table leads to a block, but the %d bytes at 0x%x have room for %s, and are data that no entry leads to: %s not zero from 0x%x on, the last at 0x%x",
				n, off, blocks(n/v.table.stored()), decode.Plural(count, "byte is", "bytes are"), f.First(off), last)
			return c.Report(graded(v.finding("V035:wiped", text, at...), severity))
		}
	}
	var about any
	if large && f.Other >= 0 {
		o, among, ok, err := c.orphanIn(ctx, c.look, off, n, c.last, next)
		if err == nil && !ok && c.doubt() != "" {
			o, ok, err = c.loneIn(ctx, off)
		}
		if err != nil {
			return c.Fail(err)
		}
		if ok {
			text, about, at = text+"; "+o.words(), o, append(at, v.entryPlace(o.Entry))
		} else {
			text += among
		}
	}
	found := v.finding("V035", text, at...)
	if found.About = about; !f.Whole() { // zeros are no data that could be missed
		found = graded(found, warning)
	}
	return c.Report(found)
}

// wiped reports whether no entry of the table leads to a block, and how bad that is where so many
// blocks are there: a write that was cut off leaves some in an image that was empty.
func (c *gaps) wiped(ctx context.Context, n int64) (disk.Severity, bool) {
	severity := warning
	if n*c.image.table.stored() > store.MaxStaged {
		severity = severe
	}
	for e, err := range c.image.table.scan(ctx, 0, c.image.table.usable()) {
		if err != nil || e.holes == 0 {
			return severity, false
		}
		severity = severe // entries of zero are no program's
	}
	return severity, n > 1
}

// loneIn is the block of the only entry that leads nowhere, if it can only lie in
// the range from off on. It is looked for once.
func (c *gaps) loneIn(ctx context.Context, off int64) (Orphan, bool, error) {
	if !c.sought {
		c.sought = true
		rooms, err := c.image.strayRooms(ctx, false)
		if err != nil {
			return Orphan{}, false, err
		}
		if c.lone, c.found, err = c.image.lone(ctx, rooms); err != nil {
			return Orphan{}, false, err
		}
	}
	return c.lone, c.found && c.lone.Start >= off && c.lone.Start < off+aligned, nil
}

// gapWords says that nothing refers to a gap: as long as all that could refer to it
// can be read.
func (c *checker) gapWords(off, n int64) string {
	v := c.image
	text := fmt.Sprintf("%d bytes at 0x%x belong to nothing", n, off)
	switch doubt := c.doubt(); {
	case doubt != "":
		text = fmt.Sprintf("%d bytes at 0x%x are named by no entry that can be believed, and may belong to a block all the same: settle %s first", n, off, doubt)
	case off+n == v.dataEnd && !v.holdsBlock(n):
		text = fmt.Sprintf("%d bytes lie between the last structure and the footer", n)
	case v.holdsBlock(n):
		text += ", room for " + blocks(n/v.table.stored())
	}
	return text
}

// blocks counts them.
func blocks(n int64) string {
	if n == 1 {
		return "1 block"
	}
	return fmt.Sprintf("%d blocks", n)
}

// doubtful are the findings with which the table does not tell what is free: an
// entry that leads astray may stand for a block anywhere.
var doubtful = []string{"V024", "V028", "V029", "V031", "V032", "V034", "V005", "V006"}

// doubt is the code of the first of them that was found; empty if none was.
func (c *checker) doubt() string {
	for _, code := range doubtful {
		if c.Count("vhd/"+code) > 0 {
			return code
		}
	}
	return ""
}
