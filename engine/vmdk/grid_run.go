package vmdk

import (
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
)

// mergeLimit bounds how many tables and chunks of tables one run goes through,
// so that whoever walks a giant gets a word in.
const mergeLimit = 1 << 17

// run tells what the bytes [x, x+n) of the extent are, as far as one answer
// goes. x is below the capacity and n above 0.
func (g *grid) run(x, n int64, r *run) error {
	if err := g.locate(x, r); err != nil {
		return err
	}
	n = min(n, g.capacity-x)
	if g.strays != nil && r.state == disk.FromParent {
		n = g.strays.notStored(x/g.grain, x, n, g.grain, r)
	}
	var next run
	for i := 0; r.packed == 0 && i < mergeLimit; i++ {
		if ended := g.follow(n, r); ended || r.length >= n {
			break
		}
		if err := g.locate(x+r.length, &next); err != nil {
			break // reported when the reader gets there
		}
		if !r.joins(&next) {
			break
		}
		r.length, r.tail, r.bound = r.length+next.length, next.tail, next.bound
	}
	r.length = min(r.length, n)
	return nil
}

// follow makes a run longer while the next entries, as far as they are at hand,
// are those that continue it. It reports whether one is not, and ends a run of
// data.
func (g *grid) follow(n int64, r *run) (ended bool) {
	e := r.tail
	b := g.file.tables.Peek(e.At)
	if e.At == 0 || b == nil {
		return false
	}
	for b = b[g.width:]; r.length < n && e.Index+1 < g.perTable && len(b) > 0; r.length += g.grain {
		want := g.successor(e.Raw, r.state)
		if raw := vmdk.EntryAt(b, g.width); raw != want {
			ended = r.state == disk.Data
			break
		}
		if r.state == disk.Data && r.offset+r.length+g.grain > min(g.file.Size, r.bound) {
			break
		}
		e, b = layer.Entry{Index: e.Index + 1, At: e.At + g.width, Raw: want}, b[g.width:]
	}
	r.tail = e
	return ended
}

// successor is the entry that continues a run after the entry raw.
func (g *grid) successor(raw uint64, state disk.State) uint64 {
	switch {
	case state != disk.Data:
		return raw
	case g.kind == vmdk.KindSeSparse:
		return vmdk.SeEntry(vmdk.SeGrainIndex(raw) + 1)
	}
	return raw + uint64(g.grain/vmdk.SectorSize)
}

func (r *run) joins(next *run) bool {
	return r.state == next.state && r.fault == next.fault && next.packed == 0 &&
		(r.state != disk.Data || next.offset == r.offset+r.length)
}

// absent is how many of the bytes [x, x+n) the extent surely has nothing for,
// judged by what is in the cache; 0 if it takes a closer look. A read through
// a deep chain asks this of every layer but the last.
func (g *grid) absent(x, n int64) int64 {
	number := uint64(x) >> g.grainShift
	t := number >> g.tableShift
	off := uint64(g.dirs[0]) + t*uint64(g.width)
	b := g.file.tables.Peek(int64(off))
	if int64(len(b)) < g.width || int64(t) >= g.tables {
		return 0
	}
	if g.strays != nil || !g.agreed(int64(t)) {
		return 0
	}
	raw := vmdk.EntryAt(b, g.width)
	if raw == 0 {
		if g.lostTables != nil && g.lostTables() {
			return 0
		}
		return min(n, int64(t+1)<<g.tableShift<<g.grainShift-x)
	}
	table, f := g.tableAt(raw)
	if f != noFault {
		return 0
	}
	i := number & (1<<g.tableShift - 1)
	b = g.file.tables.Peek(table + int64(i)*g.width)
	if b == nil || vmdk.EntryAt(b, g.width) != 0 {
		return 0
	}
	length := g.grain - x&(g.grain-1)
	for b = b[g.width:]; length < n && i+1 < 1<<g.tableShift && len(b) > 0 && vmdk.EntryAt(b, g.width) == 0; b = b[g.width:] {
		length, i = length+g.grain, i+1
	}
	return min(n, length)
}
