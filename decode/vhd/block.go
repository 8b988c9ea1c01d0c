package vhd

import (
	"encoding/binary"

	"platter/decode"
)

// Entry is one entry of the block allocation table.
type Entry struct{}

// The table of a BAT entry.
var (
	EntryTable = decode.New[Entry]("BAT entry", EntrySize, decode.Big,
		"Says where one block of the virtual disk is stored. Entry n is for the bytes from n x block_size on.",
		"VHD specification 1.0, Block Allocation Table")

	EntrySector = EntryTable.U32(0, "sector",
		"Sector of the file at which the block's sector bitmap starts; the data follows it. All ones: the block was never written, so it reads as zeros or, in a differencing image, as the parent.",
		decode.Points(decode.InSectors, "block", uint64(Unallocated)))
)

// EntryAt is the sector in the BAT entry at the start of b. It does what
// [EntrySector] does, for tables of millions.
func EntryAt(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// PutEntry makes the BAT entry at the start of b lead to a sector.
func PutEntry(b []byte, sector uint32) { binary.BigEndian.PutUint32(b, sector) }

// AppendEntry appends a BAT entry that leads to a sector to b.
func AppendEntry(b []byte, sector uint32) []byte { return binary.BigEndian.AppendUint32(b, sector) }

// BitmapByte is one byte of a sector bitmap.
type BitmapByte struct{}

// The table of a byte of the sector bitmap. Unlike in VHDX the first sector
// has the most significant bit.
var (
	BitmapTable = decode.New[BitmapByte]("sector bitmap byte", 1, decode.Big,
		"Tells for eight sectors of a block whether they are stored here. In a dynamic image a clear bit means never written, reads as zeros. In a differencing image it means: ask the parent.",
		"VHD specification 1.0, Data Blocks")

	_ = bitmapBit(7, "0")
	_ = bitmapBit(6, "1")
	_ = bitmapBit(5, "2")
	_ = bitmapBit(4, "3")
	_ = bitmapBit(3, "4")
	_ = bitmapBit(2, "5")
	_ = bitmapBit(1, "6")
	_ = bitmapBit(0, "7")
)

func bitmapBit(bit int, n string) decode.Bits[BitmapByte] {
	return BitmapTable.Bits(0, 1, bit, 1, "sector+"+n,
		"1: the sector is stored in this block. The first sector has the most significant bit, mask 0x80.",
		decode.Enum(decode.Name{Value: 0, Name: "not here"}, decode.Name{Value: 1, Name: "here"}))
}

// BitmapBytes is the length of the sector bitmap in front of a block's data:
// one bit a sector, rounded up to whole sectors, at least one (vhd.md 9).
func BitmapBytes(blockSize int64) int64 {
	bits := (blockSize + Sector - 1) / Sector
	bytes := (bits + 7) / 8
	return max((bytes+Sector-1)/Sector, 1) * Sector
}

// Batmap is the header of the map of full blocks that XenServer's tapdisk
// keeps after the BAT.
type Batmap struct{}

// BatmapCookie marks a batmap header; BatmapVersion is its current version.
const (
	BatmapCookie  = "tdbatmap"
	BatmapVersion = 0x00010002
)

// The table of the batmap header and its fields.
var (
	BatmapTable = decode.New[Batmap]("batmap header", 512, decode.Big,
		"An extension of XenServer's tapdisk in the sector after the BAT: it places a bitmap in which a set bit says that a block is completely written, so that its sector bitmap need not be read.",
		"blktap: dd_batmap_hdr")

	BatmapCookieField = BatmapTable.Text(0, 8, "cookie", "Marks a batmap header.", decode.Magic(BatmapCookie))
	BatmapOffset      = BatmapTable.U64(8, "batmap_offset", "Where the map of full blocks lies, in bytes.",
		decode.Points(decode.InBytes, "batmap"), decode.Multiple(Sector))
	BatmapSectors = BatmapTable.U32(16, "batmap_size", "Length of the map in sectors.", decode.Count(decode.InSectors))
	BatmapVer     = BatmapTable.U32(20, "batmap_version", "Major and minor version: 1.2, in old images 1.1.", decode.Is(BatmapVersion, 0x00010001), decode.Hex())
	BatmapSum     = BatmapTable.U32(24, "checksum",
		"Ones' complement of the sum of the map's bytes. Version 1.1 added them up as signed numbers.", decode.Sum("checksum", 0, nil))
	_ = BatmapTable.U8(28, "marker", "Used by tapdisk while it coalesces images.")
	_ = BatmapTable.U8(29, "keyhash_cookie", "1: the data of the blocks is encrypted (XTS), and the next fields tell by which key.",
		decode.Enum(decode.Name{Value: 0, Name: "plain"}, decode.Name{Value: 1, Name: "encrypted"}))
	_ = BatmapTable.Bytes(30, 32, "keyhash_nonce", "Random bytes that were hashed together with the key.")
	_ = BatmapTable.Bytes(62, 32, "keyhash_hash", "SHA-256 of nonce and key, to recognise the right key.")
	_ = BatmapTable.Reserved(94, 418)
)

// BatmapByte is one byte of the map of full blocks.
type BatmapByte struct{}

// The table of a byte of the batmap.
var (
	BatmapByteTable = decode.New[BatmapByte]("batmap byte", 1, decode.Big,
		"Tells for eight blocks whether all their sectors are written. tapdisk does not look at the sector bitmap of such a block, so a bit set by mistake brings back old bytes.",
		"blktap: dd_batmap_hdr")

	_ = batmapBit(7, "0")
	_ = batmapBit(6, "1")
	_ = batmapBit(5, "2")
	_ = batmapBit(4, "3")
	_ = batmapBit(3, "4")
	_ = batmapBit(2, "5")
	_ = batmapBit(1, "6")
	_ = batmapBit(0, "7")
)

func batmapBit(bit int, n string) decode.Bits[BatmapByte] {
	return BatmapByteTable.Bits(0, 1, bit, 1, "block+"+n,
		"1: every sector of the block is stored. The first block has the most significant bit, mask 0x80.",
		decode.Enum(decode.Name{Value: 0, Name: "not full"}, decode.Name{Value: 1, Name: "full"}))
}
