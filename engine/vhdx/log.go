package vhdx

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sort"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// Log reads the whole log, also what is not to be replayed.
func (v *Image) Log(ctx context.Context) (disk.Log, error) {
	r := &v.log
	log := disk.Log{Place: v.place(r.off, r.length), GUID: r.guid.String(), Dirty: r.dirty(), Steps: len(v.active), At: len(v.active)}
	if v.steps >= 0 {
		log.At = min(v.steps, len(v.active))
	}
	if r.fault != "" && r.dirty() {
		log.Refused = disk.Errorf(disk.Damaged, log.Place, "vhdx/%s: %s", r.code, r.fault)
	}
	list := listing{room: maxListed - min(len(v.active), maxListed)}
	for e, err := range r.entries(ctx, v.src.File) {
		switch {
		case err != nil:
			return log, err
		case list.takes(v.stepOf(e)):
			log.Entries = append(log.Entries, v.logEntry(e))
		default:
			log.Omitted++
		}
	}
	return log, nil
}

// maxListed bounds the entries that are listed one by one. Logs have some
// hundreds; a hostile one of 4 GiB has a million.
const maxListed = 1 << 14

// listing chooses the entries to be listed: the first of those to be replayed,
// and the first of the others as far as they leave room.
type listing struct {
	steps int
	room  int // for entries that are not replayed
}

func (l *listing) takes(step int) bool {
	if step > 0 {
		l.steps++
		return l.steps <= maxListed
	}
	l.room--
	return l.room >= 0
}

func (v *Image) logEntry(e logEntry) disk.LogEntry {
	r := &v.log
	out := disk.LogEntry{
		Place:  v.place(r.off+e.pos, min(max(e.length, vhdx.LogSector), r.length-e.pos)),
		Offset: e.pos, Length: e.length, Sequence: e.seq, Tail: e.tail, GUID: e.guid.String(),
		Flushed: e.flushed, Last: e.last, Step: v.stepOf(e), Stale: e.guid != r.guid, Torn: !e.whole(), Count: e.descriptors,
	}
	switch {
	case !e.whole():
		out.Why = "not whole: " + e.why.String()
	case out.Stale && r.dirty():
		out.Why = "written by an earlier session"
	case out.Stale:
		out.Why = "the image was closed cleanly since"
	case out.Step == 0 && r.fault != "":
		out.Why = "the log can't be replayed"
	case out.Step == 0:
		out.Why = "not in the active sequence: applied before, or not connected to it"
	}
	out.Verify = func(ctx context.Context) ([]disk.LogRule, error) { return v.verifyEntry(ctx, e) }
	out.Descriptors = func(yield func(disk.LogDescriptor, error) bool) {
		for c, err := range r.changes(v.src.File, e) {
			if err != nil {
				yield(disk.LogDescriptor{}, err)
				return
			}
			if !yield(v.logDescriptor(c), nil) {
				return
			}
		}
	}
	return out
}

// stepOf is the place of an entry in the replay, from 1; 0 if it has none.
func (v *Image) stepOf(e logEntry) int {
	if len(v.active) == 0 || e.seq < v.active[0].seq {
		return 0
	}
	i := e.seq - v.active[0].seq // their numbers grow by one
	if i >= uint64(len(v.active)) || v.active[i].pos != e.pos {
		return 0
	}
	return int(i) + 1
}

func (v *Image) logDescriptor(c change) disk.LogDescriptor {
	r := &v.log
	d := disk.LogDescriptor{Kind: "zero", Place: v.place(r.at(c.pos), vhdx.DescriptorSize), Target: v.place(clampOffset(c.target), clampOffset(c.length))}
	if c.sector < 0 {
		return d
	}
	d.Kind, d.Sector = "data", v.place(r.at(c.sector), vhdx.LogSector)
	d.Page = func() ([]byte, error) {
		one := replayed{file: v.src.File, parts: []part{{off: 0, end: vhdx.LogSector, sector: r.at(c.sector), leading: c.leading, trailing: c.trailing}}, grown: vhdx.LogSector}
		page := make([]byte, vhdx.LogSector)
		n, err := one.ReadAt(page, 0)
		if n == len(page) {
			err = nil
		}
		return page[:n], err
	}
	return d
}

// clampOffset makes a number of a torn entry fit a place.
func clampOffset(n uint64) int64 { return int64(min(n, maxGrown)) }

// AtStep is the image as it is when the first n entries have been replayed.
func (v *Image) AtStep(ctx context.Context, n int) (disk.Image, error) {
	if n < 0 || n > len(v.active) {
		return nil, disk.Errorf(disk.OutOfRange, v.place(v.log.off, v.log.length), "step %d of the replay, which has %d", n, len(v.active))
	}
	src := v.src
	src.File = borrowed{v.src.File}
	return open(ctx, src, n)
}

// borrowed is a file that somebody else closes.
type borrowed struct{ store.File }

// Close does nothing.
func (borrowed) Close() error { return nil }

// logNode is the log with its entries, and all of its sectors one by one.
func (v tree) logNode() decode.Node {
	r := &v.log
	n := decode.Node{
		Name: "log", Place: v.place(r.off, r.length), Value: v.logWords(),
		Doc: "A ring of sectors of 4 KiB. Before a table of the file is changed, its new bytes are written here; if the program dies in between, the next one to open the file repeats what the log says.",
		Ref: "MS-VHDX 2.3",
	}
	sectors := decode.Repeat(decode.Node{
		Name: "sectors", Place: n.Place, Doc: "All sectors of the ring, also those that belong to no entry: leftovers of earlier sessions.", Ref: "MS-VHDX 2.3",
	}, vhdx.LogSector, count(r.length/vhdx.LogSector), v.logSectorNode)
	var entries []logEntry
	list := listing{room: maxListed - min(len(v.active), maxListed)}
	for e, err := range r.entries(context.Background(), v.src.File) {
		if err != nil {
			n.Mark, n.Words = decode.Wrong, err.Error()
			return n.WithNodes(sectors)
		}
		if list.takes(v.stepOf(e)) {
			entries = append(entries, e)
		} else {
			n.Mark, n.Words = decode.Note, fmt.Sprintf("only %d entries are listed, there are more among the sectors", maxListed)
		}
	}
	n = n.With(len(entries)+1, func(i int) decode.Node {
		if i == len(entries) {
			return sectors
		}
		return v.logEntryNode(entries[i])
	})
	return n.Indexed(func(file string, off int64) (int, bool) {
		if !n.Place.Holds(file, off) {
			return 0, false
		}
		pos := off - r.off
		i := sort.Search(len(entries), func(i int) bool { return entries[i].pos > pos }) - 1
		if i >= 0 && entries[i].whole() && pos < entries[i].pos+entries[i].length {
			return i, true
		}
		return len(entries), true
	})
}

func (v tree) logEntryNode(e logEntry) decode.Node {
	r := &v.log
	out := v.logEntry(e)
	mark, words := decode.Note, out.Why
	switch {
	case out.Active():
		mark, words = decode.Good, fmt.Sprintf("active: step %d of the replay", out.Step)
	case out.Torn:
		mark = decode.Doubt
	}
	at := r.off + e.pos
	tail := decode.Target{Place: v.place(r.off+min(e.tail, r.length-1), 0), What: "oldest entry needed"}
	n := vhdx.LogEntryTable.Read(v.src.File, v.src.Name, at,
		decode.Named(fmt.Sprintf("entry %d", e.seq)), decode.Marked(mark, words), decode.Leads(vhdx.LogTail.Field().Name(), tail))
	if n.Mark < mark || out.Active() {
		n.Mark, n.Words = mark, words
	}
	descriptors := decode.Node{
		Name: "descriptors", Place: v.place(at+vhdx.LogHeadSize, 0), Value: fmt.Sprintf("%d", e.descriptors),
		Doc: "What the entry changes: ranges filled with zeros, and pages replaced by a data sector.", Ref: "MS-VHDX 2.3.1",
	}
	n = n.Append(descriptors.With(count(min(e.descriptors, e.length/vhdx.DescriptorSize)), func(i int) decode.Node { return v.descriptorNode(e, int64(i)) }))
	n.Place.Length = out.Place.Length
	return n
}

// descriptorNode is descriptor i of an entry; a data descriptor has its data
// sector as last child.
func (v tree) descriptorNode(e logEntry, i int64) decode.Node {
	r := &v.log
	pos := e.pos + vhdx.DescriptorOffset(i)
	at := r.at(pos)
	b, err := readUpTo(v.src.File, at, vhdx.DescriptorSize)
	if err != nil || len(b) < vhdx.DescriptorSize {
		return decode.Node{Name: fmt.Sprintf("descriptor %d", i), Place: v.place(at, vhdx.DescriptorSize), Doc: "A descriptor that can't be read.", Mark: decode.Wrong, Words: "cut off"}
	}
	d := descriptorOf(b)
	name := fmt.Sprintf("descriptor %d", i)
	to := decode.Target{Place: v.place(clampOffset(d.target), clampOffset(d.length)), What: "what it changes"}
	if d.kind == vhdx.ZeroSignature {
		return vhdx.ZeroTable.Node(b, v.src.Name, at, decode.Named(name), decode.Leads(vhdx.ZeroFileOffset.Field().Name(), to))
	}
	n := vhdx.DataTable.Node(b, v.src.Name, at, decode.Named(name), decode.Leads(vhdx.DataOffset.Field().Name(), to))
	if c, ok := v.changeOf(e, i); ok && c.sector >= 0 {
		sector := vhdx.DataSectorTable.Read(v.src.File, v.src.Name, r.at(c.sector))
		n = n.Append(sector)
	}
	return n
}

// changeOf finds descriptor i with the place of its data sector, which depends
// on the kinds of those before it.
func (v tree) changeOf(e logEntry, i int64) (change, bool) {
	for c, err := range v.log.changes(v.src.File, e) {
		if err != nil {
			return change{}, false
		}
		if i == 0 {
			return c, true
		}
		i--
	}
	return change{}, false
}

// logSectorNode is a sector of the ring by itself, by its signature.
func (v tree) logSectorNode(i int) decode.Node {
	at := v.log.off + int64(i)*vhdx.LogSector
	place := v.place(at, vhdx.LogSector)
	b, err := readUpTo(v.src.File, at, vhdx.LogSector)
	n := decode.Node{Name: fmt.Sprintf("sector %d", i), Place: place, Doc: "A sector of the log that is neither the start of an entry nor a data sector: descriptors, leftovers or zeros.", Ref: "MS-VHDX 2.3"}
	switch {
	case err != nil || len(b) < vhdx.LogSector:
		n.Mark, n.Words = decode.Wrong, errors.Join(err, io.ErrUnexpectedEOF).Error()
	case signed(b, vhdx.LogEntrySignature):
		n = vhdx.LogEntryTable.Node(b[:vhdx.LogHeadSize], v.src.Name, at, decode.Named(n.Name))
		n.Place = place
	case signed(b, vhdx.DataSectorSignature):
		n = vhdx.DataSectorTable.Node(b, v.src.Name, at, decode.Named(n.Name))
	case isZero(b):
		n.Value = "zeros"
	}
	return n
}
