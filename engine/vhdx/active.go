package vhdx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"platter/decode/vhdx"
)

// replayLog finds out what the log has to change and lays it over the file.
// Why it can't be replayed is kept in the ring; the file is shown as it is then.
func (v *Image) replayLog(ctx context.Context) error {
	h, ok := v.headers.ruling()
	if !ok || v.headers.tied && !v.headers.identical() {
		return nil
	}
	r := &v.log
	r.guid = vhdx.HeaderLogGUID.Get(h)
	off, length := vhdx.HeaderLogOffset.Get(h), int64(vhdx.HeaderLogLength.Get(h))
	if r.fault = logPlaceFault(off, length, v.size, r.dirty()); r.fault != "" {
		r.code = "9"
		return nil
	}
	r.off, r.length = int64(off), length
	if version := vhdx.HeaderLogVersion.Get(h); r.dirty() && version != 0 {
		r.code, r.fault = "7", fmt.Sprintf("LogVersion is %d, expected 0: the log can't be replayed", version)
	}
	if !r.dirty() || r.fault != "" {
		return nil
	}
	entries, err := r.scan(ctx, v.src.File)
	if err != nil {
		return err
	}
	return v.replay(entries)
}

// logPlaceFault says why the log can't be where the header puts it.
func logPlaceFault(off uint64, length, size int64, dirty bool) string {
	switch {
	case length == 0 && dirty:
		return "LogGuid is not zero, but LogLength is: the log to be replayed is not there"
	case length == 0:
		return ""
	case off < vhdx.MiB:
		return fmt.Sprintf("LogOffset 0x%x lies in the first MiB of the file", off)
	case off%vhdx.MiB != 0 || length%vhdx.MiB != 0:
		return fmt.Sprintf("log at 0x%x+0x%x: expected multiples of 1 MiB", off, length)
	case off > uint64(size) || length > size-int64(off):
		return fmt.Sprintf("log at 0x%x+0x%x: the file has 0x%x bytes", off, length, size)
	}
	return ""
}

// replay lays the active entries over the file, as many as are asked for.
func (v *Image) replay(entries []logEntry) error {
	r := &v.log
	active := activeSequence(entries, r.guid, r.length)
	if len(active) == 0 {
		r.code, r.fault = "11", noSequence(entries, r.guid)
		return nil
	}
	last := active[len(active)-1]
	if last.flushed > uint64(v.data.size) {
		r.code = "12"
		r.fault = fmt.Sprintf("the file has 0x%x bytes, but had 0x%x when the log entry at 0x%x was written: it was truncated", v.data.size, last.flushed, last.pos)
		return nil
	}
	v.active = active
	if v.steps >= 0 {
		active = active[:min(v.steps, len(active))]
	}
	data, err := replayed{file: v.src.File, size: v.size}.with(r, active)
	if errors.Is(err, errTooMany) {
		r.code, r.fault = "11", err.Error()
		return nil
	}
	if err == nil {
		v.data = data
	}
	return err
}

// noSequence words why nothing can be replayed: what the newest entry of the
// session lacks.
func noSequence(entries []logEntry, guid uuid.UUID) string {
	const none = "LogGuid is not zero, but the log has no valid sequence of entries to replay"
	var newest *logEntry
	for i := range entries {
		if e := &entries[i]; e.guid == guid && (newest == nil || e.seq > newest.seq) {
			newest = e
		}
	}
	switch {
	case newest == nil:
		return fmt.Sprintf("%s: none of its %d entries carries LogGuid %s", none, len(entries), guid)
	case newest.why != "":
		return fmt.Sprintf("%s: entry %d at 0x%x: %s", none, newest.seq, newest.pos, newest.why)
	}
	return fmt.Sprintf("%s: entry %d at 0x%x has Tail 0x%x, where no entry of its sequence starts", none, newest.seq, newest.pos, newest.tail)
}

// activeSequence finds the entries to be replayed, oldest first (vhdx.md 5.4).
// An entry is followed by the one that starts where it ends, if that has the
// next sequence number; of the entries that end such a run the newest counts
// whose Tail lies in its run. All of it is one pass, whatever the ring holds.
func activeSequence(all []logEntry, guid uuid.UUID, ringLength int64) []logEntry {
	var list []logEntry
	for _, e := range all {
		if e.why == "" && e.guid == guid {
			list = append(list, e)
		}
	}
	follow := followers(list, ringLength)
	final, reach := runs(list, follow)
	best, from := -1, -1
	for i, e := range list {
		tail, ok := at(list, e.tail)
		if follow[i] >= 0 || !ok || final[tail] != i || reach[tail] > ringLength {
			continue
		}
		if best < 0 || e.seq > list[best].seq {
			best, from = i, tail
		}
	}
	if best < 0 {
		return nil
	}
	var active []logEntry
	for i := from; i >= 0; i = follow[i] {
		active = append(active, list[i])
	}
	return active
}

// at finds the entry that starts at a position; entries are in order.
func at(list []logEntry, pos int64) (int, bool) {
	return slices.BinarySearchFunc(list, pos, func(e logEntry, pos int64) int { return cmp.Compare(e.pos, pos) })
}

// followers gives for each entry the one that continues its run; -1 for none.
func followers(list []logEntry, ringLength int64) []int {
	follow := make([]int, len(list))
	for i, e := range list {
		follow[i] = -1
		if n, ok := at(list, (e.pos+e.length)%ringLength); ok && list[n].seq == e.seq+1 && e.seq+1 != 0 {
			follow[i] = n
		}
	}
	return follow
}

// runs gives for each entry the last one of its run, and how many bytes the
// run has from it on.
func runs(list []logEntry, follow []int) (final []int, reach []int64) {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(list[b].seq, list[a].seq) })
	final, reach = make([]int, len(list)), make([]int64, len(list))
	for _, i := range order { // followers have higher numbers: they are done
		final[i], reach[i] = i, list[i].length
		if n := follow[i]; n >= 0 {
			final[i], reach[i] = final[n], reach[n]+list[i].length
		}
	}
	return final, reach
}
