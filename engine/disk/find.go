package disk

import (
	"context"
	"iter"
	"strings"
	"unicode"

	"platter/decode"
)

// Finder finds things in an image and fetches them: what a person looks for,
// where an expression leads, what points at a place. It works on any image.
// Its methods read files: they belong in commands.
type Finder interface {
	// Search yields the hits of a pattern on a surface, ascending, or descending
	// where the stretch says so: the first one is always the nearest.
	// A pattern that makes no sense is told at once; nothing is read before the
	// first hit is asked for. An [Error] among the hits tells of a range that
	// could not be searched; any other one ends the search. Progress hears
	// between hits how many bytes were looked at; it may be nil.
	Search(ctx context.Context, on Surface, p Pattern, within Stretch, progress func(done, total int64)) (iter.Seq2[Hit, error], error)

	// Resolve finds the place that an expression names, seen from where one
	// stands: an offset, a sector, a block, a table entry, the name of a
	// structure. Places in partitions come as places on [VirtualDisk].
	Resolve(ctx context.Context, from Standpoint, expr string) (decode.Place, error)

	// Complete lists ways to go on with an expression.
	Complete(ctx context.Context, from Standpoint, typed string) []Completion

	// Referrers yields what points at a place of the image's own files: fields
	// and table entries. It may go through all tables; progress hears how many
	// bytes of the virtual disk they have covered.
	Referrers(ctx context.Context, img Image, place decode.Place, progress func(done, total int64)) iter.Seq2[decode.Node, error]

	// Stream hands the bytes of a place to emit, in order, in pieces that are
	// valid during the call. The place may lie on [VirtualDisk].
	Stream(ctx context.Context, img Image, place decode.Place, emit func([]byte) error) error

	// Differences yields the blocks in which the disks of two images differ,
	// ascending; blocks of the first one's size. Where one disk is larger, the
	// rest of it comes last, as one block. An [Error] tells of a range that
	// could not be compared; any other one ends the comparison. Progress hears
	// between blocks how many bytes were compared; it may be nil.
	Differences(ctx context.Context, a, b Image, progress func(done, total int64)) iter.Seq2[BlockDiff, error]

	// Compare puts two records of a layout side by side, field by field. Of
	// arrays only the elements that differ are taken apart.
	Compare(layout *decode.Layout, a, b []byte) []FieldDiff
}

// Reading says how a pattern is meant.
type Reading uint8

// The readings.
const (
	AsText   Reading = iota // characters, in every encoding that is known
	AsUTF16                 // characters in UTF-16, little-endian
	AsHex                   // bytes with wildcards: e8 ?? ?? 88 .. 4?
	AsRegexp                // a regular expression over bytes
)

// String is the reading's name.
func (r Reading) String() string { return [...]string{"text", "UTF-16LE", "hex", "regexp"}[r] }

// Pattern is what is looked for.
type Pattern struct {
	Text      string
	Reading   Reading
	FoldCase  bool     // letters match in either case; not in hex
	Encodings []string // of text, by their names; empty for all that are known
}

// EitherCase reports whether letters match in either case where nobody says how:
// in a text without capitals. It is how most people who type "password" mean it.
func (p Pattern) EitherCase() bool {
	return (p.Reading == AsText || p.Reading == AsUTF16) && !strings.ContainsFunc(p.Text, unicode.IsUpper)
}

// Stretch is the part of a surface that is searched, and in which direction.
type Stretch struct {
	From, To  int64 // bytes; hits lie in [From, To) as a whole; To 0 is the end
	Backwards bool  // from To down to From
}

// Hit is a place where a pattern matches.
type Hit struct {
	Place    decode.Place // on [VirtualDisk] or in a file
	Encoding string       // of a text; "hex" and "regexp" for the others
	Context  []byte       // the match with some bytes before and after it
	Before   int          // how many bytes of Context lie before the match
}

// Standpoint is where a person stands who types an address: it says what
// "here", "end" and names mean.
type Standpoint struct {
	Image     Image
	At        decode.Place // of the cursor; may lie on [VirtualDisk]
	File      string       // the file that shows, or showed last
	Partition int          // number of the partition that offsets count from; 0 for none
}

// Completion is a way to go on with an expression.
type Completion struct {
	Text string // the whole expression
	Help string // what it is, safe to print
}

// FieldDiff is a field of two records of the same layout, side by side.
type FieldDiff struct {
	Name    string // with the elements of arrays it lies in: "entry 3.FileOffset"
	Offset  int    // bytes from the start of the record
	Size    int    // bytes
	A, B    string // worded, not escaped
	Differs bool
}

// Parts are the context before the match, the match, and the context behind
// it, safe to print in one line. Text in UTF-16 is read as such; what is no
// text comes as dots.
func (h Hit) Parts() (before, match, after string) {
	start := min(max(h.Before, 0), len(h.Context))
	end := min(start+int(min(h.Place.Length, int64(len(h.Context)))), len(h.Context))
	if order, wide := h.wide(); wide {
		lead := start % 2
		return wideText(h.Context[lead:start], order), wideText(h.Context[start:end], order), wideText(h.Context[end:], order)
	}
	return narrowText(h.Context[:start]), narrowText(h.Context[start:end]), narrowText(h.Context[end:])
}

func (h Hit) wide() (decode.Order, bool) {
	switch h.Encoding {
	case "UTF-16LE":
		return decode.Little, true
	case "UTF-16BE":
		return decode.Big, true
	}
	return decode.Little, false
}

func wideText(b []byte, order decode.Order) string {
	return dots(decode.DecodeUTF16(b[:len(b)&^1], order))
}

func narrowText(b []byte) string {
	text := make([]byte, len(b))
	for i, c := range b {
		if text[i] = c; c < ' ' || c > '~' {
			text[i] = '.'
		}
	}
	return string(text)
}

// dots replaces what can't be printed as it is.
func dots(s string) string {
	return strings.Map(func(r rune) rune {
		if c := string(r); decode.Printable(c) != c {
			return '.'
		}
		return r
	}, s)
}
