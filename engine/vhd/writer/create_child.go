package writer

import (
	"context"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// locatorSpace is the least room that a parent's path gets, in bytes, so that a longer
// one fits when the parent moves.
const locatorSpace = 2048

// parentOf is the parent of a new image.
func parentOf(spec disk.Spec) (reader.Parts, bool) {
	if spec.Parent == nil {
		return reader.Parts{}, false
	}
	v, ok := spec.Parent.Image.(*reader.Image)
	if !ok {
		return reader.Parts{}, false
	}
	return v.Parts(), true
}

// makeChild makes an image without blocks over a parent (vhd.md 12): as a dynamic one,
// with the parent's identity and paths.
func makeChild(ctx context.Context, f store.File, spec disk.Spec) error {
	parent, ok := parentOf(spec)
	if !ok {
		return disk.Wrong("parent", "the parent of a VHD must be a VHD")
	}
	header := newHeader(spec, tableStart)
	vhd.HeaderParentID.Put(header, vhd.FooterID.Get(parent.Footer))
	vhd.HeaderParentTime.Put(header, stamp(spec.Parent.Changed))
	paths, err := parentPaths(spec.Parent)
	if err != nil {
		return err
	}
	vhd.HeaderParentName.Put(header, path.Base(filepath.ToSlash(parentFile(spec.Parent))))
	locators, end := placeLocators(header, paths, tableEnd(spec))
	return writeSparse(ctx, f, spec, vhd.Differencing, header, locators, end)
}

// parentFile is the path by which the parent is known.
func parentFile(b *disk.Base) string {
	if b.Relative != "" {
		return b.Relative
	}
	return b.Absolute
}

// locatorPath is what one locator says.
type locatorPath struct {
	code uint32
	data []byte
}

// parentPaths are the parent's paths in the manner of each platform (vhd.md 7). Hyper-V
// reads no child without a Windows path.
func parentPaths(b *disk.Base) ([]locatorPath, error) {
	var list []locatorPath
	if b.Relative != "" {
		if !vhd.IsRelative(b.Relative) {
			return nil, disk.Wrong("parent", "%q: a path with a colon can't be stored as a relative one", b.Relative)
		}
		list = append(list, locatorPath{vhd.RelativeWindows, relativePath(b.Relative)})
	}
	if b.Absolute != "" {
		absolute := filepath.ToSlash(b.Absolute)
		u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(absolute, "/")}
		list = append(list,
			locatorPath{vhd.AbsoluteWindows, decode.EncodeUTF16(disk.WindowsPath(absolute), decode.Little)},
			locatorPath{vhd.MacURL, []byte(u.String())})
	}
	for _, l := range list {
		if len(l.data) > vhd.MaxLocator {
			return nil, disk.Errorf(disk.Limit, decode.Place{}, "the parent's path is too long: a locator holds %d bytes", vhd.MaxLocator)
		}
	}
	if len(list) == 0 {
		return nil, disk.Wrong("parent", "there is no relative path to the parent, and the absolute one shall not be stored")
	}
	return list, nil
}

// relativePath is the path of a parent from the child's folder: one that leads up
// needs no ".\" in front.
func relativePath(name string) []byte {
	if strings.HasPrefix(name, "../") {
		return decode.EncodeUTF16(disk.WindowsPath(name), decode.Little)
	}
	return vhd.RelativePath(name)
}

// placeLocators fills the header's slots and lays the paths out from at on. It returns
// them and where they end. The room is given in bytes, as Windows does (vhd.md 7).
func placeLocators(header decode.Record[vhd.Header], paths []locatorPath, at int64) ([]store.Piece, int64) {
	var pieces []store.Piece
	for i, p := range paths {
		space := max(roundUp(int64(len(p.data))), locatorSpace)
		slot, _ := vhd.HeaderLocators.At(header, i)
		vhd.LocatorCode.Put(slot, p.code)
		vhd.LocatorSpace.Put(slot, uint32(space))
		vhd.LocatorLength.Put(slot, uint32(len(p.data)))
		vhd.LocatorOffset.Put(slot, uint64(at))
		pieces = append(pieces, store.Piece{Offset: at, Data: p.data})
		at += space
	}
	return pieces, at
}
