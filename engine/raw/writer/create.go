// Package writer makes and writes raw disks.
package writer

import (
	"context"
	"errors"
	"math"

	"platter/engine/disk"
	"platter/engine/store"
)

// sector is what the size of a raw disk is a multiple of, in bytes.
const sector = 512

// Maker makes raw disks: the file is the disk.
type Maker struct{}

var _ disk.Maker = Maker{}

// Options are the choices that are left.
func (Maker) Options() []disk.Option {
	return []disk.Option{
		disk.ProfileOption(),
		disk.RoundOption(func(disk.Spec) int64 { return sector }),
		disk.SizeOption(func(disk.Spec) (int64, string) { return math.MaxInt64 - sector + 1, "a file" }),
		disk.PreallocateOption(nil),
	}
}

// Make makes the file.
func (Maker) Make(ctx context.Context, to store.FS, name string, spec disk.Spec) (err error) {
	f, err := to.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if spec.Parent != nil {
		return disk.Wrong("parent", "a raw disk has no parent")
	}
	return disk.Lay(ctx, f, 0, spec.Bytes(disk.OptionSize), 0, spec)
}
