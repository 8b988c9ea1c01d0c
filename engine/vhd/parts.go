package vhd

import (
	"context"
	"iter"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
)

// Parts are the structures of an image as they were read, with what they claim
// of its file: what engine/vhd/writer works on. Offsets and sizes are in bytes.
type Parts struct {
	Source  disk.Source
	Size    int64  // of the file
	DataEnd int64  // where the room for blocks ends: the trailing footer, else the file's end
	Virtual int64  // of the disk
	Kind    uint32 // disk_type of the footer that rules
	Growth  int64  // how long a repair may make the file

	FileTime           uint32                    // when the file was last changed, as a child stores it
	Footer             decode.Record[vhd.Footer] // that rules
	Rules, Front, Tail FooterCopy
	Torn               bool // tapdisk overwrote the tail with 0xC7 and did not come back

	HeaderAt   int64
	Header     decode.Record[vhd.Header]
	HeaderOK   bool // its fields may be believed
	HeaderBare bool // nothing but its cookie is damaged
	HeaderSums bool // and its checksum is right

	Table    Table
	Batmap   Batmap
	Locators []Locator

	Parent     *Image      // in use, be it named by the image or by hand; nil if there is none
	Candidates []Candidate // for the place of the parent

	image *Image
}

// FooterCopy is one of the places where a footer may be (vhd.md 2).
type FooterCopy struct {
	Present  bool // it has a cookie
	Valid    bool // the checksum is right
	Unmarked bool // the cookie is damaged
	Off      int64
	Length   int64 // 512, or 511 for the oldest
	Raw      []byte
}

// Record is the footer's fields.
func (c FooterCopy) Record() decode.Record[vhd.Footer] { return footerCopy{raw: c.Raw}.record() }

// Table is the block allocation table with the measures of the blocks.
type Table struct {
	Placed      bool // it lies wholly in the file
	Extends     bool // it may get the entries that it lacks
	Off         int64
	End         int64 // of its last sector
	Entries     int64 // that it has
	Needed      int64 // that the disk needs
	BlockSize   int64 // data of a block
	BitmapBytes int64 // sector bitmap in front of them
	Stored      int64 // both
	*table
}

// Entry is what a scan of the table finds: an entry, or a row of zeros.
type Entry struct {
	Index int64
	Start int64 // of the block, as the entry has it
	Holes int64 // number of zero entries from Index on; 0 for an entry that is not zero
}

// Place is where an entry lies in the file.
func (t Table) Place(index int64) int64 { return t.at(index) }

// Index is the entry that lies at a place in the file.
func (t Table) Index(off int64) int64 { return (off - t.off) / vhd.EntrySize }

// Entry is where an entry places its block in the file.
func (t Table) Entry(i int64) (start int64, err error) {
	sector, err := t.entry(i)
	return int64(sector) * vhd.Sector, err
}

// Scan yields the entries that are not unallocated.
func (t Table) Scan(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range t.scan(ctx, 0, t.entries) {
			if !yield(Entry{e.index, int64(e.sector) * vhd.Sector, e.holes}, err) {
				return
			}
		}
	}
}

// BitRow tells how many sectors from one on, below last, have the same bit in
// the sector bitmap of the block at start, and which.
func (t Table) BitRow(start, sector, last int64) (set bool, n int64, err error) {
	return t.bitRow(start, sector, last)
}

// Batmap is tapdisk's map of full blocks (vhd.md 16).
type Batmap struct {
	Whole  bool  // there is one, and its header can be believed
	Found  bool  // there is one
	Off    int64 // of its header
	MapOff int64 // of the map itself
	Length int64 // of that; 0 unless it lies in the file
	Room   int64 // that a map for this disk needs
}

// Locator is a used slot of the dynamic header with the path that it holds.
type Locator struct {
	Slot  int // from 0
	Code  uint32
	Off   int64
	Area  int64 // its room in the file, at least its path
	Room  int64 // as the header has it
	Fits  bool  // the path lies in the file
	Sound bool  // nothing is wrong with it
}

// Candidate is an image that was found where the parent should be: it has
// another identity, but the size of this disk.
type Candidate struct {
	Name   string // under which it was opened
	File   string // its name among the image's files
	Footer decode.Record[vhd.Footer]

	FileTime uint32 // when the file was last changed, as a child stores it
}

// Leftover is what a finding V033 is about: sectors of a block that have bytes
// although they are absent, and the first of them.
type Leftover struct{ Block, Start, Sector, Count int64 }

// Apart fails if blocks share bytes with one another (V034), or with structures (V031).
func (p Parts) Apart(ctx context.Context) error {
	for f, err := range p.image.CheckTables(ctx) {
		if err != nil {
			return err
		}
		if f.Code == "vhd/V031" || f.Code == "vhd/V034" {
			return disk.Untrusted(f, p.Source.Path)
		}
	}
	return nil
}

// Settled fails while a finding leaves it open what of the file is free: an entry that
// leads astray may stand for a block anywhere.
func (p Parts) Settled(ctx context.Context) error {
	for f, err := range p.image.CheckTables(ctx) {
		if err != nil {
			return err
		}
		if slices.Contains(doubtful, strings.TrimPrefix(f.Code, "vhd/")) {
			return disk.Untrusted(f, p.Source.Path)
		}
	}
	return nil
}

// EachLeftover visits the absent sectors of the block at start that have bytes.
func (p Parts) EachLeftover(ctx context.Context, block, start int64, visit func(sector int64)) error {
	return p.image.eachLeftover(ctx, space.NewLooker(p.image.src.File, p.image.size), block, start, visit)
}

// Parts are the image's structures.
func (v *Image) Parts() Parts {
	t := &v.table
	p := Parts{
		Source: v.src, Size: v.size, DataEnd: v.dataEnd, Virtual: v.virtual, Kind: v.kind, Growth: growth(v.size), FileTime: v.fileTime(),
		Footer: v.footer, Rules: v.footers.rules().part(), Front: v.footers.front.part(), Tail: v.footers.tail.part(), Torn: v.footers.torn,
		HeaderAt: v.header.off, Header: v.header.rec, HeaderOK: v.header.ok(), HeaderBare: v.header.unmarked, HeaderSums: headerSealed(v, nil),
		Table:      Table{t.placed, v.canExtendTable(), t.off, t.end(), t.entries, t.needed, t.blockSize, t.bitmapBytes, t.stored(), t},
		Batmap:     Batmap{v.batmap.found && v.batmapHeaderFault() == "", v.batmap.found, v.batmap.off, v.batmap.mapOff, v.batmap.length, t.batmapRoom()},
		Candidates: v.candidates(), image: v,
	}
	p.Parent, _ = v.parent.(*Image)
	for _, l := range v.locators {
		entry, _ := vhd.HeaderLocators.At(v.header.rec, l.slot)
		p.Locators = append(p.Locators, Locator{l.slot, l.code, l.off, l.area(), l.room, l.fits, v.locatorFault(l, entry) == ""})
	}
	return p
}

func (c footerCopy) part() FooterCopy {
	return FooterCopy{c.present, c.valid, c.unmarked, c.off, c.length, c.raw}
}

// batmapRoom is how much room the map of a batmap needs.
func (t *table) batmapRoom() int64 {
	return max(roundUp((t.needed+7)/8, vhd.Sector), vhd.Sector)
}

// candidates are the images in the place of the parent that could be it.
func (v *Image) candidates() (list []Candidate) {
	for _, o := range v.others {
		if vhd.FooterCurrentSize.Get(o.footer) == uint64(v.virtual) && idOf(o.footer) != v.UniqueID() {
			list = append(list, Candidate{o.name, o.file, o.footer, o.time})
		}
	}
	return list
}

// Claimed says which structure lies in [off, off+n) of the file; empty where
// that is left to blocks, or to nothing.
func (p Parts) Claimed(off, n int64) string {
	return lies(p.image.areaAt(off, n), p.ClaimedBeside(off, n))
}

// ClaimedBeside is Claimed as if there was no batmap.
func (p Parts) ClaimedBeside(off, n int64) string {
	if p.image.touchesMetadata(off, n) {
		return "the image's own structures lie there"
	}
	return lies(p.image.pathAt(off, n), "")
}

func lies(name, before string) string {
	if before != "" || name == "" {
		return before
	}
	return "the " + name + " lies there"
}

// MetadataEnd is the end of footer copy, header and table.
func (p Parts) MetadataEnd() int64 { return p.image.metaEnd }

// Misplaced reports whether no block can start at a place of the file.
func (p Parts) Misplaced(start int64) bool {
	return p.image.misplaced(uint32(start/vhd.Sector)) != ""
}

// Dynamic reports whether the disk is dynamic or differencing.
func (p Parts) Dynamic() bool { return p.image.dynamicKind() }

// WantedID is the identity of the parent; zero where none is named.
func (p Parts) WantedID() [16]byte { return p.image.wantedID() }

// Slot is that of the locator which a finding is about, from 0.
func (p Parts) Slot(f disk.Finding) int { return p.image.slotAt(f.Where[0]) }

// NamedBeside reports whether something else than the locator in a slot names
// the parent.
func (p Parts) NamedBeside(slot int) bool { return p.image.namedBeside(slot) }

// BatmapSum is the checksum of the batmap, and how many bytes of it count.
func (p Parts) BatmapSum() (sum uint32, covered int64, err error) {
	sums, err := p.image.batmapSum()
	return sums[0], p.image.sumBytes(), err
}

// WholeHeader reports whether all but the cookie of the dynamic header is right.
func (p Parts) WholeHeader() bool { return wholeHeader(p.Header) }

// GuessSize is the size that file or table have room for in place of one that no
// disk can have, and where it is from; 0 if there is none.
func (p Parts) GuessSize() (size int64, from string) {
	return p.image.table.guessSize(p.Virtual, p.Footer)
}

// WithHeader are the parts as they would be with another dynamic header in the
// place of this one.
func (p Parts) WithHeader(h decode.Record[vhd.Header]) Parts {
	v := p.image
	guess := &Image{src: v.src, size: v.size, footers: v.footers, footer: v.footer, kind: v.kind, virtual: v.virtual, dataEnd: v.dataEnd}
	guess.header = header{off: v.header.off, placed: true, rec: h}
	guess.placeTable()
	guess.metaEnd = guess.metadataEnd()
	return guess.Parts()
}

// guessSize tries the sizes that a dynamic disk may have had.
func (t *table) guessSize(virtual int64, footer decode.Record[vhd.Footer]) (size int64, from string) {
	if t.blockSize == 0 || !t.placed || t.entries == 0 || t.entries > MaxDynamic/t.blockSize+1 {
		return 0, ""
	}
	whole := min(t.entries*t.blockSize, MaxDynamic)
	for _, c := range []struct {
		size int64
		from string
	}{
		{roundUp(virtual, vhd.Sector), "the whole sectors that it takes"},
		{int64(min(vhd.FooterOriginalSize.Get(footer), MaxDynamic+1)), "that of its creation"},
		{vhd.FooterGeometry(footer).Size(), "that of the geometry"},
		{whole, "what the table has entries for"},
	} {
		if c.size%vhd.Sector == 0 && c.size <= whole && c.size > (t.entries-1)*t.blockSize {
			return c.size, c.from
		}
	}
	return 0, ""
}

// baseName is what follows the last slash.
func baseName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
