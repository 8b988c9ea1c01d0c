package vhdx

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
)

// Regions tells what each byte of the file is for.
func (v *Image) Regions(ctx context.Context) iter.Seq2[disk.Region, error] {
	all, survey := cover{v}, v.survey(ctx)
	claims := func(from, to int64) iter.Seq2[disk.Claim, error] {
		return func(yield func(disk.Claim, error) bool) {
			for _, c := range all.fixedClaims() {
				if !yield(c, nil) {
					return
				}
			}
			switch {
			case !v.sized:
			case v.geo.Entries(v.params.hasParent) <= namedEntries:
				all.blockClaims(ctx, yield)
			default:
				all.mergedClaims(survey, from, to, yield)
			}
		}
	}
	return disk.Cover(ctx, v.src.Name, v.size, claims, all.gap(ctx))
}

// cover is an image taken as the regions of its file.
type cover struct{ *Image }

// namedEntries is up to how many BAT entries each block is a region of its
// own; in larger images neighbours are merged.
const namedEntries = 1 << 16

// fixedClaims are those of the structures outside the blocks.
func (v cover) fixedClaims() []disk.Claim {
	var list []disk.Claim
	add := func(off, n int64, kind disk.Kind, name string) {
		list = append(list, disk.Claim{Offset: off, Length: n, Kind: kind, Name: name})
	}
	add(0, vhdx.IdentifierSize, disk.KindHeader, "file type identifier")
	for i := range 2 {
		add(vhdx.HeaderOffset(i), vhdx.HeaderSize, disk.KindHeader, fmt.Sprintf("header %d", i+1))
		used := vhdx.RegionHeadSize + v.tables.copies[i].entries()*vhdx.RegionEntrySize
		add(vhdx.RegionOffset(i), used, disk.KindTable, fmt.Sprintf("region table %d", i+1))
	}
	add(v.log.off, v.log.length, disk.KindLog, "log")
	for i, r := range v.regions {
		switch {
		case !r.placed || slices.ContainsFunc(v.regions[:i], func(o region) bool { return o.guid == r.guid }):
		case r.guid == vhdx.RegionBAT && v.sized:
			used := v.geo.Entries(v.params.hasParent) * vhdx.EntrySize
			add(r.off, used, disk.KindTable, "BAT")
			add(r.off+used, r.length-used, disk.KindPadding, "BAT padding")
		case r.guid == vhdx.RegionMetadata && v.meta.signed:
			list = append(list, v.metadataClaims()...)
		default:
			add(r.off, r.length, disk.KindMetadata, vhdx.RegionName(r.guid))
		}
	}
	return list
}

// metadataClaims are those of the metadata table and its items, and of the
// room between them.
func (v cover) metadataClaims() []disk.Claim {
	m := &v.meta
	table := int64(vhdx.MetadataHeadSize + len(m.items)*vhdx.MetadataEntrySize)
	list := []disk.Claim{{Offset: m.region.off, Length: table, Kind: disk.KindMetadata, Name: "metadata table"}}
	for _, it := range m.items {
		if it.placed {
			list = append(list, disk.Claim{Offset: m.region.off + it.offset, Length: it.length, Kind: disk.KindMetadata, Name: it.name()})
		}
	}
	slices.SortStableFunc(list, func(a, b disk.Claim) int { return cmp.Compare(a.Offset, b.Offset) })
	pos := m.region.off
	for _, c := range list {
		if c.Offset > pos {
			list = append(list, disk.Claim{Offset: pos, Length: c.Offset - pos, Kind: disk.KindSlack, Name: "metadata region, unused"})
		}
		pos = max(pos, c.Offset+c.Length)
	}
	return append(list, disk.Claim{Offset: pos, Length: m.region.off + m.region.length - pos, Kind: disk.KindSlack, Name: "metadata region, unused"})
}

// blockClaims names each block.
func (v cover) blockClaims(ctx context.Context, yield func(disk.Claim, error) bool) {
	for o, err := range v.owners(ctx) {
		if err != nil {
			yield(disk.Claim{}, err)
			return
		}
		kind, _ := kindOf(o.what)
		if !yield(disk.Claim{Offset: o.off, Length: o.length, Kind: kind, Name: v.useName(o.index, o.what)}, nil) {
			return
		}
	}
}

// mergedClaims yields what the table claims of [from, to): once for each use, and
// once more where two entries meet.
func (v cover) mergedClaims(m *space.Map, from, to int64, yield func(disk.Claim, error) bool) {
	for w, err := range m.Windows(from) {
		if err != nil || w.Offset >= to {
			if err != nil {
				yield(disk.Claim{}, err)
			}
			return
		}
		for what := space.Twice; what < int(uses); what++ {
			kind, name := disk.KindPayload, "other blocks"
			if what != space.Twice {
				kind, name = kindOf(use(what))
			}
			for r := range m.Runs(what, from, to) {
				if !yield(disk.Claim{Offset: r.Offset, Length: r.Length, Kind: kind, Name: name}, nil) {
					return
				}
			}
		}
	}
}

// useName names what a BAT entry claims.
func (v *Image) useName(index int64, what use) string {
	number, _ := v.geo.IsBitmap(index)
	switch what {
	case useBitmap:
		return fmt.Sprintf("sector bitmap %d", number)
	case useAnchor:
		return fmt.Sprintf("freed block %d (soft anchor)", number)
	}
	return fmt.Sprintf("block %d", number)
}

// gap names what nothing claims. Of a long range only the start is read, and the
// name says so.
func (v cover) gap(ctx context.Context) disk.Gap {
	look := space.NewLooker(v.data, v.data.grown)
	doubt := sync.OnceValue(func() bool { return v.tablesWhole(ctx) != nil })
	return func(off, n int64) (disk.Kind, string) {
		f, err := look.Look(ctx, off, n, space.Quick)
		text := f.String()
		if err != nil || f.Other >= 0 || f.Ones > 0 {
			text = "not zero"
		}
		switch {
		case off < vhdx.MiB && f.Zero():
			return disk.KindPadding, "reserved"
		case off < vhdx.MiB:
			return disk.KindSlack, "reserved, " + text
		case off+n == v.size && n < vhdx.MiB:
			return disk.KindTrailing, "after the last MiB"
		case doubt():
			return disk.KindUnknown, "named by no entry that can be believed, " + text
		}
		if f.Zero() {
			return disk.KindFree, "free space, zeros"
		}
		return disk.KindUnknown, "claimed by nothing, " + text
	}
}
