package vhdx

import (
	"bytes"

	"github.com/google/uuid"
)

// DiskItem is a metadata item that describes the virtual disk, not this file: a new
// differencing child copies it (vhdx.md 6).
type DiskItem struct {
	ID       uuid.UUID
	User     bool // it belongs to the user, not to the format
	Required bool // a program that does not know it must not open the file
	Content  []byte
}

// DiskItems are the items that describe the virtual disk, in the order of the table.
func (v *Image) DiskItems() ([]DiskItem, error) {
	var list []DiskItem
	for _, it := range v.meta.items {
		if !it.disk || it.length > 0 && !it.placed {
			continue
		}
		content, err := readUpTo(v.data, v.meta.region.off+it.offset, int(it.length))
		if err != nil {
			return nil, err
		}
		list = append(list, DiskItem{it.id, it.user, it.required, bytes.Clone(content)})
	}
	return list, nil
}
