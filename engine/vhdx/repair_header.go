package vhdx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// headerChange is what a repair changes in both headers.
type headerChange func(decode.Record[vhdx.Header])

// lastSequence is from where on sequence numbers start anew, before they run out.
const lastSequence = math.MaxUint64 - 1<<16

var _ disk.Renewer = (*Image)(nil)

// Renewal gives the disk a new DataWriteGuid, and the file a new FileWriteGuid,
// by an update of both headers (vhdx.md 3). Children that name the old one no
// longer fit.
func (v *Image) Renewal() (disk.Repair, bool) {
	h, _ := v.headers.ruling()
	if v.steps >= 0 || v.unsettled() != "" || vhdx.HeaderVersion.Get(h) != 1 {
		return disk.Repair{}, false
	}
	return v.one(fix{title: "give the disk a new DataWriteGuid", risk: "differencing images that were made from this disk no longer fit it", reads: true})[0], true
}

// updateHeaders are the edits of a header update based on header i: the other
// one is written first, so that a valid one is there at any time, and then
// header i, so that both agree and the same one is current.
func (v *Image) updateHeaders(i int, reads bool, change headerChange) ([]disk.Edit, error) {
	if i < 0 || v.size < vhdx.MiB {
		return nil, disk.Errorf(disk.Damaged, v.place(0, 0), "there is no valid header to be updated")
	}
	h, _ := vhdx.HeaderTable.Of(bytes.Clone(v.headers.copies[i].raw))
	vhdx.HeaderFileGUID.Put(h, uuid.New())
	if reads {
		vhdx.HeaderDataGUID.Put(h, uuid.New())
	}
	if change != nil {
		change(h)
	}
	next := vhdx.HeaderSequence.Get(h) + 1
	if next > lastSequence {
		next = 0
	}
	return append(v.writeHeader(1-i, h, next), v.writeHeader(i, h, next+1)...), nil
}

// writeHeader are the edits that make header i of h, with a sequence number.
func (v *Image) writeHeader(i int, h decode.Record[vhdx.Header], sequence uint64) []disk.Edit {
	vhdx.HeaderSequence.Put(h, sequence)
	vhdx.HeaderTable.Seal(h.Bytes())
	return disk.Patch(v.src.Name, vhdx.HeaderOffset(i), v.headers.copies[i].raw, bytes.Clone(h.Bytes()))
}

// sign writes the signature at the start (1), where all else is there.
func (v *Image) sign([]decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	if !v.tables.sound {
		return nil, "The region tables are not valid either: repair them first (vhdx/14)."
	}
	f := fix{title: "write the signature", risk: "the file is taken for a VHDX, which it has the headers and region tables of"}
	return v.rewrite(f, 0, int64(len(vhdx.Signature)), func(b []byte) { copy(b, vhdx.Signature) }), ""
}

// renewOther updates both headers from the current one (3, 8).
func (v *Image) renewOther([]decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	h := &v.headers
	return v.one(fix{title: fmt.Sprintf("write header %d anew from header %d", 2-h.current, h.current+1)}), ""
}

// chooseHeader settles two headers with the same number (5).
func (v *Image) chooseHeader([]decode.Place) ([]disk.Repair, string) {
	if v.size < vhdx.MiB {
		return nil, v.headless()
	}
	if v.headers.identical() {
		return []disk.Repair{v.basedOn(0, fix{title: "give header 2 another sequence number"})}, ""
	}
	const risk = "what the other header says is lost: compare the two first"
	return []disk.Repair{
		v.basedOn(0, fix{title: "header 1 is right: write header 2 anew from it", risk: risk}),
		v.basedOn(1, fix{title: "header 2 is right: write header 1 anew from it", risk: risk}),
	}, ""
}

// zeroHeaderRoom zeroes the reserved bytes of the headers, or those behind one
// (6).
func (v *Image) zeroHeaderRoom(where []decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	f := fix{title: "zero the bytes", risk: "what is hidden in them is lost"}
	at := where[0]
	for i := range v.headers.copies {
		if start := vhdx.HeaderOffset(i); at.Offset >= start && at.Offset < start+vhdx.HeaderSize {
			f.header = func(h decode.Record[vhdx.Header]) { clear(vhdx.HeaderReserved.Get(h)) }
			return v.one(f), ""
		}
	}
	return v.rewrite(f, at.Offset, at.Length, func(b []byte) { clear(b) }), ""
}

// renewIdentity gives the image new identities where they are null (53).
func (v *Image) renewIdentity([]decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	h, _ := v.headers.ruling()
	null := vhdx.HeaderDataGUID.Get(h) == (uuid.UUID{})
	return v.one(fix{title: "make a new identity", risk: "differencing images that name this disk by zeros no longer find it", reads: null}), ""
}

// restartSequence lets the sequence numbers start anew (54), as every update
// does that comes this close to their end.
func (v *Image) restartSequence([]decode.Place) ([]disk.Repair, string) {
	if why := v.headless(); why != "" {
		return nil, why
	}
	return v.one(fix{title: "let the sequence numbers start anew"}), ""
}

// rebuildHeaders makes new headers where neither is valid (4): for an image
// that was closed, and for one with a log to be replayed if there is one.
func (v *Image) rebuildHeaders([]decode.Place) ([]disk.Repair, string) {
	if v.size < vhdx.MiB {
		return nil, v.headless()
	}
	const risk = "the identities of the image are new, so differencing images no longer fit it; "
	var list []disk.Repair
	for _, r := range v.likelyLogs() {
		if session, ok := v.lastSession(r); ok {
			r.guid = session
			list = append(list, v.withHeaders(r, fmt.Sprintf("make new headers, with the log at 0x%x to be replayed", r.off),
				risk+"if the image was closed after this session, the replay may undo later changes"))
			break
		}
	}
	r := ring{}
	if likely := v.likelyLogs(); len(likely) > 0 {
		r = likely[0]
	}
	return append(list, v.withHeaders(r, "make new headers of a closed image", risk+"if the log had to be replayed, what it holds is lost")), ""
}

// withHeaders writes new headers for a log; where there is none it gets room at
// the end of the file.
func (v *Image) withHeaders(r ring, title, risk string) disk.Repair {
	return disk.Repair{Title: title, Risk: risk, Edits: func(ctx context.Context) ([]disk.Edit, error) {
		var list []disk.Edit
		if r.length == 0 {
			room, err := v.freshRoom(ctx)
			if err != nil {
				return nil, err
			}
			r.off, r.length = room, vhdx.MiB
			grown, err := v.resize(r.off + r.length)
			if err != nil {
				return nil, err
			}
			list = append(list, grown)
		}
		h := vhdx.HeaderTable.Blank()
		vhdx.HeaderFileGUID.Put(h, uuid.New())
		vhdx.HeaderDataGUID.Put(h, uuid.New())
		vhdx.HeaderLogGUID.Put(h, r.guid)
		vhdx.HeaderVersion.Put(h, 1)
		vhdx.HeaderLogOffset.Put(h, uint64(r.off))
		vhdx.HeaderLogLength.Put(h, uint32(r.length))
		return append(append(list, v.writeHeader(0, h, 0)...), v.writeHeader(1, h, 1)...), nil
	}}
}

// endOrError is nil where a file has nothing more.
func endOrError(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
