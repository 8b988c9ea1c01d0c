package vmdk

import "strings"

// Setting is a key of the descriptor or its disk database that the format's documents, or
// programs, know, and what its value means.
type Setting struct{ Key, Doc string }

// Settings are all known keys, in the order in which a descriptor has them.
func Settings() []Setting { return settings }

// settings explains the keys of vmdk.md 2.3 and 2.5.
var settings = []Setting{
	{"version", "Version of the descriptor: 1 is normal, 2 encrypted, 3 has change tracking. It says nothing about the version in a sparse header."},
	{"encoding", "Character set of the names in this text: UTF-8, windows-1252, GBK, Big5, Shift_JIS."},
	{"CID", "Content ID: eight hex digits that change at the first write after each opening. A child remembers its parent's."},
	{"parentCID", "The parent's content ID when this child was made; ffffffff: there is no parent. If the parent's CID differs now, it was written to since, and the child no longer fits."},
	{"isNativeSnapshot", "ESXi: whether the storage array itself keeps the snapshot."},
	{"createType", "How the disk was made: monolithicSparse, twoGbMaxExtentFlat, streamOptimized, vmfs, ... What counts are the types in the extent lines."},
	{"parentFileNameHint", "The parent's path, relative to this file's folder or absolute. Only a hint: VMware also looks beside the child."},
	{"changeTrackPath", "File of ESXi's changed block tracking. Every write by another program makes it stale."},
	{"encryptionKeys", "The disk is encrypted by VMware; how is not public."},
	{"ddb.adapterType", "Disk controller: ide, buslogic, lsilogic or legacyESX. It decides how the geometry is computed."},
	{"ddb.geometry.cylinders", "Cylinders of the geometry that the guest's controller reports."},
	{"ddb.geometry.heads", "Heads of the geometry: 16 for ide, 255 for SCSI disks."},
	{"ddb.geometry.sectors", "Sectors in a track of the geometry: 63."},
	{"ddb.geometry.biosCylinders", "Cylinders of the geometry that the BIOS shows."},
	{"ddb.geometry.biosHeads", "Heads of the geometry that the BIOS shows."},
	{"ddb.geometry.biosSectors", "Sectors in a track of the geometry that the BIOS shows."},
	{"ddb.virtualHWVersion", "Version of the virtual machine's hardware; newer products write higher numbers."},
	{"ddb.toolsVersion", "Build of VMware Tools in the guest; 2147483647 means not managed."},
	{"ddb.toolsInstallType", "How VMware Tools were installed; 4 is the distribution's own package."},
	{"ddb.longContentID", "A content ID of 128 bits. By convention its last eight digits are the CID."},
	{"ddb.uuid", "Identity of the disk, which the guest sees as its serial number."},
	{"ddb.thinProvisioned", "ESXi: 1 if the flat file takes room only where it was written."},
	{"ddb.deletable", "Whether the disk may be deleted with its machine."},
	{"ddb.encoding", "Character set of the disk database."},
	{"ddb.logicalSectorSize", "Sector size that the guest addresses, in bytes. The units of this text stay 512."},
	{"ddb.physicalSectorSize", "Sector size that the guest is told to align to, in bytes."},
	{"ddb.comment", "A comment, by VirtualBox."},
	{"ddb.uuid.image", "VirtualBox: identity of the disk."},
	{"ddb.uuid.modification", "VirtualBox: identity of the content, changes with every write."},
	{"ddb.uuid.parent", "VirtualBox: identity of the parent."},
	{"ddb.uuid.parentmodification", "VirtualBox: the parent's modification identity when this child was made."},
}

// SettingDoc explains a setting of the descriptor or the disk database. Some exports leave
// the prefix ddb. out.
func SettingDoc(key string) string {
	for _, prefix := range []string{"", "ddb."} {
		for _, s := range settings {
			if strings.EqualFold(s.Key, prefix+key) {
				return s.Doc
			}
		}
	}
	if len(key) > 4 && strings.EqualFold(key[:4], "ddb.") {
		return "An entry of the disk database that is not in the format's documents."
	}
	return "A setting that is not in the format's documents. It is kept as it is."
}
