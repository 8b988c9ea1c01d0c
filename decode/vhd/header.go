package vhd

import (
	"time"

	"platter/decode"
)

// Locator is one of the eight slots that say where the parent is.
type Locator struct{}

// The platform codes of a parent locator.
const (
	RelativeWindows = 0x57327275 // W2ru
	AbsoluteWindows = 0x57326B75 // W2ku
	RelativeANSI    = 0x57693272 // Wi2r
	AbsoluteANSI    = 0x5769326B // Wi2k
	MacURL          = 0x4D616358 // MacX
	MacAlias        = 0x4D616320 // "Mac "
)

// MaxLocator bounds the data of a locator, in bytes: no path is longer.
const MaxLocator = 64 << 10

// The table of the parent locator entry and its fields.
var (
	LocatorTable = decode.New[Locator]("parent locator", 24, decode.Big,
		"Says where the parent is in the manner of one platform. The path itself lies elsewhere in the file.",
		"VHD specification 1.0, Parent Locator")

	LocatorCode = LocatorTable.U32(0, "platform_code",
		"How the path is written. W2ru: relative to the child's folder, UTF-16 little-endian, starting with \".\\\". W2ku: absolute, the same way. MacX: a file:// URL. Zero: the slot is unused.",
		decode.Enum(
			decode.Name{Value: 0, Name: "unused"},
			decode.Name{Value: RelativeWindows, Name: "W2ru", Doc: "relative Windows path, UTF-16LE"},
			decode.Name{Value: AbsoluteWindows, Name: "W2ku", Doc: "absolute Windows path, UTF-16LE"},
			decode.Name{Value: RelativeANSI, Name: "Wi2r", Doc: "relative Windows path, single bytes (deprecated)"},
			decode.Name{Value: AbsoluteANSI, Name: "Wi2k", Doc: "absolute Windows path, single bytes (deprecated)"},
			decode.Name{Value: MacURL, Name: "MacX", Doc: "file URL, UTF-8"},
			decode.Name{Value: MacAlias, Name: "Mac", Doc: "binary alias"}),
		decode.Hex())
	LocatorSpace = LocatorTable.U32(4, "data_space",
		"Room reserved for the path. The specification says sectors, Windows and most others store bytes: below 512 it can only be sectors.")
	LocatorLength = LocatorTable.U32(8, "data_length",
		"Length of the path in bytes, without a terminator.", decode.Count(decode.InBytes))
	LocatorReserved = LocatorTable.Reserved(12, 4)
	LocatorOffset   = LocatorTable.U64(16, "data_offset",
		"Where the path lies in the file.", decode.Points(decode.InBytes, "parent path", 0))
)

// Header is the dynamic header of dynamic and differencing images.
type Header struct{}

// HeaderSize is the dynamic header's length in bytes.
const HeaderSize = 1024

// HeaderMagic marks a dynamic header.
const HeaderMagic = "cxsparse"

// Locators is the number of parent locator slots in a dynamic header.
const Locators = 8

// The table of the dynamic header and its fields.
var (
	HeaderTable = decode.New[Header]("dynamic header", HeaderSize, decode.Big,
		"Describes how a dynamic or differencing image stores its blocks, and which parent a differencing image has. There is no second copy of it: with it damaged the image is lost to most programs.",
		"VHD specification 1.0, Dynamic Disk Header Format")

	HeaderCookie = HeaderTable.Text(0, 8, "cookie", "Marks a dynamic header.", decode.Magic(HeaderMagic))
	HeaderNext   = HeaderTable.U64(8, "data_offset",
		"Offset of a further structure. None was ever defined: all ones. Early QEMU stored only 32 ones, which libvhd rejects.",
		decode.Fixed(None))
	HeaderTableOffset = HeaderTable.U64(16, "table_offset",
		"Where the block allocation table (BAT) lies, usually right after this header at 1536. Windows 10 puts it at 8192 in differencing images, after the parent locators' data.",
		decode.Points(decode.InBytes, "BAT"), decode.Multiple(Sector))
	HeaderVersion = HeaderTable.U32(24, "header_version",
		"Major and minor version of this header, 16 bits each: 1.0.", decode.Is(Version), decode.Hex())
	HeaderEntries = HeaderTable.U32(28, "max_table_entries",
		"Number of entries in the BAT: the disk's size divided by block_size, rounded up. Early QEMU wrote one too many, XenServer keeps spare ones to grow; 7-Zip and Azure refuse both.")
	HeaderBlockSize = HeaderTable.U32(32, "block_size",
		"Bytes of data in a block, without its sector bitmap: a power of two, 2 MiB nearly always, 512 KiB in old Virtual PC images.",
		decode.Count(decode.InBytes), decode.Rule(powerOfTwo))
	HeaderChecksum = HeaderTable.U32(36, "checksum",
		"Ones' complement of the sum of the header's 1024 bytes, this field taken as zero. QEMU does not look at it; libvhd, 7-Zip and Windows refuse a wrong one.",
		decode.Sum("checksum", HeaderSize, Checksum))
	HeaderParentID = HeaderTable.GUID(40, "parent_unique_id",
		"The unique_id in the parent's footer, byte for byte. Zero if there is no parent; tapdisk also stores zero where the parent is a raw disk.")
	HeaderParentTime = HeaderTable.U32(56, "parent_timestamp",
		"When the parent's file was last changed, as seen when the child was made. A parent that has changed since may have made the child worthless. Copying files changes it too, so it proves little; Windows 10 stores zero.",
		decode.Time(Epoch(), time.Second))
	HeaderReserved   = HeaderTable.Reserved(60, 4)
	HeaderParentName = HeaderTable.UTF16(64, 512, "parent_unicode_name",
		"The parent's file name in big-endian UTF-16 (the locators' paths are little-endian). Usually the base name; Windows 10 stores the whole path.")
	HeaderLocators = decode.Sub(HeaderTable, 576, Locators, "parent_locator",
		"Eight slots that say where the parent is, each in the manner of one platform. Unused ones are zero.", LocatorTable)
	HeaderRest = HeaderTable.Reserved(768, 256)
)

func powerOfTwo(v uint64) string {
	if v < Sector || v&(v-1) != 0 {
		return "expected a power of two, at least 512"
	}
	return ""
}
