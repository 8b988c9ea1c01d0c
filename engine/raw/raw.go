// Package raw opens files without a container: a raw disk, whose bytes are
// the disk's bytes, and content that no format recognises. The latter is
// shown byte by byte but is no disk: reading a virtual disk out of a file
// that only failed to be recognised would serve headers as guest data.
package raw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/foreign"
)

const (
	sectorSize = 512
	diskDoc    = "The file's bytes are the disk's bytes: sector 0 of the disk is the start of the file. There is no header, no table and no footer."
	unknownDoc = "Nothing in this file marks it as a VHD, VHDX or VMDK image. Its bytes are shown as they are."
)

// Open opens a file as a raw disk because the user says that it is one.
func Open(_ context.Context, src disk.Source) (disk.Image, error) {
	img, err := open(src)
	if err != nil {
		return nil, err
	}
	img.info.Format, img.info.Type = "raw", "raw"
	img.info.Recognised = "The user said that it is a raw disk; raw disks have no signature."
	img.info.VirtualSize = img.info.FileSize
	img.info.LogicalSectorSize = sectorSize
	return img, nil
}

// OpenUnknown opens a file that no format recognises: its bytes can be looked
// at, the virtual disk can't be read.
func OpenUnknown(ctx context.Context, src disk.Source) (disk.Image, error) {
	img, err := open(src)
	if err != nil {
		return nil, err
	}
	img.info.Format, img.info.Type = "unknown", "unknown"
	img.info.Recognised = "No signature of a VHD, VHDX or VMDK image was found, neither at the start nor at the end of the file."
	refused := &disk.Error{Kind: disk.NotThisFormat, Op: "open", At: decode.Place{File: src.Name},
		What: "no VHD, VHDX or VMDK signature found; say --format raw if this is a raw disk"}
	if c, ok := foreign.Look(ctx, src); ok {
		img.info.Recognised = "No VHD, VHDX or VMDK image: this is " + c.What + "."
		refused.At.Offset, refused.What = c.At, "this is "+c.String()
	}
	img.info.Refused = refused
	return img, nil
}

func open(src disk.Source) (*image, error) {
	size, err := src.File.Size()
	if err != nil {
		return nil, &disk.Error{Kind: disk.Damaged, Op: "open", At: decode.Place{File: src.Name}, Err: err}
	}
	return &image{src: src, info: disk.Info{Path: src.Path, FileSize: size, Findings: src.Notes}}, nil
}

type image struct {
	src  disk.Source
	info disk.Info
}

func (img *image) Info() disk.Info    { return img.info }
func (img *image) Parent() disk.Image { return nil }
func (img *image) Close() error       { return img.src.File.Close() }

func (img *image) Files() []disk.File {
	return []disk.File{{Name: img.src.Name, Size: img.info.FileSize, Data: img.src.File}}
}

// ReadAt reads the disk, which is the file.
func (img *image) ReadAt(p []byte, off int64) (int, error) {
	if img.info.Refused != nil {
		return 0, img.info.Refused
	}
	return disk.ReadWithin(img.info.VirtualSize, img.src.Name, p, off, img.readFile)
}

func (img *image) readFile(p []byte, off int64) (int, error) {
	n, err := img.src.File.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	e := &disk.Error{Kind: disk.Damaged, Op: "read", At: decode.Place{File: img.src.Name, Offset: off + int64(n)}, What: "can't be read", Err: err}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		e.Kind = disk.NotFound
		e.What = fmt.Sprintf("the file ends before byte 0x%x; it was %d bytes long when it was opened", off+int64(len(p)), img.info.FileSize)
	}
	return n, e
}

// Map has one span: the file.
func (img *image) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if img.info.Refused != nil {
			yield(disk.Span{}, img.info.Refused)
			return
		}
		start, end := max(off, 0), img.info.VirtualSize
		if n < end-start {
			end = start + n
		}
		if start < end {
			yield(disk.Span{Start: start, Length: end - start, State: disk.Data, File: img.src.Name, Offset: start}, nil)
		}
	}
}

// Regions has one region: the file.
func (img *image) Regions(ctx context.Context) iter.Seq2[disk.Region, error] {
	return func(yield func(disk.Region, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(disk.Region{}, err)
			return
		}
		if img.info.FileSize > 0 {
			yield(disk.Region{File: img.src.Name, Length: img.info.FileSize, Kind: img.kind(), Name: img.name()}, nil)
		}
	}
}

func (img *image) kind() disk.Kind {
	if img.info.Refused != nil {
		return disk.KindUnknown
	}
	return disk.KindPayload
}

func (img *image) name() string {
	if img.info.Refused != nil {
		return "unrecognised content"
	}
	return "disk data"
}

// Tree has one node below the file: its content.
func (img *image) Tree() decode.Node {
	place := decode.Place{File: img.src.Name, Length: img.info.FileSize}
	doc := diskDoc
	if img.info.Refused != nil {
		doc = unknownDoc
	}
	content := decode.Node{Name: img.name(), Place: place, Doc: doc}
	return decode.Node{Name: img.src.Name, Place: place, Doc: doc}.WithNodes(content)
}

// Check has nothing to find: a raw file promises nothing. A length that is no
// whole number of sectors is worth a note.
func (img *image) Check(context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		if tail := img.info.FileSize % sectorSize; img.info.Refused == nil && tail != 0 {
			yield(disk.Finding{
				Code: "raw/1", Severity: disk.SeverityInfo,
				Where:  []decode.Place{{File: img.src.Name, Offset: img.info.FileSize - tail, Length: tail}},
				Text:   fmt.Sprintf("the disk ends with %d bytes, less than a sector", tail),
				Detail: "Other programs round the size up or down to whole sectors.",
			}, nil)
		}
	}
}
