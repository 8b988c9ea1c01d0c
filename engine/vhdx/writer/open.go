package writer

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vhdx"
)

// Write opens an image for writing its disk. The image was opened on the same
// files, which must not change in between. It is refused, with the finding's code,
// while an error says that the structures which place the disk can't be trusted,
// and while the log has to be replayed.
func Write(ctx context.Context, i disk.Image, to store.FS, how disk.WriteOptions) (disk.Writer, error) {
	img := i.(*reader.Image)
	if err := trusted(ctx, img); err != nil {
		return nil, err
	}
	p := img.Parts()
	header, ok := vhdx.HeaderTable.Of(bytes.Clone(p.Headers[max(p.Current, 0)]))
	if p.Current < 0 || !ok {
		return nil, disk.Errorf(disk.Damaged, decode.Place{File: p.Source.Name, Offset: vhdx.HeaderOffset(0)}, "there is no valid header")
	}
	f, err := to.OpenWrite(p.Source.Name)
	if err != nil {
		return nil, err
	}
	f = store.Strict(f)
	w := &blocks{
		parts: p, file: f, geo: p.Geometry, table: p.BAT.Off, fixed: p.Fixed, child: p.HasParent, below: layer.Under{Parent: img.Parent()}, renew: how.Renew, fresh: uuid.New,
		tables: pages.NewLedger(f, vhdx.LogSector), headers: headers{f, p.Current, header},
		room: layer.NewRoom((p.Size+vhdx.MiB-1)/vhdx.MiB*vhdx.MiB, p.Size, how.Ahead/vhdx.MiB*vhdx.MiB),
	}
	w.sink = pages.Direct{File: f}
	if !store.AllOrNothing(to) {
		w.log = &wal{file: f, headers: &w.headers, off: p.Log.Off, length: p.Log.Length, fresh: w.fresh}
		w.sink = w.log
		if w.log.maxPages() < w.pagesOfBlock() {
			return nil, disk.Errorf(disk.Unsupported, decode.Place{File: p.Source.Name, Offset: p.Log.Off, Length: p.Log.Length}, "the image has no log, or one that is too short for its blocks")
		}
	}
	return w, nil
}

// trusted refuses an image whose structures are in doubt.
func trusted(ctx context.Context, img *reader.Image) error {
	info := img.Info()
	if info.Refused != nil {
		return info.Refused
	}
	if info.Dirty {
		return disk.Refuse(disk.RefusedDirty, disk.ReadOnly, []decode.Place{{File: info.Path}}, "finding vhdx/10 must be settled first: the log was not replayed, so what is written could be undone by the next program that replays it")
	}
	return disk.Trusted(ctx, img)
}
