package disk

import (
	"bytes"
	"errors"
	"io"

	"platter/decode"
)

// Record is a structure that a field belongs to: its own, or one around that.
type Record struct {
	Layout *decode.Layout
	Place  decode.Place
	Data   []byte // at least as long as its checksum covers, if the file is
}

// Records are those that the last node of a trail belongs to, the innermost first,
// without their bytes. Index is the number of the node of the trail that is each.
func Records(trail []decode.Node) (list []Record, index []int) {
	for i := len(trail) - 1; i >= 0; i-- {
		n := trail[i]
		if n.Field == nil || len(list) > 0 && list[len(list)-1].Place == n.Record {
			continue
		}
		list, index = append(list, Record{Layout: n.Field.Layout(), Place: n.Record}), append(index, i)
	}
	return list, index
}

// sumReach is how far past its start a record's checksum may reach, in bytes.
const sumReach = 64 << 10

// Read reads the bytes of the record from its file.
func (r *Record) Read(f File) error {
	n := max(int64(r.Layout.Size()), sumReach)
	r.Data = make([]byte, max(min(n, f.Size-r.Place.Offset), 0))
	got, err := f.Data.ReadAt(r.Data, r.Place.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.Data = r.Data[:got]
	return nil
}

// Patched is the record's bytes after some edits.
func (r Record) Patched(edits []Edit) []byte {
	out := bytes.Clone(r.Data)
	for _, e := range edits {
		if at := e.Offset - r.Place.Offset; at >= 0 && at <= int64(len(out)) {
			copy(out[at:], e.Data)
		}
	}
	return out
}

// Seals are the edits that make the checksums of records, the innermost first, fit again
// after an edit.
func Seals(list []Record, edit Edit) []Edit {
	edits := []Edit{edit}
	for _, r := range list {
		before := r.Patched(edits)
		after := bytes.Clone(before)
		r.Layout.Seal(after)
		edits = append(edits, differing(r.Place, before, after)...)
	}
	return edits[1:]
}

// differing is the edit of what differs of two states of a place.
func differing(at decode.Place, before, after []byte) []Edit {
	for i := range after {
		if before[i] != after[i] {
			end := len(after)
			for before[end-1] == after[end-1] {
				end--
			}
			return []Edit{{File: at.File, Offset: at.Offset + int64(i), Data: after[i:end]}}
		}
	}
	return nil
}
