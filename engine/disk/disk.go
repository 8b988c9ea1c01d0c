// Package disk is the contract between the engine's formats and everything
// that looks at an image: what an [Image] can do, what it says about itself
// ([Info]), where its bytes come from ([Span]) and what its files consist of
// ([Region]), what is wrong with it ([Finding], [Error]).
//
// It sits below all formats and below all screens; it knows neither.
package disk

import (
	"context"
	"io"
	"iter"

	"platter/decode"
)

// Image is an opened disk image, whatever its format. An image that can be
// recognised opens, however damaged it is: Info says whether the virtual disk
// is readable, and if not, ReadAt and Map fail with the reason. All methods
// may be called from several goroutines.
type Image interface {
	// ReadAt reads the virtual disk. A range that has no data in any layer
	// reads as zeros only where the format says so; what is missing or damaged
	// is an [Error]. Reading past the end is io.EOF.
	io.ReaderAt
	io.Closer

	// Info is what opening the image found out. It scans no table.
	Info() Info

	// Files are the files of this layer, the one that was opened first. An
	// image in one file has one; a VMDK has its descriptor and its extents.
	Files() []File

	// Map tells where the bytes [off, off+n) of the virtual disk come from:
	// spans in ascending order, without holes or overlaps. A span's Via is
	// valid until the next one is asked for. Off and n are in bytes.
	Map(off, n int64) iter.Seq2[Span, error]

	// Regions tells what each byte of each file of this layer is for: file by
	// file in the order of Files, ascending, every byte exactly once.
	// Neighbouring payload blocks may be merged into one region.
	Regions(context.Context) iter.Seq2[Region, error]

	// Tree is the image's structures with all their fields. Nodes are lazy.
	Tree() decode.Node

	// Check examines the image and all its tables. It never writes. An error
	// means that the check is not complete.
	Check(context.Context) iter.Seq2[Finding, error]

	// Parent is the next layer of a differencing chain; nil for a base image
	// and where the parent is missing.
	Parent() Image
}

// File is one of the files that an image consists of.
type File struct {
	Name string // path relative to the image's folder, with slashes
	Size int64  // bytes, when the image was opened
	Data io.ReaderAt
}

// Info describes an image. Sizes are in bytes; strings are as found in the
// image, not escaped: [decode.Printable] stands between them and a terminal.
type Info struct {
	Path       string // as the user named it
	Format     string // vhd, vhdx, vmdk, raw, unknown
	Type       string // the format's own term: dynamic, monolithicSparse, ...
	Recognised string // how the format was recognised, a sentence

	VirtualSize        int64
	FileSize           int64 // all files of this layer together
	BlockSize          int64 // allocation unit: block or grain; 0 if there is none
	LogicalSectorSize  int64
	PhysicalSectorSize int64 // 0 if the format does not say

	Creator string
	ID      string // the identity that the format gives a disk
	Parent  string // the parent's name as the image gives it; empty for none
	Dirty   bool   // not closed cleanly

	Details  []Detail  // more rows for the overview, in order
	Findings []Finding // what opening found; the full check may find more
	Refused  error     // why the virtual disk can't be read; nil if it can
}

// Readable reports whether the virtual disk can be read.
func (i Info) Readable() bool { return i.Refused == nil }

// Detail is a labelled fact about an image.
type Detail struct{ Label, Value string }

// State tells what a range of the virtual disk is.
type State uint8

// The states, as `map --json` names them.
const (
	Data        State = iota // stored in a file
	Zero                     // the format says: zeros
	Unallocated              // never written; reads as zeros
	FromParent               // asked of a parent that is not composed here
	Unmapped                 // trimmed; old data may remain in the file; reads as zeros
	Missing                  // should be stored but is not there; can't be read
)

// String is the state's name in JSON.
func (s State) String() string {
	return [...]string{"data", "zero", "unallocated", "parent", "unmapped", "missing"}[s]
}

// Span is a range of the virtual disk that comes from one place.
type Span struct {
	Start  int64 // bytes, virtual
	Length int64
	State  State
	Layer  int    // 0 is the image itself, 1 its parent, ...
	File   string // the file that holds the data; empty where there is none
	Offset int64  // bytes in File; -1 where there is none. For compressed data the start of the compressed grain
	Packed int64  // length of the compressed data in the file; 0 if it is stored plainly
	Via    []Via  // the table entries and bitmap bits that decided, outermost first
}

// Via is a table entry or a bitmap bit that decided where a span lies.
type Via struct {
	Table string       // the table in the format's term: BAT, GD, GT, sector bitmap
	Index int64        // entry number in the table, or bit number
	Place decode.Place // the entry's bytes
	Raw   uint64       // the entry's value
	IsBit bool         // the entry is a single bit of the byte at Place
	Layer int          // the layer that holds the table
}

// Kind sorts regions for colours and legends.
type Kind string

// The kinds of region, as `layout --json` names them.
const (
	KindHeader     Kind = "header"     // headers, footers, identifiers, markers
	KindDescriptor Kind = "descriptor" // descriptor text, locators
	KindTable      Kind = "table"      // BAT, grain directories and tables, region tables, batmap
	KindBitmap     Kind = "bitmap"     // sector bitmaps
	KindMetadata   Kind = "metadata"
	KindLog        Kind = "log"
	KindPayload    Kind = "payload" // guest data
	KindPadding    Kind = "padding" // zero or filler that a structure's alignment explains
	KindSlack      Kind = "slack"   // room inside a structure's area that it does not use
	KindFree       Kind = "free"    // claimed by nobody: gaps, leaks, orphaned blocks
	KindTrailing   Kind = "trailing"
	KindOverlap    Kind = "overlap" // claimed more than once
	KindUnknown    Kind = "unknown" // nobody can tell: the format was not recognised, or tables that may place it are damaged
)

// Region is a range of a file with one meaning.
type Region struct {
	File   string
	Offset int64 // bytes
	Length int64
	Kind   Kind
	Name   string // in the format's terms: "footer copy", "BAT", "block 12"
}

// Severity grades findings. The references' F and E are Errors.
type Severity uint8

// The severities.
const (
	SeverityInfo Severity = iota
	SeverityWarning
	SeverityError
)

// String is the severity's name in JSON.
func (s Severity) String() string {
	return [...]string{"info", "warning", "error"}[s]
}

// Finding is something worth knowing about an image.
type Finding struct {
	Code     string // stable: "vhd/V017", "vhdx/10", "vmdk/G8", as numbered in the format references
	Severity Severity
	Where    []decode.Place // the evidence
	Text     string         // one sentence: what was found, what was expected
	Detail   string         // what it means, what other programs do with such a file; may be empty
	Fatal    bool           // the virtual disk can't be read because of it

	Repairable bool   // there are repairs to choose from: a [Repairer] lists them
	Profile    string // the profile that demands it; empty for what the check itself finds
	Lost       int64  // bytes of the virtual disk that can't be read because of it, as far as that is known
	Needs      int64  // bytes that the file would have to have; 0: it is long enough, or nobody knows

	Row   string         // findings of a code with the same one are told as one, whatever each says; empty: those that say the same
	Among string         // what is lost here is one of these: "100 blocks that are stored"; empty where nobody counted
	Count int            // how many findings it stands for, see [Merge]; 0: itself
	More  []decode.Place // the evidence of the others, or of the first of them
	Alike []Finding      // all that are listed of them, itself first; none if it stands for itself
	Cause string         // the code of the finding that explains it, which is to be settled first, see [Nest]; empty for none

	from      []string // the codes that may explain it
	condition string   // under which it was found, see [Rule.For]; empty for the usual one
	unlisted  int      // how many more there were, where this one tells of those that are not listed
	first     string   // what it would say by itself then
	About     any      // what a repair has to know and the places don't tell, in the format's own terms; mostly nil
}
