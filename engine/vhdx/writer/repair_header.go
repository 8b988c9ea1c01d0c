package writer

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// headerChange is what a repair changes in both headers.
type headerChange func(decode.Record[vhdx.Header])

// lastSequence is from where on sequence numbers start again, before they run out.
const lastSequence = math.MaxUint64 - 1<<16

// Renewal gives the disk a new DataWriteGuid, and the file a new FileWriteGuid,
// by an update of both headers (vhdx.md 3). Children that name the old one no
// longer fit. It reports false where that can't be done in place.
func Renewal(img disk.Image) (disk.Repair, bool) {
	of, ok := img.(*reader.Image)
	if !ok {
		return disk.Repair{}, false
	}
	v := &image{of.Parts()}
	if !v.Settled || v.Version != 1 {
		return disk.Repair{}, false
	}
	return v.one(fix{title: "give the disk a new DataWriteGuid", risk: "differencing images that were made from this disk no longer fit it", reads: true})[0], true
}

// updateHeaders updates the headers from header i: the other one is written
// first, so that a valid one is there at any time, and then header i, so that
// both agree and the same one is current.
func (v *image) updateHeaders(i int, reads bool, change headerChange) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		if i < 0 || v.Size < vhdx.MiB {
			return disk.Errorf(disk.Damaged, v.place(0, 0), "there is no valid header to be updated")
		}
		h, _ := vhdx.HeaderTable.Of(bytes.Clone(v.Headers[i]))
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
		return disk.Steps(v.writeHeader(1-i, h, next), v.writeHeader(i, h, next+1))(ctx, to)
	}
}

// writeHeader makes header i of h, with a sequence number.
func (v *image) writeHeader(i int, h decode.Record[vhdx.Header], sequence uint64) disk.Step {
	vhdx.HeaderSequence.Put(h, sequence)
	vhdx.HeaderTable.Seal(h.Bytes())
	return v.put(vhdx.HeaderOffset(i), bytes.Clone(h.Bytes()))
}

// header is the current header.
func (v *image) header() decode.Record[vhdx.Header] {
	h, _ := vhdx.HeaderTable.Of(v.Headers[v.Current])
	return h
}

// sign writes the signature at the start (1), where all else is there.
func (v *image) sign(disk.Finding) []disk.Repair {
	return v.one(fix{title: "write the signature", body: v.put(0, []byte(vhdx.Signature))})
}

// renewOther updates both headers from the current one (3, 8).
func (v *image) renewOther(f disk.Finding) []disk.Repair {
	fix := fix{title: fmt.Sprintf("rewrite header %d from header %d", 2-v.Current, v.Current+1)}
	if f.Code == "vhdx/3" {
		fix.risk = v.newerMark()
	}
	return v.apart(v.one(fix))
}

// newerMark is the risk of writing over a damaged header that is the newer one, and may have
// the mark by which children know the content.
func (v *image) newerMark() string {
	other := 1 - v.Current
	if !slices.Contains(v.survivors(), other) {
		return ""
	}
	h, now := v.headerAt(other), v.header()
	lost, mark := vhdx.HeaderDataGUID.Get(h), vhdx.HeaderDataGUID.Get(now)
	if vhdx.HeaderSequence.Get(h) <= vhdx.HeaderSequence.Get(now) || lost == mark {
		return ""
	}
	return fmt.Sprintf("the damaged header is the newer one, and has the DataWriteGuid %v where the other one has %v: differencing images that know this disk by the first no longer fit", lost, mark)
}

// chooseHeader settles two headers with the same number (5).
func (v *image) chooseHeader(disk.Finding) []disk.Repair {
	if v.Alike {
		return []disk.Repair{v.basedOn(0, fix{title: "give header 2 another sequence number"})}
	}
	const risk = "what the other header says is lost: compare the two first"
	return []disk.Repair{
		v.basedOn(0, fix{title: "header 1 is right: rewrite header 2 from it", risk: risk}),
		v.basedOn(1, fix{title: "header 2 is right: rewrite header 1 from it", risk: risk}),
	}
}

// zeroHeaderRoom zeroes the reserved bytes of the headers, or those after one
// (6).
func (v *image) zeroHeaderRoom(of disk.Finding) []disk.Repair {
	f := fix{title: "zero the bytes", risk: "what is hidden in them is lost"}
	at := of.Where[0]
	for i := range v.Headers {
		if start := vhdx.HeaderOffset(i); at.Offset >= start && at.Offset < start+vhdx.HeaderSize {
			f.header = func(h decode.Record[vhdx.Header]) { clear(vhdx.HeaderReserved.Get(h)) }
			return v.one(f)
		}
	}
	f.body = disk.Clear(at)
	return v.one(f)
}

// renewIdentity gives the image new identities where they are null (53).
func (v *image) renewIdentity(disk.Finding) []disk.Repair {
	null := vhdx.HeaderDataGUID.Get(v.header()) == (uuid.UUID{})
	return v.one(fix{title: "make a new identity", risk: "differencing images that name this disk by zeros no longer find it", reads: null})
}

// restartSequence lets the sequence numbers start again (54), as every update
// does that comes this close to their end.
func (v *image) restartSequence(disk.Finding) []disk.Repair {
	return v.one(fix{title: "let the sequence numbers start again"})
}

// survivors are the headers whose checksum alone is wrong: all fields say what a
// header can say. The current one comes first.
func (v *image) survivors() (list []int) {
	for i := range v.Headers {
		h, ok := vhdx.HeaderTable.Of(v.Headers[i])
		if !ok || vhdx.HeaderSign.Get(h) != vhdx.HeaderSignature && !vhdx.UnmarkedHeader(v.Headers[i]) || vhdx.HeaderVersion.Get(h) != 1 || vhdx.HeaderLogVersion.Get(h) != 0 || !v.LogFits(i) {
			continue
		}
		list = append(list, i)
	}
	if len(list) == 2 && vhdx.HeaderSequence.Get(v.headerAt(1)) > vhdx.HeaderSequence.Get(v.headerAt(0)) {
		list[0], list[1] = 1, 0
	}
	return list
}

func (v *image) headerAt(i int) decode.Record[vhdx.Header] {
	h, _ := vhdx.HeaderTable.Of(v.Headers[i])
	return h
}

// agree reports whether two headers say the same of the log. Programs give each a
// DataWriteGuid of its own (8): the current one counts.
func (v *image) agree() bool {
	a, b := v.headerAt(0), v.headerAt(1)
	return vhdx.HeaderLogGUID.Get(a) == vhdx.HeaderLogGUID.Get(b) &&
		vhdx.HeaderLogOffset.Get(a) == vhdx.HeaderLogOffset.Get(b) && vhdx.HeaderLogLength.Get(a) == vhdx.HeaderLogLength.Get(b)
}

// unmarkedHeaders are those of them in which nothing but the signature is damaged.
func (v *image) unmarkedHeaders(list []int) (whole []int) {
	for _, i := range list {
		if vhdx.UnmarkedHeader(v.Headers[i]) {
			whole = append(whole, i)
		}
	}
	return whole
}

// keepFields gives headers that have survived their checksums back.
func (v *image) keepFields(list []int) (repairs []disk.Repair) {
	clean := func(h decode.Record[vhdx.Header]) {
		vhdx.HeaderSign.Put(h, vhdx.HeaderSignature)
		clear(vhdx.HeaderReserved.Get(h))
	}
	whole := v.unmarkedHeaders(list)
	if len(whole) == len(list) && len(list) > 0 && (len(list) == 1 || v.agree()) {
		return []disk.Repair{v.basedOn(whole[0], fix{title: "put the signatures back: the rest of the headers is whole", header: clean})}
	}
	for _, i := range whole {
		repairs = append(repairs, v.basedOn(i, fix{title: fmt.Sprintf("put the signature of header %d back, the rest of which is whole; the other header follows it", i+1),
			risk: "what the other header says is lost: compare the two first", header: clean}))
	}
	if list = slices.DeleteFunc(slices.Clone(list), func(i int) bool { return slices.Contains(whole, i) }); len(list) == 0 {
		return repairs
	}
	if len(list) == 2 && v.agree() {
		return []disk.Repair{v.basedOn(list[0], fix{title: "keep the fields of the headers, which agree about the log, zero the bytes after them, and recompute the checksums", header: clean})}
	}
	for _, i := range list {
		repairs = append(repairs, v.basedOn(i, fix{title: fmt.Sprintf("keep the fields of header %d, zero the bytes after them, and recompute the checksum; the other header follows it", i+1),
			risk: "what the other header says is lost: compare the two first", header: clean}))
	}
	return repairs
}

// rebuildHeaders is for an image in which neither header is valid (4). What the
// fields still say is kept; else new headers are made, for an image that was closed,
// and for one with a log to be replayed if there is one.
func (v *image) rebuildHeaders(disk.Finding) []disk.Repair {
	survivors := v.survivors()
	if list := v.keepFields(survivors); len(survivors) == 2 && v.agree() || len(v.unmarkedHeaders(survivors)) > 0 {
		return list // whether there is a log to be replayed they say too
	} else if len(list) > 0 {
		return append(list, v.freshHeaders()...)
	}
	return v.freshHeaders()
}

// freshHeaders are the repairs of headers that nothing is left of: a closed image
// loses what a log held, a replayed one what was written since.
func (v *image) freshHeaders() []disk.Repair {
	const risk = "the identities of the image are new, so differencing images no longer fit it; "
	var list []disk.Repair
	likely := v.LikelyLogs()
	for _, l := range likely {
		if session, ok := v.Session(l); ok {
			l.GUID = session
			list = append(list, v.withHeaders(l, fmt.Sprintf("make new headers, with the log at 0x%x to be replayed", l.Off),
				risk+"if the image was closed after this session, the replay may undo later changes"))
			break
		}
	}
	closed := reader.Log{}
	if len(likely) > 0 {
		closed = likely[0]
	}
	return append(list, v.withHeaders(closed, "make new headers of a closed image", risk+"if the log had to be replayed, what it holds is lost"))
}

// withHeaders writes new headers for a log; where there is none it gets room at
// the end of the file.
func (v *image) withHeaders(l reader.Log, title, risk string) disk.Repair {
	r := disk.Repair{Title: title, Risk: risk}
	if l.Length > 0 {
		r.Apply = v.newHeaders(l)
	} else {
		r.Apply = v.inFreshRoom(vhdx.MiB, func(room int64) disk.Step { return v.newHeaders(reader.Log{Off: room, Length: vhdx.MiB}) })
	}
	return r
}

func (v *image) newHeaders(l reader.Log) disk.Step {
	h := vhdx.HeaderTable.Blank()
	vhdx.HeaderFileGUID.Put(h, uuid.New())
	vhdx.HeaderDataGUID.Put(h, uuid.New())
	vhdx.HeaderLogGUID.Put(h, l.GUID)
	vhdx.HeaderVersion.Put(h, 1)
	placeLog(h, l.Off, l.Length)
	return disk.Steps(v.writeHeader(0, h, 0), v.writeHeader(1, h, 1))
}
