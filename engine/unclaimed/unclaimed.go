// Package unclaimed lists the ranges of an image's files that no structure explains:
// what nothing refers to, what follows the end, and padding and slack that hold
// something. It works on any image through the disk contract.
package unclaimed

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// Range is a range of a file that no structure explains.
type Range struct {
	disk.Region
	Filling space.Filling // what it holds
	Text    Text          // the first text in it; none: no text was found
}

// Place is where the range lies.
func (r Range) Place() decode.Place {
	return decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}
}

// Empty reports whether all of the range is zeros, or filled with ones, and was read.
func (r Range) Empty() bool { return r.Filling.Whole() }

// Content words what the range holds: "zeros", "not zero from 0x200 on".
func (r Range) Content() string {
	if r.Filling.Other >= 0 {
		return fmt.Sprintf("not zero from 0x%x on", r.Filling.First(r.Offset))
	}
	return r.Filling.String()
}

// quickLook is what the layout says of the content of a range that it has not read whole.
const quickLook = ", zeros in the first "

// Ranges lists the ranges of all files of the image's own layer. Each is read to its
// end but for holes, and up to the first byte that is not zero. It may take long.
func Ranges(ctx context.Context, img disk.Image) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		f := files{list: img.Files()}
		for r, err := range img.Regions(ctx) {
			if err != nil {
				yield(Range{}, err)
				return
			}
			if !wanted(r.Kind) {
				continue
			}
			found, err := f.look(ctx, r, space.All)
			if err == nil && found.Empty() && filler(r.Kind) {
				continue
			}
			found.Name, _, _ = strings.Cut(found.Name, quickLook) // here it was read to its end
			if !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// At is the region that holds a byte of a file, with what the start of it holds; false
// where the image has no such byte.
func At(ctx context.Context, img disk.Image, at decode.Place) (Range, bool, error) {
	for r, err := range img.Regions(ctx) {
		if err != nil {
			return Range{}, false, err
		}
		if p := (decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}); !p.Holds(at.File, at.Offset) {
			continue
		}
		f := files{list: img.Files()}
		found, err := f.look(ctx, r, space.Quick)
		return found, true, err
	}
	return Range{}, false, nil
}

// wanted reports whether ranges of a kind may be unexplained.
func wanted(k disk.Kind) bool {
	switch k {
	case disk.KindFree, disk.KindTrailing, disk.KindUnknown:
		return true
	}
	return filler(k)
}

// filler reports whether ranges of a kind are explained as long as they hold nothing.
func filler(k disk.Kind) bool { return k == disk.KindPadding || k == disk.KindSlack }

// About explains a kind of region to somebody who meets its bytes.
func About(k disk.Kind) string {
	switch k {
	case disk.KindFree:
		return "Nothing in the image refers to these bytes: no header, no table entry. A deleted block, a crash or another program left them, or somebody hid something here. Programs that use the image never read them."
	case disk.KindTrailing:
		return "These bytes follow the end of the image. No program that uses it reads them."
	case disk.KindUnknown:
		return "Nobody can tell what these bytes are for: the tables that may lead to them are damaged, or the format was not recognised."
	case disk.KindPadding:
		return "Filler between structures, which have to start at round offsets. It should be zero; what is written here is not part of the image."
	case disk.KindSlack:
		return "Room that belongs to the structure before it, which does not use it. Old content may remain here."
	case disk.KindOverlap:
		return "More than one structure claims these bytes: what is written for one of them changes the other."
	case disk.KindPayload:
		return "Content of the virtual disk. Press x to see which byte of the disk this is."
	}
	return ""
}

// files are those of an image, with what was found out about their holes.
type files struct {
	list   []disk.File
	last   string
	looker *space.Looker
}

// look tells what a region holds, of which so many bytes are read at most.
func (f *files) look(ctx context.Context, r disk.Region, most int64) (Range, error) {
	i := slices.IndexFunc(f.list, func(g disk.File) bool { return g.Name == r.File })
	if i < 0 {
		return Range{}, disk.Errorf(disk.Damaged, decode.Place{File: r.File, Offset: r.Offset}, "the layout names a file that the image does not have")
	}
	if f.looker == nil || f.last != r.File {
		f.last, f.looker = r.File, space.NewLooker(source(f.list[i]), f.list[i].Size)
	}
	held, err := f.looker.Look(ctx, r.Offset, r.Length, most)
	found := Range{Region: r, Filling: held}
	if err != nil || held.Whole() || held.First(r.Offset) < 0 {
		return found, err
	}
	found.Text, err = firstText(ctx, f.list[i].Data, held.First(r.Offset), r.Offset+r.Length)
	return found, err
}

// source is a file with its holes, or one that has none.
func source(f disk.File) space.Source {
	if s, ok := f.Data.(space.Source); ok {
		return s
	}
	return solid{f.Data, f.Size}
}

// solid is a file that does not know its holes.
type solid struct {
	io.ReaderAt
	size int64
}

// NextData is all the rest of the file.
func (s solid) NextData(off int64) (store.Range, error) {
	if off >= s.size {
		return store.Range{}, io.EOF
	}
	return store.Range{Offset: off, Length: s.size - off}, nil
}

// Text is a run of characters in a file.
type Text struct {
	Offset int64
	Words  string // printable ASCII, cut off after some
	Wide   bool   // UTF-16
}

// The bounds of the search for text: how much is read, how long a run is one, and how
// much of it is kept.
const (
	textReach = 4 << 20
	textLeast = 6
	textMost  = 120
)

// firstText finds the first run of printable characters in [from, to), in ASCII or
// UTF-16; it reads no more than some MiB.
func firstText(ctx context.Context, file io.ReaderAt, from, to int64) (Text, error) {
	const piece = 64 << 10
	to = min(to, from+textReach)
	buf := make([]byte, piece+2*textMost)
	for at := from; at < to; at += piece {
		if err := ctx.Err(); err != nil {
			return Text{}, err
		}
		n, err := file.ReadAt(buf[:min(int64(len(buf)), to-at)], at)
		if err != nil && err != io.EOF {
			return Text{}, err
		}
		if i, words, wide := textIn(buf[:n], piece); words != "" {
			return Text{at + int64(i), words, wide}, nil
		}
	}
	return Text{}, nil
}

// textIn finds the first run in b that starts before an index.
func textIn(b []byte, before int) (int, string, bool) {
	for i := 0; i < min(before, len(b)); i++ {
		for _, step := range []int{1, 2} {
			if words := runAt(b[i:], step); len(words) >= textLeast && letters(words)*2 > len(words) {
				return i, words, step == 2
			}
		}
	}
	return 0, "", false
}

// runAt is the printable characters that b starts with, each of step bytes.
func runAt(b []byte, step int) string {
	var s strings.Builder
	for i := 0; i+step <= len(b) && s.Len() < textMost; i += step {
		if b[i] < 0x20 || b[i] > 0x7E || step == 2 && b[i+1] != 0 {
			break
		}
		s.WriteByte(b[i])
	}
	return s.String()
}

// letters counts letters, digits and blanks, of which most text consists.
func letters(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c == ' ' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			n++
		}
	}
	return n
}
