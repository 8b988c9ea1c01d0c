package engine

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// forAll puts before each repair of the first finding of a row one that repairs all of
// them in the same way. Each finding's repair is made for the image as those before it
// have left it. It fails, and with it all of them, where one of the findings has no
// repair of that sort.
func (f format) forAll(img disk.Image, row disk.Finding, list []disk.Repair) []disk.Repair {
	if len(row.Alike) < 2 {
		return list
	}
	var all []disk.Repair
	name, path := img.Files()[0].Name, img.Info().Path
	others := len(row.Alike) - 1
	instead, count := f.otherwise(img, row)
	for _, r := range list {
		if r.All {
			all = append(all, r) // it does so by itself
			continue
		}
		each := disk.Repair{
			All:   true,
			Even:  r.Even,
			Title: fmt.Sprintf("%s; and so for the %s like it", r.Title, decode.Plural(others, "other finding", "other findings")),
			Apply: func(ctx context.Context, to store.FS) error {
				for _, one := range row.Alike {
					shape := disk.Shape(r.Title)
					if !one.SameKind(row) {
						shape = "" // its own, which keeps most
					}
					if err := f.repairOne(ctx, to, name, path, one, shape); err != nil {
						return err
					}
				}
				return nil
			},
		}
		if r.Risk != "" {
			each.Risk = fmt.Sprintf("for each of the %d: %s", others+1-count, r.Risk)
		}
		if count > 0 {
			each.Title += "; for those of another kind: " + instead.Title
			if instead.Risk != "" && each.Risk != "" {
				each.Risk += "; for those of another kind: " + instead.Risk
			} else if instead.Risk != "" {
				each.Risk = "for those of another kind: " + instead.Risk
			}
		}
		all = append(all, each, r)
	}
	return all
}

// otherwise is what is done for the findings of a row that are of another kind than the
// first, and how many they are: their own first repair, which keeps most.
func (f format) otherwise(img disk.Image, row disk.Finding) (first disk.Repair, count int) {
	for _, one := range row.Alike {
		if one.SameKind(row) {
			continue
		}
		if count++; first.Title != "" {
			continue
		}
		if list, err := f.repairs(context.Background(), img, one); err == nil && len(list) > 0 {
			first = list[0]
		}
	}
	if first.Title == "" {
		return first, 0
	}
	return first, count
}

// repairOne carries out the repair of a finding whose title has a shape, or its first for
// an empty one, in files that other repairs may have changed meanwhile.
func (f format) repairOne(ctx context.Context, to store.FS, name, path string, one disk.Finding, shape string) (err error) {
	file, err := to.Open(name)
	if err != nil {
		return err
	}
	img, err := OpenIn(ctx, to, name, file, path, Options{Format: f.name})
	if err != nil {
		return err
	}
	defer img.Close()
	list, err := f.repairs(ctx, img, one)
	if err != nil {
		return err
	}
	for _, r := range list {
		if shape == "" || disk.Shape(r.Title) == shape {
			return r.Apply(ctx, to)
		}
	}
	e := disk.Errorf(disk.Unsupported, decode.Place{}, "one of the findings can't be repaired like the first: %s", one.Text)
	if len(one.Where) > 0 {
		e.At = one.Where[0]
	}
	return e
}
