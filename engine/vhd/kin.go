package vhd

import (
	"encoding/hex"

	"platter/decode/vhd"
	"platter/engine/disk"
)

// Kin reads a VHD's identity, and the parent's that it wants; false if it is none.
func Kin(src disk.Source) (disk.Kin, bool) {
	v := &Image{src: disk.Source{Name: src.Name, File: src.File}}
	var err error
	if v.size, err = v.src.File.Size(); err != nil {
		return disk.Kin{}, false
	}
	if v.footers, err = findFooters(v.src.File, v.size, scanBack); err != nil || !v.footers.rules().present {
		return disk.Kin{}, false
	}
	v.footer = v.footers.ruling()
	v.kind = vhd.FooterType.Get(v.footer)
	k := disk.Kin{ID: identity(v.UniqueID()), Child: v.kind == vhd.Differencing}
	if !k.Child {
		return k, true
	}
	if v.readHeader() != nil || !v.header.ok() || v.readLocators() != nil {
		return k, true
	}
	if id := identity(v.wantedID()); id != "" {
		k.Wanted = []string{id}
	}
	k.Names = v.parentNames()
	return k, true
}

// identity is empty for zeros, which any file may have.
func identity(id [16]byte) string {
	if id == [16]byte{} {
		return ""
	}
	return hex.EncodeToString(id[:])
}
