package vhdx

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// overview is an image in the words of its Info.
type overview struct{ *Image }

// describe gathers what the overview shows. Nothing here scans a table.
func (v overview) describe() disk.Info {
	recognised := recognisedBy
	if !v.signed {
		recognised = "by its headers; the signature at the start of the file is damaged"
	}
	return disk.Info{
		Path:               v.src.Path,
		Format:             "vhdx",
		Type:               v.typeName(),
		Recognised:         recognised,
		VirtualSize:        v.geo.DiskSize,
		FileSize:           v.size,
		BlockSize:          v.geo.BlockSize,
		LogicalSectorSize:  v.geo.SectorSize,
		PhysicalSectorSize: int64(v.params.physicalSector),
		Creator:            vhdx.IdentifierCreator.Get(v.identifier),
		ID:                 v.params.diskID.String(),
		Parent:             v.parentNamed(),
		Dirty:              v.log.dirty(),
		Details:            v.details(),
		Findings:           append(append([]disk.Finding(nil), v.src.Notes...), v.findings...),
		Refused:            v.refused,
	}
}

func (v *Image) typeName() string {
	switch {
	case v.params.blockSize == 0:
		return "unknown"
	case v.params.hasParent:
		return "differencing"
	case v.params.fixed:
		return "fixed"
	}
	return "dynamic"
}

// parentNamed is the parent's name for the overview.
func (v overview) parentNamed() string {
	if !v.params.hasParent {
		return ""
	}
	if names := v.locator.parentNames(); len(names) > 0 {
		return names[0]
	}
	return wordGUIDs(v.locator.linkages())
}

// maxRows bounds the rows of one kind in the overview.
const maxRows = 16

func (v overview) details() []disk.Detail {
	var rows []disk.Detail
	row := func(label, format string, args ...any) {
		rows = append(rows, disk.Detail{Label: label, Value: fmt.Sprintf(format, args...)})
	}
	if h, ok := v.headers.ruling(); ok {
		row("Current header", "%d: %s", v.headers.current+1, v.headers.reason)
		row("Header sequence numbers", "%s", v.sequenceWords())
		row("File write GUID", "%s", vhdx.HeaderFileGUID.Get(h))
		row("Data write GUID", "%s", vhdx.HeaderDataGUID.Get(h))
		row("Log", "%s", v.logWords())
	}
	if v.tables.used >= 0 {
		row("Region table", "%d of 2 is used", v.tables.used+1)
		for _, r := range v.regions[:min(len(v.regions), maxRows)] {
			row("Region "+vhdx.RegionName(r.guid), "%s at 0x%x", decode.FormatSize(uint64(r.length)), r.off)
		}
	}
	if v.sized {
		g := v.geo
		row("Blocks", "%d of %s, %d to a chunk", g.Blocks, decode.FormatSize(uint64(g.BlockSize)), g.Ratio)
		row("BAT", "%d entries at 0x%x, the region has room for %d", g.Entries(v.params.hasParent), v.bat.off, v.bat.length/vhdx.EntrySize)
	}
	if v.params.diskID != (uuid.UUID{}) {
		row("Virtual disk ID", "%s", v.params.diskID)
	}
	if v.params.hasParent {
		rows = append(rows, v.parentDetails()...)
	}
	return rows
}

func (v overview) sequenceWords() string {
	var words []string
	for i, c := range v.headers.copies {
		if c.valid {
			words = append(words, fmt.Sprintf("header %d: %d", i+1, c.sequence()))
		} else {
			words = append(words, fmt.Sprintf("header %d: not valid", i+1))
		}
	}
	return strings.Join(words, ", ")
}

func (v *Image) logWords() string {
	r := &v.log
	place := fmt.Sprintf("%s at 0x%x", decode.FormatSize(uint64(r.length)), r.off)
	switch {
	case r.fault != "":
		return "can't be replayed: " + r.fault
	case r.length == 0:
		return "none"
	case !r.dirty():
		return place + ", clean"
	case v.steps >= 0:
		return fmt.Sprintf("%s, shown after %d of %d entries to be replayed", place, min(v.steps, len(v.active)), len(v.active))
	}
	return place + ", dirty: " + v.replayWords()
}

func (v overview) parentDetails() []disk.Detail {
	rows := []disk.Detail{{Label: "Parent identity", Value: wordGUIDs(v.locator.linkages())}}
	for _, key := range []string{vhdx.KeyRelativePath, vhdx.KeyVolumePath, vhdx.KeyWin32Path} {
		if value := v.locator.value(key); value != "" {
			rows = append(rows, disk.Detail{Label: "Parent " + key, Value: decode.InQuotes(value)})
		}
	}
	switch {
	case v.parentErr != nil:
		rows = append(rows, disk.Detail{Label: "Parent", Value: "not usable: " + v.parentErr.Error()})
	case v.parent != nil:
		rows = append(rows, disk.Detail{Label: "Parent", Value: fmt.Sprintf("found: %s, %d layers in all", v.parent.Files()[0].Name, v.stack.Depth())})
	}
	return rows
}
