package vhdx

import (
	"fmt"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/store"
)

// prospect is an image seen by what its repairs need.
type prospect struct{ *Image }

// outlook tells whether a finding about some places can be repaired. Words that
// come with it say why not, and what else can be done, or how far a repair goes.
type outlook func(v prospect, where []decode.Place) (ok bool, why string)

// fronts are the outlooks for headers and log (vhdx.md 14). The repairs
// themselves are made by engine/vhdx/writer.
var fronts = map[string]outlook{
	"1": func(v prospect, _ []decode.Place) (bool, string) {
		if why := v.headless(); why != "" {
			return false, why
		}
		if !v.tables.sound {
			return false, "The region tables are not valid either: repair them first (vhdx/14)."
		}
		return true, ""
	},
	"3": headed,
	"4": inMiB,
	"5": inMiB,
	"6": func(v prospect, where []decode.Place) (bool, string) {
		ok, why := headed(v, where)
		return ok && v.holds(where[0]), why
	},
	"8":  headed,
	"9":  headed,
	"10": always,
	"11": always,
	"12": always,
	"53": headed,
	"54": headed,
}

// outlooks are those for everything after headers and log, which have to be
// settled first.
var outlooks = map[string]outlook{
	"13": func(v prospect, _ []decode.Place) (bool, string) { return v.tables.sound, "" },
	"14": func(prospect, []decode.Place) (bool, string) {
		return true, "Metadata and BAT are looked for in the first 4 GiB of the file; where both are damaged only a backup helps."
	},
	"15": inTables(4),
	"19": inTables(vhdx.RegionEntrySize),
	"20": func(v prospect, where []decode.Place) (bool, string) {
		return where[0].Length == vhdx.MetadataHeadSize && v.holds(where[0]) || v.unsignedItems(), ""
	},
	"22": metadataEntry,
	"24": metadataEntry,
	"26": func(v prospect, _ []decode.Place) (bool, string) {
		return v.holds(v.place(v.meta.region.off, v.tableBytes())), ""
	},
	"29": func(v prospect, where []decode.Place) (bool, string) {
		_, why := v.nextSize()
		return why == "" && v.holds(where[0]), why
	},
	"30": func(v prospect, where []decode.Place) (bool, string) { return v.holds(where[0]), "" },
	"33": relinks,
	"34": relinks,
	"35": func(v prospect, _ []decode.Place) (bool, string) { return v.tablesEqual() },
	"36": always,
	"37": firstEntry,
	"38": readableEntry,
	"39": firstEntry,
	"40": firstEntry,
	"41": givesUp,
	"42": givesUp,
	"43": func(_ prospect, where []decode.Place) (bool, string) { return len(where) > 1, "" },
	"44": func(v prospect, where []decode.Place) (bool, string) {
		if len(v.entriesAt(where)) == 0 {
			return false, ""
		}
		return true, fmt.Sprintf("A block can be copied to a place of its own if at most %s of it are not zero; a fuller one only by converting the disk to a new image.", decode.FormatSize(store.MaxStaged))
	},
	"45": func(v prospect, where []decode.Place) (bool, string) { return len(v.anchorsAt(where)) > 0, "" },
	"46": readableEntry,
	"47": firstEntry,
	"48": func(v prospect, where []decode.Place) (bool, string) {
		if len(where) < 2 || len(v.entriesAt(where[:1])) == 0 {
			return false, ""
		}
		_, _, err := v.bitRow(where[1].Offset, 0, 1)
		return err == nil, ""
	},
	"49": always,
	"50": func(v prospect, where []decode.Place) (bool, string) {
		why := v.keepsTail(where[0])
		return why == "", why
	},
	"51": always,
}

// outlook tells whether a finding of a code can be repaired. A state in the
// middle of a replay is only there to be looked at.
func (v prospect) outlook(code string, where []decode.Place) (ok bool, why string) {
	if v.steps >= 0 || len(where) == 0 {
		return false, ""
	}
	if can := fronts[code]; can != nil {
		return can(v, where)
	}
	if can := outlooks[code]; can != nil {
		return v.settled(func() (bool, string) { return can(v, where) })
	}
	return false, ""
}

// settled asks for the outlook of something after headers and log.
func (v prospect) settled(can func() (bool, string)) (bool, string) {
	if why := v.unsettled(); why != "" {
		return false, why
	}
	return can()
}

// unsignedItems reports whether a metadata table without its signature lists all items
// that a disk needs.
func (v prospect) unsignedItems() bool {
	m := &v.meta
	if m.signed || len(m.raw) < vhdx.MetadataTableSize {
		return false
	}
	found := map[uuid.UUID]bool{}
	for i := range min(int64(vhdx.MetadataCount.Get(m.head)), vhdx.MaxMetadataEntries-1) {
		at := vhdx.MetadataHeadSize + i*vhdx.MetadataEntrySize
		rec, _ := vhdx.MetadataEntryTable.Of(m.raw[at : at+vhdx.MetadataEntrySize])
		it := itemOf(rec, m.region.off+at, m.region.length)
		if known, ok := vhdx.ItemOf(it.id); ok && known.Length > 0 && it.placed && it.length == known.Length && it.id != vhdx.ItemIncomplete {
			found[it.id] = true
		}
	}
	const needed = 5 // parameters, disk size, both sector sizes, identity
	return len(found) >= needed
}

func always(prospect, []decode.Place) (bool, string) { return true, "" }

// headed holds where the headers can be updated.
func headed(v prospect, _ []decode.Place) (bool, string) {
	why := v.headless()
	return why == "", why
}

// inMiB holds where there is room for both headers.
func inMiB(v prospect, _ []decode.Place) (bool, string) {
	if v.size < vhdx.MiB {
		return false, v.headless()
	}
	return true, ""
}

// holds reports whether the file has all of a place.
func (v prospect) holds(at decode.Place) bool {
	return at.Offset >= 0 && at.Length > 0 && at.Offset <= v.size && at.Length <= v.size-at.Offset
}

// tablesEqual holds where both region tables can be changed alike.
func (v prospect) tablesEqual() (bool, string) {
	if t := &v.tables; !t.copies[0].valid || string(t.copies[0].raw) != string(t.copies[1].raw) {
		return false, "It can be repaired once both region tables are equal (vhdx/13)."
	}
	return true, ""
}

// inTables holds for a place of n bytes in the region tables.
func inTables(n int64) outlook {
	return func(v prospect, where []decode.Place) (bool, string) {
		if off := where[0].Offset - vhdx.RegionOffset(v.tables.used); off < 0 || off+n > vhdx.RegionTableSize || where[0].Length != n {
			return false, ""
		}
		return v.tablesEqual()
	}
}

func metadataEntry(v prospect, where []decode.Place) (bool, string) {
	return where[0].Length == vhdx.MetadataEntrySize && v.holds(where[0]), ""
}

func firstEntry(v prospect, where []decode.Place) (bool, string) {
	return len(v.entriesAt(where[:1])) == 1, ""
}

func readableEntry(v prospect, where []decode.Place) (bool, string) {
	list := v.entriesAt(where[:1])
	return len(list) == 1 && v.readable(list[0]), ""
}

func (v prospect) readable(index int64) bool {
	_, err := v.entry(index)
	return err == nil
}

// givesUp holds for entries whose block can be made whole, or given up.
func givesUp(v prospect, where []decode.Place) (bool, string) {
	ok := len(where) > 1
	for _, index := range v.entriesAt(where) {
		_, bitmap := v.geo.IsBitmap(index)
		ok = ok || bitmap || v.readable(index)
	}
	return ok, ""
}

// relinks holds where there is a file that could be the parent.
func relinks(v prospect, _ []decode.Place) (bool, string) {
	if _, why := v.candidate(); why != "" {
		return false, why
	}
	if _, ok := v.locatorPlace(); !ok {
		return false, "The parent locator can't be rewritten in its place: make a new differencing image of the parent."
	}
	return true, ""
}

// entriesAt lists the BAT entries among a finding's places.
func (v prospect) entriesAt(where []decode.Place) []int64 {
	var list []int64
	for _, at := range where {
		index := (at.Offset - v.bat.off) / vhdx.EntrySize
		if at.Length == vhdx.EntrySize && at.Offset >= v.bat.off && index < v.geo.Entries(v.params.hasParent) {
			list = append(list, index)
		}
	}
	return list
}

// anchorsAt lists those of them that are of freed blocks.
func (v prospect) anchorsAt(where []decode.Place) (list []int64) {
	for _, index := range v.entriesAt(where) {
		if entry, err := v.entry(index); err == nil && vhdx.State(entry) < vhdx.FullyPresent {
			list = append(list, index)
		}
	}
	return list
}

// unsettled says what has to be repaired before anything after headers and
// log; empty if nothing has. The order is that of vhdx.md 14.
func (v prospect) unsettled() string {
	switch why := v.headless(); {
	case why != "":
		return why
	case v.log.dirty() && v.log.fault != "":
		return fmt.Sprintf("It can be repaired once the log is (vhdx/%s).", v.log.code)
	case v.log.dirty():
		return "It can be repaired once the log is replayed in the file (vhdx/10); until then what the log holds would undo the repair."
	}
	return ""
}

// headless says why the headers can't be updated; empty if they can.
func (v prospect) headless() string {
	switch h := &v.headers; {
	case v.size < vhdx.MiB:
		return "The file ends in its first MiB, so nothing of the disk is left to be repaired."
	case h.current < 0:
		return "It can be repaired once there is a valid header (vhdx/4)."
	case h.tied && !h.identical():
		return "It can be repaired once it is known which header is current (vhdx/5)."
	}
	return ""
}

// canSupply tells whether a mandatory item can be put in its place (27).
func (v prospect) canSupply(known vhdx.Item) (ok bool, why string) {
	switch known.ID {
	case vhdx.ItemDiskID, vhdx.ItemPhysicalSector, vhdx.ItemLogicalSector:
	case vhdx.ItemDiskSize:
		if _, why := lost(v).guessSize(); why != "" {
			return false, why
		}
	default:
		return false, "A wrong block size would scramble the disk: take it from a backup, a child or the program that made the image."
	}
	_, ok = v.itemRoom(known.Length)
	return ok && (v.mandatoryPlace(known).Length == vhdx.MetadataEntrySize || len(v.meta.items) < vhdx.MaxSystemItems), ""
}

// nextSize is the size that the disk gets where it has an impossible one (29).
func (v prospect) nextSize() (size int64, why string) {
	if p := v.params; p.diskSize > 0 && p.diskSize <= vhdx.MaxDiskSize {
		return int64((p.diskSize + p.logicalSector - 1) / p.logicalSector * p.logicalSector), ""
	}
	return lost(v).guessSize()
}
