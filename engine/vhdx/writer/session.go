package writer

import (
	"bytes"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/store"
)

// headers are both copies of the header while the file is written (vhdx.md 3).
type headers struct {
	file    store.File
	current int // the copy that counts; after an update the same one again
	rec     decode.Record[vhdx.Header]
}

// update changes both headers: first the one that does not count, then the one
// that did, each made from the header that counts. A valid one is there at any
// moment.
func (h *headers) update(why string, change func(decode.Record[vhdx.Header])) error {
	next, _ := vhdx.HeaderTable.Of(bytes.Clone(h.rec.Bytes()))
	change(next)
	for _, i := range []int{1 - h.current, h.current} {
		vhdx.HeaderSequence.Put(next, vhdx.HeaderSequence.Get(next)+1)
		vhdx.HeaderTable.Seal(next.Bytes())
		if _, err := store.WriteFor(h.file, next.Bytes(), vhdx.HeaderOffset(i), why); err != nil {
			return err
		}
		if err := h.file.Sync(); err != nil {
			return err
		}
	}
	h.rec = next
	return nil
}

// identify gives the file a new FileWriteGuid and, unless it is to stay, the disk
// a new DataWriteGuid: before the first change of a session.
func (h *headers) identify(file, data uuid.UUID) error {
	return h.update("identities of a session that writes", func(rec decode.Record[vhdx.Header]) {
		vhdx.HeaderFileGUID.Put(rec, file)
		if data != (uuid.UUID{}) {
			vhdx.HeaderDataGUID.Put(rec, data)
		}
	})
}

// logged says which log entries count from now on; none with a null GUID.
func (h *headers) logged(guid uuid.UUID, why string) error {
	return h.update(why, func(rec decode.Record[vhdx.Header]) { vhdx.HeaderLogGUID.Put(rec, guid) })
}
