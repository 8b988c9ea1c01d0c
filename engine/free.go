package engine

import (
	"errors"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// Room refuses what needs more bytes than a folder's file system has free, as far as
// that can be told.
func Room(in *store.Folder, needed int64) error {
	free, err := in.Free()
	if errors.Is(err, store.ErrUnknown) {
		return nil
	}
	if err != nil || needed <= free {
		return err
	}
	return disk.Refuse(disk.RefusedSpace, disk.Limit, []decode.Place{{File: in.Dir()}}, "%s (%s bytes) are needed, %s (%s bytes) are free",
		decode.FormatSize(uint64(needed)), decode.Grouped(needed), decode.FormatSize(uint64(free)), decode.Grouped(free))
}
