package writer

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// Relink has a differencing image name another parent, or the same by other names, see
// [disk.Relinker] (vhd.md 13).
func Relink(img disk.Image, to disk.Relink) (disk.Repair, error) {
	child, ok := img.(*reader.Image)
	if !ok || child.Parts().Kind != vhd.Differencing {
		return disk.Repair{}, disk.NoChild(img.Info().Path)
	}
	v := &image{child.Parts()}
	if !v.HeaderOK || !v.HeaderSums {
		return disk.Repair{}, disk.Errorf(disk.Damaged, v.place(v.HeaderAt, vhd.HeaderSize), "the dynamic header has a wrong checksum, or can't be read: repair that first")
	}
	if to.Base == nil {
		return v.alone()
	}
	parent, ok := parentOf(disk.Spec{Parent: to.Base})
	if !ok {
		return disk.Repair{}, disk.OtherFormat(img.Info(), to.Base.Image.Info())
	}
	var steps []disk.Step
	if to.Identity {
		steps = append(steps, v.changeHeader(func(h decode.Record[vhd.Header]) {
			vhd.HeaderParentID.Put(h, vhd.FooterID.Get(parent.Footer))
			vhd.HeaderParentTime.Put(h, stamp(to.Base.Changed))
		}))
	}
	if to.Names {
		paths, err := parentPaths(to.Base)
		if err != nil {
			return disk.Repair{}, err
		}
		steps = append(steps, v.putPaths(v.wantedPaths(paths), path.Base(filepath.ToSlash(parentFile(to.Base)))))
	}
	return disk.Repair{Title: "name the parent", Apply: disk.Steps(steps...)}, nil
}

// alone makes a dynamic disk of a differencing one: without a parent's names.
func (v *image) alone() (disk.Repair, error) {
	list := v.changeFooters("name no parent", "", func(f decode.Record[vhd.Footer]) { vhd.FooterType.Put(f, vhd.Dynamic) })
	if len(list) == 0 {
		return disk.Repair{}, disk.Errorf(disk.Damaged, v.place(v.Rules.Off, vhd.FooterSize), "the footer has a wrong checksum: repair that first")
	}
	r := list[0]
	forget := func(ctx context.Context, to store.FS) error {
		var steps []disk.Step
		for _, room := range v.pathRooms(ctx) {
			steps = append(steps, disk.Clear(v.place(room.Offset, room.Length)))
		}
		return disk.Steps(append(steps, v.changeHeader(clearParent))...)(ctx, to)
	}
	r.Apply = disk.Steps(forget, r.Apply)
	return r, nil
}

// wantedPaths leaves out the path of a Macintosh where the image has had none.
func (v *image) wantedPaths(list []locatorPath) []locatorPath {
	had := slices.ContainsFunc(v.Locators, func(l reader.Locator) bool { return l.Code == vhd.MacURL })
	return slices.DeleteFunc(slices.Clone(list), func(p locatorPath) bool { return p.code == vhd.MacURL && !had })
}

// putPaths stores paths in the place of all names that the header has. Each goes into the
// room of a locator that is there, the longest first; those that fit into none get new
// room after the data, in front of the footer.
func (v *image) putPaths(paths []locatorPath, name string) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		slices.SortStableFunc(paths, func(a, b locatorPath) int { return cmp.Compare(len(b.data), len(a.data)) })
		placed, more := v.intoRoom(ctx, paths)
		var steps []disk.Step
		if more > 0 {
			at, room, err := v.roomBehind(ctx, more)
			if err != nil {
				return err
			}
			steps = append(steps, room)
			for i := range placed {
				if placed[i].fresh {
					placed[i].Offset, at = at, at+placed[i].Length
				}
			}
		}
		for _, old := range v.pathRooms(ctx) {
			steps = append(steps, disk.Clear(v.place(old.Offset, old.Length)))
		}
		for i, p := range paths {
			steps = append(steps, v.put(placed[i].Offset, p.data))
		}
		steps = append(steps, v.changeHeader(func(h decode.Record[vhd.Header]) { putPaths(h, paths, placed, name) }))
		return disk.Steps(steps...)(ctx, to)
	}
}

// spot is the room of a path, in whole sectors.
type spot struct {
	store.Range
	fresh bool // it has no place yet
}

// intoRoom finds the least room for each path among those of the locators, and tells how many bytes the others need.
func (v *image) intoRoom(ctx context.Context, paths []locatorPath) (list []spot, more int64) {
	free := v.pathRooms(ctx)
	for _, p := range paths {
		i := slices.IndexFunc(free, func(r store.Range) bool { return r.Length >= int64(len(p.data)) })
		if i < 0 {
			s := spot{store.Range{Length: max(roundUp(int64(len(p.data))), locatorSpace)}, true}
			list, more = append(list, s), more+s.Length
			continue
		}
		list = append(list, spot{Range: free[i]})
		free = slices.Delete(free, i, i+1)
	}
	return list, more
}

// pathRooms are the rooms of the locators in which nothing else lies, the least first.
func (v *image) pathRooms(ctx context.Context) (free []store.Range) {
	for _, l := range v.Locators {
		room := store.Range{Offset: l.Off, Length: min(l.Area, vhd.MaxLocator) / vhd.Sector * vhd.Sector}
		shared := slices.ContainsFunc(free, func(r store.Range) bool { return r.Offset < room.End() && room.Offset < r.End() })
		if l.Sound && !shared && room.Length > 0 && l.Off%vhd.Sector == 0 && v.freeOfBlocks(ctx, l.Off, room.Length, none) == nil {
			free = append(free, room)
		}
	}
	slices.SortFunc(free, func(a, b store.Range) int { return cmp.Compare(a.Length, b.Length) })
	return free
}

// putPaths names the parent in a header, by paths that lie in the file.
func putPaths(h decode.Record[vhd.Header], paths []locatorPath, placed []spot, name string) {
	clearNames(h)
	vhd.HeaderParentName.Put(h, name)
	for i, p := range paths {
		l, _ := vhd.HeaderLocators.At(h, i)
		vhd.LocatorCode.Put(l, p.code)
		vhd.LocatorSpace.Put(l, uint32(placed[i].Length))
		vhd.LocatorLength.Put(l, uint32(len(p.data)))
		vhd.LocatorOffset.Put(l, uint64(placed[i].Offset))
	}
}
