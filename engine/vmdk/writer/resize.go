package writer

import (
	"context"
	"slices"
	"strconv"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// resizing is an image whose disk gets another size (vmdk.md 10).
type resizing struct {
	reader.Parts
	spec  disk.Spec
	after int64
	tail  reader.Tail
	out   disk.Resizing
	rooms []disk.Step // what goes into the files of extents
}

// Resize finds out how the disk grows in place, see [disk.Resizer]. Nobody shrinks a VMDK
// in place, and all links of a chain have one size (vmdk.md 9, 10).
func Resize(ctx context.Context, i disk.Image, to disk.NewSize) (disk.Resizing, error) {
	img := i.(*reader.Image)
	if err := disk.Trusted(ctx, img); err != nil {
		return disk.Resizing{}, err
	}
	if _, err := img.Targets(); err != nil {
		return disk.Resizing{}, err
	}
	r := &resizing{Parts: img.Parts(), spec: to.Spec(), after: to.Size}
	r.out.Before, r.out.After = r.Size, to.Size
	if err := r.allowed(img.Info().Type); err != nil {
		return disk.Resizing{}, err
	}
	var err error
	if r.tail, err = r.Parts.Tail(); err != nil {
		return disk.Resizing{}, err
	}
	if r.tail.Sparse != nil {
		err = r.sparse(ctx)
	} else {
		err = r.flat()
	}
	return r.out, err
}

// allowed refuses what no larger size can be given to.
func (r *resizing) allowed(kind string) error {
	at := decode.Place{File: r.Name}
	switch {
	case r.Wanted:
		return disk.Copied(at, "VMware opens no chain of which the links have different sizes (\"the capacity of each link in the chain is different\"), so that no link grows alone")
	case r.after < r.Parts.Size:
		return disk.Copied(at, "no VMDK is shrunk in place")
	case r.Descriptor == nil || r.Fault != "":
		return disk.Copied(at, "there is no whole descriptor")
	}
	r.spec.Values[disk.OptionType] = kind
	if most, whose := limit(r.spec); r.after > most {
		return disk.Errorf(disk.Limit, at, "%s is too large: %s holds at most %s", decode.ShortSize(uint64(r.after)), whose, decode.ShortSize(uint64(most)))
	}
	if g, ok := r.spec.Geometry(); ok {
		return goodGeometry(r.spec, g)
	}
	return nil
}

// describe is the change of the descriptor: it comes in one commit with all else.
func (r *resizing) describe(sectors int64, lines string) error {
	parts := slices.Concat(r.Lengthen(sectors, lines), r.Renewing(), r.Untracked(), r.geometry())
	if !r.Fits(parts...) {
		return disk.Copied(r.TextAt, "the new text does not fit into the room of the descriptor")
	}
	if len(r.Untracked()) > 0 {
		r.out.Warnings = append(r.out.Warnings, disk.Finding{Code: "vmdk/tracking", Severity: disk.SeverityWarning, Where: []decode.Place{r.TextAt},
			Text: "change tracking ends: its map is of the old size; the next backup has to be a full one, and the file that changeTrackPath named can be removed"})
	}
	r.out.Switch = disk.Steps(append(r.rooms, r.Rewrite(parts...))...)
	return nil
}

// geometry is the change of the geometry: where there is one, or one is asked for.
func (r *resizing) geometry() (parts []vmdk.Splice) {
	_, asked := r.spec.Geometry()
	if r.Setting("ddb.geometry.cylinders") == nil && !asked {
		return nil
	}
	adapter, _ := r.Database("adapterType")
	r.spec.Values[optionAdapter] = adapter
	g := geometry(r.spec, r.after/vmdk.SectorSize)
	for _, row := range []struct {
		key   string
		value int64
	}{{"cylinders", g.Cylinders}, {"heads", g.Heads}, {"sectors", g.Sectors}} {
		parts = append(parts, r.Set("ddb.geometry."+row.key, strconv.FormatInt(row.value, 10)))
	}
	return parts
}
