package writer

import (
	"strconv"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	reader "platter/engine/vhd"
)

// Set says which fields one of the common settings stands for; see [disk.Setter].
func Set(i disk.Image, name, value string) (disk.Setting, error) {
	img := i.(*reader.Image)
	if value == disk.Fresh && (name == disk.SettingID) {
		value = uuid.NewString()
	}
	switch name {
	case disk.SettingID:
		return fields("footer.unique_id", value), nil
	case disk.SettingCreator:
		return fields("footer.creator_application", value), nil
	case disk.SettingParentID:
		if img.Parts().Kind == vhd.Differencing {
			return fields("dynamic header.parent_unique_id", value), nil
		}
	case disk.SettingGeometry:
		return geometrySetting(img.Parts().Virtual, value)
	}
	return disk.Setting{}, disk.Errorf(disk.Unsupported, decode.Place{File: i.Info().Path}, "this image has no %s", name)
}

func fields(path, value string) disk.Setting {
	return disk.Setting{Values: []disk.SettingValue{{Path: path, New: value}}}
}

// geometrySetting sets the three numbers: those that go with the size, or others.
func geometrySetting(size int64, value string) (disk.Setting, error) {
	g := vhd.GeometryFor(uint64(size))
	if value != "auto" {
		asked, ok := disk.Spec{Values: map[string]string{disk.OptionGeometry: value}}.Geometry()
		if !ok {
			return disk.Setting{}, disk.Wrong(disk.OptionGeometry, "%q: expected auto, max, or three numbers such as 1024/16/63", value)
		}
		spec := disk.Spec{Values: map[string]string{disk.OptionSize: strconv.FormatInt(size, 10)}}
		if err := goodGeometry(spec, asked); err != nil {
			return disk.Setting{}, err
		}
		g = geometryOf(asked)
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	return disk.Setting{Values: []disk.SettingValue{
		{Path: "footer.cylinders", New: number(uint64(g.Cylinders))},
		{Path: "footer.heads", New: number(uint64(g.Heads))},
		{Path: "footer.sectors_per_track", New: number(uint64(g.Sectors))},
	}}, nil
}
