// Package foreign names content that is no VHD, VHDX or VMDK image: what people
// give to a program for disk images when they took the wrong file, or the right
// one packed, cut or in the form of another program. It looks at a few places,
// and says nothing about the rest.
package foreign

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"platter/engine/disk"
)

// headBytes is how much of the start is read: up to the volume descriptor of an
// ISO 9660 file system.
const headBytes = 0x8800

// Content is what a file was recognised as.
type Content struct {
	What   string // a noun: "gzip data that holds a VMDK image"
	Advice string // what to do with it, an imperative; may be empty
	At     int64  // the byte where the sign lies
}

// String is the content with the advice.
func (c Content) String() string {
	if c.Advice == "" {
		return c.What
	}
	return c.What + ": " + c.Advice
}

// Look names the content of a file that no format recognises. It reports false if
// it has no name for it. Names of what lies beside the file are only taken if its
// content does not tell.
func Look(ctx context.Context, src disk.Source) (Content, bool) {
	size, err := src.File.Size()
	if err != nil {
		return Content{}, false
	}
	if size == 0 {
		return Content{What: "an empty file", Advice: "the copy or download did not happen; get the file again"}, true
	}
	f := file{ctx: ctx, src: src, size: size}
	if f.head, err = f.read(0, headBytes); err != nil {
		return Content{}, false
	}
	for _, look := range []func() (Content, bool){f.unmarked, f.damaged, f.signature, f.text, f.neighbour} {
		if c, ok := look(); ok {
			return c, true
		}
	}
	c, ok := f.plainDisk()
	if !ok {
		c, ok = f.zeros()
	}
	return f.footerless(c, ok)
}

// file is a file that is looked at.
type file struct {
	ctx  context.Context
	src  disk.Source
	size int64
	head []byte
}

// read reads n bytes, or as many as there are.
func (f *file) read(off int64, n int) ([]byte, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	b := make([]byte, min(int64(n), max(f.size-off, 0)))
	got, err := f.src.File.ReadAt(b, off)
	if err == io.EOF {
		err = nil
	}
	return b[:got], err
}

// has reports whether the start of the file has the sign at an offset.
func (f *file) has(at int, sign string) bool {
	return at+len(sign) <= len(f.head) && string(f.head[at:at+len(sign)]) == sign
}

// zeros recognises a file that starts with nothing. How far it looked is part of
// the answer.
func (f *file) zeros() (Content, bool) {
	if len(bytes.Trim(f.head, "\x00")) > 0 {
		return Content{}, false
	}
	if f.size <= int64(len(f.head)) {
		return Content{What: fmt.Sprintf("nothing but zeros, %d bytes", f.size), Advice: "the copy or download failed, or the disk is empty; --format raw shows it as a disk"}, true
	}
	return Content{What: fmt.Sprintf("zeros, at least in the first %d bytes", len(f.head)),
		Advice: "the start of the image is lost, or this is a raw disk without a partition table; --format raw shows it as a disk"}, true
}
