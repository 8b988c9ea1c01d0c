package engine

import (
	"platter/decode"
	"platter/engine/disk"
)

// Setting finds out what a value of one of the common names means in an image, see
// [disk.Setter].
func Setting(img disk.Image, name, value string) (disk.Setting, error) {
	f, err := formatOf(img)
	if err != nil {
		return disk.Setting{}, err
	}
	if f.set == nil {
		return disk.Setting{}, disk.Errorf(disk.Unsupported, decode.Place{File: img.Info().Path}, "an image of the format %s has no %s", f.name, name)
	}
	return f.set(img, name, value)
}
