// Package vhd declares the on-disk structures of the VHD format ("conectix",
// Virtual PC, Hyper-V, Azure): footer, dynamic header, parent locators, block
// allocation table, sector bitmap and the batmap of XenServer. All integers
// are big-endian, all offsets count from the start of the file, and a sector
// is always 512 bytes. References such as "vhd.md 3" name sections of the
// format reference; MS is Microsoft's specification 1.0 of 2006.
package vhd

import (
	"time"

	"platter/decode"
)

// Sector is the sector size in bytes. VHD knows no other.
const Sector = 512

// None is the value of offsets that lead nowhere: the data_offset of a fixed
// disk's footer and of every dynamic header.
const None = ^uint64(0)

// MaxPieces is how many files a split image may have (vhd.md 15).
const MaxPieces = 64

// EntrySize is the length of an entry of the BAT in bytes.
const EntrySize = 4

// Unallocated is the BAT entry of a block that is not stored.
const Unallocated = ^uint32(0)

// Version is the only file_format_version and header_version: 1.0.
const Version = 0x00010000

// Epoch is where time stamps start counting seconds.
func Epoch() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// Layouts lists the tables of the format.
func Layouts() []*decode.Layout {
	return []*decode.Layout{
		&FooterTable.Layout, &HeaderTable.Layout, &LocatorTable.Layout, &EntryTable.Layout,
		&BitmapTable.Layout, &BatmapTable.Layout, &BatmapByteTable.Layout, &DriveTable.Layout,
	}
}

// Checksum is the format's sum: the ones' complement of the sum of all bytes,
// the checksum field itself taken as zero (vhd.md 4). It does not notice when
// bytes change places.
func Checksum(b []byte) uint64 {
	var sum uint32
	for _, c := range b {
		sum += uint32(c)
	}
	return uint64(^sum)
}

// code is the number that four characters make in big-endian order.
func code(s string) uint64 {
	var v uint64
	for i := range 4 {
		v = v<<8 | uint64(s[i])
	}
	return v
}
