package vhdx

import (
	"github.com/google/uuid"

	"platter/decode"
)

// FileParameters is the item with the block size.
type FileParameters struct{}

// DiskSize is the item with the size of the virtual disk.
type DiskSize struct{}

// DiskID is the item with the identity of the virtual disk.
type DiskID struct{}

// LogicalSector is the item with the logical sector size.
type LogicalSector struct{}

// PhysicalSector is the item with the physical sector size.
type PhysicalSector struct{}

// CHS is the item with a geometry.
type CHS struct{}

// PMEM is the item that places the label area of a persistent memory disk.
type PMEM struct{}

// The limits of the items' values, in bytes.
const (
	MinBlockSize = 1 << 20
	MaxBlockSize = 256 << 20
	MaxDiskSize  = 64 << 40
)

// The identities of the metadata items.
var (
	ItemFileParameters = guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")
	ItemDiskSize       = guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8")
	ItemDiskID         = guid("BECA12AB-B2E6-4523-93EF-C309E000C746")
	ItemLogicalSector  = guid("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")
	ItemPhysicalSector = guid("CDA348C7-445D-4471-9CC9-E9885251C556")
	ItemParentLocator  = guid("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C")
	ItemCHS            = guid("DA02D7BC-3D3A-423C-AC88-2A36AB21479B")
	ItemIncomplete     = guid("71CC85F0-1B69-4E28-9558-C3BF83AE75D3")
	ItemPMEM           = guid("10E1AE8A-4B7E-4169-A40F-CD70DE928393")
)

// Item is what the format says about one kind of metadata item.
type Item struct {
	ID        uuid.UUID
	Name      string
	Doc       string
	Layout    *decode.Layout // nil for a mark without content
	Length    int64          // bytes; -1 if it varies
	Flags     uint64         // the flags it should have: bit 1 IsVirtualDisk, bit 2 IsRequired; 0 if nobody documents them
	Mandatory bool           // every file must have it
}

// Items lists the known metadata items, those that Microsoft does not document
// last (vhdx.md 6).
func Items() []Item {
	return []Item{
		{ItemFileParameters, "File Parameters", "Block size, and what kind of image this is.", &FileParametersTable.Layout, 8, 4, true},
		{ItemDiskSize, "Virtual Disk Size", "Size of the virtual disk.", &DiskSizeTable.Layout, 8, 6, true},
		{ItemLogicalSector, "Logical Sector Size", "The sector size that the guest addresses the disk by.", &LogicalSectorTable.Layout, 4, 6, true},
		{ItemPhysicalSector, "Physical Sector Size", "The sector size that the disk claims to store.", &PhysicalSectorTable.Layout, 4, 6, true},
		{ItemDiskID, "Virtual Disk ID", "The identity that the guest sees (SCSI page 83).", &DiskIDTable.Layout, 16, 6, true},
		{ItemParentLocator, "Parent Locator", "Where the parent of a differencing image is, and which one it was.", &LocatorTable.Layout, -1, 4, false},
		{ItemCHS, "CHS Parameters", "A geometry for guests that ask for one. Microsoft does not document it.", &CHSTable.Layout, 8, 0, false},
		{ItemIncomplete, "Incomplete File", "A mark without content: the program that made the file did not finish. Microsoft does not document it.", nil, 0, 0, false},
		{ItemPMEM, "PMEM Label Area", "Places the label area of a persistent memory disk. Microsoft does not document it.", &PMEMTable.Layout, -1, 0, false},
	}
}

var itemByID = func() map[uuid.UUID]Item {
	m := map[uuid.UUID]Item{}
	for _, it := range Items() {
		m[it.ID] = it
	}
	return m
}()

// ItemOf finds a metadata item of the format by its identity.
func ItemOf(id uuid.UUID) (Item, bool) {
	it, ok := itemByID[id]
	return it, ok
}

// The table of the File Parameters item and its fields.
var (
	FileParametersTable = decode.New[FileParameters]("file parameters", 8, decode.Little,
		"The block size, and what kind of image this is: fixed with LeaveBlocksAllocated, differencing with HasParent, else dynamic.",
		"MS-VHDX 2.6.2.1")

	ParametersBlockSize = FileParametersTable.U32(0, "BlockSize",
		"Bytes of the virtual disk in one payload block: a power of two from 1 to 256 MiB. Windows takes 32 MiB for dynamic and 2 MiB for fixed and differencing images.",
		decode.Count(decode.InBytes), decode.Rule(func(v uint64) string {
			if !GoodBlockSize(v) {
				return "expected a power of two from 1 to 256 MiB"
			}
			return ""
		}))
	ParametersFixed = FileParametersTable.Bits(4, 4, 0, 1, "LeaveBlocksAllocated",
		"1: a fixed image, whose blocks stay allocated even when the guest frees them.")
	ParametersHasParent = FileParametersTable.Bits(4, 4, 1, 1, "HasParent",
		"1: a differencing image. Blocks that are not present are read from the parent.")
	ParametersFlags = FileParametersTable.Bits(4, 4, 2, 30, "reserved",
		"No meaning in the format; should be zero.", decode.Zero())
)

// GoodBlockSize reports whether v is a power of two from 1 to 256 MiB.
func GoodBlockSize(v uint64) bool {
	return v >= MinBlockSize && v <= MaxBlockSize && v&(v-1) == 0
}

// The table of the Virtual Disk Size item.
var (
	DiskSizeTable = decode.New[DiskSize]("virtual disk size", 8, decode.Little,
		"Size of the virtual disk. It need not be a multiple of the block size.",
		"MS-VHDX 2.6.2.2")

	DiskSizeBytes = DiskSizeTable.U64(0, "VirtualDiskSize",
		"Size in bytes: a multiple of the logical sector size, at most 64 TiB.", decode.Count(decode.InBytes))
)

// The table of the Virtual Disk ID item.
var (
	DiskIDTable = decode.New[DiskID]("virtual disk ID", 16, decode.Little,
		"The identity that the guest sees as SCSI vital product data page 83.",
		"MS-VHDX 2.6.2.3")

	DiskIDGUID = DiskIDTable.GUID(0, "VirtualDiskId",
		"The same in parent and child, since both are the same disk to the guest. It does not link children to parents.")
)

// The table of the Logical Sector Size item.
var (
	LogicalSectorTable = decode.New[LogicalSector]("logical sector size", 4, decode.Little,
		"The sector size that the guest addresses the disk by. It decides how the BAT is laid out; parent and child must agree.",
		"MS-VHDX 2.6.2.4")

	LogicalSectorSize = LogicalSectorTable.U32(0, "LogicalSectorSize",
		"512 or 4096. QEMU refuses images with 4096.", decode.Is(512, 4096))
)

// The table of the Physical Sector Size item.
var (
	PhysicalSectorTable = decode.New[PhysicalSector]("physical sector size", 4, decode.Little,
		"The sector size that the disk claims to store, a hint for the guest; it has no effect on the file.",
		"MS-VHDX 2.6.2.5")

	PhysicalSectorSize = PhysicalSectorTable.U32(0, "PhysicalSectorSize",
		"512 or 4096. Windows takes 4096, QEMU and Disk2vhd 512.", decode.Is(512, 4096))
)

// The table of the CHS Parameters item, which Microsoft does not document.
var (
	CHSTable = decode.New[CHS]("CHS parameters", 8, decode.Little,
		"A geometry for guests that ask for one. Known from Microsoft's own code only.",
		"MS-VHDX 2.6.2")

	CHSHeads   = CHSTable.U32(0, "HeadsPerCylinder", "Number of heads of the geometry.")
	CHSSectors = CHSTable.U32(4, "SectorsPerTrack", "Number of sectors on a track.")
)

// The table of the PMEM Label Area item, which Microsoft does not document.
var (
	PMEMTable = decode.New[PMEM]("PMEM label area", 28, decode.Little,
		"Places the label area of a persistent memory disk. Known from Microsoft's own code only.",
		"MS-VHDX 2.6.2")

	PMEMVersion  = PMEMTable.U16(0, "Version", "Version of the item: 1.", decode.Is(1))
	PMEMReserved = PMEMTable.Reserved(2, 2)
	PMEMGUID     = PMEMTable.GUID(4, "AddressAbstractionType", "How the memory is addressed.")
	PMEMOffset   = PMEMTable.U32(20, "DataOffset", "Where the labels lie.", decode.Hex())
	PMEMLength   = PMEMTable.U32(24, "DataLength", "Length of the labels in bytes.", decode.Count(decode.InBytes))
)
