package vhdx

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// maxLikely bounds the logs that are looked for where no header says where
// they are, in bytes.
const maxLikely = 64 << 20

// likelyLogs are the places where the log may be when the current header does
// not tell: where the headers put it, valid or not, and where all known
// programs put it.
func (v *Image) likelyLogs() []ring {
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
func (v *Image) lastSession(r ring) (uuid.UUID, bool) {
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

// moveLog gives the image a log at a place where it can be (9): the one with
// the entries that are to be replayed if it is found, else a new one.
func (v *Image) moveLog([]decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	var list []disk.Repair
	if v.log.dirty() && v.log.length == 0 {
		for _, r := range v.likelyLogs() {
			r.guid = v.log.guid
			if s, err := r.search(context.Background(), v.src.File); err != nil || !s.found {
				continue
			}
			list = v.one(fix{title: fmt.Sprintf("the log is at 0x%x: say so in the headers", r.off), risk: "that it is this log is a guess, by its LogGuid",
				header: func(h decode.Record[vhdx.Header]) { placeLog(h, r.off, r.length) }})
			break
		}
	}
	risk := "the place that the headers give the log is given up"
	if v.log.dirty() && len(v.active) == 0 {
		risk = "what the log held is lost: tables may be half written"
	}
	return append(list, v.newLog(v.longer(risk, roundUp(v.data.grown)+vhdx.MiB))), ""
}

func placeLog(h decode.Record[vhdx.Header], off, length int64) {
	vhdx.HeaderLogOffset.Put(h, uint64(off))
	vhdx.HeaderLogLength.Put(h, uint32(length))
}

// newLog replays what can be replayed and gives the image an empty log.
func (v *Image) newLog(risk string) disk.Repair {
	return disk.Repair{Title: "give the image a new, empty log", Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		off := int64(vhdx.MiB)
		list, err := v.replayEdits(ctx)
		if err != nil {
			return nil, err
		}
		free, err := v.nobodys(ctx, off, vhdx.MiB)
		if err != nil {
			return nil, err
		}
		if !free {
			if off, err = v.freshRoom(ctx); err != nil {
				return nil, err
			}
			grown, err := v.resize(off + vhdx.MiB)
			if err != nil {
				return nil, err
			}
			list = append(list, grown)
		}
		update, err := v.updateHeaders(v.headers.current, false, func(h decode.Record[vhdx.Header]) {
			placeLog(h, off, vhdx.MiB)
			vhdx.HeaderLogGUID.Put(h, uuid.UUID{})
		})
		return append(list, update...), err
	}}
}

// nobodys reports whether no structure and no BAT entry claims a range of the
// file. The log does not count: it is about to be moved.
func (v *Image) nobodys(ctx context.Context, off, n int64) (bool, error) {
	for _, e := range v.structures() {
		if e.name != "log" && off < e.end && off+n > e.off {
			return false, nil
		}
	}
	switch {
	case !v.tableKnown():
		return false, v.tableUnknown()
	case off+n > v.size:
		return false, nil
	}
	claimed, err := v.claimed(ctx, off, n, -1)
	return !claimed, err
}

// claimed reports whether a BAT entry claims a part of a range of the file,
// other than the one with an index.
func (v *Image) claimed(ctx context.Context, off, n, except int64) (bool, error) {
	for o, err := range v.owners(ctx) {
		if err != nil || o.index != except && o.off < off+n && o.off+o.length > off {
			return err == nil, err
		}
	}
	return false, nil
}

// closed makes a header say that the log is empty.
func closed(h decode.Record[vhdx.Header]) { vhdx.HeaderLogGUID.Put(h, uuid.UUID{}) }

// replayInFile writes what the log holds to its places (10).
func (v *Image) replayInFile([]decode.Place) ([]disk.Repair, string) {
	risk := v.longer("", roundUp(v.data.grown))
	return v.one(fix{title: "replay the log in the file", risk: risk, header: closed, body: v.replayEdits}), ""
}

// replayEdits are the bytes that the log changes, none if there is nothing to
// be replayed.
func (v *Image) replayEdits(ctx context.Context) (edits, error) {
	p := patches{image: v}
	if v.data.grown > v.size {
		grown, err := v.resize(roundUp(v.data.grown))
		if err != nil {
			return nil, err
		}
		p.list = append(p.list, grown)
	}
	page := make([]byte, vhdx.LogSector)
	for _, part := range v.data.parts {
		if part.sector < 0 {
			if err := p.zero(ctx, part.off, part.end); err != nil {
				return nil, err
			}
			continue
		}
		b := page[:part.end-part.off]
		if n, err := v.data.ReadAt(b, part.off); n < len(b) {
			return nil, shortRead(part.off, n, len(b), err)
		}
		if err := p.put(part.off, b); err != nil {
			return nil, err
		}
	}
	return p.list, ctx.Err()
}

// giveUpLog forgets a log that can't be replayed (11), if the tables are whole
// without it.
func (v *Image) giveUpLog([]decode.Place) ([]disk.Repair, string) {
	return v.one(fix{title: "give up what the log holds", risk: "the last changes of the tables are lost; it is done only if the tables are whole without them", reads: true, header: closed,
		body: func(ctx context.Context) (edits, error) { return nil, v.tablesWhole(ctx) }}), ""
}

// tablesWhole is an error that names the first fault of the structures behind
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

// lengthen gives a file that was cut off its length back (12), replays the log
// and marks the blocks that were behind the cut.
func (v *Image) lengthen([]decode.Place) ([]disk.Repair, string) {
	return []disk.Repair{{
		Title: "lengthen the file with zeros, replay the log and mark the lost blocks as undefined",
		Risk:  v.longer("what was behind the end of the file stays lost; find an uncut copy first", int64(min(v.log.needs, math.MaxInt64))),
		Edits: v.lengthenEdits,
	}}, ""
}

func (v *Image) lengthenEdits(ctx context.Context) ([]disk.Edit, error) {
	size := roundUp(int64(v.log.needs))
	src := v.src
	src.File, src.Opener = lengthened{borrowed{v.src.File}, v.size, size}, nil
	img, err := open(ctx, src, -1)
	if err != nil {
		return nil, err
	}
	after := img.(*Image)
	if !after.sized || after.log.fault != "" {
		return nil, disk.Errorf(disk.Damaged, v.place(v.size, 0), "with the file as long as it was, still nothing of the disk can be read")
	}
	after.size = v.size // what is behind it is not there yet
	grown, err := after.resize(max(size, roundUp(after.data.grown)))
	if err != nil {
		return nil, err
	}
	list := edits{grown}
	replayed, err := after.replayEdits(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range replayed {
		if !e.Resize {
			list = append(list, e)
		}
	}
	lost, err := after.lostBlocks(ctx, v.size)
	if err != nil {
		return nil, err
	}
	update, err := after.updateHeaders(after.headers.current, true, closed)
	return append(append(list, lost...), update...), err
}

// lostBlocks marks the blocks that lie behind the end of the file as undefined.
func (v *Image) lostBlocks(ctx context.Context, end int64) (edits, error) {
	var list edits
	for o, err := range v.owners(ctx) {
		switch {
		case err != nil:
			return nil, err
		case o.what != usePayload || o.off < end:
			continue
		case len(list) == maxChanged/vhdx.EntrySize:
			return nil, v.tooMuch()
		}
		list = append(list, disk.Edit{File: v.src.Name, Offset: v.entryPlaceAt(o.index).Offset, Data: binary.LittleEndian.AppendUint64(nil, vhdx.Undefined)})
	}
	return list, nil
}

// lengthened is a file with zeros behind its end.
type lengthened struct {
	borrowed
	end, size int64
}

// Size is the length with the zeros.
func (l lengthened) Size() (int64, error) { return l.size, nil }

// NextData is all that there is of the file, and nothing of the zeros.
func (l lengthened) NextData(off int64) (store.Range, error) {
	if off >= l.end {
		return store.Range{}, io.EOF
	}
	return l.borrowed.NextData(off)
}

// ReadAt reads the file, and zeros behind it.
func (l lengthened) ReadAt(p []byte, off int64) (int, error) {
	if off >= l.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), l.size-off)]
	clear(want)
	if n := min(int64(len(want)), l.end-off); n > 0 {
		if got, err := l.File.ReadAt(want[:n], off); int64(got) < n {
			return got, shortRead(off, got, int(n), err)
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}
