package review

import (
	"context"
	"fmt"
	"time"

	"platter/decode"
	"platter/engine/disk"
)

// namer finds out what the bytes of the steps are.
type namer struct {
	image    disk.Image
	explorer disk.Explorer
	guest    decode.Node // what the guest wrote
	sector   int64
}

// namePatience bounds how long the ways back to the virtual disk are looked
// for: they may need a scan of the image's tables. A step whose way is not
// known by then is named by its place in the file only.
const namePatience = 500 * time.Millisecond

func (w *namer) name(entries []entry) {
	ctx, cancel := context.WithTimeout(context.Background(), namePatience)
	defer cancel()
	w.sector = max(w.image.Info().LogicalSectorSize, 512)
	if w.explorer != nil && w.image.Info().Readable() {
		if root, err := w.explorer.Guest(ctx, w.image); err == nil {
			w.guest = root
		}
	}
	root := w.image.Tree()
	for i := range entries {
		e := &entries[i]
		named := e.describe(root, e.File, e.Offset)
		if !named && w.explorer != nil && w.image.Info().Readable() && ctx.Err() == nil {
			w.onDisk(ctx, e)
		}
	}
}

// onDisk names bytes of the guest by their place on the virtual disk.
func (w *namer) onDisk(ctx context.Context, e *entry) {
	ways, err := w.explorer.Disk(ctx, w.image, e.File, e.Offset, nil)
	if err != nil || len(ways) == 0 {
		return
	}
	at := ways[0].Virtual
	e.disk = fmt.Sprintf("LBA %d +0x%x", at/w.sector, at%w.sector)
	block := e.what
	if !e.describe(w.guest, disk.VirtualDisk, at) {
		e.what = block
	}
}

// describe names the bytes by the deepest structure that holds them, and
// reports whether that is a field.
func (e *entry) describe(root decode.Node, file string, off int64) bool {
	above, n := decode.Node{}, root
	for _, i := range root.Find(file, off) {
		above, n = n, n.Child(i)
	}
	if n.Place.Length == 0 {
		return false
	}
	e.what, e.doc = decode.Printable(n.Name), n.Doc
	f := n.Field
	if f == nil || f.Kind() == decode.KindArray {
		return false
	}
	e.what = decode.Printable(above.Name) + "." + e.what + e.others(above, n, off)
	if len(n.Raw) == f.Size() && off+int64(len(e.New)) <= n.Place.End() {
		e.new = decode.Printable(n.Value)
		e.old = decode.Printable(e.before(n, off))
	}
	return true
}

// namedFields bounds the fields of a structure that a step names.
const namedFields = 4

// others names the fields after the first one that the step, whose bytes lie
// at off there, reaches into.
func (e *entry) others(above, first decode.Node, off int64) string {
	text, named := "", 1
	for i := range above.Len() {
		n := above.Child(i)
		if n.Place.Offset < first.Place.End() || n.Place.Length == 0 {
			continue
		}
		if n.Place.Offset >= off+int64(len(e.New)) {
			break
		}
		if named++; named > namedFields {
			return text + " .."
		}
		text += ", " + decode.Printable(n.Name)
	}
	return text
}

// before is the value that a field had without the step.
func (e *entry) before(n decode.Node, off int64) string {
	rec := make([]byte, n.Field.Offset()+n.Field.Size())
	at := rec[n.Field.Offset():]
	copy(at, n.Raw)
	copy(at[off-n.Place.Offset:], e.Old)
	return n.Field.Text(rec)
}
