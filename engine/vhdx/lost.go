package vhdx

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/google/uuid"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// lost is an image in which a structure is looked for that nothing says the place of.
type lost struct{ *Image }

// maxLikely bounds the logs that are looked for where no header says where
// they are, in bytes.
const maxLikely = 64 << 20

// likelyLogs are the places where the log may be when the current header does
// not tell: where the headers put it, valid or not, and where all known
// programs put it.
func (v lost) likelyLogs() []ring {
	var list []ring
	add := func(off uint64, length int64) {
		if length == 0 || length > maxLikely || logPlaceFault(off, length, v.size, true) != "" {
			return
		}
		for _, e := range v.structures() {
			if e.name != "log" && int64(off) < e.end && int64(off)+length > e.off {
				return
			}
		}
		list = append(list, ring{off: int64(off), length: length})
	}
	for _, c := range v.headers.copies {
		if len(c.raw) == vhdx.HeaderSize {
			add(vhdx.HeaderLogOffset.Get(c.rec), int64(vhdx.HeaderLogLength.Get(c.rec)))
		}
	}
	add(vhdx.MiB, vhdx.MiB)
	return list
}

// lastSession is the session of the newest entry in a log that could be replayed.
func (v lost) lastSession(r ring) (uuid.UUID, bool) {
	var newest logEntry
	for e, err := range r.entries(context.Background(), v.src.File) {
		if err != nil {
			return uuid.UUID{}, false
		}
		if e.whole() && e.seq > newest.seq {
			newest = e
		}
	}
	r.guid = newest.guid
	s, err := r.search(context.Background(), v.src.File)
	return newest.guid, err == nil && s.found && r.dirty()
}

// maxLook bounds where regions are looked for, in bytes of the file: all
// programs put them in front of the blocks.
const maxLook = 4 << 30

// findMetadata is a metadata region that says all that a disk needs: where a
// damaged table puts it, else the first one in the file.
func (v lost) findMetadata(ctx context.Context) (region, error) {
	for off, err := range v.placesFor(ctx, vhdx.RegionMetadata) {
		if err != nil {
			return region{}, err
		}
		if _, ok := v.metadataAt(off); ok {
			return region{guid: vhdx.RegionMetadata, off: off, length: vhdx.MiB}, nil
		}
	}
	return region{}, disk.Errorf(disk.NotFound, v.place(0, 0), "no metadata region was found, so nobody knows the size of the disk")
}

// metadataAt reads the geometry that a metadata region at a place gives.
func (v lost) metadataAt(off int64) (*Image, bool) {
	try := &Image{src: v.src, size: v.size, data: v.data}
	try.meta.region = region{guid: vhdx.RegionMetadata, off: off, length: vhdx.MiB, placed: off+vhdx.MiB <= v.size}
	if err := try.readMetadata(); err != nil || !try.meta.signed {
		return nil, false
	}
	p := try.params
	geo, ok := vhdx.NewGeometry(p.blockSize, p.logicalSector, p.diskSize)
	try.geo = geo
	return try, ok
}

// findBAT is the region whose entries fit the disk best.
func (v lost) findBAT(ctx context.Context, meta region) (region, error) {
	try, ok := v.metadataAt(meta.off)
	if !ok {
		return region{}, disk.Errorf(disk.Damaged, v.place(meta.off, vhdx.MetadataTableSize), "the metadata do not say what the disk is like")
	}
	entries, named := try.geo.Entries(try.params.hasParent), v.namedPlaces(vhdx.RegionBAT)
	best, found := region{guid: vhdx.RegionBAT, length: roundUp(entries * vhdx.EntrySize)}, int64(-1)
	for off, err := range v.placesFor(ctx, vhdx.RegionBAT) {
		if err != nil {
			return region{}, err
		}
		if off == meta.off || off+best.length > v.size || v.log.length > 0 && off < v.log.off+v.log.length && off+best.length > v.log.off {
			continue
		}
		n, err := v.plausible(try, off, best.length)
		if err != nil {
			return region{}, err
		}
		if n == 0 && !slices.Contains(named, off) { // any zeros would do
			continue
		}
		if n > found {
			best.off, found = off, n
		}
	}
	if found < 0 {
		return region{}, disk.Errorf(disk.NotFound, v.place(0, 0), "no BAT was found")
	}
	return best, nil
}

// maxPlausible bounds the entries that are looked at of a table that may be
// the BAT, in bytes.
const maxPlausible = 1 << 20

// plausible counts the entries with a block of a table that may be the BAT; -1
// if it can't be it.
func (v lost) plausible(try *Image, off, length int64) (int64, error) {
	used := try.geo.Entries(try.params.hasParent) * vhdx.EntrySize
	b, err := readUpTo(v.data, off, int(min(length, maxPlausible)))
	if err != nil {
		return -1, err
	}
	stored, places := int64(0), map[uint64]bool{}
	for i := int64(0); (i+1)*vhdx.EntrySize <= int64(len(b)); i++ {
		e := vhdx.EntryAt(b[i*vhdx.EntrySize:])
		at := vhdx.FileOffset(e)
		switch {
		case e == 0:
			continue
		case i*vhdx.EntrySize >= used, vhdx.ReservedBits(e) != 0, at >= uint64(v.size), at > 0 && places[at], at > 0 && int64(at) >= off && int64(at) < off+length:
			return -1, nil
		case at > 0:
			stored++
			places[at] = true
		}
	}
	return stored, nil
}

// namedPlaces are where the region tables, valid or not, put a region.
func (v lost) namedPlaces(id uuid.UUID) []int64 {
	var list []int64
	for _, c := range v.tables.copies {
		if len(c.raw) < vhdx.RegionTableSize {
			continue
		}
		for i := range c.entries() {
			rec := c.entry(i)
			off, n := vhdx.RegionFileOffset.Get(rec), int64(vhdx.RegionLength.Get(rec))
			if vhdx.RegionGUID.Get(rec) == id && regionFault(off, n, v.size) == "" {
				list = append(list, int64(off))
			}
		}
	}
	return list
}

// placesFor yields where a region may be: where damaged region tables put it,
// and then the start of each MiB of the file that holds data.
func (v lost) placesFor(ctx context.Context, id uuid.UUID) func(func(int64, error) bool) {
	return func(yield func(int64, error) bool) {
		for _, off := range v.namedPlaces(id) {
			if !yield(off, nil) {
				return
			}
		}
		for off := int64(vhdx.MiB); off < min(v.size, maxLook); off += vhdx.MiB {
			err := ctx.Err()
			if err == nil {
				var data store.Range
				data, err = store.NextData(v.src.File, off, v.size)
				off = max(off, data.Offset/vhdx.MiB*vhdx.MiB)
			}
			if err != nil {
				if endOrError(err) != nil {
					yield(0, err)
				}
				return
			}
			if !yield(off, nil) {
				return
			}
		}
	}
}

// guessSize is the size of the disk up to the last block that the BAT has.
func (v lost) guessSize() (size int64, why string) {
	p := v.params
	sector := p.logicalSector
	if sector == 0 {
		sector = 512
	}
	geo, ok := vhdx.NewGeometry(p.blockSize, sector, vhdx.MaxDiskSize)
	if !ok || !v.bat.placed {
		return 0, "The size can be guessed once the BAT and the other metadata are readable."
	}
	room := min(v.bat.length, geo.Entries(true)*vhdx.EntrySize)
	_, last, err := v.notZero(context.Background(), v.bat.off, v.bat.off+room)
	if err != nil || last < 0 {
		return 0, "The BAT has no entry to guess the size by: take it from a backup, a child or the program that made the image."
	}
	number, bitmap := geo.IsBitmap((last - v.bat.off) / vhdx.EntrySize)
	if bitmap {
		number = (number+1)*geo.Ratio - 1
	}
	return min((number+1)*geo.BlockSize, vhdx.MaxDiskSize), ""
}

// endOrError is nil where a file has nothing more.
func endOrError(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
