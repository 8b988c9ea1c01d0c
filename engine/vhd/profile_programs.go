package vhd

import (
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// The codes of what programs demand. The format reference numbers no such
// checks: they are the columns of its section 17, and the quirks of section 20.
const (
	codeQEMU       = "P1"
	codeVMware     = "P2"
	codeVirtualBox = "P3"
	codeMicrosoft  = "P4"
	codeOVF        = "P6"
	codeAWS        = "P7"
	codeGCP        = "P8"
)

// demand is something that a program expects of an image.
type demand struct {
	broken   bool
	severity disk.Severity
	where    decode.Place
	text     string
}

// demands reports the broken ones.
func (c *checker) demands(code string, list []demand) bool {
	for _, d := range list {
		if d.broken && !c.Report(disk.Finding{Code: "vhd/" + code, Severity: d.severity, Where: []decode.Place{d.where}, Text: d.text}) {
			return false
		}
	}
	return true
}

// profiler is an image seen by what programs expect of it.
type profiler struct{ *Image }

// forQEMU is what QEMU does: it believes the copy at the start where there is
// one, takes the geometry of many creators for the size, and looks neither at
// parents nor at sector bitmaps.
func (v profiler) forQEMU() []demand {
	dynamic, front := v.dynamicKind(), v.footers.front
	old := v.geometryRules(oldQEMU)
	chs := vhd.FooterGeometry(v.footer).Size()
	at := v.place(0, vhd.FooterSize)
	return []demand{
		{dynamic && !front.valid, severe, at, "QEMU reads only the copy of the footer at the start, which is missing or damaged"},
		{!dynamic && !v.footers.tail.valid, severe, v.field(vhd.FooterChecksum.Field()), "QEMU refuses a footer with a wrong checksum"},
		{!dynamic && front.valid && front.kind() != vhd.Fixed, severe, at, "QEMU takes the start of the disk for a footer, and opens what lies inside"},
		{v.kind == vhd.Differencing, severe, v.field(vhd.FooterType.Field()), "QEMU opens the image without its parent: what is not stored here reads as zeros"},
		{dynamic && v.table.blockSize > 0 && v.table.blockSize < 4096, severe, v.headerField(vhd.HeaderBlockSize.Field()), "QEMU knows no sector bitmap for blocks under 4 KiB, and takes it for data"},
		{old && chs != 0, warning, v.geometryPlace(), fmt.Sprintf("QEMU up to 9 shows a disk of %d bytes, by the geometry, not of %d", chs, v.virtual)},
		{old && chs == 0, severe, v.geometryPlace(), "QEMU up to 9 shows a disk of no bytes: it takes the geometry for the size, which is zero"},
		{old && !dynamic && chs > v.dataEnd, severe, v.geometryPlace(), "QEMU up to 9 shows the footer as part of the disk, and lets a guest overwrite it"},
		{v.kind == vhd.Fixed, info, v.field(vhd.FooterType.Field()), "QEMU takes a fixed VHD for a raw disk unless it is told the format: -f vpc"},
	}
}

// forAWS is what Amazon documents for its VM Import: fixed and dynamic images.
func (v profiler) forAWS() []demand {
	return []demand{
		{v.kind == vhd.Differencing, severe, v.field(vhd.FooterType.Field()), "Amazon imports fixed and dynamic images: merge the chain into one image first"},
	}
}

// geometryPlace is where the geometry lies.
func (v profiler) geometryPlace() decode.Place {
	at := v.field(vhd.FooterCylinders.Field())
	at.Length = 4
	return at
}

// forVirtualBox is what VirtualBox does: it reads the footer at the end, and
// calls the image corrupted where it needs the copy.
func (v profiler) forVirtualBox() []demand {
	tail := v.footers.tail
	end := v.place(max(0, v.size-vhd.FooterSize), min(v.size, vhd.FooterSize))
	atEnd := tail.present && tail.off+vhd.FooterSize == v.size
	return []demand{
		{v.dynamicKind() && !atEnd, severe, end, "VirtualBox calls the image corrupted: the last 512 bytes of the file are no footer"},
		{!v.dynamicKind() && !atEnd, severe, end, "VirtualBox does not find the image: the last 512 bytes of the file are no footer"},
		{tail.poison && atEnd, severe, end, "VirtualBox does not know the cookie of a disabled image"},
	}
}

// maxWindows is the largest disk that Windows opens in a VHD, in bytes.
const maxWindows = 2040 << 30

// forHyperV is what Windows and Hyper-V demand, with the errors that they give.
func (v profiler) forHyperV() []demand {
	footer := v.field(vhd.FooterChecksum.Field())
	list := []demand{
		{!v.footers.rules().valid, severe, footer, "Windows refuses a footer with a wrong checksum (0xC03A0002)"},
		{v.virtual > maxWindows, severe, v.field(vhd.FooterCurrentSize.Field()), fmt.Sprintf("Windows opens disks of at most 2040 GiB (0xC03A0012), this one has %d bytes", v.virtual)},
		{vhd.FooterSavedState.Get(v.footer) == 1, info, v.field(vhd.FooterSavedState.Field()), "Hyper-V neither resizes nor compacts the disk while a machine that uses it is in saved state"},
	}
	if !v.dynamicKind() || !v.header.ok() {
		return list
	}
	mark, _ := vhd.HeaderChecksum.Field().Verdict(v.header.rec.Bytes())
	return append(list,
		demand{mark != decode.Good, severe, v.headerField(vhd.HeaderChecksum.Field()), "Windows refuses a dynamic header with a wrong checksum (0xC03A0006)"},
		demand{v.kind == vhd.Differencing && !v.hasWindowsPath(), severe, v.headerField(vhd.HeaderParentName.Field()), "Hyper-V finds a parent only by a locator with a Windows path, and there is none (0xC03A000D)"})
}

// hasWindowsPath reports whether a locator has a path in the manner of Windows.
func (v profiler) hasWindowsPath() bool {
	for _, l := range v.locators {
		if l.usable() && (l.code == vhd.RelativeWindows || l.code == vhd.AbsoluteWindows) {
			return true
		}
	}
	return false
}
