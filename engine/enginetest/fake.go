package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"

	"platter/decode"
	"platter/engine/disk"
)

// Fake is a small image in memory for the tests of what works on any image:
// a header, a table of 8-byte entries, and blocks that lie in its one file in
// random order. Its whole disk is known, and what no reader may touch is
// missing.
type Fake struct {
	Block   int64
	Name    string
	Content []byte       // of the virtual disk
	States  []disk.State // of each block
	File    []byte
	entries []int64 // offset of each block in the file, or -1
}

type fakeHeader struct{}
type fakeEntry struct{}

var (
	fakeHead  = decode.New[fakeHeader]("header", 512, decode.Little, "The start of an image that only tests know.", "enginetest")
	_         = fakeHead.Text(0, 8, "Signature", "Marks the header.", decode.Magic("fakedisk"))
	fakeTable = fakeHead.U64(8, "TableOffset", "Where the table starts.", decode.Points(decode.InBytes, "block table"))
	_         = fakeHead.U64(16, "LogOffset", "Where a log would start.")
	_         = fakeHead.Reserved(24, 488)
	fakeRow   = decode.New[fakeEntry]("entry", 8, decode.Little, "Where a block lies.", "enginetest")
	fakeAt    = fakeRow.U64(0, "FileOffset", "Where the block starts; 0 for none.", decode.Points(decode.InBytes, "block", 0))
)

const fakeTableAt = 1024

// NewFake makes an image of blocks of a random state each, one of states, with
// random content.
func NewFake(rnd *rand.Rand, blocks int, block int64, states ...disk.State) *Fake {
	f := &Fake{Block: block, Name: "fake.img", Content: make([]byte, int64(blocks)*block), States: make([]disk.State, blocks), entries: make([]int64, blocks)}
	for i := range f.Content {
		f.Content[i] = byte(rnd.Uint32())
	}
	for i := range f.States {
		f.States[i] = states[rnd.IntN(len(states))]
	}
	f.place(rnd)
	return f
}

// place lays the stored blocks down in random order.
func (f *Fake) place(rnd *rand.Rand) {
	start := (fakeTableAt + 8*int64(len(f.States)) + 511) / 512 * 512
	f.File = make([]byte, start)
	head := fakeHead.Blank()
	fakeTable.Put(head, fakeTableAt)
	copy(f.File, head.Bytes())
	for i := range f.entries {
		f.entries[i] = -1
	}
	for _, i := range rnd.Perm(len(f.States)) {
		piece := f.Content[int64(i)*f.Block:][:f.Block]
		if f.States[i] != disk.Data {
			clear(piece)
			continue
		}
		f.entries[i] = int64(len(f.File))
		f.File = append(f.File, piece...)
		row, _ := fakeRow.Of(f.File[fakeTableAt+8*i:])
		fakeAt.Put(row, uint64(f.entries[i]))
	}
}

// Write changes the disk; blocks that are not stored keep what they have.
func (f *Fake) Write(off int64, b []byte) {
	for i := range b {
		at := off + int64(i)
		if k := at / f.Block; f.States[k] == disk.Data {
			f.Content[at] = b[i]
			f.File[f.entries[k]+at%f.Block] = b[i]
		}
	}
}

// ReadAt reads the virtual disk.
func (f *Fake) ReadAt(b []byte, off int64) (int, error) {
	for n := range b {
		at := off + int64(n)
		if at >= int64(len(f.Content)) {
			return n, io.EOF
		}
		if s := f.States[at/f.Block]; s == disk.Missing || s == disk.FromParent {
			return n, disk.Errorf(disk.NotFound, decode.Place{File: f.Name}, "block %d is not there", at/f.Block)
		}
		b[n] = f.Content[at]
	}
	return len(b), nil
}

// Close does nothing.
func (f *Fake) Close() error { return nil }

// Info describes the image.
func (f *Fake) Info() disk.Info {
	return disk.Info{Path: f.Name, Format: "fake", Type: "dynamic", Recognised: "made by a test", VirtualSize: int64(len(f.Content)),
		FileSize: int64(len(f.File)), BlockSize: f.Block, LogicalSectorSize: 512}
}

// Files is the one file.
func (f *Fake) Files() []disk.File {
	return []disk.File{{Name: f.Name, Size: int64(len(f.File)), Data: bytes.NewReader(f.File)}}
}

// Map gives a span for each block.
func (f *Fake) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		if off < 0 || n < 0 || off+n > int64(len(f.Content)) {
			yield(disk.Span{}, disk.Errorf(disk.OutOfRange, decode.Place{}, "map 0x%x+0x%x", off, n))
			return
		}
		for end := off + n; off < end; {
			i := off / f.Block
			s := disk.Span{Start: off, Length: min(end, (i+1)*f.Block) - off, State: f.States[i], Offset: -1}
			var raw uint64
			if s.State == disk.Data {
				s.File, s.Offset, raw = f.Name, f.entries[i]+off%f.Block, uint64(f.entries[i])
			}
			s.Via = []disk.Via{{Table: "BAT", Index: i, Place: decode.Place{File: f.Name, Offset: fakeTableAt + 8*i, Length: 8}, Raw: raw}}
			if !yield(s, nil) {
				return
			}
			off += s.Length
		}
	}
}

// Regions are the header, the table and the blocks, not joined.
func (f *Fake) Regions(ctx context.Context) iter.Seq2[disk.Region, error] {
	claims := func(int64, int64) iter.Seq2[disk.Claim, error] {
		return func(yield func(disk.Claim, error) bool) {
			ok := yield(disk.Claim{Length: 512, Kind: disk.KindHeader, Name: "header"}, nil) &&
				yield(disk.Claim{Offset: fakeTableAt, Length: 8 * int64(len(f.entries)), Kind: disk.KindTable, Name: "BAT"}, nil)
			for i := 0; ok && i < len(f.entries); i++ {
				ok = f.entries[i] < 0 || yield(disk.Claim{Offset: f.entries[i], Length: f.Block, Kind: disk.KindPayload, Name: fmt.Sprintf("block %d", i)}, nil)
			}
		}
	}
	return disk.Cover(ctx, f.Name, int64(len(f.File)), claims, func(int64, int64) (disk.Kind, string) { return disk.KindPadding, "padding" })
}

// Tree has the header twice and the table.
func (f *Fake) Tree() decode.Node {
	table := decode.Node{Name: "BAT", Place: decode.Place{File: f.Name, Offset: fakeTableAt, Length: 8 * int64(len(f.entries))}, Doc: "Where the blocks lie."}
	return decode.Node{Name: f.Name, Place: decode.Place{File: f.Name, Length: int64(len(f.File))}, Doc: "The image."}.WithNodes(
		fakeHead.Node(f.File[:512], f.Name, 0, decode.Named("header 1")),
		fakeHead.Node(f.File[512:1024], f.Name, 512, decode.Named("header 2")),
		decode.Repeat(table, 8, len(f.entries), func(i int) decode.Node {
			at := fakeTableAt + 8*int64(i)
			return fakeRow.Node(f.File[at:at+8], f.Name, at, decode.Named(fmt.Sprintf("BAT[%d]", i)))
		}),
	)
}

// Check finds nothing.
func (f *Fake) Check(context.Context) iter.Seq2[disk.Finding, error] {
	return func(func(disk.Finding, error) bool) {}
}

// Parent is nil.
func (f *Fake) Parent() disk.Image { return nil }
