package vhd

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/space"
)

// judge is an image that is judged by what opening it has read.
type judge struct{ *Image }

// judge runs the checks that need no scan of the table, and refuses the
// virtual disk if one of them is fatal.
func (v judge) judge() {
	v.judgeFooters()
	if v.footers.rules().present {
		v.judgeIdentity()
		v.judgeSizes()
		v.judgeExpanded()
	}
	if v.dynamicKind() {
		v.judgeHeader()
	}
	for _, f := range v.findings {
		if f.Fatal && v.refused == nil {
			v.refused = v.refusal(f)
		}
	}
}

// refusal is the error that reading a refused disk gives.
func (v judge) refusal(f disk.Finding) error {
	e := &disk.Error{Kind: disk.Damaged, Op: "read", What: f.Code + ": " + f.Text}
	if len(f.Where) > 0 {
		e.At = f.Where[0]
	}
	switch f.Code {
	case "vhd/V010", "vhd/V012":
		e.Kind = disk.Unsupported
	case "vhd/V047":
		e.Kind, e.What, e.Err = disk.BadChain, f.Code+": the chain of parents can't be followed", chainFault(v.parentErr)
	}
	return e
}

func (v judge) add(code, format string, where decode.Place, args ...any) {
	v.findings = append(v.findings, v.finding(code, fmt.Sprintf(format, args...), where))
}

func (v judge) addAs(s disk.Severity, code, format string, where decode.Place, args ...any) {
	v.findings = append(v.findings, graded(v.finding(code, fmt.Sprintf(format, args...), where), s))
}

// judgeFooters compares the copies of the footer.
func (v judge) judgeFooters() {
	front, tail := v.footers.front, v.footers.tail
	dynamic := v.dynamicKind()
	if odd := v.size % vhd.Sector; v.size < vhd.Sector || odd != 0 && !(odd == vhd.Sector-1 && tail.length == vhd.OldFooterSize) {
		v.add("V008", "the file has %d bytes, which are not whole sectors", v.place(v.size-odd, odd), v.size)
	}
	for _, c := range []footerCopy{front, tail} {
		if c.unmarked {
			v.add("V056", "the footer at 0x%x has the cookie %s, expected %q; the rest says that it is one", decode.At(v.place(c.off, 0), vhd.FooterCookie), c.off, decode.InQuotes(vhd.FooterCookie.Get(c.record())), vhd.Cookie)
		}
		if c.present && c.poison {
			v.add("V007", "the footer at 0x%x has the cookie %q: tapdisk has disabled the image", decode.At(v.place(c.off, 0), vhd.FooterCookie), c.off, vhd.Poison)
		}
	}
	if tail.present && tail.off+tail.length < v.size {
		end := tail.off + tail.length
		v.add("V009", "%d bytes follow the footer", v.place(end, v.size-end), v.size-end)
	}
	if tail.present && tail.length == vhd.OldFooterSize {
		v.add("V051", "the footer has 511 bytes", v.place(tail.off, tail.length))
	}
	switch {
	case !front.present && !tail.present:
		v.add("V001", "neither end of the file has a footer", v.place(max(0, v.size-vhd.FooterSize), min(v.size, vhd.FooterSize)))
	case !front.valid && !tail.valid && v.reversed:
		v.add("V055", "the numbers of the footer are stored in the reversed byte order: read that way round it is a %s disk of %d bytes", v.place(v.footers.rules().off, v.footers.rules().length), v.typeName(), v.virtual)
	case !front.valid && !tail.valid:
		c := v.footers.rules()
		_, why := vhd.FooterChecksum.Field().Verdict(c.raw)
		v.add("V004", "the footer at 0x%x has a wrong checksum, and there is no other: %s", decode.At(v.place(c.off, 0), vhd.FooterChecksum), c.off, why)
	case !tail.valid:
		v.add("V002", "%s", v.place(max(0, v.size-vhd.FooterSize), min(v.size, vhd.FooterSize)), v.tailWords())
	case dynamic && !front.valid:
		v.add("V003", "the copy of the footer at the start of the file is missing or damaged", v.place(0, vhd.FooterSize))
	case front.valid && front.kind() != tail.kind() && (dynamic || front.kind() != vhd.Fixed):
		v.add("V006", "the footer at the start says type %d, the one at the end type %d", decode.At(v.place(0, 0), vhd.FooterType), front.kind(), tail.kind())
	case dynamic && string(front.raw) != string(tail.raw):
		at := firstDifference(front.raw, tail.raw)
		v.add("V005", "the two footers are both valid and differ from byte %d on", v.place(at, vhd.FooterSize-at), at)
	}
}

func (v judge) tailWords() string {
	switch {
	case v.footers.torn:
		return "the last sector is filled with 0xC7: tapdisk had the image open for writing and never closed it"
	case v.footers.tail.present:
		return "the footer at the end of the file has a wrong checksum; the copy at the start is valid"
	}
	return "the end of the file has no footer; the copy at the start is valid"
}

func firstDifference(a, b []byte) int64 {
	for i := range a {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	return int64(len(a))
}

// field is where a field of the footer that rules lies.
func (v *Image) field(f decode.Spot) decode.Place {
	return decode.At(v.place(v.footers.rules().off, 0), f)
}

// judgeIdentity checks the footer's fields that do not concern sizes.
func (v judge) judgeIdentity() {
	f := v.footer
	if version := vhd.FooterVersion.Get(f); version>>16 != 1 {
		v.add("V010", "the format's version is %d.%d, expected 1.0", v.field(vhd.FooterVersion.Field()), version>>16, version&0xFFFF)
	} else if version != vhd.Version {
		v.addAs(warning, "V010", "the format's version is %d.%d, expected 1.0", v.field(vhd.FooterVersion.Field()), version>>16, version&0xFFFF)
	}
	if features := vhd.FooterFeatures.Get(f); features&2 == 0 || features&^3 != 0 {
		v.add("V011", "the features are 0x%x, expected 2 or 3", v.field(vhd.FooterFeatures.Field()), features)
	}
	if v.kind != vhd.Fixed && !v.dynamicKind() {
		v.add("V012", "the disk type is %d, expected 2, 3 or 4", v.field(vhd.FooterType.Field()), v.kind)
	}
	if at := vhd.FooterTimestamp.Get(f); vhd.Epoch().Add(time.Duration(at) * time.Second).After(time.Now().Add(48 * time.Hour)) {
		v.add("V019", "the image was created in the future, on %s", v.field(vhd.FooterTimestamp.Field()), vhd.FooterTimestamp.Field().Text(f.Bytes()))
	}
	if v.UniqueID() == [16]byte{} {
		v.add("V020", "the disk's identity is all zero", v.field(vhd.FooterID.Field()))
	}
	switch state := vhd.FooterSavedState.Get(f); {
	case state == 1:
		v.addAs(info, "V021:saved", "a virtual machine in saved state uses the disk", v.field(vhd.FooterSavedState.Field()))
	case state != 0:
		v.add("V021", "the saved state is %d, expected 0 or 1", v.field(vhd.FooterSavedState.Field()), state)
	}
	v.judgeReserved()
	if name := vhd.FooterCreator.Field().Meaning(f.Bytes()); name == "unknown" {
		v.add("V023", "the creator %s is not known", v.field(vhd.FooterCreator.Field()), decode.Quote(vhd.FooterCreator.Get(f)))
	}
	if name := vhd.FooterCreatorOS.Field().Meaning(f.Bytes()); name == "unknown" {
		v.add("V023", "the creator's system %s is not known", v.field(vhd.FooterCreatorOS.Field()), decode.Quote(vhd.FooterCreatorOS.Get(f)))
	}
}

func (v judge) judgeReserved() {
	f := v.footer
	tap := vhd.FooterCreator.Get(f) == "tap"
	hidden := vhd.FooterHidden.Get(f)
	if vhd.FooterFeatures.Get(f)&1 != 0 {
		v.add("V054", "the disk is marked temporary", v.field(vhd.FooterFeatures.Field()))
	}
	if tap && hidden == 1 {
		v.add("V054", "the disk is hidden from users", v.field(vhd.FooterHidden.Field()))
	}
	reserved := vhd.FooterReserved.Get(f)
	if tap && hidden <= 1 {
		reserved = reserved[1:]
	}
	switch {
	case isZero(reserved):
	case v.emulated():
		f := graded(v.finding("V022", "the reserved bytes of the footer describe the emulated drive: "+driveWords(vhd.FooterReserved.Get(f)), v.field(vhd.FooterReserved.Field())), info)
		f.Detail = "SIMH keeps the type of the drive, its sector size, the simulator and the device there, and the drive's own geometry in the footer. Zeroing them makes SIMH forget what the disk is. 7-Zip refuses images with bytes here."
		v.findings = append(v.findings, f)
	default:
		_, words := reservedWords(reserved)
		v.add("V022", "the reserved bytes of the footer are not zero: %s", v.field(vhd.FooterReserved.Field()), words)
	}
}

// emulated reports whether SIMH made the image, which keeps the description of the
// drive in the footer's reserved bytes, and that drive's geometry.
func (v *Image) emulated() bool { return vhd.FooterCreator.Get(v.footer) == "simh" }

// driveWords name the drive that SIMH emulates with the disk.
func driveWords(reserved []byte) string {
	d, ok := vhd.DriveTable.Of(reserved)
	if !ok {
		return "which, can't be read"
	}
	word := func(text string) string { return decode.Quote(strings.TrimRight(text, "\x00 ")) }
	return fmt.Sprintf("%s with sectors of %d bytes, device %s, made by %s",
		word(vhd.DriveType.Get(d)), vhd.DriveSector.Get(d), word(vhd.DriveDevice.Get(d)), word(vhd.DriveMaker.Get(d)))
}

// maxDynamic is the largest dynamic disk: 2040 GiB.
const MaxDynamic = 0xFF000000 * vhd.Sector

// judgeSizes checks sizes and geometry.
func (v judge) judgeSizes() {
	f := v.footer
	current, at := vhd.FooterCurrentSize.Get(f), v.field(vhd.FooterCurrentSize.Field())
	switch {
	case current > math.MaxInt64:
		found := v.finding("V014", fmt.Sprintf("the current size is %d, more than any disk has", current), at)
		found.Fatal = true
		v.findings = append(v.findings, found)
		return
	case current == 0:
		v.add("V014", "the current size is 0", at)
	case current%vhd.Sector != 0:
		v.add("V014", "the current size is %d, not a multiple of 512", at, current)
	case v.dynamicKind() && current > MaxDynamic:
		v.add("V014", "the current size is %d, more than 2040 GiB", at, current)
	}
	if v.kind == vhd.Fixed {
		v.judgeFixed()
	}
	if original := vhd.FooterOriginalSize.Get(f); original > current {
		v.add("V016", "the original size is %d, the current size %d", v.field(vhd.FooterOriginalSize.Field()), original, current)
	}
	v.judgeGeometry()
}

// surplus tells of a fixed image that is longer than its disk, and what lies there, of
// which so many bytes are read.
func (v *Image) surplus(ctx context.Context, most int64) disk.Finding {
	n := v.dataEnd - v.virtual
	holds := "which can't be read"
	if f, err := space.NewLooker(v.src.File, v.size).Look(ctx, v.virtual, n, most); err == nil && f.First(v.virtual) >= 0 {
		holds = fmt.Sprintf("not zero from 0x%x on", f.First(v.virtual))
	} else if err == nil {
		holds = f.String()
	}
	f := graded(v.finding("V015", fmt.Sprintf("the file is longer than the disk of %d bytes: %d bytes lie between its end and the footer: %s", v.virtual, n, holds),
		v.field(vhd.FooterCurrentSize.Field()), v.place(v.virtual, n)), warning)
	f.Detail = "Azure and others that compute the size from the length of the file refuse the image or show a larger disk. Either the footer belongs right after the disk, or the disk is larger than the footer says."
	return f
}

func (v judge) judgeFixed() {
	switch off := vhd.FooterDataOffset.Get(v.footer); off {
	case vhd.None:
	default:
		v.addAs(warning, "V013:fixed", "the footer of a fixed disk points to 0x%x, expected all ones", v.field(vhd.FooterDataOffset.Field()), off)
	}
	at := v.field(vhd.FooterCurrentSize.Field())
	switch {
	case v.virtual > v.dataEnd:
		v.add("V015", "the disk has %d bytes, the file has room for %d", at, v.virtual, v.dataEnd)
	case v.virtual < v.dataEnd:
		v.findings = append(v.findings, v.surplus(context.Background(), space.Quick))
	}
}

func (v judge) judgeGeometry() {
	g, want := vhd.FooterGeometry(v.footer), vhd.GeometryFor(uint64(v.virtual))
	at := v.field(vhd.FooterCylinders.Field())
	at.Length = 4
	creator := vhd.FooterCreator.Get(v.footer)
	text := fmt.Sprintf("the geometry is %d/%d/%d (%d bytes), the size demands %d/%d/%d", g.Cylinders, g.Heads, g.Sectors, g.Size(), want.Cylinders, want.Heads, want.Sectors)
	switch {
	case g == want:
	case v.emulated():
		f := v.finding("V017", text+"; it is that of the emulated drive", at)
		f.Detail = "SIMH stores the geometry of the drive that it emulates, which need not fit the size."
		v.findings = append(v.findings, f)
	case g.Size() == 0 && creator != "":
		v.addAs(warning, "V017", "%s", at, text)
	case g.Size() > v.virtual && g != vhd.Largest && creator != "qem2" && creator != "d2v":
		v.addAs(warning, "V017", "%s", at, text)
	case g == vhd.Largest:
		f := v.finding("V017", text, at)
		f.Text = fmt.Sprintf("the geometry is the largest there is, %d/%d/%d: readers are to go by current_size", g.Cylinders, g.Heads, g.Sectors)
		f.Detail = "Disk2vhd, QEMU with force_size and Platter write it so that the size is exact: a geometry that fits the size would round it down for readers that go by geometry. Only very old guests ask for it."
		v.findings = append(v.findings, f)
	default:
		v.add("V017", "%s", at, text)
	}
	if v.geometryRules(modernQEMU) {
		v.add("V018", "the geometry gives the disk %d bytes, current_size %d", at, g.Size(), v.virtual)
	}
}
