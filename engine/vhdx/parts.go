package vhdx

import (
	"context"
	"iter"
	"slices"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// Parts are the structures of an image as they were read, with what they claim
// of its file: what engine/vhdx/writer works on. Offsets and sizes are in bytes.
type Parts struct {
	Source disk.Source
	Size   int64 // of the file
	Grown  int64 // of the file after the log was replayed
	Limit  int64 // how long a repair may make the file

	Headers [2][]byte // as much as the file has of them
	Current int       // the header that counts; -1: none
	Alike   bool      // both headers have the same bytes
	Version uint16    // of the format
	Settled bool      // nothing is wrong with headers and log

	Log   Log
	Dirty bool // the log has to be replayed
	Lost  bool // and nothing of it can be

	Tables     [2][]byte // the region tables, as much as the file has of them
	Table      int       // the one that is used
	OtherValid bool      // the other one could be used too
	Regions    int64     // entries of the one that is used
	BAT, Meta  Region
	MetaSigned bool // the metadata table has its signature

	Geometry  vhdx.Geometry // zero where the metadata do not say what the disk is like
	Fixed     bool          // all blocks stay allocated
	HasParent bool
	Items     int64       // entries of the metadata table
	Pairs     []vhdx.Pair // of the parent locator

	image *Image
}

// Region is a part of the file that a region table places.
type Region struct {
	GUID   uuid.UUID
	Entry  int64 // where its entry lies in the file
	Off    int64
	Length int64
}

// Log is a place of the log.
type Log struct {
	Off    int64
	Length int64     // 0 unless the place is possible
	GUID   uuid.UUID // of the entries that count; null: none do
	Needs  uint64    // what the file had when the last entry was written, if it is shorter now
}

// Item is an entry of the metadata table.
type Item struct {
	Entry  decode.Place
	Place  decode.Place // of the content
	Offset int64        // of that from the start of the region
}

// Candidate is a file that could be the parent.
type Candidate struct {
	File     string
	ID       uuid.UUID
	Named    bool         // the locator has this identity
	Readable func() error // fails unless it can be the next layer
}

// Parts are the image's structures.
func (v *Image) Parts() Parts {
	h, t := &v.headers, &v.tables
	p := Parts{
		Source: v.src, Size: v.size, Grown: v.data.grown, Limit: v.limit(),
		Headers: [2][]byte{h.copies[0].raw, h.copies[1].raw}, Current: h.current, Alike: h.identical(), Settled: v.steps < 0 && prospect{v}.unsettled() == "",
		Log: logPart(v.log), Dirty: v.log.dirty(), Lost: v.log.dirty() && len(v.active) == 0,
		Tables: [2][]byte{t.copies[0].raw, t.copies[1].raw}, Table: t.used, BAT: regionPart(v.bat), Meta: regionPart(v.meta.region), MetaSigned: v.meta.signed,
		Geometry: v.geo, Fixed: v.params.fixed, HasParent: v.params.hasParent, Items: int64(len(v.meta.items)), Pairs: v.locator.pairs,
		image: v,
	}
	if rec, ok := h.ruling(); ok {
		p.Version = vhdx.HeaderVersion.Get(rec)
	}
	if t.used >= 0 {
		p.Regions, p.OtherValid = t.copies[t.used].entries(), t.copies[1-t.used].valid
	}
	return p
}

func regionPart(r region) Region { return Region{r.guid, r.entry, r.off, r.length} }

func logPart(r ring) Log { return Log{r.off, r.length, r.guid, r.needs} }

// Entry is an entry of the BAT.
func (p Parts) Entry(index int64) (uint64, error) { return p.image.entry(index) }

// EntryPlace is where an entry of the BAT lies.
func (p Parts) EntryPlace(index int64) decode.Place { return p.image.entryPlaceAt(index) }

// EntriesAt lists the entries of the BAT among places.
func (p Parts) EntriesAt(where []decode.Place) []int64 { return prospect{p.image}.entriesAt(where) }

// AnchorsAt lists those among them that are of freed blocks.
func (p Parts) AnchorsAt(where []decode.Place) []int64 { return prospect{p.image}.anchorsAt(where) }

// FirstBit is the first bit of the sector bitmap at a place of the file.
func (p Parts) FirstBit(off int64) (bool, error) {
	set, _, err := p.image.bitRow(off, 0, 1)
	return set, err
}

// Structures are where everything but blocks lies.
func (p Parts) Structures() (list []store.Range) {
	for _, e := range p.image.structures() {
		list = append(list, store.Range{Offset: e.off, Length: e.end - e.off})
	}
	return list
}

// Meets reports whether a structure lies in [off, off+n) of the file.
func (p Parts) Meets(off, n int64) bool {
	meets, _ := p.image.clearOf(off, off+n)
	return meets != ""
}

// FreshRoom is the first MiB from which on nothing lies that belongs to the file
// or is claimed by an entry of the BAT.
func (p Parts) FreshRoom(ctx context.Context) (int64, error) { return p.image.freshRoom(ctx) }

// Whole fails if the disk needs what lies past the end of the file and before
// an offset (42).
func (p Parts) Whole(ctx context.Context, before int64) error {
	_, err := p.image.reach(ctx, uint64(before))
	return err
}

// Unclaimed reports whether no structure but the log, and no entry of the BAT
// claims a range of the file.
func (p Parts) Unclaimed(ctx context.Context, off, n int64) (bool, error) {
	return p.image.nobodys(ctx, off, n)
}

// Claimed reports whether an entry of the BAT claims a part of a range of the
// file, other than the one with an index.
func (p Parts) Claimed(ctx context.Context, off, n, except int64) (bool, error) {
	return p.image.claimed(ctx, off, n, except)
}

// Empty reports whether n bytes of the file are zeros.
func (p Parts) Empty(ctx context.Context, off, n int64) (bool, error) {
	first, err := space.NewLooker(p.image.data, p.image.data.grown).NotZero(ctx, off, n)
	return first < 0, err
}

// Owners yields the payload blocks that the file has from a place on, by the
// index of their entries.
func (p Parts) Owners(ctx context.Context, from int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for o, err := range p.image.owners(ctx) {
			switch {
			case err != nil:
				yield(0, err)
				return
			case o.what == usePayload && o.off >= from && !yield(o.index, nil):
				return
			}
		}
	}
}

// LikelyLogs are the places where the log may be when the header does not tell.
func (p Parts) LikelyLogs() (list []Log) {
	for _, r := range (lost{p.image}).likelyLogs() {
		list = append(list, logPart(r))
	}
	return list
}

// Session is that of the newest entry in a log that could be replayed.
func (p Parts) Session(l Log) (uuid.UUID, bool) {
	return lost{p.image}.lastSession(ring{off: l.Off, length: l.Length})
}

// HasEntries reports whether a log has entries to be replayed.
func (p Parts) HasEntries(l Log) bool {
	r := ring{off: l.Off, length: l.Length, guid: l.GUID}
	s, err := r.search(context.Background(), p.image.src.File)
	return err == nil && s.found
}

// Replay hands on what the log writes: bytes that are valid during the call, or
// where they are nil zeros up to end.
func (p Parts) Replay(ctx context.Context, write func(off, end int64, b []byte) error) error {
	page := make([]byte, vhdx.LogSector)
	for _, part := range p.image.data.parts {
		var b []byte
		if part.sector >= 0 {
			b = page[:part.end-part.off]
			if n, err := p.image.data.ReadAt(b, part.off); n < len(b) {
				return shortRead(part.off, n, len(b), err)
			}
		}
		if err := write(part.off, part.end, b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// TablesWhole is an error that names the first fault of the structures after
// the log (13 to 45).
func (p Parts) TablesWhole(ctx context.Context) error { return p.image.tablesWhole(ctx) }

// Lengthened are the parts as they would be if the file had the length that the
// log needs.
func (p Parts) Lengthened(ctx context.Context) (Parts, error) {
	v := p.image
	src := v.src
	src.File, src.Opener = lengthened{borrowed{v.src.File}, v.size, roundUp(int64(v.log.needs))}, nil
	img, err := open(ctx, src, -1)
	if err != nil {
		return Parts{}, err
	}
	after := img.(*Image)
	if !after.sized || after.log.fault != "" {
		return Parts{}, disk.Errorf(disk.Damaged, v.place(v.size, 0), "with the file as long as it was, still nothing of the disk can be read")
	}
	after.size = v.size // what is after it is not there yet
	return after.Parts(), nil
}

// LogFits reports whether the log can be where header i puts it.
func (p Parts) LogFits(i int) bool {
	h := p.image.headers.copies[i].rec
	off, length := vhdx.HeaderLogOffset.Get(h), int64(vhdx.HeaderLogLength.Get(h))
	return logPlaceFault(off, length, p.image.size, vhdx.HeaderLogGUID.Get(h) != uuid.UUID{}) == ""
}

// FindRegions looks for BAT and metadata where no region table places them.
func (p Parts) FindRegions(ctx context.Context) (bat, meta Region, err error) {
	m, err := lost{p.image}.findMetadata(ctx)
	if err != nil {
		return bat, meta, err
	}
	b, err := lost{p.image}.findBAT(ctx, m)
	return regionPart(b), regionPart(m), err
}

// MandatoryPlace is where a mandatory item has its entry; else the place of the
// whole metadata table.
func (p Parts) MandatoryPlace(known vhdx.Item) decode.Place { return p.image.mandatoryPlace(known) }

// TableBytes is how much of the metadata table is used.
func (p Parts) TableBytes() int64 { return p.image.tableBytes() }

// ItemRoom is room for an item after all others, from the start of the region.
func (p Parts) ItemRoom(n int64) (off int64, ok bool) { return p.image.itemRoom(n) }

// GuessSize is the size of the disk up to the last block that the BAT has.
func (p Parts) GuessSize() (size int64, why string) { return lost{p.image}.guessSize() }

// NextSize is the size that the disk gets where it has an impossible one, and
// whether it is guessed.
func (p Parts) NextSize() (size int64, guessed bool) {
	size, _ = prospect{p.image}.nextSize()
	return size, p.image.params.diskSize == 0 || p.image.params.diskSize > vhdx.MaxDiskSize
}

// Locator is the item with the parent locator.
func (p Parts) Locator() Item {
	it, _ := p.image.locatorPlace()
	return Item{p.image.entryPlace(it), p.image.itemPlace(it), it.offset}
}

// Candidate is the file that could be the parent.
func (p Parts) Candidate() Candidate {
	v := p.image
	c, _ := v.candidate()
	return Candidate{c.file, c.id, slices.Contains(v.locator.linkages(), c.id), func() error { return v.readableParent(c) }}
}
