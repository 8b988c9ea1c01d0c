// Package vhdx declares the on-disk structures of the VHDX format ("vhdxfile",
// Hyper-V 2012 and later): file type identifier, headers, region tables, log,
// metadata, parent locator, block allocation table and sector bitmaps. All
// integers are little-endian and unsigned, text is UTF-16LE. References such
// as "vhdx.md 5.1" name sections of the format reference; MS-VHDX is
// Microsoft's open specification.
package vhdx

import (
	"hash/crc32"

	"github.com/google/uuid"

	"platter/decode"
)

// MiB is the grain of the file: everything outside its first MiB starts at a
// multiple of it (vhdx.md 1).
const MiB = 1 << 20

// Layouts lists the tables of the format.
func Layouts() []*decode.Layout {
	return []*decode.Layout{
		&IdentifierTable.Layout, &HeaderTable.Layout,
		&RegionTable.Layout, &RegionEntryTable.Layout,
		&LogEntryTable.Layout, &ZeroTable.Layout, &DataTable.Layout, &DataSectorTable.Layout,
		&MetadataTable.Layout, &MetadataEntryTable.Layout,
		&FileParametersTable.Layout, &DiskSizeTable.Layout, &DiskIDTable.Layout,
		&LogicalSectorTable.Layout, &PhysicalSectorTable.Layout, &CHSTable.Layout, &PMEMTable.Layout,
		&LocatorTable.Layout, &LocatorEntryTable.Layout,
		&PayloadTable.Layout, &BitmapEntryTable.Layout, &BitmapTable.Layout,
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is CRC-32C, the format's only checksum; the checksum field itself
// counts as zero (vhdx.md 1.2).
func Checksum(b []byte) uint64 { return uint64(crc32.Checksum(b, castagnoli)) }

// ChecksumAdd continues a CRC-32C over more bytes; it starts with 0.
func ChecksumAdd(crc uint32, b []byte) uint32 { return crc32.Update(crc, castagnoli, b) }

// guid reads a constant of this package.
func guid(s string) uuid.UUID { return uuid.MustParse(s) }
