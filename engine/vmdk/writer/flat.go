package writer

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// flat writes an extent whose sectors lie in the file as they are on the disk
// (vmdk.md 8).
type flat struct {
	file store.File
	base int64 // of byte 0 of the disk in the file; below 0 for later extents
}

func (s *flat) readAt(p []byte, off int64) error { return layer.ReadFull(s.file, p, s.base+off) }

func (s *flat) write(p []byte, off int64) error {
	_, err := store.WriteFor(s.file, p, s.base+off, "data of the disk")
	return err
}

// zero writes zeros, but for holes, which are zeros already.
func (s *flat) zero(off, n int64) error {
	return layer.ClearStored(context.Background(), s.file, s.base+off, n, "zeros on the disk")
}

func (s *flat) trim(int64, int64) error { return nil }

func (s *flat) flush(context.Context) error { return s.file.Sync() }

func (s *flat) changed() int64 { return 0 }

func (s *flat) close(context.Context) error { return nil }

func (s *flat) abandon() error { return s.file.Close() }

// nothing is an extent without a file: it can't hold anything else.
type nothing struct{ at decode.Place }

func (s nothing) readAt(p []byte, _ int64) error { clear(p); return nil }

func (s nothing) write(p []byte, off int64) error {
	for _, b := range p {
		if b != 0 {
			return disk.Errorf(disk.Unsupported, s.at, "byte 0x%x of the disk lies in a ZERO extent, which has no file: convert the image", off)
		}
	}
	return nil
}

func (s nothing) zero(int64, int64) error { return nil }

func (s nothing) trim(int64, int64) error { return nil }

func (s nothing) flush(context.Context) error { return nil }

func (s nothing) changed() int64 { return 0 }

func (s nothing) close(context.Context) error { return nil }

func (s nothing) abandon() error { return nil }
