package writer

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// headerOffer changes fields of the header of a hosted extent.
func headerOffer(title, risk string, change func(h decode.Record[vmdk.Header])) offer {
	return onSparse(func(s *reader.Sparse, _ disk.Finding) []disk.Repair {
		return one(title, risk, changeHeaders(s, change))
	})
}

// changeHeaders changes the header, and the footer where there is one.
func changeHeaders(s *reader.Sparse, edit func(h decode.Record[vmdk.Header])) disk.Step {
	var parts []disk.Step
	for _, at := range s.Headers() {
		parts = append(parts, change(s, at, vmdk.SectorSize, func(b []byte) {
			if h, ok := vmdk.HeaderTable.Of(b); ok {
				edit(h)
			}
		}))
	}
	return disk.Steps(parts...)
}

// finishMagic writes the magic as it is once a file is finished (H1).
func finishMagic(s *reader.Sparse, f disk.Finding) []disk.Repair {
	if header, guessed := s.Rebuilt(); header != nil {
		risk := ""
		if guessed {
			risk = "the size of a grain is a guess: read the disk before, and look whether it makes sense"
		}
		return one("write the header again", risk, disk.Put(s.Name, 0, header))
	}
	if magic, damaged := s.Magic(); damaged {
		return one("write the magic", "", disk.Put(s.Name, f.Where[0].Offset, []byte(magic)))
	}
	risk := "the program that wrote the file did not get to its end: tables and data may lack what came last"
	if s.Footer != 0 && !s.Lost {
		risk = "the footer at the end is there, but the program did not say that it was done"
	}
	return one("write the magic", risk, changeHeaders(s, func(h decode.Record[vmdk.Header]) { copy(h.Bytes(), vmdk.Magic) }))
}

// settleCompression makes flags and compression say the same, whichever the
// first grain shows (H5).
func settleCompression(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	const packed = vmdk.FlagCompressed | vmdk.FlagMarkers
	title, flags, compression := "say that the grains are not compressed", uint32(0), uint16(0)
	if s.StartsPacked() {
		title, flags, compression = "say that the grains are compressed, with markers", packed, 1
	}
	return one(title, "the first grain alone was looked at", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^packed|flags)
		vmdk.HeaderCompression.Put(h, compression)
	}))
}

// setGrainSize gives the grains the size that the tables tell (H6).
func (m *image) setGrainSize(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	w, ok := m.WrongSize(s)
	if !ok {
		return nil
	}
	r := disk.Repair{Title: fmt.Sprintf("set the grain size to %d sectors", w.Grain), Apply: changeHeaders(s, func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderGrainSize.Put(h, uint64(w.Grain))
	})}
	if !w.Proven {
		r.Risk = "another size may fit what is there too: all of the disk reads otherwise from then on; try it in a copy (--out), and look whether its partitions and files make sense"
	}
	return []disk.Repair{m.altering(r)}
}

// useOtherDirectory finds the directory that is lost where it normally is, by
// the place of the other one, or makes that one the only one (H8).
func useOtherDirectory(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	firstOK := s.FirstSound()
	lost, title := vmdk.HeaderDirectoryOffset, "use the redundant directory alone"
	if firstOK {
		lost, title = vmdk.HeaderRedundantOffset, "use the first directory alone"
	}
	var list []disk.Repair
	if at, ok := usualDirectory(s); ok {
		list = one("find the directory where it normally is", "", repaired(s, func(ctx context.Context, w *work) error {
			if !firstOK {
				if err := w.agrees(ctx, at); err != nil {
					return err
				}
			}
			return w.header(func(h decode.Record[vmdk.Header]) { lost.Put(h, uint64(at/vmdk.SectorSize)) })
		}))
	}
	return append(list, one(title, "there is no second copy of the tables any more", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderFlags.Put(h, vmdk.HeaderFlags.Get(h)&^vmdk.FlagRedundant)
		vmdk.HeaderDirectoryOffset.Put(h, uint64(s.Grid.Dirs[0]/vmdk.SectorSize))
		vmdk.HeaderRedundantOffset.Put(h, 0)
	}))...)
}

// agrees makes sure that the tables of the directory at a byte, which is to be
// the first one again, hold what those do that stand in for them.
func (w *work) agrees(ctx context.Context, dir int64) error {
	g := w.Grid
	first := g.With(0, dir)
	for t := range g.Tables {
		at, sound, err := g.DirectoryEntry(0, t)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if !sound {
			continue // nothing of it can be read now
		}
		own, ok, err := first.TableOf(0, t)
		a, errA := w.Head(at, g.TableBytes)
		b, errB := w.Head(own, g.TableBytes)
		if err := cmp.Or(err, errA, errB); err != nil {
			return err
		}
		if !ok || !bytes.Equal(a, b) {
			return w.Impossible(own, g.TableBytes, "table %d there says something else than the redundant one, which counts now: use the redundant directory alone", t)
		}
	}
	return nil
}

// usualDirectory looks for a second directory before the one that is known and
// after it: its entries lead to the tables right after it.
func usualDirectory(s *reader.Sparse) (int64, bool) {
	g := s.Grid
	set := g.Usual(0, g.Tables) - g.Dirs[0]
	for _, at := range []int64{g.Dirs[0] - set, g.Dirs[0] + set} {
		if at >= vmdk.SectorSize && at <= s.Size-set && inUsualPlace(g.With(0, at)) {
			return at, true
		}
	}
	return 0, false
}

func inUsualPlace(g *reader.Grid) bool {
	for t := range min(g.Tables, maxPlaced) {
		table, found, err := g.TableOf(0, t)
		if err != nil || !found || table != g.Usual(0, t) {
			return false
		}
	}
	return g.Tables > 0
}

func setClean(s *reader.Sparse, f disk.Finding) []disk.Repair {
	const title, risk = "mark the disk as closed cleanly", "only if nothing else was found: what the last program did not finish stays as it is"
	if s.Kind == vmdk.KindCowd {
		return one(title, risk, disk.Clear(f.Where[0]))
	}
	return one(title, risk, changeHeaders(s, func(h decode.Record[vmdk.Header]) { vmdk.HeaderUnclean.Put(h, 0) }))
}

func clearPad(_ *reader.Sparse, f disk.Finding) []disk.Repair {
	return one("zero the padding", "what is hidden in it is lost", disk.Clear(f.Where[0]))
}

// computeOverHead puts overHead between the tables and the first grain (H10).
func computeOverHead(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	return one("set overHead to where the grains start", "", repaired(s, func(ctx context.Context, w *work) error {
		tables, first, _, err := w.reach(ctx)
		if err != nil {
			return err
		}
		if s.Stream && first > 0 {
			tables = min(tables, first) // a stream may have them at its end
		}
		over := roundUp(tables, s.Grid.Grain)
		if first > 0 && over > first {
			return s.Impossible(first, 0, "the first grain at byte 0x%x lies less than a grain after the tables, which end at 0x%x: a copy of the disk puts both in order", first, tables)
		}
		if over > s.Size {
			if err := w.unclaimedEnd(ctx, over, nil); err != nil {
				return err
			}
		}
		if err := w.grow(over); err != nil {
			return err
		}
		for _, at := range s.Headers() {
			if err := w.entry(at+int64(vmdk.HeaderOverHead.Offset()), 8, uint64(over/vmdk.SectorSize)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// countDirectory makes a COWD's directory as long as its disk needs, or finds
// it where it always is (C2).
func countDirectory(s *reader.Sparse, f disk.Finding) []disk.Repair {
	set := func(title, risk string, field *decode.Field, v uint64) []disk.Repair {
		return one(title, risk, change(s, int64(field.Offset()), int64(field.Size()), func(b []byte) { field.Order().Put(b, v) }))
	}
	if f.Where[0].Offset == int64(vmdk.CowdDirectory.Offset()) {
		return set("look for the directory after the header", "the directory has never been seen anywhere else", vmdk.CowdDirectory.Field(), vmdk.CowdHeaderSize/vmdk.SectorSize)
	}
	return set("count the entries that the disk needs", "if what follows the directory is no part of it, it is taken for entries", vmdk.CowdDirectoryEntries.Field(), uint64(s.Grid.Needed))
}

// pointToText has the header lead to the descriptor that was found (H14).
func pointToText(s *reader.Sparse, _ disk.Finding) []disk.Repair {
	return one(fmt.Sprintf("say that the descriptor lies at byte 0x%x", s.Text.Offset), "", changeHeaders(s, func(h decode.Record[vmdk.Header]) {
		vmdk.HeaderDescriptorOffset.Put(h, uint64(s.Text.Offset/vmdk.SectorSize))
		vmdk.HeaderDescriptorSize.Put(h, uint64(s.Text.Length/vmdk.SectorSize))
	}))
}
