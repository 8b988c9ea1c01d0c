package writer

import (
	"github.com/google/uuid"

	"platter/decode"
	"platter/engine/disk"
)

// Set says which fields one of the common settings stands for; see [disk.Setter].
func Set(i disk.Image, name, value string) (disk.Setting, error) {
	path := ""
	switch name {
	case disk.SettingID:
		if path = "Virtual Disk ID.VirtualDiskId"; value == disk.Fresh {
			value = uuid.NewString()
		}
	case disk.SettingCreator:
		path = "file type identifier.Creator"
	case disk.SettingParentID:
		return disk.Setting{}, disk.Errorf(disk.Unsupported, decode.Place{File: i.Info().Path}, "the identity of the parent lies in the parent locator: platter rebase --relink sets it")
	default:
		return disk.Setting{}, disk.Errorf(disk.Unsupported, decode.Place{File: i.Info().Path}, "a VHDX has no %s", name)
	}
	return disk.Setting{Values: []disk.SettingValue{{Path: path, New: value}}}, nil
}
