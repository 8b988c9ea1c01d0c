package vhdx

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// remedy makes the repairs of a finding from its places (vhdx.md 14). Where it
// has none it says why, and what else can be done.
type remedy func(v *Image, where []decode.Place) (list []disk.Repair, why string)

// remedyOf is the remedy for findings of a code; nil where the format reference
// gives none. It is no table, since a remedy may run checks, which ask for
// remedies.
func remedyOf(code string) remedy {
	switch code {
	case "1":
		return (*Image).sign
	case "3":
		return (*Image).renewOther
	case "4":
		return (*Image).rebuildHeaders
	case "5":
		return (*Image).chooseHeader
	case "6":
		return (*Image).zeroHeaderRoom
	case "8":
		return (*Image).renewOther
	case "9":
		return (*Image).moveLog
	case "10":
		return (*Image).replayInFile
	case "11":
		return (*Image).giveUpLog
	case "12":
		return (*Image).lengthen
	case "53":
		return (*Image).renewIdentity
	case "54":
		return (*Image).restartSequence
	}
	if r := structureRemedy(code); r != nil {
		return settled(r)
	}
	if r := tableRemedy(code); r != nil {
		return settled(r)
	}
	return nil
}

// structureRemedy is the remedy for what the region tables and the metadata say.
func structureRemedy(code string) remedy {
	switch code {
	case "13":
		return (*Image).renewTable
	case "14":
		return (*Image).rebuildTables
	case "15":
		return (*Image).mendTableBits
	case "19":
		return (*Image).requireRegion
	case "20":
		return (*Image).zeroMetadataHead
	case "22":
		return (*Image).unplaceItem
	case "24":
		return (*Image).correctFlags
	case "26":
		return (*Image).deleteItem
	case "29":
		return (*Image).correctSize
	case "30":
		return (*Image).clearParameterBits
	case "33", "34":
		return (*Image).relink
	case "35":
		return (*Image).enlargeBAT
	}
	return nil
}

// tableRemedy is the remedy for what the BAT says, and for the file's length.
func tableRemedy(code string) remedy {
	switch code {
	case "36":
		return (*Image).zeroPadding
	case "37":
		return entryRemedy(fix{title: "clear the reserved bits"}, func(e uint64) uint64 { return e &^ vhdx.ReservedBits(e) })
	case "38":
		return (*Image).defineState
	case "39":
		return entryRemedy(fix{title: "mark the block as fully present", risk: "sectors that were never written show what lies in the file there", reads: true},
			func(e uint64) uint64 { return e&^7 | vhdx.FullyPresent })
	case "40":
		return entryRemedy(fix{title: "take the place out of the entry"}, func(e uint64) uint64 { return e - vhdx.FileOffset(e) })
	case "41", "42":
		return (*Image).giveUpBlock
	case "43":
		return (*Image).extendFile
	case "44":
		return (*Image).separate
	case "45":
		return (*Image).dropAnchors
	case "46":
		return (*Image).correctBitmapEntry
	case "47":
		return entryRemedy(fix{title: "mark the block as fully present", risk: "sectors that were left to the parent show what lies in the file there", reads: true},
			func(e uint64) uint64 { return e&^7 | vhdx.FullyPresent })
	case "48":
		return (*Image).simplify
	case "49":
		return (*Image).allocateAll
	case "50":
		return (*Image).cutTail
	case "51":
		return (*Image).roundLength
	}
	return nil
}

// repairs are those of a finding, and why there are none where the reference
// gives some. A state in the middle of a replay is only there to be looked at.
func (v *Image) repairs(r remedy, where []decode.Place) ([]disk.Repair, string) {
	if r == nil || v.steps >= 0 || len(where) == 0 {
		return nil, ""
	}
	return r(v, where)
}

// settled guards the remedies for everything behind headers and log.
func settled(r remedy) remedy {
	return func(v *Image, where []decode.Place) ([]disk.Repair, string) {
		if why := v.unsettled(); why != "" {
			return nil, why
		}
		return r(v, where)
	}
}

// unsettled says what has to be repaired before anything behind headers and
// log; empty if nothing has. The order is that of vhdx.md 14.
func (v *Image) unsettled() string {
	switch why := v.headless(); {
	case why != "":
		return why
	case v.log.dirty() && v.log.fault != "":
		return fmt.Sprintf("It can be repaired once the log is (vhdx/%s).", v.log.code)
	case v.log.dirty():
		return "It can be repaired once the log is replayed in the file (vhdx/10); until then what the log holds would undo the repair."
	}
	return ""
}

// headless says why the headers can't be updated; empty if they can.
func (v *Image) headless() string {
	switch h := &v.headers; {
	case v.size < vhdx.MiB:
		return "The file ends in its first MiB, so nothing of the disk is left to be repaired."
	case h.current < 0:
		return "It can be repaired once there is a valid header (vhdx/4)."
	case h.tied && !h.identical():
		return "It can be repaired once it is known which header is current (vhdx/5)."
	}
	return ""
}

// fix is a repair of this file. Every one updates the headers, as each change
// of the file does (vhdx.md 3).
type fix struct {
	title, risk string
	reads       bool                                 // the disk reads otherwise afterwards: it gets a new DataWriteGuid
	header      headerChange                         // what else it changes in the headers; may be nil
	body        func(context.Context) (edits, error) // what it changes behind them; may be nil
}

type edits = []disk.Edit

// one makes the repair, based on the current header.
func (v *Image) one(f fix) []disk.Repair { return []disk.Repair{v.basedOn(v.headers.current, f)} }

// basedOn makes the repair, based on header i.
func (v *Image) basedOn(i int, f fix) disk.Repair {
	return disk.Repair{Title: f.title, Risk: f.risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		list, err := v.updateHeaders(i, f.reads, f.header)
		if err != nil || f.body == nil {
			return list, err
		}
		more, err := f.body(ctx)
		if err != nil {
			return nil, err
		}
		return append(list, more...), nil
	}}
}

// rewrite is the fix with the bytes at a place changed.
func (v *Image) rewrite(f fix, off, n int64, change func([]byte)) []disk.Repair {
	if off < 0 || n <= 0 || off > v.size || n > v.size-off {
		return nil
	}
	f.body = func(context.Context) (edits, error) { return disk.Rewrite(v.src.File, v.place(off, n), change) }
	return v.one(f)
}

// maxChanged bounds the bytes that one repair changes: a workspace keeps those
// of all changes in memory.
const maxChanged = store.MaxStaged / 2

// patches collects edits, within the bound. What they replace is read from the
// file; behind its end there are zeros.
type patches struct {
	image *Image
	list  edits
	bytes int64
	old   []byte
}

// put replaces the bytes at off.
func (p *patches) put(off int64, b []byte) error {
	if cap(p.old) < len(b) {
		p.old = make([]byte, len(b))
	}
	old := p.old[:len(b)]
	clear(old)
	if n := min(int64(len(b)), p.image.size-off); n > 0 {
		if got, err := p.image.src.File.ReadAt(old[:n], off); int64(got) < n {
			return shortRead(off, got, int(n), err)
		}
	}
	more := disk.Patch(p.image.src.Name, off, old, append([]byte(nil), b...))
	for _, e := range more {
		p.bytes += int64(len(e.Data))
	}
	if p.bytes > maxChanged {
		return p.image.tooMuch()
	}
	p.list = append(p.list, more...)
	return nil
}

func (v *Image) tooMuch() error {
	return disk.Errorf(disk.Unsupported, v.place(0, 0), "the repair changes more than %s, which is more than can be staged: convert the disk to a new image instead", decode.FormatSize(maxChanged))
}

// copyFrom puts the bytes that r has at from, as far as they are not zero, to
// fresh room behind the end of the file.
func (p *patches) copyFrom(ctx context.Context, from, n, to int64) error {
	buf := make([]byte, 256<<10)
	for done := int64(0); done < n; done += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		buf = buf[:min(int64(cap(buf)), n-done)]
		clear(buf)
		have := min(int64(len(buf)), p.image.size-from-done)
		if have <= 0 {
			return nil
		}
		if got, err := p.image.src.File.ReadAt(buf[:have], from+done); int64(got) < have {
			return shortRead(from+done, got, int(have), err)
		}
		if err := p.put(to+done, buf); err != nil {
			return err
		}
	}
	return nil
}

// zero puts zeros over [off, end), as far as the file has other bytes there.
func (p *patches) zero(ctx context.Context, off, end int64) error {
	zeros := make([]byte, 256<<10)
	for off < min(end, p.image.size) {
		data, err := store.NextData(p.image.src.File, off, min(end, p.image.size))
		if err != nil {
			return endOrError(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		off = max(off, data.Offset)
		n := min(int64(len(zeros)), end-off, p.image.size-off)
		if n <= 0 {
			return nil
		}
		if err := p.put(off, zeros[:n]); err != nil {
			return err
		}
		off += n
	}
	return nil
}

// end is where the next MiB behind the file starts.
func (v *Image) end() int64 { return roundUp(v.size) }

func roundUp(n int64) int64 { return (n + vhdx.MiB - 1) / vhdx.MiB * vhdx.MiB }

// resize gives the file another length. No image of this disk needs more than
// what there is now and room for all blocks: whatever asks for more is a lie.
func (v *Image) resize(size int64) (disk.Edit, error) {
	limit := v.end() + vhdx.MaxBlockSize
	if v.geo.Blocks > 0 {
		limit = v.end() + v.geo.Blocks*v.geo.BlockSize + (v.geo.Chunks+1)*vhdx.MiB + v.geo.Entries(true)*vhdx.EntrySize
	}
	if size > limit {
		return disk.Edit{}, disk.Errorf(disk.Damaged, v.place(v.size, 0), "the file would get 0x%x bytes, the whole disk needs no more than 0x%x", size, limit)
	}
	return disk.Resized(v.src.Name, size), nil
}
