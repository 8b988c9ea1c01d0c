package writer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// keysOf are the entries of the descriptor that common settings stand for.
var keysOf = map[string]string{
	disk.SettingID: "ddb.uuid", disk.SettingCID: "CID", disk.SettingParentID: "parentCID", disk.SettingAdapter: "ddb.adapterType",
	disk.SettingHardware: "ddb.virtualHWVersion", disk.SettingComment: "ddb.comment",
}

// Set says how the descriptor changes with one of the common settings; see [disk.Setter].
func Set(i disk.Image, name, value string) (disk.Setting, error) {
	img := i.(*reader.Image)
	at := decode.Place{File: i.Info().Path}
	p := img.Parts()
	if p.Text.Descriptor == nil || p.Text.Fault != "" {
		return disk.Setting{}, disk.Errorf(disk.Unsupported, at, "there is no descriptor that could be changed")
	}
	key := keysOf[name]
	if key == "" && name != disk.SettingGeometry {
		return disk.Setting{}, disk.Errorf(disk.Unsupported, at, "a VMDK has no %s", name)
	}
	var parts []vmdk.Splice
	var values []disk.SettingValue
	add := func(key, value string) {
		old, _ := p.Get(key)
		parts, values = append(parts, p.Text.Set(key, value)), append(values, disk.SettingValue{Path: key, Old: old, New: value})
	}
	switch {
	case name == disk.SettingGeometry:
		g, err := geometryAsked(p, value)
		if err != nil {
			return disk.Setting{}, err
		}
		for i, part := range []string{"cylinders", "heads", "sectors"} {
			add("ddb.geometry."+part, strconv.FormatUint(g[i], 10))
		}
	case name == disk.SettingCID:
		cid := p.FreshID()
		if value != disk.Fresh {
			text, err := worded(name, value)
			if err != nil {
				return disk.Setting{}, err
			}
			cid, _ = parseCID(text)
		}
		if parts = p.WithID(cid); len(parts) == 0 {
			return disk.Setting{}, disk.Errorf(disk.Unsupported, at, "the descriptor has not exactly one content ID that can be read")
		}
		old, _ := p.Get(key)
		values = append(values, disk.SettingValue{Path: key, Old: old, New: parts[0].Text})
	default:
		value, err := worded(name, value)
		if err != nil {
			return disk.Setting{}, err
		}
		add(key, value)
	}
	if !p.Fits(parts...) {
		need, have := p.Room(parts...)
		return disk.Setting{}, disk.Errorf(disk.Unsupported, p.TextAt, "the descriptor would need %d bytes, and has room for %d", need, have)
	}
	return disk.Setting{Values: values, Change: p.Rewrite(parts...)}, nil
}

// geometryAsked are cylinders, heads and sectors.
func geometryAsked(p reader.Parts, value string) (g [3]uint64, err error) {
	if value == "auto" {
		adapter, _ := p.Database("adapterType")
		g[0], g[1], g[2] = vmdk.Geometry(uint64(p.Size/vmdk.SectorSize), adapter)
		return g, nil
	}
	asked, ok := disk.Spec{Values: map[string]string{disk.OptionGeometry: value}}.Geometry()
	if !ok {
		return g, disk.Wrong(disk.OptionGeometry, "%q: expected auto, max, or three numbers such as 1024/16/63", value)
	}
	return [3]uint64{uint64(asked.Cylinders), uint64(asked.Heads), uint64(asked.Sectors)}, nil
}

// worded is a value as the descriptor has it.
func worded(name, value string) (string, error) {
	switch name {
	case disk.SettingID:
		id := uuid.New()
		if value != disk.Fresh {
			var err error
			if id, err = uuid.Parse(value); err != nil {
				return "", disk.Wrong(name, "%q: expected new, or a UUID", value)
			}
		}
		var pairs []string
		for _, b := range id {
			pairs = append(pairs, fmt.Sprintf("%02x", b))
		}
		return strings.Join(pairs[:8], " ") + "-" + strings.Join(pairs[8:], " "), nil
	case disk.SettingCID, disk.SettingParentID:
		cid, ok := parseCID(strings.ToLower(value))
		if !ok || value == "" {
			return "", disk.Wrong(name, "%q: expected up to eight hex digits", value)
		}
		return fmt.Sprintf("%08x", cid), nil
	case disk.SettingHardware:
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 99 {
			return "", disk.Wrong(name, "%q: expected a number from 1 to 99", value)
		}
	case disk.SettingAdapter:
		for _, known := range []string{"ide", "buslogic", "lsilogic", "legacyESX"} {
			if strings.EqualFold(known, value) {
				return known, nil
			}
		}
		return "", disk.Wrong(name, "%q: expected ide, buslogic, lsilogic or legacyESX", value)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r == '"' || r < ' ' || r == 0x7F }) {
		return "", disk.Wrong(name, "%q: a descriptor holds no quotes and no control characters", value)
	}
	return value, nil
}
