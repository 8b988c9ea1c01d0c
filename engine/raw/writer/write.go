package writer

import (
	"context"

	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// Write opens a raw disk for writing. The image was opened on the same files.
func Write(_ context.Context, img disk.Image, to store.FS, _ disk.WriteOptions) (disk.Writer, error) {
	f, err := to.OpenWrite(img.Files()[0].Name)
	if err != nil {
		return nil, err
	}
	return layer.NewPlain(store.Strict(f), img.Info().VirtualSize), nil
}
