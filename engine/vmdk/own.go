package vmdk

import (
	"context"
	"errors"
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
)

// own is what this layer stores, without those below.
type own struct{ *Image }

var _ layer.Layer = own{}

// Refused is why the disk can't be read at all.
func (m own) Refused() error {
	if m.refused != nil {
		return m.refused
	}
	return nil
}

// Share gives every sparse file its part of the memory for tables.
func (m own) Share(depth int) {
	n := int64(0)
	for _, f := range m.files {
		if f.sparse != nil {
			n += int64(depth)
		}
	}
	for _, f := range m.files {
		if f.sparse != nil {
			f.share(max(tableBudget/n, min(fewChunks<<chunkBits, 4*tableBudget/n)))
		}
	}
}

// quickBytes is the largest range that is looked up grain by grain where that
// is faster than finding out how far an answer goes.
const quickBytes = 64 << 10

// Absent looks up small ranges of a child that is one extent.
func (m own) Absent(off, limit int64) (end int64, known bool) {
	if m.quick == nil || limit-off > quickBytes {
		return limit, false
	}
	n := m.quick.absent(off, limit-off)
	if n == 0 {
		return limit, false
	}
	return off + n, true
}

// Run tells what this layer alone has for [off, limit).
func (m own) Run(off, limit int64) (r layer.Run, err error) {
	err = m.Next(off, limit, &r)
	return r, err
}

// Cursor goes through the layer for a map.
func (m own) Cursor(int) layer.Cursor { return m }

// Next is Run.
func (m own) Next(off, limit int64, a *layer.Run) error {
	part := 0
	if len(m.extents) > 1 {
		part = m.extentAt(off)
	}
	e := m.extents[part]
	var r run
	if err := e.run(off-e.start, limit-off, &r); err != nil {
		return err
	}
	*a = layer.Run{Start: off, End: off + r.length, State: r.state, Offset: r.offset, Packed: r.packed, Skip: r.skip, Why: faultTexts[r.fault], Part: part, Whole: true}
	switch {
	case r.state == disk.Data:
		a.File = e.file.Name
	case r.state == disk.FromParent && !m.link.wanted:
		a.State = disk.Unallocated
	}
	a.Vias = copy(a.Via[:], r.via[:r.vias])
	return nil
}

// Fill reads the data of a run.
func (m own) Fill(p []byte, r layer.Run) (int, error) {
	e := m.extents[r.Part]
	if r.Packed > 0 {
		if err := e.sparse.unpacker().read(p, r.Offset, r.Skip); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	n, err := e.file.Data.ReadAt(p, r.Offset)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return 0, &disk.Error{Kind: disk.Damaged, Op: "read", At: e.file.place(r.Offset+int64(n), int64(len(p)-n)), What: "the data can't be read", Err: err}
}

// Lost words why a run has no bytes.
func (m own) Lost(r layer.Run) error {
	e := m.extents[r.Part]
	switch {
	case r.State == disk.FromParent && m.text == nil:
		return &disk.Error{Kind: disk.NotFound, Op: "read", What: "byte " + hex(r.Start) + " of the disk is not stored here", Err: m.orphan}
	case r.State == disk.FromParent && m.link.parent != nil && m.link.err != nil:
		what := "byte " + hex(r.Start) + " of the disk is stored in the parent " + decode.InQuotes(m.link.hint) + ", which can't be read"
		return &disk.Error{Kind: disk.NotFound, Op: "read", What: what, Err: m.link.found.refused}
	case r.State == disk.FromParent:
		what := "byte " + hex(r.Start) + " of the disk is stored in the parent " + decode.InQuotes(m.link.hint) + ", which " + layer.Without(m.orphan)
		return &disk.Error{Kind: disk.NotFound, Op: "read", What: what, Err: m.orphan}
	case e.fault != nil:
		return e.fault
	}
	lost := &disk.Error{Kind: disk.Damaged, Op: "read", What: "byte " + hex(r.Start) + " of the disk: " + r.Why}
	if e.sparse != nil && e.sparse.walk != nil {
		lost.What = "byte " + hex(r.Start) + " of the disk: the tables are lost, and " + e.sparse.walk.words(1<<62)
	}
	if r.Vias > 0 {
		last := r.Via[r.Vias-1]
		lost.At = e.file.place(last.At, e.sparse.grid.width)
		lost.What += ", entry " + hex(int64(last.Raw))
	} else if e.file != nil {
		lost.At = e.file.place(e.file.Size, 0)
	}
	return lost
}

// Trail lists the table entries that decided about the byte at off. Those of a run
// are of its first grain.
func (m own) Trail(via []disk.Via, off int64, r *layer.Run) ([]disk.Via, error) {
	e, entries := m.extents[r.Part], r.Via[:r.Vias]
	if off > r.Start && r.Vias > 0 {
		var there run
		if err := e.run(off-e.start, 1, &there); err != nil {
			return via, err
		}
		entries = there.via[:there.vias]
	}
	for i, at := range entries {
		g := e.sparse.grid
		via = append(via, disk.Via{
			Table: tableName(i, g.isSecond(entries[0])), Index: at.Index,
			Place: g.file.place(at.At, g.width), Raw: at.Raw,
		})
	}
	return via, nil
}

// isSecond reports whether a directory entry is one of the redundant directory.
func (g *grid) isSecond(e layer.Entry) bool {
	return g.isRedundant(0) || e.At-e.Index*g.width != g.dirs[0]
}

// Errors looks for errors of this layer alone, in as many table entries as are
// left.
func (m own) Errors(ctx context.Context, left *int) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := newChecker(ctx, m.Image, yield)
		c.errors, c.left = true, *left
		c.headers()
		if c.going() {
			c.contents()
		}
		if *left = c.left; c.failed != nil && !c.stopped {
			yield(disk.Finding{}, c.failed)
		}
	}
}
