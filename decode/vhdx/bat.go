package vhdx

import (
	"encoding/binary"

	"platter/decode"
)

// Payload is a BAT entry that places a payload block.
type Payload struct{}

// BitmapEntry is a BAT entry that places a sector bitmap block.
type BitmapEntry struct{}

// The states of payload blocks; those of sector bitmap blocks are NotPresent
// and FullyPresent (vhdx.md 9).
const (
	NotPresent       = 0
	Undefined        = 1
	ZeroBlock        = 2
	Unmapped         = 3
	ReservedState    = 4
	UnmappedDraft    = 5 // what drafts of the format used for Unmapped
	FullyPresent     = 6
	PartiallyPresent = 7
)

// EntrySize is the length of a BAT entry in bytes.
const EntrySize = 8

// EntryAt is the BAT entry at the start of b. It does what the tables' handles
// do, for tables of millions.
func EntryAt(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// PutEntry stores a BAT entry at the start of b.
func PutEntry(b []byte, entry uint64) { binary.LittleEndian.PutUint64(b, entry) }

// AppendEntry appends a BAT entry to b.
func AppendEntry(b []byte, entry uint64) []byte { return binary.LittleEndian.AppendUint64(b, entry) }

// State is the state in a BAT entry.
func State(entry uint64) uint64 { return entry & 7 }

// FileOffset is the offset in a BAT entry, in bytes.
func FileOffset(entry uint64) uint64 { return entry &^ (MiB - 1) }

// ReservedBits are the bits of a BAT entry that should be zero.
func ReservedBits(entry uint64) uint64 { return entry & (MiB - 1) &^ 7 }

// StateName is the name of a payload block state.
func StateName(state uint64) string {
	return [...]string{"NOT_PRESENT", "UNDEFINED", "ZERO", "UNMAPPED", "reserved", "UNMAPPED (draft)", "FULLY_PRESENT", "PARTIALLY_PRESENT"}[state&7]
}

// The table of the BAT entry of a payload block and its fields.
var (
	PayloadTable = decode.New[Payload]("BAT entry", EntrySize, decode.Little,
		"Says where one block of the virtual disk is stored, and what reads of it find if it is not stored. The entries of sector bitmap blocks are interleaved: one after those of each chunk.",
		"MS-VHDX 2.5.1.1")

	PayloadState = PayloadTable.Bits(0, 8, 0, 3, "State",
		"What a read of the block finds.",
		decode.Enum(
			decode.Name{Value: NotPresent, Name: "NOT_PRESENT", Doc: "never written: zeros, or the parent in a differencing image"},
			decode.Name{Value: Undefined, Name: "UNDEFINED", Doc: "content has no meaning; reads as zeros, not as the parent"},
			decode.Name{Value: ZeroBlock, Name: "ZERO", Doc: "zeros, not the parent"},
			decode.Name{Value: Unmapped, Name: "UNMAPPED", Doc: "freed by the guest; reads as zeros; old content may still be in the file"},
			decode.Name{Value: ReservedState, Name: "reserved", Doc: "not defined"},
			decode.Name{Value: UnmappedDraft, Name: "UNMAPPED (draft)", Doc: "what a draft of the format used for UNMAPPED"},
			decode.Name{Value: FullyPresent, Name: "FULLY_PRESENT", Doc: "the whole block is in this file"},
			decode.Name{Value: PartiallyPresent, Name: "PARTIALLY_PRESENT", Doc: "the sector bitmap tells which sectors are in this file and which in the parent"}))
	PayloadReserved = PayloadTable.Bits(0, 8, 3, 17, "reserved",
		"No meaning in the format; should be zero. 7-Zip refuses the image otherwise.", decode.Zero())
	PayloadOffset = PayloadTable.Bits(0, 8, 20, 44, "FileOffsetMB",
		"Where the block lies in the file, in MiB. In states UNDEFINED and UNMAPPED it may still name the block's old place (a soft anchor), where the old content usually is.",
		decode.Points(decode.InMiB, "payload block", 0))
)

// The table of the BAT entry of a sector bitmap block and its fields.
var (
	BitmapEntryTable = decode.New[BitmapEntry]("BAT bitmap entry", EntrySize, decode.Little,
		"Says where the sector bitmap of one chunk is stored. Only differencing images have any; in other images the entry is there all the same, and zero.",
		"MS-VHDX 2.5.1.2")

	BitmapState = BitmapEntryTable.Bits(0, 8, 0, 3, "State",
		"Whether the chunk has a sector bitmap. It needs one as soon as one of its blocks is PARTIALLY_PRESENT.",
		decode.Enum(
			decode.Name{Value: NotPresent, Name: "NOT_PRESENT", Doc: "no sector bitmap"},
			decode.Name{Value: FullyPresent, Name: "PRESENT", Doc: "the sector bitmap is in this file"}),
		decode.Known())
	BitmapReserved = BitmapEntryTable.Bits(0, 8, 3, 17, "reserved",
		"No meaning in the format; should be zero.", decode.Zero())
	BitmapOffset = BitmapEntryTable.Bits(0, 8, 20, 44, "FileOffsetMB",
		"Where the sector bitmap block of 1 MiB lies in the file, in MiB.",
		decode.Points(decode.InMiB, "sector bitmap block", 0))
)

// SectorBitmap is one byte of a sector bitmap.
type SectorBitmap struct{}

// The table of a byte of a sector bitmap. Unlike in VHD the first sector has
// the least significant bit.
var (
	BitmapTable = decode.New[SectorBitmap]("sector bitmap byte", 1, decode.Little,
		"Tells for eight sectors whether they are in this file or must be asked of the parent. It counts only while the block is PARTIALLY_PRESENT.",
		"MS-VHDX 2.4")

	_ = bitmapBit(0, "0")
	_ = bitmapBit(1, "1")
	_ = bitmapBit(2, "2")
	_ = bitmapBit(3, "3")
	_ = bitmapBit(4, "4")
	_ = bitmapBit(5, "5")
	_ = bitmapBit(6, "6")
	_ = bitmapBit(7, "7")
)

func bitmapBit(bit int, n string) decode.Bits[SectorBitmap] {
	return BitmapTable.Bits(0, 1, bit, 1, "sector+"+n,
		"1: the sector is in this file, 0: in the parent. The first sector has the least significant bit, mask 0x01.",
		decode.Enum(decode.Name{Value: 0, Name: "parent"}, decode.Name{Value: 1, Name: "here"}))
}
