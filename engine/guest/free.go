package guest

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
)

// Volume is a volume on a disk, and what is known of its free room.
type Volume struct {
	Start, Length int64  // bytes of the disk
	System        string // its file system; empty if that is not known
	Free          int64  // bytes that it calls free
	Refused       error  // why that is not known; nil if it is
}

// Free calls use with the ranges of the disk that the file systems on it call free, each
// volume's in ascending order, and returns the volumes. Only ext2, ext3 and ext4 are
// read, as described by Linux, Documentation/filesystems/ext4. A volume is believed only if
// it was cleanly unmounted and all of its counts and checksums agree; of any other, nothing
// is called free. The error is the disk's, that of use, or the context's.
func Free(ctx context.Context, d disk.Image, use func(off, n int64) error) ([]Volume, error) {
	t, err := Partitions(ctx, d)
	if err != nil {
		return nil, err
	}
	r := reader{ctx, d, d.Info().VirtualSize}
	list := t.Partitions
	if t.Scheme == "" {
		list = []disk.Partition{{Length: r.size, System: t.System}}
	}
	var volumes []Volume
	for _, p := range list {
		v := Volume{Start: p.Start, Length: p.Length, System: p.System}
		var e *ext
		if v.Refused = alone(p, list); v.Refused == nil {
			e, v.Refused = r.openExt(p)
		}
		if v.Refused == nil {
			v.Free, v.Refused = e.verify()
		}
		if err := ctx.Err(); err != nil {
			return volumes, err
		}
		if v.Refused == nil {
			if err := e.free(use); err != nil {
				return volumes, err
			}
		}
		volumes = append(volumes, v)
	}
	return volumes, nil
}

// alone refuses what is no volume of ext, and one that shares room with another partition.
func alone(p disk.Partition, list []disk.Partition) error {
	at := decode.Place{File: VirtualDisk, Offset: p.Start}
	if p.System != "ext2/3/4" {
		what := p.System
		if what == "" {
			what = "a volume of unknown content"
		}
		return disk.Errorf(disk.Unsupported, at, "%s: what is free is known of ext2, ext3 and ext4 only", what)
	}
	for _, o := range list {
		if o.Entry != p.Entry && o.Start < p.End() && p.Start < o.End() {
			return disk.Errorf(disk.Damaged, at, "partitions %d and %d overlap", p.Number, o.Number)
		}
	}
	return nil
}
