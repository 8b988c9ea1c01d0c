package vmdk

import (
	"bytes"
	"cmp"
	"context"
	"math/bits"
	"slices"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// mendTail writes the marker in front of the footer, or the one behind it,
// where the footer itself is sound; else the tables and the footer are made
// anew from the markers of the grains (S1).
func (m *Image) mendTail(s *sparse, f *disk.Finding) []disk.Repair {
	const risk = "if the sector is no marker, its bytes are lost"
	switch at := f.Where[0]; {
	case s.lost && s.salvageable():
		r := s.file.drafted("build the tables and the footer from the markers", "grains that are damaged, and all else in the stream that is no whole grain, are lost: their range reads as unallocated", s.rebuildStream)
		return []disk.Repair{m.altering(r)}
	case s.lost:
	case at.Offset == s.footer-vmdk.SectorSize && at.Offset >= 0:
		return []disk.Repair{s.file.drafted("write the footer's marker", risk, func(_ context.Context, d *draft) error {
			return d.write(at.Offset, markerOf(1, vmdk.MarkerFooter))
		})}
	case at.Offset == s.footer+vmdk.SectorSize && at.Offset+vmdk.SectorSize <= s.file.Size:
		return []disk.Repair{s.file.mend("write the marker of the stream's end", risk, at.Offset, vmdk.SectorSize, func(b []byte) { clear(b) })}
	}
	return nil
}

// markerOf is the sector that announces a structure of some sectors.
func markerOf(sectors uint64, kind uint32) []byte {
	r := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(r, sectors)
	vmdk.MarkerType.Put(r, kind)
	return r.Bytes()
}

// salvageable reports whether the header of a stream without a footer says
// enough to read its grains.
func (s *sparse) salvageable() bool {
	h := s.header
	grain, perTable, capacity := vmdk.HeaderGrainSize.Get(h), uint64(vmdk.HeaderTableEntries.Get(h)), vmdk.HeaderCapacity.Get(h)
	const both = vmdk.FlagCompressed | vmdk.FlagMarkers
	return vmdk.HeaderFlags.Get(h)&both == both && s.kind == vmdk.KindHosted &&
		grain > 0 && grain <= maxGrainSectors && bits.OnesCount64(grain) == 1 &&
		perTable > 0 && perTable <= maxPerTable && capacity > 0 && capacity <= maxSectors &&
		(capacity-1)/grain/perTable < maxTables && s.floor() >= s.frontEnd() && s.startsPacked()
}

// frontEnd is where the structures in front of a stream's grains end. Nothing
// is written anew before that byte.
func (s *sparse) frontEnd() int64 {
	return max(vmdk.SectorSize, roundUp(s.textAt.End(), vmdk.SectorSize))
}

// agreed reports whether header and footer say the same but for where the
// directory is, so that a footer can be made from the header.
func (s *sparse) agreed() bool {
	for _, f := range vmdk.HeaderTable.Fields() {
		if f.Name() != vmdk.HeaderDirectoryOffset.Field().Name() && f.Value(s.header.Bytes()) != f.Value(s.rules.Bytes()) {
			return false
		}
	}
	return vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant == 0
}

// packedGrain is a compressed grain with its marker, in whole sectors.
type packedGrain struct{ number, at, length int64 }

// stream is the shape of a stream that is written anew.
type stream struct {
	s        *sparse
	grain    int64 // bytes
	perTable int64
	tables   int64
	unpack   *unpacker
	futile   int64 // bytes that were unpacked at most, of grains that can't be
}

const (
	// holeStep is how much of a hole is passed over at once.
	holeStep = 1 << 20
	// maxSalvaged bounds the grains that tables are built for: those of two
	// terabytes, as many as a file of the format holds (vmdk.md 4.4).
	maxSalvaged = 1 << 22
)

func (s *sparse) stream() *stream {
	h := s.header
	grain, perTable := int64(vmdk.HeaderGrainSize.Get(h))*vmdk.SectorSize, int64(vmdk.HeaderTableEntries.Get(h))
	capacity := int64(vmdk.HeaderCapacity.Get(h)) * vmdk.SectorSize
	return &stream{s: s, grain: grain, perTable: perTable, tables: ((capacity-1)/grain)/perTable + 1, unpack: newUnpacker(s.file, grain, true)}
}

// rebuildStream writes the tail of a stream that was cut off (vmdk.md 5.3).
func (s *sparse) rebuildStream(ctx context.Context, d *draft) error {
	u := s.stream()
	grains, err := u.salvage(ctx)
	if err != nil {
		return err
	}
	return u.write(ctx, d, s.floor(), grains)
}

// salvage goes from marker to marker and takes the grains that are whole, for
// the disk's order. Where there is no sound marker, or a damaged grain, it goes
// on at the next sector that holds a whole grain: no such grain is left out.
func (u *stream) salvage(ctx context.Context) ([]packedGrain, error) {
	f := u.s.file
	var list []packedGrain
	for pos := u.s.floor(); pos <= f.Size-vmdk.SectorSize; {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if f.tables.Hole(pos, holeStep) {
			pos += holeStep
			continue
		}
		b, err := f.head(pos, vmdk.SectorSize)
		if err != nil {
			return nil, err
		}
		g, need, err := u.wholeGrain(b, pos)
		switch {
		case err != nil:
			return nil, err
		case need > 0:
			if list = append(list, g); len(list) > maxSalvaged {
				return nil, f.impossible(pos, g.length, "the stream has more than %d grains: too many to build the tables for", maxSalvaged)
			}
			pos += need
		default:
			length, end, err := u.announcedBy(b, pos)
			if err != nil {
				return nil, err
			}
			if pos += vmdk.SectorSize + length; end {
				pos = f.Size
			}
		}
	}
	slices.SortStableFunc(list, func(a, b packedGrain) int { return cmp.Compare(a.number, b.number) })
	return slices.CompactFunc(list, func(a, b packedGrain) bool { return a.number == b.number }), nil
}

// wholeGrain is the grain whose marker is in the sector b at a byte, if that is
// one and its data can be unpacked. It needs that many bytes, which may be less
// than its marker says; 0 if there is none.
func (u *stream) wholeGrain(b []byte, pos int64) (g packedGrain, need int64, err error) {
	r, ok := vmdk.GrainMarkerTable.Of(b[:min(len(b), vmdk.GrainMarkerSize)])
	if !ok {
		return packedGrain{}, 0, nil
	}
	lba, size, grain := vmdk.GrainMarkerLBA.Get(r), int64(vmdk.GrainMarkerSizeField.Get(r)), uint64(u.grain/vmdk.SectorSize)
	if size == 0 || size > 2*u.grain || lba%grain != 0 || lba/grain >= uint64(u.tables*u.perTable) {
		return packedGrain{}, 0, nil
	}
	_, unused, err := u.unpack.inflate(pos)
	if err != nil {
		if u.futile += u.grain; u.futile > inflateBudget {
			return packedGrain{}, 0, u.s.file.impossible(pos, size, "too many grains can't be unpacked: get the file anew")
		}
		return packedGrain{}, 0, nil
	}
	return packedGrain{int64(lba / grain), pos, roundUp(vmdk.GrainMarkerSize+size, vmdk.SectorSize)}, roundUp(vmdk.GrainMarkerSize+size-unused, vmdk.SectorSize), nil
}

// announcedBy is the length of the table or directory behind its marker in the
// sector b at a byte, or tells that the footer is there: what follows that is
// not part of the stream.
func (u *stream) announcedBy(b []byte, pos int64) (length int64, end bool, err error) {
	r, ok := vmdk.MarkerTable.Of(b)
	if !ok || vmdk.MarkerSize.Get(r) != 0 {
		return 0, false, nil
	}
	switch vmdk.MarkerType.Get(r) {
	case vmdk.MarkerTableType:
		length = roundUp(4*u.perTable, vmdk.SectorSize)
	case vmdk.MarkerDirectory:
		length = roundUp(4*u.tables, vmdk.SectorSize)
	case vmdk.MarkerFooter:
		b, err := u.s.file.head(pos+vmdk.SectorSize, vmdk.SectorSize)
		h, ok := vmdk.HeaderTable.Of(b)
		return 0, ok && vmdk.HeaderMagic.Get(h) == vmdk.Magic, err
	}
	if vmdk.MarkerValue.Get(r) != uint64(length/vmdk.SectorSize) {
		return 0, false, nil
	}
	return length, false, nil
}

// write puts grains one behind the other from a byte on, each table behind its
// grains, then the directory and the footer, as VMware writes a stream
// (vmdk.md 5.1).
func (u *stream) write(ctx context.Context, d *draft, pos int64, grains []packedGrain) error {
	put4 := func(b []byte, i int64, at int64) error {
		sector, err := d.sector(at)
		put(b[4*i:], 4, sector)
		return err
	}
	emit := func(b []byte) error {
		err := d.write(pos, b)
		pos += int64(len(b))
		return err
	}
	if 4*u.tables > maxDraft {
		return u.s.file.impossible(pos, 0, "a directory of %d tables would be written anew: a copy of the disk has one", u.tables)
	}
	directory := make([]byte, roundUp(4*u.tables, vmdk.SectorSize))
	for i := 0; i < len(grains); {
		t := grains[i].number / u.perTable
		table := make([]byte, roundUp(4*u.perTable, vmdk.SectorSize))
		for ; i < len(grains) && grains[i].number/u.perTable == t; i++ {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := put4(table, grains[i].number%u.perTable, pos); err != nil {
				return err
			}
			if err := d.move(grains[i].at, pos, grains[i].length); err != nil {
				return err
			}
			pos += grains[i].length
		}
		if err := emit(markerOf(uint64(len(table)/vmdk.SectorSize), vmdk.MarkerTableType)); err != nil {
			return err
		}
		if err := put4(directory, t, pos); err != nil {
			return err
		}
		if err := emit(table); err != nil {
			return err
		}
	}
	footer := bytes.Clone(u.s.header.Bytes())
	if err := emit(markerOf(uint64(len(directory)/vmdk.SectorSize), vmdk.MarkerDirectory)); err != nil {
		return err
	}
	r, _ := vmdk.HeaderTable.Of(footer)
	vmdk.HeaderDirectoryOffset.Put(r, uint64(pos/vmdk.SectorSize))
	for _, b := range [][]byte{directory, markerOf(1, vmdk.MarkerFooter), footer, markerOf(0, vmdk.MarkerEndOfStream)} {
		if err := emit(b); err != nil {
			return err
		}
	}
	d.size = pos
	return nil
}

// followFooter copies a field of the footer to the header (S2).
func (s *sparse) followFooter(f *disk.Finding) []disk.Repair {
	if len(f.Where) < 2 {
		return nil
	}
	from, to := f.Where[1], f.Where[0]
	return []disk.Repair{{Title: "copy the footer's value to the header", Edits: func(context.Context) ([]disk.Edit, error) {
		value, err := s.file.head(from.Offset, to.Length)
		if err != nil {
			return nil, err
		}
		return disk.Rewrite(s.file.handle, to, func(b []byte) { copy(b, value) })
	}}}
}

// mendAddress writes the sector that the table says into a grain's marker, or
// puts the grains of a stream in order (S4).
func (s *sparse) mendAddress(f *disk.Finding) []disk.Repair {
	if s.grid == nil || len(f.Where) < 2 {
		return nil
	}
	if f.Severity == disk.SeverityError {
		at, entry := f.Where[0].Offset, f.Where[1].Offset
		return []disk.Repair{s.file.drafted("write the sector that the table says into the marker", "if the marker is right, the table is not, and the grain belongs elsewhere", func(ctx context.Context, d *draft) error {
			lba, err := s.sectorOf(ctx, entry)
			if err != nil {
				return err
			}
			return d.write64(at, lba)
		})}
	}
	if s.footer == 0 || s.lost || s.grid.packed == nil || !s.agreed() || s.floor() < s.frontEnd() {
		return nil
	}
	return []disk.Repair{s.file.drafted("put the grains in the order of the disk", "compressed grains that no table names are lost: look at them first (G12)", func(ctx context.Context, d *draft) error {
		grains, err := s.listed(ctx)
		if err != nil {
			return err
		}
		g := s.grid
		u := &stream{s: s, grain: g.grain, perTable: g.perTable, tables: g.needed(), unpack: g.packed}
		return u.write(ctx, d, s.floor(), grains)
	})}
}

// sectorOf is the sector of the disk that the table entry at a byte stands for.
func (s *sparse) sectorOf(ctx context.Context, entry int64) (uint64, error) {
	g, found := s.grid, int64(-1)
	err := g.eachTable(ctx, 0, func(t, at int64) error {
		if entry >= at && entry < at+g.tableBytes() && found < 0 {
			found = t*g.perTable + (entry-at)/g.width
		}
		return nil
	})
	if err == nil && found < 0 {
		err = s.file.impossible(entry, g.width, "no table holds this entry any more")
	}
	return uint64(sectors(found * g.grain)), err
}

// listed are the compressed grains that the tables name, in the disk's order.
// Hostile tables name one grain any number of times.
func (s *sparse) listed(ctx context.Context) ([]packedGrain, error) {
	g := s.grid
	var list []packedGrain
	var total int64
	err := g.eachGrain(ctx, func(t, i, at int64) error {
		size, ok, err := g.packed.size(at)
		if err != nil {
			return err
		}
		length := roundUp(g.packed.headBytes()+size, vmdk.SectorSize)
		total += length
		switch {
		case !ok:
			return s.file.impossible(at, g.packed.headBytes(), "there is no sound marker: settle S5 first")
		case total > s.file.Size:
			return s.file.impossible(at, length, "the tables name more grains than the file holds: settle G8 first")
		case len(list) >= maxDraft/vmdk.SectorSize:
			return s.file.impossible(at, length, "the stream has more than %d grains: a copy of the disk has them in order", len(list))
		}
		list = append(list, packedGrain{t*g.perTable + i, at, length})
		return nil
	})
	return list, err
}

// zeroFill gives a compressed grain that can't be unpacked up, or cuts off what
// follows its data (S6).
func (m *Image) zeroFill(s *sparse, f *disk.Finding) []disk.Repair {
	if s.grid == nil || s.grid.packed == nil || len(f.Where) < 2 || f.Where[1].Length != s.grid.width {
		return nil
	}
	if f.Severity == disk.SeverityError {
		return []disk.Repair{m.altering(s.setEntry(f.Where[1], 0, "give the grain up", "what could be saved of it is lost: the range reads as unallocated"))}
	}
	u, at := s.grid.packed, f.Where[0].Offset
	size, ok, err := u.size(at)
	_, unused, errInflate := u.inflate(at)
	head := u.headBytes()
	if err != nil || !ok || errInflate != nil || roundUp(head+size, vmdk.SectorSize) != roundUp(head+size-unused, vmdk.SectorSize) {
		return nil
	}
	return []disk.Repair{s.file.mend("count only the bytes that the grain needs", "what is hidden behind them is lost", at+head-4, 4+size, func(b []byte) {
		put(b, 4, uint64(size-unused))
		clear(b[4+size-unused:])
	})}
}

// wholeSectors pads the file to a whole sector, or cuts what follows the end of
// the stream: the footer's place counts from the end (S8).
func (s *sparse) wholeSectors(f *disk.Finding) []disk.Repair {
	at := f.Where[0]
	cut := func(title string) []disk.Repair {
		if at.Length > maxDraft {
			return nil
		}
		return []disk.Repair{s.file.drafted(title, "what is hidden there is lost", func(_ context.Context, d *draft) error {
			d.size = at.Offset
			return nil
		})}
	}
	switch {
	case at.End() != s.file.Size:
		return nil
	case at.Length >= vmdk.SectorSize:
		return cut("cut off what follows the end of the stream")
	case s.footer != 0:
		return cut("cut off the part of a sector")
	}
	return []disk.Repair{s.file.drafted("pad the file to a whole sector", "", func(_ context.Context, d *draft) error {
		d.size = roundUp(d.size, vmdk.SectorSize)
		return nil
	})}
}
