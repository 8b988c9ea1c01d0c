package writer

import (
	"math"
	"path/filepath"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// makeChild makes an image without blocks over a parent: what is not present is read
// there. Its table has room for the sector bitmaps (vhdx.md 8).
func makeChild(f store.File, spec disk.Spec) error {
	parent, ok := parentOf(spec)
	if !ok {
		return disk.Wrong("parent", "the parent of a VHDX must be a VHDX")
	}
	items, err := childItems(spec, parent)
	if err != nil {
		return err
	}
	metadata := metadataOf(items)
	return layOut(spec, true, metadataEnd(metadata)).write(f, spec, metadata)
}

// childItems are the items of a child: its own, the parent locator, and what describes
// the disk in the parent, items that only users know among them (vhdx.md 6).
func childItems(spec disk.Spec, parent *reader.Image) ([]newItem, error) {
	inherited, err := parent.DiskItems()
	if err != nil {
		return nil, err
	}
	items := diskItems(spec, spec.ID(), 0, 1)
	for _, it := range inherited {
		items = inherit(items, it)
	}
	locator, err := parentLocator(spec.Parent, parent)
	if err != nil {
		return nil, err
	}
	return append(items, known(vhdx.ItemParentLocator, locator)), nil
}

// inherit takes an item over from the parent. Sizes were settled by the options: a child
// may be larger than its parent.
func inherit(items []newItem, it reader.DiskItem) []newItem {
	for i := range items {
		if items[i].id != it.ID || it.User {
			continue
		}
		if it.ID == vhdx.ItemDiskID {
			items[i].content = it.Content
		}
		return items
	}
	return append(items, newItem{it.ID, it.User, true, it.Required, it.Content})
}

// parentLocator names the parent: its DataWriteGuid as of now, and its paths (vhdx.md 7).
func parentLocator(b *disk.Base, parent *reader.Image) ([]byte, error) {
	pairs, err := parentPairs(b, parent)
	if err != nil {
		return nil, err
	}
	return vhdx.LocatorItem(pairs), nil
}

// parentPairs are what a locator says of a parent: its identity, and then its paths.
func parentPairs(b *disk.Base, parent *reader.Image) ([]vhdx.Pair, error) {
	pairs := []vhdx.Pair{{Key: vhdx.KeyLinkage, Value: "{" + parent.DataWriteGUID().String() + "}"}}
	if b.Relative != "" {
		pairs = append(pairs, vhdx.Pair{Key: vhdx.KeyRelativePath, Value: relativePath(b.Relative)})
	}
	if b.Absolute != "" {
		pairs = append(pairs, vhdx.Pair{Key: vhdx.KeyWin32Path, Value: disk.WindowsPath(filepath.ToSlash(b.Absolute))})
	}
	if len(pairs) == 1 {
		return nil, disk.Wrong("parent", "there is no relative path to the parent, and the absolute one shall not be stored")
	}
	for _, p := range pairs {
		if len(decode.EncodeUTF16(p.Value, decode.Little)) > math.MaxUint16 {
			return nil, disk.Errorf(disk.Limit, decode.Place{}, "the parent's path is too long: a locator holds 64 KiB of it")
		}
	}
	return pairs, nil
}

// relativePath is a path from the child's folder in the manner of Windows.
func relativePath(name string) string {
	if len(name) > 3 && name[:3] == "../" {
		return disk.WindowsPath(name)
	}
	return `.\` + disk.WindowsPath(name)
}
