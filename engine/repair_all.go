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
	for _, r := range list {
		each := disk.Repair{
			All:   true,
			Title: fmt.Sprintf("%s; and so for the %s like it", r.Title, decode.Plural(others, "other finding", "other findings")),
			Apply: func(ctx context.Context, to store.FS) error {
				for _, one := range row.Alike {
					if err := f.repairOne(ctx, to, name, path, one, disk.Shape(r.Title)); err != nil {
						return err
					}
				}
				return nil
			},
		}
		if r.Risk != "" {
			each.Risk = fmt.Sprintf("for each of the %d: %s", others+1, r.Risk)
		}
		all = append(all, each, r)
	}
	return all
}

// repairOne carries out the repair of a finding whose title has a shape, in files that
// other repairs may have changed meanwhile.
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
		if disk.Shape(r.Title) == shape {
			return r.Apply(ctx, to)
		}
	}
	e := disk.Errorf(disk.Unsupported, decode.Place{}, "one of the findings can't be repaired like the first: %s", one.Text)
	if len(one.Where) > 0 {
		e.At = one.Where[0]
	}
	return e
}
