package vhd

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
)

// overview is an image in the words of its Info.
type overview struct{ *Image }

// describe gathers what the overview shows. Nothing here scans a table.
func (v overview) describe() disk.Info {
	return disk.Info{
		Path:               v.src.Path,
		Format:             "vhd",
		Type:               v.typeName(),
		Recognised:         v.footers.recognised,
		VirtualSize:        v.virtual,
		FileSize:           v.size,
		BlockSize:          v.table.blockSize,
		LogicalSectorSize:  vhd.Sector,
		PhysicalSectorSize: vhd.Sector,
		Creator:            v.creator(),
		ID:                 v.idText(v.UniqueID()),
		Parent:             v.parentWanted(),
		Dirty:              v.footers.torn,
		Details:            v.details(),
		Findings:           append(append([]disk.Finding(nil), v.src.Notes...), v.findings...),
		Refused:            v.refused,
	}
}

func (v *Image) typeName() string {
	switch v.kind {
	case vhd.Fixed:
		return "fixed"
	case vhd.Dynamic:
		return "dynamic"
	case vhd.Differencing:
		return "differencing"
	}
	if v.footers.header {
		return "unknown"
	}
	return fmt.Sprintf("unknown type %d", v.kind)
}

// parentWanted is the parent's name for the overview.
func (v overview) parentWanted() string {
	if v.kind != vhd.Differencing {
		return ""
	}
	if names := v.parentNames(); len(names) > 0 {
		return names[0]
	}
	return v.idText(v.wantedID())
}

func (v overview) creator() string {
	name := vhd.FooterCreator.Field().Meaning(v.footer.Bytes())
	if name == "unknown" || name == "none" {
		name = decode.Quote(vhd.FooterCreator.Get(v.footer))
	}
	version := vhd.FooterCreatorVersion.Get(v.footer)
	return fmt.Sprintf("%s %d.%d", name, version>>16, version&0xFFFF)
}

// idText prints an identity in the byte order that makes a real UUID of it
// (vhd.md 3.4); where neither or both do, as stored.
func (v *Image) idText(id [16]byte) string {
	stored, swapped := uuid.UUID(id), uuid.UUID(id)
	swapped[0], swapped[1], swapped[2], swapped[3] = id[3], id[2], id[1], id[0]
	swapped[4], swapped[5], swapped[6], swapped[7] = id[5], id[4], id[7], id[6]
	if !plausible(stored) && plausible(swapped) {
		return swapped.String()
	}
	return stored.String()
}

func plausible(id uuid.UUID) bool {
	return id.Version() >= 1 && id.Version() <= 5 && id.Variant() == uuid.RFC4122
}

func (v overview) details() []disk.Detail {
	raw := v.footer.Bytes()
	g := vhd.FooterGeometry(v.footer)
	rows := []disk.Detail{
		{Label: "Footer that rules", Value: v.footerWords()},
		{Label: "Created", Value: vhd.FooterTimestamp.Field().Text(raw)},
		{Label: "Creator as stored", Value: vhd.FooterCreator.Field().Text(raw) + ", system " + vhd.FooterCreatorOS.Field().Text(raw)},
		{Label: "Features", Value: vhd.FooterFeatures.Field().Text(raw)},
		{Label: "Identity as stored", Value: fmt.Sprintf("%x", v.UniqueID())},
		{Label: "Current size", Value: vhd.FooterCurrentSize.Field().Text(raw)},
		{Label: "Original size", Value: vhd.FooterOriginalSize.Field().Text(raw)},
		{Label: "Geometry", Value: fmt.Sprintf("%d/%d/%d, %d bytes", g.Cylinders, g.Heads, g.Sectors, g.Size())},
	}
	if words := v.sizeWords(); words != "" {
		rows = append(rows, disk.Detail{Label: "Size in doubt", Value: words})
	}
	if vhd.FooterSavedState.Get(v.footer) != 0 {
		rows = append(rows, disk.Detail{Label: "Saved state", Value: vhd.FooterSavedState.Field().Text(raw)})
	}
	if len(v.pieces) > 0 {
		rows = append(rows, disk.Detail{Label: "Split", Value: v.pieces.String()})
	}
	if v.header.ok() {
		rows = append(rows, v.headerDetails()...)
	}
	if v.kind == vhd.Differencing {
		rows = append(rows, v.parentDetails()...)
	}
	return rows
}

func (v overview) footerWords() string {
	c := v.footers.rules()
	switch {
	case !c.present:
		return "none"
	case c.off == 0:
		return "the copy at the start; the one at the end is missing or damaged"
	case !v.footers.front.present || v.kind == vhd.Fixed:
		return fmt.Sprintf("the one at 0x%x", c.off)
	case string(v.footers.front.raw) == string(c.raw):
		return fmt.Sprintf("the one at 0x%x; the copy at the start is identical", c.off)
	}
	return fmt.Sprintf("the one at 0x%x; the copy at the start differs", c.off)
}

// sizeWords lists the sizes that programs give the guest where they disagree
// (vhd.md 3.3).
func (v overview) sizeWords() string {
	current := v.virtual
	chs := vhd.FooterGeometry(v.footer).Size()
	old, modern := current, current
	if v.geometryRules(oldQEMU) {
		old = chs
	}
	if v.geometryRules(modernQEMU) {
		modern = chs
	}
	if old == current && modern == current {
		return ""
	}
	return fmt.Sprintf("%d here, in Windows, VirtualBox and 7-Zip; %d in QEMU up to 9; %d in QEMU since 10", current, old, modern)
}

// oldQEMU and modernQEMU tell by creator whether these versions take the
// geometry for the disk's size.
func oldQEMU(creator string) bool {
	switch creator {
	case "win ", "qem2", "d2v ", "CTXS", "tap":
		return false
	}
	return true
}

func modernQEMU(creator string) bool { return creator == "vpc " || creator == "qemu" }

// geometryRules reports whether a program that trusts the geometry of these
// creators would show another size than current_size.
func (v *Image) geometryRules(trusts func(string) bool) bool {
	g := vhd.FooterGeometry(v.footer)
	return v.footers.rules().present && g != vhd.Largest && g.Size() != v.virtual && trusts(vhd.FooterCreator.Get(v.footer))
}

func (v overview) headerDetails() []disk.Detail {
	rows := []disk.Detail{
		{Label: "Dynamic header", Value: fmt.Sprintf("at 0x%x", v.header.off)},
		{Label: "BAT", Value: fmt.Sprintf("%d entries at 0x%x, %d needed", vhd.HeaderEntries.Get(v.header.rec), vhd.HeaderTableOffset.Get(v.header.rec), v.table.needed)},
	}
	if v.batmap.found {
		rows = append(rows, disk.Detail{Label: "Batmap", Value: fmt.Sprintf("at 0x%x, %d bytes", v.batmap.mapOff, v.batmap.length)})
	}
	return rows
}

func (v overview) parentDetails() []disk.Detail {
	rows := []disk.Detail{
		{Label: "Parent identity", Value: v.idText(v.wantedID())},
		{Label: "Parent time", Value: vhd.HeaderParentTime.Field().Text(v.header.rec.Bytes())},
		{Label: "Parent name", Value: decode.InQuotes(v.parentName())},
	}
	for _, l := range v.locators {
		rows = append(rows, disk.Detail{Label: fmt.Sprintf("Locator %d (%s)", l.slot+1, strings.TrimSpace(vhd.CodeName(l.code))), Value: decode.InQuotes(l.path)})
	}
	switch {
	case v.parentErr != nil:
		rows = append(rows, disk.Detail{Label: "Parent file", Value: "not usable: " + v.parentErr.Error()})
	case v.parent != nil:
		rows = append(rows, disk.Detail{Label: "Parent file", Value: fmt.Sprintf("found: %s, %d layers in all", v.parent.Files()[0].Name, v.stack.Depth())})
	}
	return rows
}
