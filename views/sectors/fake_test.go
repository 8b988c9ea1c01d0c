package sectors_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"platter/decode"
	"platter/decode/guest"
	"platter/engine/disk"
)

// fake is a disk with blocks of 64 KiB, known run by run: whatever its size,
// it costs nothing.
type fake struct {
	size    int64
	runs    []run
	content map[int64][]byte // by offset; elsewhere zeros
	broken  int64            // a sector that can't be read; 0 for none
	format  string
	unit    int64 // of the blocks that it claims to have; 0 for block
	refused error
}

// run is a range of the disk; what lies between runs is unallocated.
type run struct {
	start, length int64
	state         disk.State
	layer         int
	file          string
	offset        int64
	packed        int64
	bit           bool
}

const (
	block = 64 << 10
	table = 0x600
)

func (f *fake) span(r run, start, end int64) disk.Span {
	s := disk.Span{Start: start, Length: end - start, State: r.state, Layer: r.layer, File: r.file, Offset: -1, Packed: r.packed}
	raw := uint64(0xffffffff)
	if r.file != "" {
		s.Offset = r.offset
		if r.packed == 0 {
			s.Offset += start - r.start
		}
		raw = uint64((s.Offset - start%block) / 512)
	}
	b := start / block
	s.Via = []disk.Via{{Table: "BAT", Index: b, Place: decode.Place{File: "fake.vhd", Offset: table + 4*b, Length: 4}, Raw: raw}}
	if r.bit {
		s.Via = append(s.Via, disk.Via{Table: "sector bitmap", Index: start % block / 512, Place: decode.Place{File: "fake.vhd", Offset: 0x1000 + start/4096, Length: 1}, Raw: 1, IsBit: true})
	}
	return s
}

func (f *fake) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		end := min(off+n, f.size)
		for _, r := range f.runs {
			if off >= end || r.start >= end {
				break
			}
			if r.start+r.length <= off {
				continue
			}
			if r.start > off && !yield(f.span(run{start: off, state: disk.Unallocated}, off, r.start), nil) {
				return
			}
			off = max(off, r.start)
			to := min(end, r.start+r.length)
			if !yield(f.span(r, off, to), nil) {
				return
			}
			off = to
		}
		if off < end {
			yield(f.span(run{start: off, state: disk.Unallocated}, off, end), nil)
		}
	}
}

var errBroken = errors.New("input/output error")

func (f *fake) ReadAt(b []byte, off int64) (int, error) {
	if off >= f.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), f.size-off))
	clear(b[:n])
	for s := range f.Map(off, int64(n)) {
		if s.State.Content() == disk.Lost {
			return int(s.Start - off), disk.Errorf(disk.NotFound, decode.Place{}, "nothing is there")
		}
	}
	if f.broken > 0 && off < f.broken+512 && off+int64(n) > f.broken {
		return 0, errBroken
	}
	for at, data := range f.content {
		if at < off+int64(n) && at+int64(len(data)) > off {
			from := max(at, off)
			copy(b[from-off:n], data[from-at:])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *fake) Close() error { return nil }

func (f *fake) Info() disk.Info {
	format := f.format
	if format == "" {
		format = "vhd"
	}
	return disk.Info{Path: "fake.vhd", Format: format, Type: "dynamic", VirtualSize: f.size, BlockSize: cmp.Or(f.unit, block), LogicalSectorSize: 512, Refused: f.refused}
}

func (f *fake) Files() []disk.File {
	return []disk.File{{Name: "fake.vhd", Size: 1 << 20, Data: bytes.NewReader(nil)}}
}

func (f *fake) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(func(disk.Region, error) bool) {}
}

func (f *fake) Check(context.Context) iter.Seq2[disk.Finding, error] {
	return func(func(disk.Finding, error) bool) {}
}

func (f *fake) Tree() decode.Node  { return decode.Node{} }
func (f *fake) Parent() disk.Image { return nil }

// small is a disk of 4 MiB with all states, an MBR, a FAT16 volume from
// sector 128 on.
func small() *fake {
	f := &fake{size: 4 << 20, content: map[int64][]byte{}}
	f.runs = []run{
		{0, block, disk.Data, 0, "fake.vhd", 0x21200, 0, false},
		{block, 2 * block, disk.Data, 0, "fake.vhd", 0x1200, 0, false},
		{8 * block, 4 * block, disk.Zero, 0, "", -1, 0, false},
		{12 * block, block, disk.Missing, 0, "", -1, 0, false},
		{13 * block, 8 * 512, disk.Data, 0, "fake.vhd", 0x41200, 0, true},
		{13*block + 8*512, block - 8*512, disk.Data, 1, "base.vhd", 0x9200, 0, false},
		{14 * block, block, disk.Data, 0, "fake.vhd", 0x51200, 2345, false},
		{15 * block, block, disk.FromParent, 0, "", -1, 0, false},
		{16 * block, block, disk.Unmapped, 0, "fake.vhd", 0x61200, 0, false},
		{63 * block, block, disk.Data, 0, "fake.vhd", 0x31200, 0, false},
	}
	mbr := guest.MBR.Blank()
	guest.MBRDiskSignature.Put(mbr, 0x506c6174)
	part, _ := guest.MBREntries.At(mbr, 0)
	guest.MBREntryStatus.Put(part, 0x80)
	guest.MBREntryType.Put(part, 0x0E)
	guest.MBREntryLBA.Put(part, 128)
	guest.MBREntrySectors.Put(part, 4096)
	f.content[0] = mbr.Bytes()
	boot := guest.FAT16.Blank()
	guest.FAT16Label.Put(boot, "FAKE       ")
	guest.FAT16Type.Put(boot, "FAT16   ")
	f.content[block] = boot.Bytes()
	f.content[3*block-32] = []byte("the end of the first stored data")
	f.content[13*block] = []byte("\x1b[31mfrom the child\u202e")
	f.content[13*block+8*512] = []byte("from the parent")
	f.content[63*block+100] = []byte("the last block")
	return f
}

// giant is a disk of 64 TiB with a block at its start, one in the middle and
// one at its end.
func giant() *fake {
	const size = 64 << 40
	return &fake{size: size, content: map[int64][]byte{32 << 40: []byte("the middle"), size - 10: []byte("the end..!")}, runs: []run{
		{0, block, disk.Data, 0, "fake.vhd", 0x21200, 0, false},
		{32 << 40, block, disk.Data, 0, "fake.vhd", 0x31200, 0, false},
		{size - block, block, disk.Data, 0, "fake.vhd", 0x41200, 0, false},
	}}
}

// explorer knows what is on the small disk.
type explorer struct{ err error }

func (e explorer) PartitionTable(ctx context.Context, img disk.Image) (disk.PartitionTable, error) {
	list, err := e.Partitions(ctx, img)
	return disk.PartitionTable{Scheme: "GPT", Sector: 512, Partitions: list}, err
}

func (e explorer) Partitions(context.Context, disk.Image) ([]disk.Partition, error) {
	return []disk.Partition{
		{Number: 1, Start: block, Length: 4096 * 512, Type: "FAT16 LBA", System: "FAT16", Label: "FAKE\x1b[2J"},
		{Number: 2, Start: 3 << 20, Length: 1 << 20, Type: "Linux"},
	}, e.err
}

func (e explorer) Guest(_ context.Context, img disk.Image) (decode.Node, error) {
	root := decode.Node{Name: "virtual disk", Place: decode.Place{File: disk.VirtualDisk, Length: img.Info().VirtualSize}}
	part := decode.Node{Name: "partition 1", Place: decode.Place{File: disk.VirtualDisk, Offset: block, Length: 4096 * 512}}
	return root.WithNodes(
		guest.MBR.Read(img, disk.VirtualDisk, 0, decode.Leads("disk signature", decode.Target{Place: decode.Place{File: disk.VirtualDisk, Offset: 63 * block}, What: "the last block"})),
		part.WithNodes(guest.FAT16.Read(img, disk.VirtualDisk, block)),
	), nil
}

func (e explorer) Trail(disk.Image, int64) (disk.Trail, error) { return disk.Trail{}, nil }

func (e explorer) Disk(context.Context, disk.Image, string, int64, func(done, total int64)) ([]disk.Trail, error) {
	return nil, fmt.Errorf("not asked for")
}
