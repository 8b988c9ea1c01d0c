package vmdk

import (
	"bytes"
	"cmp"
	"context"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// mendHeader changes the header, and the footer where there is one.
func (s *sparse) mendHeader(title, risk string, change func(h decode.Record[vmdk.Header])) []disk.Repair {
	whole := func(b []byte) {
		if r, ok := vmdk.HeaderTable.Of(b); ok {
			change(r)
		}
	}
	parts := []disk.Repair{s.file.mend(title, risk, 0, vmdk.SectorSize, whole)}
	if at := s.rulesAt(); at != 0 {
		parts = append(parts, s.file.mend(title, risk, at, vmdk.SectorSize, whole))
	}
	return []disk.Repair{disk.Mends(title, risk, parts...)}
}

// finishMagic writes the magic as it is once a file is finished (H1).
func (s *sparse) finishMagic(*disk.Finding) []disk.Repair {
	if s.kind != vmdk.KindUnfinished || s.file.Size < vmdk.SectorSize {
		return nil
	}
	risk := "the program that wrote the file did not get to its end: tables and data may lack what came last"
	if s.footer != 0 && !s.lost {
		risk = "the footer at the end is there, but the program did not say that it was done"
	}
	return s.mendHeader("write the magic", risk, func(h decode.Record[vmdk.Header]) { copy(h.Bytes(), vmdk.Magic) })
}

func (s *sparse) raiseVersion(*disk.Finding) []disk.Repair {
	if vmdk.HeaderVersion.Get(s.rules) != 1 || vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagZeroGrains == 0 {
		return nil
	}
	return s.mendHeader("set the version to 2", "", func(h decode.Record[vmdk.Header]) { vmdk.HeaderVersion.Put(h, 2) })
}

func (s *sparse) raiseStream(*disk.Finding) []disk.Repair {
	return s.mendHeader("set the version to 3", "", func(h decode.Record[vmdk.Header]) { vmdk.HeaderVersion.Put(h, 3) })
}

// newlines are the bytes that a transfer as text would change.
const newlines = "\n \r\n"

func (s *sparse) putNewlines(*disk.Finding) []disk.Repair {
	return s.mendHeader("write the newline bytes anew", "if a transfer in text mode changed them, it changed the data too",
		func(h decode.Record[vmdk.Header]) { copy(h.Bytes()[vmdk.HeaderSingleEndLine.Offset():], newlines) })
}

// settleCompression makes flags and compression say the same, whichever the
// first grain shows (H5).
func (s *sparse) settleCompression(*disk.Finding) []disk.Repair {
	const packed = vmdk.FlagCompressed | vmdk.FlagMarkers
	title, flags, compression := "say that the grains are not compressed", uint32(0), uint16(0)
	if s.startsPacked() {
		title, flags, compression = "say that the grains are compressed, with markers", packed, 1
	}
	return s.mendHeader(title, "the first grain alone was looked at", func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^packed|flags)
		vmdk.HeaderCompression.Put(h, compression)
	})
}

// startsPacked reports whether a marker and a zlib stream lie where the grains
// start.
func (s *sparse) startsPacked() bool {
	const zlib = 0x78 // deflate with a window of 32 KiB
	b, err := s.file.head(s.floor(), vmdk.SectorSize)
	r, ok := vmdk.GrainMarkerTable.Of(b[:min(len(b), vmdk.GrainMarkerSize)])
	return err == nil && ok && len(b) == vmdk.SectorSize && vmdk.GrainMarkerSizeField.Get(r) > 0 && b[vmdk.GrainMarkerSize] == zlib
}

// useOtherDirectory finds the directory that is lost where it normally is, by
// the place of the other one, or makes that one the only one (H8).
func (s *sparse) useOtherDirectory(*disk.Finding) []disk.Repair {
	first, second := s.directoryOffsets()
	size := uint64(s.file.Size) / vmdk.SectorSize
	sound := func(sector uint64) bool { return sector != 0 && sector < size }
	if vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant == 0 || s.lost || s.rulesAt() != 0 || sound(first) == sound(second) || s.grid == nil {
		return nil
	}
	lost, title := vmdk.HeaderDirectoryOffset, "use the redundant directory alone"
	if sound(first) {
		lost, title = vmdk.HeaderRedundantOffset, "use the first directory alone"
	}
	var list []disk.Repair
	if at, ok := s.usualDirectory(); ok {
		list = append(list, s.file.drafted("find the directory where it normally is", "", func(ctx context.Context, d *draft) error {
			if !sound(first) {
				if err := s.agrees(ctx, at); err != nil {
					return err
				}
			}
			return d.header(func(h decode.Record[vmdk.Header]) { lost.Put(h, uint64(at/vmdk.SectorSize)) })
		}))
	}
	return append(list, s.mendHeader(title, "there is no second copy of the tables any more", func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^vmdk.FlagRedundant)
		vmdk.HeaderDirectoryOffset.Put(h, uint64(s.grid.dirs[0]/vmdk.SectorSize))
		vmdk.HeaderRedundantOffset.Put(h, 0)
	})...)
}

// agrees makes sure that the tables of the directory at a byte, which is to be
// the first one again, hold what those do that stand in for them.
func (s *sparse) agrees(ctx context.Context, dir int64) error {
	g := s.grid
	first := *g
	first.dirs[0] = dir
	for t := range g.tables {
		raw, _, err := g.directoryEntry(0, t)
		at, f := g.tableAt(raw)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if f != noFault {
			continue // nothing of it can be read now
		}
		own, ok, err := first.tableOf(0, t)
		a, errA := g.file.head(at, g.tableBytes())
		b, errB := g.file.head(own, g.tableBytes())
		if err := cmp.Or(err, errA, errB); err != nil {
			return err
		}
		if !ok || !bytes.Equal(a, b) {
			return g.file.impossible(own, g.tableBytes(), "table %d there says something else than the redundant one, which counts now: use the redundant directory alone", t)
		}
	}
	return nil
}

// usualDirectory looks for a second directory in front of the one that is known
// and behind it: its entries lead to the tables right behind it.
func (s *sparse) usualDirectory() (int64, bool) {
	g := s.grid
	set := g.usual(0, g.tables) - g.dirs[0]
	for _, at := range []int64{g.dirs[0] - set, g.dirs[0] + set} {
		other := *g
		other.dirs[0] = at
		if at < vmdk.SectorSize || at > s.file.Size-set {
			continue
		}
		ok := g.tables > 0
		for t := range min(g.tables, maxPlaced) {
			table, found, err := other.tableOf(0, t)
			ok = ok && err == nil && found && table == other.usual(0, t)
			if !ok {
				break
			}
		}
		if ok {
			return at, true
		}
	}
	return 0, false
}

func (s *sparse) setClean(f *disk.Finding) []disk.Repair {
	const title, risk = "mark the disk as closed cleanly", "only if nothing else was found: what the last program did not finish stays as it is"
	if s.kind == vmdk.KindCowd {
		return []disk.Repair{s.file.mend(title, risk, f.Where[0].Offset, f.Where[0].Length, func(b []byte) { clear(b) })}
	}
	return s.mendHeader(title, risk, func(h decode.Record[vmdk.Header]) { vmdk.HeaderUnclean.Put(h, 0) })
}

func (s *sparse) clearPad(f *disk.Finding) []disk.Repair {
	at := f.Where[0]
	return []disk.Repair{s.file.mend("zero the padding", "what is hidden in it is lost", at.Offset, at.Length, func(b []byte) { clear(b) })}
}

// computeOverHead puts overHead between the tables and the first grain (H10).
func (s *sparse) computeOverHead(*disk.Finding) []disk.Repair {
	if s.grid == nil {
		return nil
	}
	return []disk.Repair{s.file.drafted("set overHead to where the grains start", "", func(ctx context.Context, d *draft) error {
		tables, first, _, err := s.reach(ctx)
		if err != nil {
			return err
		}
		if s.isStream() && first > 0 {
			tables = min(tables, first) // a stream may have them at its end
		}
		over := roundUp(tables, s.grid.grain)
		if first > 0 && over > first {
			return s.file.impossible(first, 0, "the first grain at byte 0x%x lies less than a grain behind the tables, which end at 0x%x: a copy of the disk puts both in order", first, tables)
		}
		if d.size = max(d.size, over); d.size > s.file.Size {
			if err := s.unclaimedEnd(ctx, d.size, nil); err != nil {
				return err
			}
		}
		for _, at := range s.headers() {
			if err := d.write64(at+int64(vmdk.HeaderOverHead.Offset()), uint64(over/vmdk.SectorSize)); err != nil {
				return err
			}
		}
		return nil
	})}
}

// headers are the places of the header, and of the footer where there is one.
func (s *sparse) headers() []int64 {
	if at := s.rulesAt(); at != 0 {
		return []int64{0, at}
	}
	return []int64{0}
}

// countDirectory makes a COWD's directory as long as its disk needs, or finds
// it where it always is (C2).
func (s *sparse) countDirectory(f *disk.Finding) []disk.Repair {
	set := func(title, risk string, field *decode.Field, v uint64) []disk.Repair {
		return []disk.Repair{s.file.mend(title, risk, int64(field.Offset()), int64(field.Size()), func(b []byte) { put(b, int64(len(b)), v) })}
	}
	const usual = vmdk.CowdHeaderSize / vmdk.SectorSize
	switch f.Where[0].Offset {
	case int64(vmdk.CowdDirectory.Offset()):
		if f.Severity == disk.SeverityError && s.file.Size > vmdk.CowdHeaderSize {
			return set("look for the directory behind the header", "the directory has never been seen anywhere else", vmdk.CowdDirectory.Field(), usual)
		}
	case int64(vmdk.CowdDirectoryEntries.Offset()):
		if s.grid != nil && s.grid.needed() <= s.grid.listed(s.grid.needed()) {
			return set("count the entries that the disk needs", "if what follows the directory is no part of it, it is taken for entries", vmdk.CowdDirectoryEntries.Field(), uint64(s.grid.needed()))
		}
	}
	return nil
}
