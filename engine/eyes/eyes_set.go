package eyes

import (
	"errors"

	"platter/engine/disk"
)

// Eyes are all readers of one image.
type Eyes struct {
	Image   disk.Image
	Readers []*Reader // in the order of [Policies]
}

// Look opens an image as every policy does. Src is what the image was opened from.
func Look(src disk.Source, img disk.Image) *Eyes {
	e := &Eyes{Image: img}
	for _, p := range policies {
		e.Readers = append(e.Readers, open(p, src, img))
	}
	return e
}

// Close closes the image and what the readers opened for themselves.
func (e *Eyes) Close() error {
	err := e.Image.Close()
	for _, r := range e.Readers {
		err = errors.Join(err, r.Close())
	}
	return err
}

// Size is that of the largest disk that any reader sees, in bytes.
func (e *Eyes) Size() int64 {
	size := int64(0)
	for _, r := range e.Readers {
		if r.Readable() {
			size = max(size, r.Size)
		}
	}
	return size
}
