package vhd

import (
	"time"

	"platter/decode"
)

// Footer is the structure that makes a file a VHD: the last 512 bytes, and in
// dynamic and differencing images a copy of them at offset 0.
type Footer struct{}

// The disk types of a footer.
const (
	Fixed        = 2
	Dynamic      = 3
	Differencing = 4
)

// FooterSize is the footer's length in bytes.
const FooterSize = 512

// OldFooterSize is the length of footers from before Virtual PC 2004, which
// lack the last reserved byte (vhd.md 2).
const OldFooterSize = 511

// Cookie marks a footer; Poison is what XenServer's tapdisk puts in its place
// to disable an image.
const (
	Cookie = "conectix"
	Poison = "v_poison"
)

// The table of the footer and its fields.
var (
	FooterTable = decode.New[Footer]("footer", FooterSize, decode.Big,
		"Says that the file is a VHD, of which kind, how large and with which identity. It is the last sector of the file; dynamic and differencing images keep an identical copy in the first sector. "+
			"Programs disagree on which of the two rules: QEMU and 7-Zip read the copy at the front, Windows, VirtualBox and libvhdi the one at the end.",
		"VHD specification 1.0, Hard Disk Footer Format", decode.MinSize(OldFooterSize))

	FooterCookie = FooterTable.Text(0, 8, "cookie",
		"Marks a footer: \"conectix\", the maker of Virtual PC. XenServer's tapdisk writes \"v_poison\" instead to disable an image.", decode.Magic(Cookie))
	FooterFeatures = FooterTable.U32(8, "features",
		"Feature bits. Normally 2: only the reserved bit, which is always set.",
		decode.Flags(
			decode.Flag{Mask: 1, Name: "temporary", Doc: "The disk may be deleted on shutdown."},
			decode.Flag{Mask: 2, Name: "reserved", Doc: "Always set."}),
		decode.Known(), decode.Rule(reservedFeature))
	FooterVersion = FooterTable.U32(12, "file_format_version",
		"Major and minor version of the format, 16 bits each. Only 1.0 was ever published; a reader must refuse another major version.", decode.Is(Version), decode.Hex())
	FooterDataOffset = FooterTable.U64(16, "data_offset",
		"Where the next structure lies: the dynamic header, normally right after the footer copy at byte 512. A fixed disk has none and stores all ones; some writers store only 32 ones, which libvhdi rejects.",
		decode.Points(decode.InBytes, "dynamic header", None, 0xFFFFFFFF), decode.Multiple(Sector))
	FooterTimestamp = FooterTable.U32(24, "timestamp",
		"When the image was created, in seconds since 2000-01-01 UTC. Some programs wrote local time.", decode.Time(Epoch(), time.Second))
	FooterCreator = FooterTable.Text(28, 4, "creator_application",
		"Four letters of the program that made the image. Readers look at it to decide whether current_size or the geometry gives the disk's size: QEMU up to 9 trusts the geometry unless it knows the creator.",
		decode.Enum(creators()...))
	FooterCreatorVersion = FooterTable.U32(32, "creator_version",
		"Version of that program: major in the upper, minor in the lower 16 bits. Windows 7 writes 0x00060001, Windows 8.1 0x00060003, Windows 10 0x000a0000.", decode.Hex())
	FooterCreatorOS = FooterTable.Text(36, 4, "creator_host_os",
		"System that the creator ran on. Azure accepts only Wi2k, so programs on other systems write that too; XenServer leaves it zero.",
		decode.Enum(
			decode.Name{Value: code("Wi2k"), Name: "Windows", Doc: "Also written by programs on other systems, for Azure's sake."},
			decode.Name{Value: code("Mac "), Name: "Macintosh"},
			decode.Name{Value: code("FBSD"), Name: "FreeBSD", Doc: "Old mkimg."},
			decode.Name{Value: 0, Name: "none", Doc: "XenServer tapdisk, hcsshim."}))
	FooterOriginalSize = FooterTable.U64(40, "original_size",
		"Size of the virtual disk when it was created, in bytes. Informational: it stays when the disk is resized. libvhdi takes it for the disk's size and is wrong after a resize.", decode.Count(decode.InBytes))
	FooterCurrentSize = FooterTable.U64(48, "current_size",
		"Size of the virtual disk, in bytes: what Windows, VirtualBox and 7-Zip show to the guest. A multiple of 512.", decode.Count(decode.InBytes), decode.Multiple(Sector))
	FooterCylinders = FooterTable.U16(56, "cylinders",
		"Cylinders of the geometry. Cylinders x heads x sectors per track is at most the disk's size, rounded down; Virtual PC shows the guest only that much. The largest geometry, 65535/16/255, is 127.5 GiB.")
	FooterHeads = FooterTable.U8(58, "heads",
		"Heads of the geometry: 4 to 16.")
	FooterSectors = FooterTable.U8(59, "sectors_per_track",
		"Sectors per track of the geometry: 17, 31, 63 or 255.")
	FooterType = FooterTable.U32(60, "disk_type",
		"What kind of image this is. Fixed: the file is the disk, followed by the footer. Dynamic: blocks are stored when first written. Differencing: as dynamic, and what is not stored is read from a parent.",
		decode.Enum(
			decode.Name{Value: 0, Name: "none"}, decode.Name{Value: 1, Name: "reserved"},
			decode.Name{Value: Fixed, Name: "fixed"}, decode.Name{Value: Dynamic, Name: "dynamic"}, decode.Name{Value: Differencing, Name: "differencing"},
			decode.Name{Value: 5, Name: "reserved (5)"}, decode.Name{Value: 6, Name: "reserved (6)"}),
		decode.Rule(usableType))
	FooterChecksum = FooterTable.U32(64, "checksum",
		"Ones' complement of the sum of the footer's 512 bytes, this field taken as zero. QEMU refuses a wrong one, VirtualBox and libvhdi do not look. Bytes that change places go unnoticed.",
		decode.Sum("checksum", FooterSize, Checksum))
	FooterID = FooterTable.GUID(68, "unique_id",
		"Identity of the disk. Children name their parent by these 16 bytes, compared one by one. Windows and Disk2vhd store them as a little-endian GUID, the others in printed order, so the same bytes are shown in two ways.")
	FooterSavedState = FooterTable.U8(84, "saved_state",
		"1 while a virtual machine that uses the disk is in saved state: it must not be resized or compacted then.",
		decode.Enum(decode.Name{Value: 0, Name: "no"}, decode.Name{Value: 1, Name: "saved"}), decode.Known())
	FooterReserved = FooterTable.Reserved(85, 427)
	FooterHidden   = FooterTable.U8(85, "hidden",
		"Only in images of XenServer's tapdisk, which uses the first reserved byte: 1 hides the disk from users because it is only the parent of others.", decode.Alternate())
)

// creators are the known programs by their four letters (vhd.md 3.2).
func creators() []decode.Name {
	return []decode.Name{
		{Value: code("vpc "), Name: "Virtual PC", Doc: "Its disks have the size of their geometry."},
		{Value: code("vs  "), Name: "Virtual Server"},
		{Value: code("simh"), Name: "SIMH"},
		{Value: code("win "), Name: "Windows or Hyper-V"},
		{Value: code("d2v\x00"), Name: "Disk2vhd", Doc: "Always stores the largest geometry."},
		{Value: code("qemu"), Name: "QEMU", Doc: "The size is the geometry's, and equals current_size up to 127 GiB."},
		{Value: code("qem2"), Name: "QEMU with force_size", Doc: "Always stores the largest geometry."},
		{Value: code("tap\x00"), Name: "XenServer tapdisk"},
		{Value: code("CTXS"), Name: "Citrix XenConvert"},
		{Value: code("vbox"), Name: "VirtualBox"},
		{Value: code("dutl"), Name: "DiscUtils"},
		{Value: code("*img"), Name: "FreeBSD mkimg"},
		{Value: code("wa\x00\x00"), Name: "Azure"},
		{Value: code("pltr"), Name: "Platter"},
		{Value: code("plat"), Name: "Platter's test images"},
		{Value: 0, Name: "none", Doc: "hcsshim leaves creator, system and geometry zero."},
	}
}

func reservedFeature(v uint64) string {
	if v&2 == 0 {
		return "the reserved bit 1 should be set"
	}
	return ""
}

func usableType(v uint64) string {
	if v < Fixed || v > Differencing {
		return "expected fixed (2), dynamic (3) or differencing (4)"
	}
	return ""
}
