package vhdx

import (
	"context"

	"github.com/google/uuid"

	"platter/engine/disk"
)

// Kin reads a VHDX's identity, and the parent's that it wants; false if it is none.
func Kin(src disk.Source) (disk.Kin, bool) {
	if _, ok := Probe(src); !ok {
		return disk.Kin{}, false
	}
	src.Opener = nil
	v, err := read(context.Background(), src, -1)
	if err != nil {
		return disk.Kin{}, false
	}
	k := disk.Kin{Child: v.params.hasParent}
	if id := v.DataWriteGUID(); id != (uuid.UUID{}) {
		k.ID = id.String()
	}
	if k.Child {
		for _, id := range v.locator.linkages() {
			k.Wanted = append(k.Wanted, id.String())
		}
		k.Names = v.locator.paths()
	}
	return k, true
}
