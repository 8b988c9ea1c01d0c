package disk

import (
	"context"

	"platter/decode"
)

// Explorer relates the addresses that one byte has: in a file, on the virtual
// disk, in a volume of the guest. It works on any image. Its methods read
// files: they belong in commands.
type Explorer interface {
	// Partitions finds the guest's partitions, in the order of the partition
	// table. A disk without a table has none.
	Partitions(ctx context.Context, img Image) ([]Partition, error)

	// PartitionTable is the table with what was found out about it.
	PartitionTable(ctx context.Context, img Image) (PartitionTable, error)

	// Guest is the tree of what the guest wrote: partition tables and boot
	// sectors. Its Places lie on [VirtualDisk].
	Guest(ctx context.Context, img Image) (decode.Node, error)

	// Trail follows a byte of the virtual disk to where it is stored.
	Trail(img Image, virtual int64) (Trail, error)

	// Disk finds the bytes of the virtual disk that are stored at off of a
	// file of the image's own layer: none, one, or several where blocks
	// overlap. It may have to scan the image's tables. Progress hears how many
	// bytes of the virtual disk were looked at; it may be nil.
	Disk(ctx context.Context, img Image, file string, off int64, progress func(done, total int64)) ([]Trail, error)
}

// PartitionTable is what was found out about a disk's partitions.
type PartitionTable struct {
	Scheme     string // MBR, GPT, or empty for none
	Sector     int64  // bytes in a sector as the table counts
	Partitions []Partition
	Findings   []Finding
	Backup     int64 // GPT: offset of the backup header, 0 if there is none

	System, Label string // of a file system on the disk itself, which has no table
}

// Partition is a partition of the guest. Texts are as found, not escaped.
type Partition struct {
	Number int    // as operating systems number them: 1 to 4, logical from 5
	Start  int64  // bytes from the start of the virtual disk
	Length int64  // bytes
	Type   string // worded, or the type's code if it has no name
	GUID   string // GPT only: the partition's identity
	Name   string // GPT only: the name that the table gives
	System string // the file system, guessed from the boot sector; empty if unknown
	Label  string // the volume's label, or else its name

	Entry decode.Place // the entry that declares it, on the virtual disk
}

// End is the offset of the first byte after the partition.
func (p Partition) End() int64 { return p.Start + p.Length }

// Trail is how a byte of the virtual disk leads to a byte of a file.
type Trail struct {
	Virtual int64
	State   State
	Layer   int    // 0 is the image itself
	File    string // empty where the byte is stored nowhere
	Offset  int64  // bytes in File; -1 where there is none
	Text    string // the whole way in one line, printable: table entries, their values, file and offset
}
