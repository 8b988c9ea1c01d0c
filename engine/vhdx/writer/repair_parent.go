package writer

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/store"
)

// relink makes the child name a parent that is there (33, 34): the file found
// under one of its names, as it is now.
func (v *image) relink(disk.Finding) []disk.Repair {
	found := v.Candidate()
	return v.one(fix{title: "take " + decode.Printable(found.File) + " for the parent, as it is now", reads: !found.Named,
		risk: "if it was changed since this image was made, what this image leaves to it is garbage",
		body: func(ctx context.Context, to store.FS) error {
			if err := found.Readable(); err != nil {
				return err
			}
			content, err := v.locatorFor(found.File, found.ID)
			if err != nil {
				return err
			}
			return v.putLocator(content)(ctx, to)
		}})
}

// locatorFor is the parent locator with another identity and a path that leads
// to the file; absolute paths and unknown pairs stay.
func (v *image) locatorFor(found string, id uuid.UUID) ([]byte, error) {
	relative, err := filepath.Rel(path.Dir(v.Source.Name), found)
	if err != nil {
		return nil, disk.Errorf(disk.Unsupported, v.Locator().Place, "no relative path leads from this image to %s: put the parent beside it", decode.InQuotes(found))
	}
	pairs := []vhdx.Pair{
		{Key: vhdx.KeyLinkage, Value: "{" + id.String() + "}"},
		{Key: vhdx.KeyRelativePath, Value: `.\` + strings.ReplaceAll(relative, "/", `\`)},
	}
	for _, p := range v.Pairs {
		if p.Key != vhdx.KeyLinkage && p.Key != vhdx.KeyLinkage2 && p.Key != vhdx.KeyRelativePath && p.KeyBad == "" && p.ValueBad == "" {
			pairs = append(pairs, p)
		}
	}
	return vhdx.LocatorItem(pairs), nil
}

// putLocator writes the parent locator where it lay if it fits there, else
// after all other items.
func (v *image) putLocator(content []byte) disk.Step {
	return func(ctx context.Context, to store.FS) error {
		it, off := v.Locator(), v.Locator().Offset
		if int64(len(content)) > it.Place.Length {
			var ok bool
			if off, ok = v.ItemRoom(int64(len(content))); !ok || len(content) > vhdx.MaxItemSize {
				return disk.Errorf(disk.Unsupported, it.Place, "the metadata region has no room for a longer parent locator")
			}
		}
		entry := disk.Change(it.Entry, func(b []byte) {
			rec, _ := vhdx.MetadataEntryTable.Of(b)
			vhdx.EntryOffset.Put(rec, uint32(off))
			vhdx.EntryLength.Put(rec, uint32(len(content)))
		})
		return disk.Steps(entry, disk.Clear(it.Place), v.put(v.Meta.Off+off, content))(ctx, to)
	}
}
