package writer

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"platter/decode/vmdk"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// packedGrain is a compressed grain with its marker, in whole sectors.
type packedGrain struct{ number, at, length int64 }

// stream is the shape of a stream that is rewritten.
type stream struct {
	s        *reader.Sparse
	grain    int64 // bytes
	perTable int64
	tables   int64
	unpack   func(at int64) (unused int64, err error)
	futile   int64 // bytes that were unpacked at most, of grains that can't be
}

const (
	// holeStep is how much of a hole is passed over at once.
	holeStep = 1 << 20
	// maxSalvaged bounds the grains that tables are built for: those of two
	// terabytes, as many as a file of the format holds (vmdk.md 4.4).
	maxSalvaged = 1 << 22
	// maxFutile bounds the bytes that are unpacked of grains that can't be.
	maxFutile = 2 << 30
)

func streamOf(s *reader.Sparse) *stream {
	h := s.Header
	grain, perTable := int64(vmdk.HeaderGrainSize.Get(h))*vmdk.SectorSize, int64(vmdk.HeaderTableEntries.Get(h))
	capacity := int64(vmdk.HeaderCapacity.Get(h)) * vmdk.SectorSize
	return &stream{s: s, grain: grain, perTable: perTable, tables: ((capacity-1)/grain)/perTable + 1, unpack: s.Unpacker(grain)}
}

// rebuildStream writes the tail of a stream that was cut off (vmdk.md 5.3).
func rebuildStream(ctx context.Context, w *work) error {
	u := streamOf(w.Sparse)
	grains, err := u.salvage(ctx)
	if err != nil {
		return err
	}
	return u.write(ctx, w, grains)
}

// salvage goes from marker to marker and takes the grains that are whole, for
// the disk's order. Where there is no sound marker, or a damaged grain, it goes
// on at the next sector that holds a whole grain: no such grain is left out.
func (u *stream) salvage(ctx context.Context) ([]packedGrain, error) {
	s := u.s
	var list []packedGrain
	for pos := s.Floor; pos <= s.Size-vmdk.SectorSize; {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.Hole(pos, holeStep) {
			pos += holeStep
			continue
		}
		b, err := s.Head(pos, vmdk.SectorSize)
		if err != nil {
			return nil, err
		}
		g, need, err := u.wholeGrain(b, pos)
		switch {
		case err != nil:
			return nil, err
		case need > 0:
			if list = append(list, g); len(list) > maxSalvaged {
				return nil, s.Impossible(pos, g.length, "the stream has more than %d grains: too many to build the tables for", maxSalvaged)
			}
			pos += need
		default:
			length, end, err := u.announcedBy(b, pos)
			if err != nil {
				return nil, err
			}
			if pos += vmdk.SectorSize + length; end {
				pos = s.Size
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
	unused, err := u.unpack(pos)
	if err != nil {
		if u.futile += u.grain; u.futile > maxFutile {
			return packedGrain{}, 0, u.s.Impossible(pos, size, "too many grains can't be unpacked: get the file again from its source")
		}
		return packedGrain{}, 0, nil
	}
	return packedGrain{int64(lba / grain), pos, roundUp(vmdk.GrainMarkerSize+size, vmdk.SectorSize)}, roundUp(vmdk.GrainMarkerSize+size-unused, vmdk.SectorSize), nil
}

// announcedBy is the length of the table or directory after its marker in the
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
		b, err := u.s.Head(pos+vmdk.SectorSize, vmdk.SectorSize)
		h, ok := vmdk.HeaderTable.Of(b)
		return 0, ok && vmdk.HeaderMagic.Get(h) == vmdk.Magic, err
	}
	if vmdk.MarkerValue.Get(r) != uint64(length/vmdk.SectorSize) {
		return 0, false, nil
	}
	return length, false, nil
}

// tail is a stream that is being written: grains one after the other, each table
// after its grains, then the directory and the footer, as VMware writes a stream
// (vmdk.md 5.1).
type tail struct {
	*work
	u   *stream
	pos int64
}

// write writes grains, in the disk's order, from where they start.
func (u *stream) write(ctx context.Context, w *work, grains []packedGrain) error {
	out := &tail{w, u, w.Floor}
	if 4*u.tables > store.MaxStaged {
		return w.Impossible(out.pos, 0, "a directory of %d tables would be rewritten: a copy of the disk has one", u.tables)
	}
	directory := make([]byte, roundUp(4*u.tables, vmdk.SectorSize))
	for len(grains) > 0 {
		t := grains[0].number / u.perTable
		n := slices.IndexFunc(grains, func(g packedGrain) bool { return g.number/u.perTable != t })
		if n < 0 {
			n = len(grains)
		}
		table, err := out.grains(ctx, grains[:n])
		if err == nil {
			err = out.announced(table, vmdk.MarkerTableType)
		}
		if err == nil {
			err = out.lead(directory, t, out.pos-int64(len(table)))
		}
		if err != nil {
			return err
		}
		grains = grains[n:]
	}
	return out.end(directory)
}

// grains writes those of a table, which it returns.
func (out *tail) grains(ctx context.Context, list []packedGrain) ([]byte, error) {
	table := make([]byte, roundUp(4*out.u.perTable, vmdk.SectorSize))
	for _, g := range list {
		err := ctx.Err()
		if err == nil {
			err = out.lead(table, g.number%out.u.perTable, out.pos)
		}
		if err == nil {
			err = out.move(g.at, out.pos, g.length)
		}
		if err != nil {
			return nil, err
		}
		out.pos += g.length
	}
	return table, nil
}

// lead sets entry i of a table.
func (out *tail) lead(table []byte, i, at int64) error {
	sector, err := out.sector(at)
	vmdk.PutEntry(table[vmdk.EntrySize*i:], vmdk.EntrySize, sector)
	return err
}

func (out *tail) emit(b []byte) error {
	err := out.write(out.pos, b)
	out.pos += int64(len(b))
	return err
}

// announced writes a structure after its marker.
func (out *tail) announced(b []byte, kind uint32) error {
	if err := out.emit(markerOf(uint64(len(b)/vmdk.SectorSize), kind)); err != nil {
		return err
	}
	return out.emit(b)
}

// end writes the directory and the footer.
func (out *tail) end(directory []byte) error {
	if err := out.announced(directory, vmdk.MarkerDirectory); err != nil {
		return err
	}
	footer := bytes.Clone(out.Header.Bytes())
	r, _ := vmdk.HeaderTable.Of(footer)
	vmdk.HeaderDirectoryOffset.Put(r, uint64((out.pos-int64(len(directory)))/vmdk.SectorSize))
	if err := out.announced(footer, vmdk.MarkerFooter); err != nil {
		return err
	}
	if err := out.emit(markerOf(0, vmdk.MarkerEndOfStream)); err != nil {
		return err
	}
	return out.resize(out.pos)
}
