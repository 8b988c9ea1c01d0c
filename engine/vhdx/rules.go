package vhdx

import (
	"fmt"

	"platter/decode"
	"platter/engine/disk"
)

const (
	info    = disk.SeverityInfo
	warning = disk.SeverityWarning
	severe  = disk.SeverityError
)

// rules are the format's checks (vhdx.md 14). Where a check has several severities this is
// the usual one.
var rules = disk.Rules{
	"1":  {Severity: severe, Detail: "No program recognises the image. What else says that it is one is there, so it is read here, and the signature can be written again."},
	"2":  {Severity: info, Detail: "Nothing that is known writes there. Programs ignore these bytes; data may be hidden in them."},
	"3":  {Severity: warning, Detail: "A power cut while the header was written leaves this, and the other copy is used. 7-Zip and old libvhdi refuse the image; QEMU may give the damaged copy a new checksum and so make wrong values valid."},
	"4":  {Severity: severe, Fatal: true, Detail: "Only a valid header says for certain whether a log must be replayed, and where it is. Where the fields of both still agree about that, the repair goes by them."},
	"5":  {Severity: warning, Detail: "Disk2vhd writes two identical headers; programs take the first one. Copies that differ can't be told apart."},
	"6":  {Severity: info, Detail: "Programs ignore these bytes. Data may be hidden in them."},
	"7":  {Severity: severe, Fatal: true, Detail: "Only version 1 of the format and version 0 of its log are known; every program refuses others."},
	"8":  {Severity: info, Detail: "An update writes both headers, so they normally agree. The second write is missing, or QEMU made the image: it gives each copy a DataWriteGuid of its own."},
	"9":  {Severity: severe, Fatal: true, Detail: "Every program refuses an image whose log is not in its place: nobody can tell whether there is something to replay, and replaying it could destroy other structures."},
	"10": {Severity: warning, Detail: "The program that used the image died. What the log holds is shown here as replayed, in memory only. QEMU refuses to open the image for reading, libvhdi and 7-Zip show the state before the replay."},
	"11": {Severity: severe, Fatal: true, Detail: "The image was not closed cleanly, and what has to be replayed is not there. Tables may be half written. QEMU opens such an image and fails on writes."},
	"12": {Severity: severe, Fatal: true, Detail: "Blocks that were at the end of the file are lost. Replaying the log would bring back pointers to them."},
	"13": {Severity: warning, Detail: "The tables should be equal. QEMU and dissect read the first one only, libvhdi needs both.",
		NoRepair: "Neither table is valid."},
	"14": {Severity: severe, Fatal: true, Detail: "Nobody can tell where BAT and metadata are. They start at multiples of 1 MiB; the metadata can be found by its signature."},
	"15": {For: map[string]string{
		"reserved": "Programs ignore these bits and bytes. Data may be hidden in them.",
	}, Severity: severe, Detail: "Programs check these bounds before they believe the table."},
	"16": {Severity: severe, Fatal: true, Detail: "BAT and metadata have to be there, each region once."},
	"17": {Severity: severe, Fatal: true, Detail: "The content of a region can't be trusted if something else lies there too, or if it is not in the file."},
	"18": {For: map[string]string{
		"optional": "The region is not required: a program that does not know it may use the file, and leaves the region alone.",
	}, Severity: severe, Fatal: true, Detail: "A program that does not know a required region must not open the file."},
	"19": {From: []string{"4"}, Severity: info, Detail: "QEMU writes this. Other programs set Required to 1; all of them read it."},
	"20": {For: map[string]string{
		"reserved": "Programs ignore these bytes. Data may be hidden in them.",
	}, Severity: severe, Fatal: true, Detail: "The metadata hold block size and disk size: without them nothing can be read.",
		NoRepair: "Without the table nobody knows which items there were: take the metadata region from a backup, or from another image of the same disk."},
	"21": {Severity: severe, Detail: "The item can't be read, or shares its bytes with another one."},
	"22": {Severity: warning, Detail: "An empty item has no place."},
	"23": {Severity: severe, Detail: "Programs take the first or the last one of two items, and see different disks."},
	"24": {Severity: warning, Detail: "Programs ignore it, but for Microsoft's openvmm, which refuses the image."},
	"25": {Severity: severe, Fatal: true, Detail: "A program that does not know a required item must not open the file."},
	"26": {Severity: severe, Fatal: true, Detail: "The program that made the file did not finish, so any part of it may be missing. Windows refuses it."},
	"27": {Severity: severe, Fatal: true, Detail: "Without this item nobody can tell where the blocks of the disk are."},
	"28": {Severity: severe, Fatal: true, Detail: "Every place on the disk is computed from these sizes. Programs that divide by them unchecked crash."},
	"29": {Severity: severe, Fatal: true, Detail: "Programs refuse such a size."},
	"30": {Severity: warning, Detail: "Only bits 0 and 1 have a meaning."},
	"31": {For: map[string]string{
		"ignored": "The disk is read without a parent. If it had one, what is not stored here is missing, and the mark that says so was lost.",
	}, Severity: severe, Fatal: true, Detail: "Nobody can find the parent of this image."},
	"32": {For: map[string]string{
		"reserved": "Programs ignore these bytes. Data may be hidden in them.",
	}, Severity: severe, Detail: "Programs refuse the locator, or read other keys than the next one does."},
	"33": {Severity: severe, Detail: "Without identity and path the parent can't be found, or can't be verified."},
	"34": {For: map[string]string{
		"other": "What is not stored in this image can't be read without the parent that it was made from; its own sectors can. A parent that was written to since the child was made no longer fits: what the child leaves to it may be garbage. To look at the disk all the same: --any-parent.",
	}, Severity: severe, Detail: "What is not stored in this image can't be read without the parent that it was made from; its own sectors can. A parent that was written to since the child was made no longer fits: what the child leaves to it may be garbage."},
	"35": {Severity: severe, Fatal: true, Detail: "Part of the disk has no entry in the table."},
	"36": {Severity: info, Detail: "Nobody reads entries after the last one. They may be left over from a larger disk."},
	"37": {Severity: warning, Detail: "7-Zip and openvmm refuse the image; others ignore the bits."},
	"38": {Severity: severe, Detail: "State 4 is not defined: the block can't be read. State 5 was UNMAPPED in a draft: QEMU reads zeros, 7-Zip and openvmm refuse it."},
	"39": {Severity: severe, Detail: "Only differencing images have blocks of which a part is in the parent. openvmm reads the whole block from this file, others fail."},
	"40": {For: map[string]string{
		"bitmap": "Nobody reads the place of a sector bitmap that is not present.",
	}, Severity: warning, Detail: "Hyper-V can't read images with a place for a ZERO block. QEMU before 2015 wrote them."},
	"41": {For: map[string]string{
		"bitmap": "Which sectors of these blocks are the image's own, and which its parent's, can't be told: the blocks that are stored in part can't be read.",
	}, Severity: severe, Detail: "The block would lie on top of the headers: its content is lost, or was never written."},
	"42": {Severity: severe, Detail: "The content of the block is lost: the file was cut, or the entry is wrong.", For: map[string]string{
		"part":   "What of the block lies in the file can be read; the rest is lost: the file was cut, or the entry is wrong.",
		"anchor": "Nothing of the disk is lost: the block reads as zeros, and the place is only remembered from before it was given up. Programs that want to use that place again refuse it, or lengthen the file.",
		"bitmap": "Which sectors of these blocks are the image's own, and which its parent's, can't be told: the blocks that are stored in part can't be read. The file was cut, or the entry is wrong.",
	}},
	"43": {Severity: warning, Detail: "QEMU ends fixed images where the disk ends, and so inside the last block. openvmm rejects any block that reaches past the end of the file."},
	"44": {Severity: severe, Detail: "A write to one changes the other. QEMU does not notice."},
	"45": {Severity: warning, Detail: "The old content of a freed block has been overwritten by another block."},
	"46": {Severity: warning, Detail: "Only differencing images have sector bitmaps, and a sector bitmap is present or not."},
	"47": {Severity: severe, Detail: "Which sectors of the block are in this file is lost."},
	"48": {Severity: info, Detail: "The state could be simpler: everything is in one place."},
	"49": {For: map[string]string{
		"hole": "A fixed image has all its blocks allocated when it is made, and none is given up later. The entry was lost, and with it what the block held. Nobody notices: it reads as zeros.",
	}, Severity: info, Detail: "A fixed image should have all its blocks allocated. QEMU makes fixed images whose blocks are all ZERO, and allocates them at the first write after all."},
	"50": {For: map[string]string{
		"wiped": "The BAT says that the disk is empty, and yet there is data: the table was wiped, or every block was given up. Programs show zeros, or the parent's data. To look at it: platter read IMAGE --file --offset N --length 64K; platter search IMAGE --file finds text in it. No repair: which block is whose is written nowhere but in the BAT; in a disk that was filled from its start to its end they follow each other. Whoever writes the image next may use the room: copy it first.",
	}, Severity: info, Detail: "No block that the BAT calls stored lies in these bytes: a crash, or a block that was moved or freed, left them behind, or they are a block's whose entry was lost."},
	"51": {For: map[string]string{
		"bytes": "Windows and most others keep the size a multiple of 1 MiB, and no program looks at what follows: it is a part of a block whose entry was lost, or somebody has put it there.",
	}, From: []string{"42"}, Severity: info, Detail: "Windows and most others keep the size a multiple of 1 MiB; Disk2vhd adds 512 bytes."},
	"52": {Severity: info, Detail: "Entries of earlier sessions tell what was done to the image. They are never replayed.", For: map[string]string{
		"changed":  "Each sector of such an entry bears its number, so that it was written to its end; the checksum says that bytes were changed after that. It is never replayed, and no program looks at it: data may be hidden there.",
		"padding":  "The room of the descriptors ends with a sector, and what follows the last one is part of the entry: its checksum fits. No program looks at these bytes; QEMU leaves there what its memory held. Data may be hidden there.",
		"page":     "It is never replayed, and no program looks at it. A page of the BAT has entries, in which these bits are zero; any other page that holds text would be found at the place that it names, unless it was changed there since. Data may be hidden there.",
		"strange":  "Entries, descriptors and data of a log begin with a signature, and these sectors with none. Programs overwrite them some day; until then data may be hidden there.",
		"bitmap":   "The disk has no block for these bits, and no program looks at them: it was made smaller, or something is hidden there.",
		"end":      "The disk ends inside its last block. What follows there is no part of the disk: it was made smaller, or data is hidden.",
		"repeated": "Hyper-V writes it so. Programs pass over it: the table says how many entries it has.",
		"metadata": "No item of the metadata lies there, and no program looks at these bytes: an item that was moved or taken out left them behind, or somebody has put them there.",
	}},
	"53": {Severity: warning, Detail: "Children can't name an image without identity as their parent, and a program can't notice that it changed. FreeBSD's mkimg writes zeros."},
	"P1": {Severity: info, Detail: "Hyper-V makes and mounts fixed, dynamic and differencing VHDX since Windows 8 and Server 2012. What is said here comes from what its own tools make and from known refusals; other versions may differ."},
	"P2": {Severity: severe, Detail: "QEMU 7.2 behaves so; later versions may not."},
	"P3": {Severity: severe, Detail: "The format is Microsoft's. platter convert makes a VMDK of the disk."},
	"P4": {Severity: severe, Detail: "Azure's images are fixed VHDs: platter convert makes one of the disk, with --profile azure."},
	"P5": {Severity: severe, Detail: "VirtualBox reads dynamic and fixed VHDX, and never writes them. To use the disk there, make a VHD or VMDK of it with platter convert."},
	"P6": {Severity: severe, Detail: "Programs that import an OVF or OVA read no other kind of disk."},
	"P7": {Severity: severe, Detail: "So Amazon's documentation of VM Import/Export says; it was not tried there."},
	"P8": {Severity: severe, Detail: "Google's import converts the image with QEMU: what QEMU refuses, it refuses."},
	"L1": {Severity: severe, Detail: "What the image leaves to this layer can't be read, or is wrong. Open the layer by itself to see all of its errors; a repair that changes what it reads orphans the images that were made from it."},
	"55": {Severity: warning, Detail: "The sector bitmap leaves these sectors to the parent: they are read there, and what lies here is seen by nobody. A program that gave the block old room left it, or the bits were lost, or data is hidden there. Compare them with what the parent has there; a copy of the disk does not have them."},
	"54": {Severity: info, Detail: "The next update has no higher number to use."},
}

// finding makes a finding of a code with its usual severity.
func (v *Image) finding(code, text string, where ...decode.Place) disk.Finding {
	ok, why := prospect{v}.outlook(disk.BaseCode(code), where)
	return v.worded(code, text, ok, why, where...)
}

// worded is the finding with what is known about its repairs.
func (v *Image) worded(code, text string, repairable bool, why string, where ...decode.Place) disk.Finding {
	f := rules.Finding("vhdx", code, text, repairable || why != "", where...)
	if f.Repairable = repairable; why != "" {
		f.Detail += " " + why
	}
	return f
}

// graded is the finding with another severity, not fatal.
func graded(f disk.Finding, s disk.Severity) disk.Finding {
	f.Severity, f.Fatal = s, false
	return f
}

func (v judge) add(code string, where []decode.Place, format string, args ...any) {
	v.keep(v.finding(code, fmt.Sprintf(format, args...), where...))
}

func (v judge) addAs(s disk.Severity, code string, where []decode.Place, format string, args ...any) {
	v.keep(graded(v.finding(code, fmt.Sprintf(format, args...), where...), s))
}

// maxOpening bounds how many findings of one code opening an image keeps.
const maxOpening = 200

// keep adds a finding to those of the opening, unless there are too many of
// its code; the last one kept says so.
func (v judge) keep(f disk.Finding) {
	n := 0
	for i := range v.findings {
		if v.findings[i].Code == f.Code {
			n++
		}
	}
	if n == maxOpening {
		f.Text = "more of the same kind are not listed; the next one: " + f.Text
	}
	if n <= maxOpening {
		v.findings = append(v.findings, f)
	}
}
