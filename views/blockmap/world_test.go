package blockmap_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/viewtest"
)

// world is an image without bytes: what its blocks are is a matter of their
// number.
type world struct {
	blocks  int64
	block   int64
	tail    int64 // bytes that the last block lacks
	natural bool
	state   func(block int64) [2]disk.Span // the parts of a block, from offset 0; the second may be empty
	regions []disk.Region
	size    int64 // of the file
	refused error
	broken  int64                // the map fails at this block; 0 for none
	byteAt  func(off int64) byte // nil: the same everywhere
	asked   atomic.Int64         // blocks of the map that were asked for
}

const (
	name   = "archive.vhdx"
	tables = 0x300000
)

func (w *world) virtual() int64 { return w.blocks*w.block - w.tail }

func (w *world) Info() disk.Info {
	info := disk.Info{Path: name, Format: "vhdx", Type: "dynamic", VirtualSize: w.virtual(), FileSize: w.size, LogicalSectorSize: 512, Refused: w.refused}
	if w.natural {
		info.BlockSize = w.block
	}
	return info
}

func (w *world) Files() []disk.File { return []disk.File{{Name: name, Size: w.size}} }

func (w *world) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		end := min(off+n, w.virtual())
		via := make([]disk.Via, 1)
		for b := off / w.block; b*w.block < end; b++ {
			w.asked.Add(1)
			if w.broken > 0 && b == w.broken {
				yield(disk.Span{}, disk.Errorf(disk.Damaged, decode.Place{File: name, Offset: tables}, "the table \x1b[31m can't be read"))
				return
			}
			via[0] = disk.Via{Table: "BAT", Index: b + b/4096, Place: decode.Place{File: name, Offset: tables + 8*b, Length: 8}, Raw: uint64(b) << 20}
			for _, s := range w.state(b) {
				s.Start += b * w.block
				from, to := max(s.Start, off), min(s.Start+s.Length, end)
				if from >= to {
					continue
				}
				if s.File != "" {
					s.Offset += from - s.Start
				}
				s.Start, s.Length, s.Via = from, to-from, via
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

func (w *world) ReadAt(b []byte, off int64) (int, error) {
	if w.byteAt == nil {
		return copy(b, bytes.Repeat([]byte("FILE0\x00\x00\x01"), len(b)/8+1)), nil
	}
	for i := range b {
		if off+int64(i) >= w.virtual() {
			return i, io.EOF
		}
		b[i] = w.byteAt(off + int64(i))
	}
	return len(b), nil
}

func (w *world) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(yield func(disk.Region, error) bool) {
		for _, r := range w.regions {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (w *world) Close() error       { return nil }
func (w *world) Tree() decode.Node  { return decode.Node{} }
func (w *world) Parent() disk.Image { return nil }
func (w *world) Check(context.Context) iter.Seq2[disk.Finding, error] {
	return func(func(disk.Finding, error) bool) {}
}

// none is a block that is of one state throughout and stored nowhere.
func (w *world) none(s disk.State) [2]disk.Span {
	return [2]disk.Span{{Length: w.block, State: s, Offset: -1}}
}

// data is a block that lies in a file.
func (w *world) data(layer int, file string, off int64) [2]disk.Span {
	return [2]disk.Span{{Length: w.block, State: disk.Data, Layer: layer, File: file, Offset: off}}
}

const (
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

// Blocks of the archive that something is wrong with.
const (
	blockSize  = 256 * mib
	twice      = 92_725 // and the next: both lie in the same place
	lost       = 100_001
	fatherless = 112_501
)

// archive is a disk of 64 TiB that has everything that a map can show.
func archive() *world {
	w := &world{blocks: 64 * tib / blockSize, block: blockSize, natural: true, size: 24 * tib}
	payload := func(b int64) int64 { return 1*gib + b*w.block }
	w.state = func(b int64) [2]disk.Span {
		region := b * 64 / w.blocks // of 1 TiB
		switch {
		case b == twice || b == twice+1:
			return w.data(0, name, payload(75_000))
		case b == lost:
			return w.none(disk.Missing)
		case b == fatherless:
			return w.none(disk.FromParent)
		case region == 3, region == 5 && b%3 > 0, region == 20 && b%8 > 0:
			return w.data(0, name, payload(b))
		case region == 4 && b%2 == 0, region == 6 && b%5 == 0:
			return w.data(0, name, payload(w.blocks/8-b))
		case region == 8:
			half := w.data(0, name, payload(b))
			half[0].Length = w.block / 2
			half[1] = disk.Span{Start: w.block / 2, Length: w.block / 2, State: disk.Unallocated, Offset: -1}
			return half
		case region == 10:
			return w.none(disk.Zero)
		case region == 12:
			return w.data(1, "base.vhdx", payload(b))
		case region == 40 && b%9 == 0:
			return w.none(disk.Unmapped)
		}
		return w.none(disk.Unallocated)
	}
	at := int64(0)
	put := func(n int64, k disk.Kind, words string) {
		w.regions = append(w.regions, disk.Region{File: name, Offset: at, Length: n, Kind: k, Name: words})
		at += n
	}
	put(mib, disk.KindHeader, "headers")
	put(mib, disk.KindLog, "log")
	put(mib, disk.KindMetadata, "metadata")
	put(gib-3*mib, disk.KindTable, "BAT")
	put(6*tib, disk.KindPayload, "payload blocks")
	put(96*mib, disk.KindFree, "unreferenced data")
	put(12*tib, disk.KindPayload, "payload blocks")
	put(w.size-at-64*mib, disk.KindPayload, "payload blocks")
	put(64*mib, disk.KindTrailing, "bytes after the end")
	w.share(payload(75_000), w.block)
	return w
}

// share makes a range of the file one that is claimed more than once.
func (w *world) share(off, n int64) {
	i := slices.IndexFunc(w.regions, func(r disk.Region) bool { return r.Offset <= off && off+n <= r.Offset+r.Length })
	r := w.regions[i]
	before, behind := r, r
	before.Length = off - r.Offset
	behind.Offset, behind.Length = off+n, r.Offset+r.Length-off-n
	w.regions = slices.Replace(w.regions, i, i+1, before, disk.Region{File: name, Offset: off, Length: n, Kind: disk.KindOverlap, Name: "block 92725 and block 92726"}, behind)
}

// open makes the screen of a world, scanned to the end.
func open(t testing.TB, w disk.Image, width, height int) *blockmap.View {
	t.Helper()
	v := blockmap.New(views.Env{Image: w, Theme: viewtest.Theme(t)})
	v.SetSize(width, height)
	viewtest.Run(v, v.Start())
	return v
}

// press carries actions out, with all that comes of them.
func press(v *blockmap.View, actions ...keymap.Action) []tea.Msg {
	var up []tea.Msg
	for _, a := range actions {
		up = append(up, viewtest.Run(v, v.Do(a))...)
	}
	return up
}

// vast is the largest disk that there can be, in blocks of a sector, all zero.
type vast struct{}

const vastSize = 1<<63 - 1

func (vast) Info() disk.Info {
	return disk.Info{Path: "vast", VirtualSize: vastSize, BlockSize: 512, LogicalSectorSize: 512}
}

func (vast) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		yield(disk.Span{Start: off, Length: n, State: disk.Zero, Offset: -1}, nil)
	}
}

func (vast) Files() []disk.File                    { return nil }
func (vast) ReadAt(b []byte, _ int64) (int, error) { clear(b); return len(b), nil }
func (vast) Close() error                          { return nil }
func (vast) Tree() decode.Node                     { return decode.Node{} }
func (vast) Parent() disk.Image                    { return nil }
func (vast) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(func(disk.Region, error) bool) {}
}
func (vast) Check(context.Context) iter.Seq2[disk.Finding, error] {
	return func(func(disk.Finding, error) bool) {}
}
