package writer

import (
	"context"
	"errors"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vmdk"
)

// Write opens an image for writing its disk. The image was opened on the same
// files, which must not change in between. It is refused, with the finding's code,
// while an error says that the structures which place the disk can't be trusted,
// and for streams without markers.
func Write(ctx context.Context, i disk.Image, to store.FS, how disk.WriteOptions) (disk.Writer, error) {
	img := i.(*reader.Image)
	if err := disk.Trusted(ctx, img); err != nil {
		return nil, err
	}
	list, err := img.Targets()
	if err != nil {
		return nil, err
	}
	w := &extents{size: img.Info().VirtualSize, below: layer.Under{Parent: img.Parent()}, settled: img.Settled}
	for _, x := range list {
		s, err := open(x, img, to, how)
		if err != nil {
			return nil, errors.Join(err, w.abandon())
		}
		w.list = append(w.list, part{x.Start, x.Start + x.Length, s})
	}
	if r, ok := img.Renewal(); ok && how.Renew {
		w.renew = func(ctx context.Context) error { return renew(ctx, r, img.Parts().Name, to) }
	}
	return w, nil
}

// open opens the file of an extent.
func open(x reader.Target, img *reader.Image, to store.FS, how disk.WriteOptions) (storage, error) {
	if x.Empty {
		return nothing{x.Line}, nil
	}
	inPlace := store.AllOrNothing(to)
	if x.Packed && !inPlace && !x.Appends {
		return nil, disk.Refuse(disk.RefusedStream, disk.Unsupported, []decode.Place{{File: x.File}},
			"a compressed grain is replaced only through a journal, and nothing can be put at the end of this stream: a whole disk goes to a new image (platter convert SOURCE NEW.vmdk --type streamOptimized), and into this one no more than goes through a journal at once")
	}
	f, err := to.OpenWrite(x.File)
	if err != nil {
		return nil, err
	}
	f = store.Strict(f)
	if !x.Sparse {
		return &flat{f, x.Base - x.Start}, nil
	}
	ahead := how.Ahead / x.Grain * x.Grain
	if x.Packed {
		ahead = 0
	}
	g := &grains{
		file: f, x: x, below: layer.Under{Parent: img.Parent()}, tables: pages.NewLedger(f, vmdk.SectorSize),
		room: layer.NewRoom(max(x.Size, x.Floor), x.Size, ahead),
	}
	if x.Packed {
		return &packed{grains: g, inPlace: inPlace}, nil
	}
	return g, nil
}

// renewed is the reason for a new content ID.
const renewed = "a new content ID (CID), before the content changes, so that children notice"

// renew gives the disk a new content ID, durable before the first change.
func renew(ctx context.Context, r disk.Repair, name string, to store.FS) error {
	if err := r.Apply(ctx, store.Because(to, renewed)); err != nil {
		return err
	}
	f, err := to.OpenWrite(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
