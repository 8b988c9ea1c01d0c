// Package glossary explains the words of the formats in a sentence or two each: what the
// help shows, and what the texts about fields take for known.
package glossary

import "strings"

// Entry is a word and what it means. Other words for it, and its abbreviation, follow the
// word itself after commas.
type Entry struct{ Term, Text string }

// Names are the word of an entry and the other words for it.
func (e Entry) Names() []string { return strings.Split(e.Term, ", ") }

// Entries are all words, in the order of the alphabet.
func Entries() []Entry { return entries }

// The texts follow vhd.md, vhdx.md and vmdk.md.
var entries = []Entry{
	{"adapter type", "VMDK: which controller the disk is attached to, such as ide or lsilogic. A line of the disk database; the disk's bytes don't depend on it."},
	{"allocated", "A block or grain is allocated when it has a place in the file. What is not allocated takes no room, and reads as zeros or as what the parent has."},
	{"base", "The image at the end of a chain: it has no parent. A change to it changes what all images based on it show."},
	{"BAT", "Block allocation table of VHD and VHDX: one entry for each block of the disk says where in the file it lies, or that it has no place."},
	{"block", "VHD and VHDX: the unit in which room is given to the disk, often 2 MiB or 32 MiB. VMDK calls it grain."},
	{"chain", "An image, its parent, the parent's parent and so on to the base. What one image does not store is read from the next."},
	{"checkpoint, snapshot", "A state of the disk that is kept: a new child takes what is written from then on, and the images below it stay as they are. Hyper-V says checkpoint, VMware snapshot."},
	{"checksum", "A number computed from the bytes of a structure. Where it does not fit them, they were changed after it was computed."},
	{"child", "A differencing image, seen from its parent."},
	{"CHS", "Cylinders, heads and sectors per track: how old programs counted a disk's sectors. VHD derives it from the size; see geometry."},
	{"chunk", "VHDX: a run of blocks that shares one sector bitmap, 2^23 sectors. In the BAT the entry of that bitmap follows those of the blocks."},
	{"chunk ratio", "VHDX: how many blocks make a chunk: 2^23 sectors divided by the sectors of a block."},
	{"CID", "VMDK: content ID, a number that programs change when they write to the disk. A child remembers its parent's (parentCID) to tell whether it was changed since."},
	{"cookie", "The letters at the start of a VHD structure that tell what it is: conectix or cxsparse."},
	{"COWD", "VMDK: the sparse extents of old ESX servers, for snapshots on VMFS (vmfsSparse). Named for the four letters at their start."},
	{"CRC", "Cyclic redundancy check: the kind of checksum that VHDX uses (CRC-32C)."},
	{"createType", "VMDK: the line of the descriptor that says how the disk is laid out, such as monolithicSparse or streamOptimized."},
	{"data write GUID", "VHDX: an ID in the header that changes when the disk's content does. A child's parent locator remembers it as the linkage."},
	{"descriptor", "VMDK: the text that describes the disk: its ID, its parent, its extents, its geometry. A file of its own, or embedded in a sparse extent."},
	{"differencing", "A differencing image stores only what was changed since it was made; the rest is read from its parent. Also called a child, a delta or a snapshot."},
	{"dirty", "Not closed cleanly: a log waits to be replayed, or a mark was not taken back. The file may lack the last writes."},
	{"disk database, DDB", "VMDK: the last part of the descriptor, with lines that start with ddb. They tell of the virtual hardware."},
	{"dynamic", "A dynamic image grows as the disk is written to: only blocks with data have a place in the file."},
	{"endian, byte order", "Which byte of a number comes first in the file. Big-endian: the highest one, as in VHD. Little-endian: the lowest one, as in VHDX and VMDK."},
	{"extent", "VMDK: a run of the disk's sectors and the file that holds it. The descriptor has a line for each, in the order of the disk."},
	{"file parameters", "VHDX: the metadata item with the block size, and whether the image has a parent."},
	{"fixed", "A fixed image has a place for every byte of the disk from the start."},
	{"FLAT", "VMDK: an extent whose file holds the disk's bytes one after another, without tables."},
	{"footer", "A structure at the end of a file. VHD: the last 512 bytes, with type, size and ID; dynamic images have a copy at the start. VMDK: a second header near the end of a stream, which counts."},
	{"geometry", "How many cylinders, heads and sectors the disk claims to have. Guests of the BIOS age and boot loaders use it."},
	{"GPT", "GUID partition table: how disks are divided into partitions today. It has a second copy at the disk's end."},
	{"grain", "VMDK: the unit in which room is given to the disk, mostly 64 KiB. VHD and VHDX call it block."},
	{"grain directory, GD", "VMDK: the first level of tables: each entry (GDE) leads to a grain table."},
	{"grain table, GT", "VMDK: the second level: each entry (GTE) tells where a grain lies. 0 is not stored, 1 may stand for zeros."},
	{"GUID, UUID", "An ID of 16 bytes that is unique without anybody giving it out."},
	{"header", "A structure that says what a file is and where the rest lies. VHDX has two, of which the valid one with the higher sequence number counts."},
	{"journal", "The file that platter lays beside an image while it writes, with the old and the new bytes. It is there only if a write was interrupted: see platter recover. A seSparse extent has a journal of its own."},
	{"LBA", "Logical block address: the number of a sector of the disk, from 0 on."},
	{"leak", "Room in the file that nothing refers to."},
	{"linkage", "What a child remembers of its parent to know it again: an ID, a time, or a content ID."},
	{"log", "VHDX: a ring in the file to which changes of structures are written first. After a crash they are written again from there: the log is replayed."},
	{"log sequence, sequence number", "VHDX: log entries with ascending numbers that belong together. The one that is valid and has the highest numbers is the active one. Headers have a sequence number too: the higher one counts."},
	{"magic", "Bytes at the start of a structure that tell what it is, such as KDMV."},
	{"marker", "VMDK: a sector of a stream that says what follows: a table, a directory, the footer, the end. Each compressed grain has a short one in front."},
	{"MBR", "Master boot record: sector 0 of the disk, with the old table of four partitions."},
	{"metadata region", "VHDX: holds the metadata table and its items: sizes, IDs and the parent locator."},
	{"MiB, KiB, GiB, TiB", "Units of bytes: 1 KiB is 1024 bytes, 1 MiB is 1024 KiB, 1 GiB is 1024 MiB, 1 TiB is 1024 GiB."},
	{"orphan", "A child whose parent is missing; or data that no table entry leads to."},
	{"overHead", "VMDK: how many sectors at the start of a sparse extent are kept for structures. Grains lie after them."},
	{"parent", "The image that a differencing image is based on."},
	{"parent locator", "Where a child's parent is to be found: paths and IDs. VHD has up to eight, for different systems; VHDX has one with keys and values."},
	{"payload block", "VHDX: a block with the disk's bytes, in contrast to a sector bitmap block."},
	{"raw", "A file that holds the disk's bytes and nothing else."},
	{"RDM", "VMDK: raw device mapping. The extent is a device of the storage, and the file only says which."},
	{"redundant, second copy", "VMDK: the second set of directory and tables of a sparse extent (RGD), which should say the same as the first."},
	{"region table", "VHDX: tells where the BAT and the metadata region lie. There are two equal copies."},
	{"saved state", "VHD: a byte of the footer that says that the machine was suspended. Do not change such a disk."},
	{"sector", "The smallest unit of a disk: 512 bytes, or 4096."},
	{"sector bitmap", "A bit for each sector that tells whether a differencing image has it. VHD: in front of each block. VHDX: one for each chunk."},
	{"seSparse", "VMDK: the sparse extents of newer ESX servers, with entries of 8 bytes. Their journal's format was never published."},
	{"slack", "Room that belongs to a structure and that it does not use."},
	{"soft anchor", "VHDX: a place in the file that the BAT entry of a block in state UNDEFINED or UNMAPPED still names. The room is kept for that block, and its old content is usually there; the disk reads as zeros."},
	{"sparse", "VMDK: an extent that stores only the grains with data. Also of files: one with holes, that take no room and read as zeros."},
	{"stream, streamOptimized", "VMDK: an extent made to be sent: compressed grains one after another, each with a marker, and the tables at the end. It is the form of disks in OVA files."},
	{"trim, discard", "The guest says that it no longer needs what some sectors hold. The image may then give up their place in the file."},
	{"unallocated", "Without a place in the file: see allocated."},
	{"unclean shutdown", "VMDK: a mark in the header that is set while the file is open for writing."},
	{"unmapped", "VHDX: a block whose content was given up by the guest. It may have a place in the file still."},
	{"VMFS", "The file system of ESX servers. On it a flat extent is of type VMFS, and a snapshot is COWD or seSparse."},
}
