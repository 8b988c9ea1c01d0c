// Package vhd opens disk images of the VHD format: fixed, dynamic and
// differencing, with everything that real producers and damaged files bring.
// What the bytes mean is declared in decode/vhd; this package decides which
// footer rules, where a sector of the virtual disk lies, what each byte of the
// file is for, and what is wrong. Section numbers such as "vhd.md 9" and
// finding codes such as "vhd/V017" are those of the format reference.
package vhd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// Image is an opened VHD. Only reading is done through it.
type Image struct {
	src    disk.Source
	pieces pieces // joined in src
	first  string // the name of the file that they follow
	size   int64  // bytes of the file

	footers  footers
	footer   decode.Record[vhd.Footer] // the copy that rules; of zeros where there is none
	reversed bool                      // its numbers are stored the other way round
	kind     uint32                    // disk_type
	virtual  int64                     // bytes of the virtual disk
	dataEnd  int64                     // where the room for blocks and fixed data ends: the trailing footer, else the file's end
	header   header
	metaEnd  int64 // first byte after footer copy, header and table
	table    table
	locators []locator
	batmap   batmap

	parent    disk.Image  // the next layer, usable or not
	forced    error       // why the parent is another disk, where it is taken all the same
	parentErr error       // why what is not stored here can't be read
	tries     disk.Tries  // the names under which the parent was looked for
	seen      *[16]byte   // the identity of the file that was found last; nil: none was
	others    []other     // what was found in its place
	stack     layer.Stack // this image and the layers below it

	findings []disk.Finding // those that need no scan
	refused  error
	info     disk.Info
}

// Probe tells whether a file looks like a VHD, and by which sign. It looks at
// the first 1.5 KiB and the last 64 KiB, or 64 MiB of a file that is called one.
func Probe(src disk.Source) (recognised string, ok bool) {
	if all, pieces, err := whole(src); err == nil { // else Open says what is wrong with them
		defer pieces.Close()
		src = all
	}
	size, err := src.File.Size()
	if err != nil {
		return "", false
	}
	back := int64(scanBack)
	if ext := strings.ToLower(path.Ext(src.Name)); ext == ".vhd" || ext == ".avhd" {
		back = deepBack
	}
	f, err := findFooters(src.File, size, back)
	if err != nil {
		return "", false
	}
	return f.recognised, f.recognised != ""
}

// Open opens a VHD. It fails only for files that are none ([disk.ErrNotThisFormat])
// and when the file can't be read; all damage is in the image's Info.
func Open(ctx context.Context, src disk.Source) (disk.Image, error) {
	first := src.Name
	src, pieces, err := whole(src)
	if err != nil {
		return nil, err
	}
	v := &Image{src: src, pieces: pieces, first: first}
	if err := v.open(ctx); err != nil {
		pieces.Close()
		return nil, err
	}
	return v, nil
}

func (v *Image) open(ctx context.Context) (err error) {
	if v.size, err = v.src.File.Size(); err != nil {
		return err
	}
	if v.footers, err = findFooters(v.src.File, v.size, deepBack); err != nil {
		return err
	}
	if v.footers.recognised == "" && v.footers.unmarked() {
		v.footers.recognised = "by what a footer without its cookie says, since it is opened as a VHD"
	}
	if v.footers.recognised == "" {
		return disk.Errorf(disk.NotThisFormat, v.place(0, 0), "no footer with the cookie %q at either end of the file", vhd.Cookie)
	}
	if err := v.understand(); err != nil {
		return err
	}
	v.openParent(ctx)
	judge{v}.judge()
	v.info = overview{v}.describe()
	return nil
}

// understand takes the structures apart without judging them; what makes no
// sense is left zero, and judge finds it.
func (v *Image) understand() error {
	v.footer = v.footers.ruling()
	if v.footers.rules().present && reversed(v.footer) {
		v.reversed, v.footer = true, turned(v.footer)
	}
	v.kind = vhd.FooterType.Get(v.footer)
	v.dataEnd = v.size
	switch {
	case v.footers.tail.present:
		v.dataEnd = v.footers.tail.off
	case v.footers.torn:
		v.dataEnd = v.size - vhd.FooterSize
	}
	if size := vhd.FooterCurrentSize.Get(v.footer); size <= math.MaxInt64 {
		v.virtual = int64(size)
	}
	if v.kind == vhd.Fixed {
		return nil
	}
	if err := v.readHeader(); err != nil {
		return err
	}
	v.placeTable()
	v.metaEnd = v.metadataEnd()
	if err := v.readBatmap(); err != nil {
		return err
	}
	return v.readLocators()
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

// Files is the one file of the layer.
func (v *Image) Files() []disk.File {
	return []disk.File{{Name: v.src.Name, Size: v.size, Data: v.src.File}}
}

// Parent is the image that a differencing one is based on; nil if there is
// none or it was not found.
func (v *Image) Parent() disk.Image { return v.parent }

// UniqueID is the identity in the footer that rules, byte for byte.
func (v *Image) UniqueID() [16]byte { return idOf(v.footer) }

func idOf(f decode.Record[vhd.Footer]) [16]byte {
	return [16]byte(f.Bytes()[vhd.FooterID.Offset():][:vhd.FooterID.Size()])
}

// isZero reports whether b holds nothing but zeros.
func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

// readUpTo reads what the file has of [off, off+n).
func readUpTo(f store.File, off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := f.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read 0x%x+0x%x: %w", off, n, err)
	}
	return b[:got], nil
}

// roundUp rounds n up to a multiple of unit; the largest multiple where that
// does not fit.
func roundUp(n, unit int64) int64 {
	if n > math.MaxInt64-unit {
		return math.MaxInt64 / unit * unit
	}
	return (n + unit - 1) / unit * unit
}
