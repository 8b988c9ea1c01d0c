package vhd

import (
	"platter/decode"
	"platter/engine/disk"
)

const (
	info    = disk.SeverityInfo
	warning = disk.SeverityWarning
	severe  = disk.SeverityError
)

// sealFirst is why no field of a damaged footer is changed.
const sealFirst = "The footer itself has to be repaired first (V004, or V055)."

// rules are the format's checks (vhd.md 18).
var rules = disk.Rules{
	"V001": {Severity: severe, Fatal: true, Detail: "Without a footer no program knows the size or the kind of the disk. The blocks may still be there: the dynamic header says where.",
		NoRepair: "The header and its table do not make sense either, so no footer can be made from them."},
	"V002": {From: []string{"V032:cut"}, Severity: severe, Detail: "Windows, VirtualBox, libvhdi and DiscUtils read the footer at the end; QEMU and 7-Zip the copy at the start. Often the file was cut, or a program died while it made the file longer. The copy at the start can be written to the end again.",
		NoRepair: "The copy at the start is of no dynamic or differencing image, so the end of the data is not known."},
	"V003": {Severity: severe, Detail: "QEMU and 7-Zip read only the copy at the start and do not open the image. The footer at the end can be copied there.",
		NoRepair: "The footer at the end has no room for a copy: it says that other structures lie at the start."},
	"V004": {Severity: severe, Detail: "QEMU, 7-Zip and Windows refuse the image; VirtualBox and libvhdi do not look at the checksum. Some byte of the footer was changed without it."},
	"V005": {Severity: severe, Detail: "Each copy is valid, so programs see different disks: QEMU and 7-Zip believe the one at the start, the others the one at the end. A crash between the two writes leaves this."},
	"V006": {Severity: severe, Detail: "One program mounts another disk than the next one checks. It happens when the guest of a fixed disk stores a VHD in its first sectors, and it can be made on purpose.",
		NoRepair: "Which disk is meant only its owner knows: no repair can choose."},
	"V007": {Severity: severe, Detail: "XenServer's tapdisk puts this cookie in place of \"conectix\" to keep everybody from using an image, for instance after a failed merge.",
		NoRepair: sealFirst},
	"V008": {From: []string{"V032:cut"}, Severity: severe, Detail: "All structures of a VHD are whole sectors. The file was cut, or something was added that is no sector.",
		NoRepair: "Without a valid footer nobody knows where the image ends."},
	"V009": {Severity: warning, Detail: "libvhdi does not open such a file, 7-Zip warns, QEMU and VirtualBox use the copy at the start. Hidden data may lie there."},
	"V010": {Severity: severe, Fatal: true, Detail: "Only version 1.0 of the format is known.",
		NoRepair: "What a program meant by another version nobody knows, so it is not changed."},
	"V011": {Severity: warning, Detail: "The reserved bit 1 is always set, and only bit 0 (temporary) has a meaning beside it.",
		NoRepair: sealFirst},
	"V012": {Severity: severe, Fatal: true, Detail: "Types other than fixed (2), dynamic (3) and differencing (4) are not defined.",
		NoRepair: "Neither a dynamic header nor the length of the file tells the type; a footer with a wrong checksum has to be repaired first."},
	"V013": {Severity: severe, Fatal: true, For: map[string]string{"fixed": "A fixed disk has no dynamic header: nothing has to be found there, and the disk is read all the same."}, Detail: "The dynamic header has to be found after the footer copy, on a sector, inside the file.",
		NoRepair: "No valid dynamic header lies after the footer copy; a footer with a wrong checksum has to be repaired first."},
	"V014": {Severity: severe, Detail: "A disk has at least one sector, whole sectors only, and at most 2040 GiB if it is dynamic.",
		NoRepair: "Neither the file nor the table tells another size; a footer with a wrong checksum has to be repaired first."},
	"V015": {Severity: severe, Detail: "The end of the disk is missing: reading it fails. The file was cut, or the size was changed without the file.",
		NoRepair: "The file has no room for a disk, or would more than double; a footer with a wrong checksum has to be repaired first."},
	"V016": {Severity: info, Detail: "The disk was shrunk after it was made. xen-orchestra refuses such images."},
	"V017": {Severity: info, Detail: "Programs that trust the geometry show the guest another size. Only very old guests look at it.",
		NoRepair: sealFirst},
	"V018": {Severity: warning, Detail: "QEMU gives the disk the size of its geometry for this creator, Windows and VirtualBox current_size: a guest sees the disk shrink or grow when the image moves.",
		NoRepair: "Both sizes are in use: convert the image with a program that shows the one that is meant."},
	"V019": {Severity: warning, Detail: "The clock of the creating machine was wrong, or the field was forged."},
	"V020": {Severity: warning, Detail: "Children can't name this disk as their parent.",
		NoRepair: sealFirst},
	"V021": {For: map[string]string{
		"saved": "The memory of the machine was saved as well, and fits the disk as it is now: whoever writes to the disk makes the saved state useless, or damages the disk when it is resumed.",
	}, Severity: warning, Detail: "Only 0 and 1 are defined.",
		NoRepair: sealFirst},
	"V022": {Severity: warning, Detail: "7-Zip refuses images with bytes here. Nothing that is known writes them; data may be hidden there.",
		NoRepair: sealFirst},
	"V023": {Severity: info, Detail: "Programs decide by the creator whether the geometry gives the size of the disk; for unknown ones most use current_size."},
	"V024": {For: map[string]string{
		"cookie": "Programs know the header by this word, and refuse the image. Some bytes were overwritten; everything else can be read.",
	}, Severity: severe, Fatal: true, Detail: "Without the dynamic header nobody knows where the blocks are; there is no second copy of it.",
		NoRepair: "A header of another version is not changed. A new one is made only for a dynamic image whose footer is valid; the identity of a differencing image's parent is lost with the header."},
	"V025": {Severity: warning, Detail: "No structure after the dynamic header was ever defined. libvhd refuses such images, DiscUtils follows the pointer. Early QEMU wrote 32 ones instead of 64.",
		NoRepair: "A header with a wrong checksum has to be repaired first (V024)."},
	"V026": {Severity: severe, Fatal: true, Detail: "Every place on the disk is computed by dividing by the size of a block, which has to be a power of two of at least one sector.",
		NoRepair: "Without the size of a block the table means nothing. If it is known from an image of the same program, put it in by hand and correct the checksum."},
	"V027": {Severity: warning, Detail: "Microsoft tested only 512 KiB and 2 MiB. libvhd refuses blocks over 2 MiB; under 4 KiB programs disagree about the length of the sector bitmap.",
		NoRepair: "The size of the blocks can't be changed in place: convert the image."},
	"V028": {Severity: severe, Fatal: true, Detail: "Where each block lies can't be told without the table.",
		NoRepair: "Where the table lies can only be found by hand: it is usually at 0x600, or at 0x2000."},
	"V029": {Severity: severe, Fatal: true, Detail: "Part of the disk has no entry in the table; every program refuses such images.",
		NoRepair: "The table is too short by too much, or the header or footer has a wrong checksum, which has to be repaired first."},
	"V030": {Severity: info, Detail: "Early QEMU wrote one entry too many, XenServer keeps spare ones to grow. 7-Zip and Azure refuse such images.",
		NoRepair: "The spare entries take as much room as a block, tapdisk's batmap lies after them, or the header has a wrong checksum: convert the image to lose them."},
	"V031": {From: []string{"V035:wiped"}, Severity: severe, Detail: "What is read there is the image's own structures, and a write to the block destroys them. The block can't be read here.",
		NoRepair: "So many entries are not cleared at once: restore the table from a copy of the image."},
	"V032": {Severity: severe, Detail: "The block, or its end, can't be read. The file was cut, or the entry is wrong. QEMU refuses the whole image.", For: map[string]string{
		"cut": "The block, or its end, can't be read: the file was cut, as it has no footer at its end either. The rest of it is in another copy, if there is one. QEMU refuses the whole image.",
	}},
	"V033": {Severity: warning, Detail: "Programs that honour the sector bitmap (VirtualBox, DiscUtils, Platter) read zeros or the parent; those that ignore it (QEMU, libvhdi) read these bytes. 7-Zip fails. Data may be hidden there."},
	"V034": {Severity: severe, Detail: "A write to one block changes the other."},
	"V035": {For: map[string]string{
		"wiped": "The table says that the disk is empty, and yet there are blocks: the table was wiped, or every block was given up. Programs show zeros, or the parent's data. Each block starts with its sector bitmap. To look at them: platter read IMAGE --file --offset N --length 64K; platter search IMAGE --file finds text in them. No repair: which block is whose is written nowhere but in the table; in a disk that was filled from its start to its end they follow each other.",
	}, Severity: info, Detail: "No entry of the table leads to these bytes: a crash or a deleted block left them behind, they are room for alignment, or a block's whose entry was lost. What is not zero may be data that is missed on the disk."},
	"V036": {Severity: warning, Detail: "QEMU up to 9 left the old footer inside the first block that it added to an empty image of Virtual PC or Hyper-V, marked as data of the guest.",
		NoRepair: "What the guest had there before is lost; the guest's own check of its file system may tell whether it matters."},
	"V037": {Severity: warning, Detail: "After the last entry the table's sector is filled with ones or zeros by all known programs, and read by none: data may be hidden there."},
	"V038": {Severity: warning, Detail: "The entries after the last one that the disk needs are ignored, but space is allocated to them: the disk was shrunk, or data is hidden."},
	"V039": {Severity: warning, Detail: "A dynamic image has no parent. It may have been a differencing one whose type was changed.",
		NoRepair: "A header with a wrong checksum has to be repaired first (V024)."},
	"V040": {Severity: severe, Detail: "Nobody can find the parent of this image.",
		NoRepair: "Open the image with its parent named by hand: then its name can be stored."},
	"V041": {Severity: severe, Detail: "Programs that follow the locators in order may fail on it or read other bytes as a path.",
		NoRepair: "A header with a wrong checksum has to be repaired first; if this is the only name of the parent, open the image with the parent named by hand: then its name can be stored."},
	"V042": {Severity: warning, Detail: "The room of a locator is given in sectors by the specification and in bytes by Windows; this is neither.",
		NoRepair: "A header with a wrong checksum has to be repaired first (V024)."},
	"V043": {For: map[string]string{
		"named": "Nothing is missing here. Programs that go by the names in the image do not find the parent.",
	}, Severity: severe, Detail: "What is not stored in this image can't be read without its parent; its own sectors can.",
		NoRepair: "Put the parent where its name says, or open the image with its parent named by hand: then its name can be stored."},
	"V044": {Severity: severe, Detail: "Every program refuses a parent with another identity: composed with the wrong disk the content is garbage. To look at it all the same: --any-parent.",
		NoRepair: "No file was found that could be the parent: one with the same size, and not this image itself. Open the image with the right parent named by hand."},
	"V045": {For: map[string]string{
		"unsaid": "Whether the parent was written to since the child was made can't be told by its time.",
	}, Severity: warning, Detail: "The parent may have been written to since the child was made, which makes the child worthless. Copying the file changes its time too, so it may mean nothing.",
		NoRepair: "A header with a wrong checksum has to be repaired first (V024)."},
	"V046": {Severity: severe, Detail: "Windows refuses parent and child of different sizes (0xC03A0017).",
		NoRepair: "One of the two was resized or exchanged after the child was made: take the parent from a backup, or convert the chain to one image."},
	"V047": {Severity: severe, Fatal: true, Detail: "The content can't be composed: a chain must end in a base image, after at most 256 layers.",
		NoRepair: "The chain has to be untangled by hand: take one image out of the folder, and see which parent is missing then."},
	"V048": {For: map[string]string{
		"raw": "A raw disk has no identity: tapdisk writes zeros for a parent that is one. Whether it is the right one can't be told.",
	}, Severity: severe, Detail: "Nobody can tell whether the parent that is found is the right one. Only tapdisk leaves the identity out, for a parent that is a raw disk; none is named here.",
		NoRepair: "Whose identity belongs here is not known before the parent is: see what is found in its place (V044)."},
	"V049": {For: map[string]string{
		"none": "Only tapdisk keeps a batmap; other programs do without it and read the sector bitmaps, which say the same.",
	}, Severity: warning, Detail: "tapdisk does not look at the sector bitmap of blocks that the batmap calls full, and would show old bytes.",
		NoRepair: "The batmap is too large to be rewritten."},
	"V050": {Severity: warning, Detail: "A parent must not change while it has children.",
		NoRepair: "What was written to the parent can't be told from what was there before."},
	"V051": {Severity: info, Detail: "Virtual PC before 2004 wrote footers of 511 bytes. libvhdi does not open them."},
	"V052": {Severity: info, Detail: "Azure takes fixed images only, of whole MiB, made under the system Wi2k."},
	"V053": {Severity: info, Detail: "Hyper-V is slow on disks with 4096-byte sectors unless the blocks' data start on multiples of 4096."},
	"V054": {Severity: info, Detail: "The disk may be deleted when its machine is shut down, or is hidden from users because it is only the parent of others.",
		NoRepair: sealFirst},
	"V056": {Severity: severe, Detail: "Programs know a VHD by this word, and take the file for a raw disk, or for nothing. Some bytes were overwritten; everything else can be read."},
	"V057": {For: map[string]string{
		"reserved": "The specification has zeros there, and no program looks: something may be hidden, or it was written by a program that nobody has described.",
		"path":     "A path ends where the header says. Programs pass over the rest of its room: data may be hidden there, or an older, longer path is left.",
		"bits":     "Programs set or clear these bits all alike, and none looks at them: something may be hidden there.",
		"end":      "The disk ends inside its last block. What follows there is no part of the disk: it was made smaller, or data is hidden.",
	}, Severity: warning, Detail: "No program looks there: data may be hidden.",
		NoRepair: "Look at the bytes first; a copy of the disk does not have them."},
	"V055": {Severity: severe, Detail: "The numbers of a VHD have the highest byte first; whoever wrote this footer stored them the other way round. No program opens the image. Here they are read as they were meant.",
		NoRepair: "Only the footer of a fixed disk is made again: the other structures would have to be turned round too."},
}

// finding makes a finding of a code with its usual severity.
func (v *Image) finding(code, text string, where ...decode.Place) disk.Finding {
	if why := v.Sealed(); why != "" && conditions[disk.BaseCode(code)] != nil {
		f := rules.Finding("vhd", code, text, true, where...)
		f.Repairable, f.Detail = false, f.Detail+" It can be repaired where it is one file: "+why+"."
		return f
	}
	return rules.Finding("vhd", code, text, v.repairable(disk.BaseCode(code), where), where...)
}

// graded is the finding with another severity; less than severe is not fatal.
func graded(f disk.Finding, s disk.Severity) disk.Finding {
	f.Severity = s
	f.Fatal = f.Fatal && s == severe
	return f
}
