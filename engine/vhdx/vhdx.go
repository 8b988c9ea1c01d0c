// Package vhdx opens disk images of the VHDX format: fixed, dynamic and
// differencing, with dirty logs replayed in memory. What the bytes mean is
// declared in decode/vhdx; this package decides which header is current, what
// the log changes, where a sector of the virtual disk lies, what each byte of
// the file is for, and what is wrong. Section numbers such as "vhdx.md 5.4" and
// finding codes such as "vhdx/10" are those of the format reference.
package vhdx

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
)

// Image is an opened VHDX. Only reading is done through it.
type Image struct {
	src   disk.Source
	size  int64 // bytes of the file, as Files shows it
	steps int   // how many entries of the log are replayed; all if negative

	identifier decode.Record[vhdx.Identifier]
	signed     bool // the identifier has its signature
	headers    headers
	log        ring
	active     []logEntry // what is to be replayed, oldest first
	data       *replayed  // the file as it is after replay: all else is read through it

	tables  regionTables
	regions []region
	held    []extent // what the structures occupy, sorted, merged
	bat     region
	meta    metadata
	locator locator
	params  parameters
	geo     vhdx.Geometry
	sized   bool // geo is valid and the BAT has room for it
	// doubting leaves out of the owners the blocks that lie on a structure.
	doubting bool
	entries  *pages.Cache
	bitmaps  *pages.Cache

	parent    disk.Image  // the next layer, usable or not
	forced    error       // why the parent is another disk, where it is taken all the same
	parentErr error       // why what is left to the parent can't be read
	stack     layer.Stack // this image and the layers below it
	tries     disk.Tries  // the names under which the parent was looked for
	seen      uuid.UUID   // the identity of the file that was found last

	findings []disk.Finding // those that need no scan
	refused  error
	info     disk.Info
}

var (
	_ disk.Image  = (*Image)(nil)
	_ disk.Logged = (*Image)(nil)
)

// Probe tells whether a file looks like a VHDX: by its first 8 bytes, or where these are
// damaged by a header or region table whose checksum is right.
func Probe(src disk.Source) (recognised string, ok bool) {
	v := &Image{src: src}
	if err := v.readFront(); err != nil {
		return "", false
	}
	switch {
	case v.signed:
		return recognisedBy, true
	case v.headers.copies[0].valid || v.headers.copies[1].valid || v.hasRegions():
		return recognisedUnsigned, true
	}
	return "", false
}

const recognisedUnsigned = `by a header or region table whose checksum is right: the signature "vhdxfile" at the start of the file is damaged`

const recognisedBy = `by the signature "vhdxfile" at the start of the file`

// Open opens a VHDX. It fails only for files that are none ([disk.ErrNotThisFormat])
// and when the file can't be read; all damage is in the image's Info. A dirty
// log is replayed in memory; the file is not touched.
func Open(ctx context.Context, src disk.Source) (disk.Image, error) {
	return open(ctx, src, -1)
}

func open(ctx context.Context, src disk.Source, steps int) (disk.Image, error) {
	v, err := read(ctx, src, steps)
	if err != nil {
		return nil, err
	}
	v.openParent(ctx)
	judge{v}.judge()
	v.info = overview{v}.describe()
	return v, nil
}

// read takes an image apart without its parent, and without judging it.
func read(ctx context.Context, src disk.Source, steps int) (*Image, error) {
	size, err := src.File.Size()
	if err != nil {
		return nil, err
	}
	v := &Image{src: src, size: size, steps: steps}
	if err := v.readFront(); err != nil {
		return nil, err
	}
	if !v.signed && !v.headers.copies[0].valid && !v.headers.copies[1].valid && !v.hasRegions() {
		return nil, disk.Errorf(disk.NotThisFormat, decode.At(v.place(0, 0), vhdx.IdentifierSignature), "no signature %q at the start of the file", vhdx.Signature)
	}
	return v, v.understand(ctx)
}

// hasRegions reports whether one of the region tables is valid as it lies in the file, or is as
// soon as its signature is put back.
func (v *Image) hasRegions() bool {
	for i := range v.tables.copies {
		raw, err := readUpTo(v.src.File, vhdx.RegionOffset(i), vhdx.RegionTableSize)
		if err != nil || len(raw) < vhdx.RegionTableSize {
			continue
		}
		if tableOf(raw).valid {
			return true
		}
		if copy(raw, vhdx.RegionSignature); tableOf(raw).valid {
			return true
		}
	}
	return false
}

// readFront reads the identifier and both headers: what replay never touches.
func (v *Image) readFront() error {
	b, err := readUpTo(v.src.File, 0, vhdx.IdentifierSize)
	if err != nil {
		return err
	}
	v.signed = len(b) >= len(vhdx.Signature) && string(b[:len(vhdx.Signature)]) == vhdx.Signature
	whole := make([]byte, vhdx.IdentifierSize)
	copy(whole, b)
	v.identifier, _ = vhdx.IdentifierTable.Of(whole)
	v.headers, err = readHeaders(v.src.File)
	return err
}

// understand takes the structures apart without judging them, in the order of
// vhdx.md 13; what makes no sense is left zero, and judge finds it.
func (v *Image) understand(ctx context.Context) error {
	v.data = &replayed{file: v.src.File, size: v.size, grown: v.size}
	if err := v.replayLog(ctx); err != nil {
		return err
	}
	if v.steps >= 0 {
		v.size = v.data.grown
	}
	if err := v.readRegionTables(); err != nil {
		return err
	}
	if err := v.readMetadata(); err != nil {
		return err
	}
	v.placeTable()
	return nil
}

// placeTable works out where the entries of the BAT are.
func (v *Image) placeTable() {
	v.held = v.structures()
	p := v.params
	geo, ok := vhdx.NewGeometry(p.blockSize, p.logicalSector, p.diskSize)
	if !ok {
		return
	}
	v.geo = geo
	v.sized = v.bat.placed && geo.Entries(p.hasParent)*vhdx.EntrySize <= v.bat.length
}

// share gives the layer its part of the budget for tables.
func (v *Image) share(layers int) {
	const budget = 12 << 20
	part := int64(budget / layers)
	v.entries = kept(v.data, v.bat.length, part*2/3)
	v.bitmaps = kept(v.data, v.geo.Chunks*vhdx.MiB, part/3)
}

// kept keeps pages of what it is asked for of a file, a table of want bytes or several
// small ones together, within a budget in bytes.
func kept(d *replayed, want, budget int64) *pages.Cache {
	const bits, few = 14, 8
	return pages.New(d, d.grown, bits, max(min(want, budget), few<<bits))
}

// place is a range of this image's file.
func (v *Image) place(off, n int64) decode.Place {
	return decode.Place{File: v.src.Name, Offset: off, Length: n}
}

// Close closes the file, and those of the parents.
func (v *Image) Close() error {
	err := v.src.File.Close()
	if v.parent != nil {
		err = errors.Join(err, v.parent.Close())
	}
	return err
}

// Info is what opening found out.
func (v *Image) Info() disk.Info { return v.info }

// Files is the one file of the layer, as it is on disk; for an image that
// AtStep gave, as it is at that step.
func (v *Image) Files() []disk.File {
	f := disk.File{Name: v.src.Name, Size: v.size, Data: v.src.File}
	if v.steps >= 0 {
		f.Data = v.data
	}
	return []disk.File{f}
}

// Parent is the image that a differencing one is based on; nil if there is
// none or it was not found.
func (v *Image) Parent() disk.Image { return v.parent }

// DataWriteGUID is the identity that children name their parent by: that of
// the current header, null if there is none.
func (v *Image) DataWriteGUID() uuid.UUID {
	if h, ok := v.headers.ruling(); ok {
		return vhdx.HeaderDataGUID.Get(h)
	}
	return uuid.UUID{}
}

// Mark is what children notice by that the content has changed.
func (v *Image) Mark() (term, value string) {
	if id := v.DataWriteGUID(); id != (uuid.UUID{}) {
		return "DataWriteGuid", id.String()
	}
	return "", ""
}

// readUpTo reads what the file has of [off, off+n).
func readUpTo(r io.ReaderAt, off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read 0x%x+0x%x: %w", off, n, err)
	}
	return b[:got], nil
}

// isZero reports whether b holds nothing but zeros.
func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
