// Package viewtest helps to test views: a small image that is always the
// same, a way to run commands in line, and golden screens.
package viewtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// The structures of the fake format: enough of each kind for a view to show.
type (
	header struct{}
	entry  struct{}
)

const (
	ref       = "fake.md 2"
	blockSize = 1 << 16
	blocks    = 64
	fileSize  = 1 << 20
)

var (
	headers = decode.New[header]("header", 4096, decode.Little, "Two copies; the valid one with the higher sequence number rules.", ref)
	_       = headers.Text(0, 4, "Signature", "Marks a header.", decode.Magic("head"))
	_       = headers.U32(4, "Checksum", "CRC-32C over the 4 KiB with this field taken as zero.", decode.Sum("CRC-32C", 4096, crc32c))
	_       = headers.U64(8, "SequenceNumber", "Grows with every header update.")
	_       = headers.GUID(16, "FileWriteGuid", "Changes when the file is first written after it was opened.")
	_       = headers.U32(32, "LogLength", "Size of the log region.", decode.Count(decode.InBytes))
	_       = headers.U64(36, "TableOffset", "Where the table starts.", decode.Points(decode.InBytes, "table"))
	_       = headers.Reserved(44, 4052)

	entries = decode.New[entry]("entry", 8, decode.Little, "Where a block of the disk lies.", "fake.md 3")
	_       = entries.U64(0, "FileOffset", "Start of the block in the file; zero if it has none.", decode.Points(decode.InBytes, "block", 0))
)

func crc32c(b []byte) uint64 {
	return uint64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// Image is a disk image in memory: two headers, a table, some blocks. With
// Parts of more than one it consists of several files.
type Image struct {
	Parts    int // number of files
	Break    error
	Describe func(*disk.Info)
	Closed   bool
	data     []byte
}

// New makes the image with one file, "fake.vhdx". Its second header is the
// current one and the first has a wrong checksum.
func New() *Image {
	img := &Image{Parts: 1, data: make([]byte, fileSize)}
	copy(img.data, "fakefile")
	for i := range 2 {
		h := headers.Blank().Bytes()
		h[8] = byte(28 + i)
		copy(h[16:], []byte{0x0b, 0x61, 0xd2, 0xf4, 0x3a, 0x77, 0x4c, 0x4e, 0x9e, 0x0c, 0x51, 0xad, 0x7f, 0x20, 0xb3, 0xc8})
		copy(h[32:], []byte{0, 0, 0x10, 0, 0, 0x80, 0, 0})
		headers.Seal(h)
		copy(img.data[0x1000*(i+1):], h)
	}
	img.data[0x1004] ^= 0xFF
	for i := range 7 {
		at := 0x8000 + 8*(3*i)
		copy(img.data[at:], []byte{0, 0, byte(i + 2), 0, 0, 0, 0, 0})
		copy(img.data[(i+2)<<16:], fmt.Sprintf("block %d\x1b[31m starts here", 3*i))
	}
	return img
}

// ReadAt fails: views look at files and structures.
func (*Image) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no disk") }

// Close remembers that it was called.
func (i *Image) Close() error { i.Closed = true; return nil }

// Parent is nil.
func (*Image) Parent() disk.Image { return nil }

// Info describes the image.
func (i *Image) Info() disk.Info {
	info := disk.Info{
		Path: "fake.vhdx", Format: "vhdx", Type: "dynamic", Recognised: `the signature "fakefile" at offset 0`,
		VirtualSize: blocks * blockSize, FileSize: fileSize * int64(i.Parts), BlockSize: blockSize,
		LogicalSectorSize: 512, PhysicalSectorSize: 4096,
		Creator: "Fake \x1b[31mCreator\u202e 1.0", ID: "5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611",
		Details:  []disk.Detail{{Label: "Headers", Value: "1 damaged   2 current"}},
		Findings: i.findings()[:1],
	}
	if i.Describe != nil {
		i.Describe(&info)
	}
	return info
}

func (i *Image) findings() []disk.Finding {
	return []disk.Finding{
		{Code: "fake/H1", Severity: disk.SeverityWarning, Where: []decode.Place{{File: "fake.vhdx", Offset: 0x1004, Length: 4}}, Text: "header 1 has a wrong checksum"},
		{Code: "fake/B2", Severity: disk.SeverityError, Where: []decode.Place{{File: "fake.vhdx", Offset: 0x8018, Length: 8}}, Text: "blocks 3 and 9 share a range of the file", Detail: "Writing one changes the other."},
		{Code: "fake/N3", Severity: disk.SeverityInfo, Text: "the log is empty"},
	}
}

// Files lists "fake.vhdx" and, with several parts, "fake-s001.vmdk" and so on.
func (i *Image) Files() []disk.File {
	var files []disk.File
	for p := range i.Parts {
		files = append(files, disk.File{Name: partName(p), Size: fileSize, Data: i.reader()})
	}
	return files
}

func partName(p int) string {
	if p == 0 {
		return "fake.vhdx"
	}
	return fmt.Sprintf("fake-s%03d.vmdk", p)
}

func (i *Image) reader() io.ReaderAt {
	if i.Break != nil {
		return broken{i.Break}
	}
	return bytes.NewReader(i.data)
}

type broken struct{ err error }

func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }

// Map gives every third of the first 21 blocks as data, the next 8 as zero.
func (i *Image) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if i.Break != nil {
			yield(disk.Span{}, i.Break)
			return
		}
		for b := range int64(blocks) {
			s := disk.Span{Start: b * blockSize, Length: blockSize, State: disk.Unallocated, Offset: -1}
			switch {
			case b < 21 && b%3 == 0:
				s.State, s.File, s.Offset = disk.Data, "fake.vhdx", (b/3+2)<<16
			case b >= 21 && b < 29:
				s.State = disk.Zero
			case b == 40:
				s.State = disk.Missing
			}
			start, end := max(s.Start, off), min(s.Start+s.Length, off+n)
			if start >= end {
				continue
			}
			if s.Offset >= 0 {
				s.Offset += start - s.Start
			}
			s.Start, s.Length = start, end-start
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Regions is one region a file.
func (i *Image) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(yield func(disk.Region, error) bool) {
		for _, f := range i.Files() {
			if !yield(disk.Region{File: f.Name, Length: f.Size, Kind: disk.KindPayload, Name: "all"}, nil) {
				return
			}
		}
	}
}

// Check yields three findings.
func (i *Image) Check(ctx context.Context) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		for _, f := range i.findings() {
			if ctx.Err() != nil || !yield(f, nil) {
				return
			}
		}
	}
}

// Tree has a node for each file; in the first one the headers, the table and
// its blocks.
func (i *Image) Tree() decode.Node {
	var files []decode.Node
	for p := range i.Parts {
		files = append(files, i.fileNode(partName(p)))
	}
	if len(files) == 1 {
		return files[0]
	}
	return decode.Node{Name: "image", Doc: "A disk in several files."}.WithNodes(files...)
}

func (i *Image) fileNode(name string) decode.Node {
	r := i.reader()
	first := decode.Place{File: name, Offset: 0x1000, Length: 4096}
	second := decode.Place{File: name, Offset: 0x2000, Length: 4096}
	table := decode.Node{
		Name: "table", Place: decode.Place{File: name, Offset: 0x8000, Length: 8 * blocks}, Value: "64 entries",
		Doc: "One entry for each block.", Ref: "fake.md 3",
	}
	return decode.Node{Name: name, Place: decode.Place{File: name, Length: fileSize}, Doc: "The file."}.WithNodes(
		decode.Node{Name: "identifier", Place: decode.Place{File: name, Length: 8}, Raw: i.data[:8], Value: `"fakefile"`, Mark: decode.Good},
		headers.Read(r, name, 0x1000, decode.Named("header 1"), decode.SecondCopyAt(second)),
		headers.Read(r, name, 0x2000, decode.Named("header 2"), decode.SecondCopyAt(first), decode.Marked(decode.Good, "current")),
		decode.Repeat(table, 8, blocks, func(n int) decode.Node {
			return entries.Read(r, name, 0x8000+8*int64(n), decode.Named(fmt.Sprintf("entry %d", n)))
		}),
	)
}
