package eyes

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// opening is one program opening one file.
type opening struct {
	policy Policy
	src    disk.Source
	file   file
	spec   disk.Image // the same image as the engine reads it; nil for a parent that a program finds by itself
	level  int        // 0 is the image itself
	notes  []Note
	close  []interface{ Close() error }
}

// note remembers a deviation that decides for the whole image.
func (o *opening) note(code string, at decode.Place, format string, args ...any) {
	o.notes = append(o.notes, Note{Code: code, Place: at, Text: fmt.Sprintf(format, args...)})
}

// open is the reader of a policy for an image that the engine has opened from src.
func open(p Policy, src disk.Source, img disk.Image) *Reader {
	info := img.Info()
	if p.Name == Spec {
		return specReader(img)
	}
	o := &opening{policy: p, src: src, spec: img}
	r := &Reader{Policy: p, format: info.Format}
	f, err := newFile(src.File, src.Name)
	if err != nil {
		r.Refused = err
		return r
	}
	o.file = f
	o.into(r, info.Format)
	return r
}

// into fills a reader with what the program makes of the file.
func (o *opening) into(r *Reader, format string) {
	if why := o.policy.unread(format); why != "" {
		r.Unknown = why
		return
	}
	var d virtual
	var size int64
	var err error
	switch format {
	case "vhd":
		d, size, err = o.vhd()
	case "vhdx":
		d, size, err = o.vhdx()
	case "vmdk":
		d, size, err = o.vmdk()
	case "raw":
		r.Size, r.disk = o.file.size, flat{o.file}
		return
	default:
		err = unknown("the file is no disk image of a known format")
	}
	r.Notes = o.notes
	for _, c := range o.close {
		r.close = append(r.close, c)
	}
	var u unknown
	switch {
	case errors.As(err, &u):
		r.Unknown = string(u)
	case err != nil:
		r.Refused = err
	case size < 0:
		r.Refused = refusal(o.file.place(0, 0), "the disk's size is over all bounds")
	default:
		r.Size, r.disk = size, d
	}
}

// unknown says why nothing is known of what a program does with an image.
type unknown string

func (u unknown) Error() string { return string(u) }

// named opens a file that the image names. What may not be followed is unknown: the
// program would follow it.
func (o *opening) named(name string) (file, error) {
	if o.src.Opener == nil || name == "" {
		return file{}, fs.ErrNotExist
	}
	f, rel, err := o.src.Opener.OpenFile(name)
	switch {
	case errors.Is(err, store.ErrOutside), errors.Is(err, store.ErrNetworkName), errors.Is(err, store.ErrNotRegular):
		return file{}, unknown(fmt.Sprintf("the program would open %s, which is not followed here: %v", decode.InQuotes(name), err))
	case err != nil:
		return file{}, err
	}
	o.close = append(o.close, f)
	return newFile(f, rel)
}

// exactly opens a file only by its own name: what other letters than the image has it.
func (o *opening) exactly(name string) (file, error) {
	f, err := o.named(name)
	if err == nil && !strings.HasSuffix("/"+f.name, "/"+name) {
		return file{}, fs.ErrNotExist
	}
	return f, err
}

// specParent is the parent as the engine found it, for programs that look for parents as
// the format says.
func (o *opening) specParent() (*Reader, error) {
	if o.spec == nil || o.spec.Parent() == nil {
		return nil, refusal(o.file.place(0, 0), "the parent is not found, or is another disk")
	}
	r := specReader(o.spec.Parent())
	return r, r.Refused
}

// flat is a file that is the disk.
type flat struct{ file file }

func (f flat) at(off int64) (Piece, error) {
	return Piece{Start: off, End: f.file.size, Kind: Stored, File: f.file.name, Offset: off, src: f.file, from: off}, nil
}
