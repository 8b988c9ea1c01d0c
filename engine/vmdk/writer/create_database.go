package writer

import (
	"fmt"
	"strconv"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// adapters are the controllers that a descriptor can name (vmdk.md 2.5).
var adapters = []string{"ide", "buslogic", "lsilogic", "legacyESX"}

// pvscsi is a controller that is none of them.
const pvscsi = "pvscsi"

func adapterOption() disk.Option {
	return disk.Option{
		Name: optionAdapter, Hint: "NAME", Kind: disk.Text, Words: adapters, Doc: "controller that the disk is made for",
		Default: func(s disk.Spec) string {
			if m, ok := parentOf(s); ok {
				if name, ok := m.Database("adapterType"); ok && isAdapter(name) {
					return name
				}
			}
			return "lsilogic"
		},
		Check: func(_ disk.Spec, value string) error {
			switch {
			case value == pvscsi:
				return disk.Wrong(optionAdapter, "pvscsi is no word of the format: VMware itself writes lsilogic for disks on such a controller")
			case !isAdapter(value):
				return disk.Wrong(optionAdapter, "%q: expected %s", value, strings.Join(adapters, ", "))
			}
			return nil
		},
	}
}

func isAdapter(name string) bool {
	for _, a := range adapters {
		if a == name {
			return true
		}
	}
	return false
}

// goodEntries checks entries of the disk database that the user adds.
func goodEntries(s disk.Spec, value string) error {
	for _, line := range (disk.Spec{Values: map[string]string{optionDatabase: value}}).Lines(optionDatabase) {
		key, text, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsFunc(key, notInKey) {
			return disk.Wrong(optionDatabase, "%q: expected KEY=VALUE", line)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r == '"' || r < ' ' || r == 0x7F }) {
			return disk.Wrong(optionDatabase, "%q: a value can't hold quotes or control characters", line)
		}
	}
	return nil
}

func notInKey(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
}

// goodGeometry checks what the descriptor can say.
func goodGeometry(_ disk.Spec, g disk.Geometry) error {
	if g.Cylinders < 1 || g.Cylinders > maxCylinders || g.Heads < 1 || g.Heads > 255 || g.Sectors < 1 || g.Sectors > 255 {
		return disk.Wrong(disk.OptionGeometry, "expected 1 to %d cylinders, 1 to 255 heads, 1 to 255 sectors", maxCylinders)
	}
	return nil
}

// The most cylinders: those of a disk for IDE, and of any.
const (
	maxIDE       = 16383
	maxCylinders = 65535
)

// geometry is the one that was asked for, else the one of the adapter (vmdk.md 2.5). Small
// disks for SCSI have another one with VMware.
func geometry(spec disk.Spec, sectors int64) disk.Geometry {
	if g, ok := spec.Geometry(); ok {
		return g
	}
	g, most := disk.Geometry{Heads: 255, Sectors: 63}, int64(maxCylinders)
	switch size := sectors * vmdk.SectorSize; {
	case spec.Text(optionAdapter) == "ide":
		g, most = disk.Geometry{Heads: 16, Sectors: 63}, maxIDE
	case size < 1<<30:
		g = disk.Geometry{Heads: 64, Sectors: 32}
	case size < 2<<30:
		g = disk.Geometry{Heads: 128, Sectors: 32}
	}
	g.Cylinders = min(max(sectors/(g.Heads*g.Sectors), 1), most)
	return g
}

// entry is one of the disk database.
type entry struct{ key, value string }

// database are the entries of a new disk: what the format's programs expect, and what the
// user adds or sets otherwise (vmdk.md 2.5).
func database(spec disk.Spec, sectors int64, cid uint32) []entry {
	g := geometry(spec, sectors)
	list := []entry{
		{"adapterType", spec.Text(optionAdapter)},
		{"geometry.cylinders", strconv.FormatInt(g.Cylinders, 10)},
		{"geometry.heads", strconv.FormatInt(g.Heads, 10)},
		{"geometry.sectors", strconv.FormatInt(g.Sectors, 10)},
		{"longContentID", longContentID(spec, cid)},
		{"uuid", spacedID(spec)},
		{"virtualHWVersion", spec.Text(optionHardware)},
	}
	if spec.Text(disk.OptionSector) != "" {
		logical, physical := spec.SectorSizes(0)
		list = append(list, entry{"logicalSectorSize", strconv.FormatInt(logical, 10)}, entry{"physicalSectorSize", strconv.FormatInt(physical, 10)})
	}
	if spec.Text(disk.OptionType) == streamOptimized || spec.Text(disk.OptionProfile) == disk.ProfileVMware {
		list = append(list, entry{"toolsVersion", "2147483647"}) // unknown; vSphere wants the entry in what it imports
	}
	for _, line := range spec.Lines(optionDatabase) {
		key, value, _ := strings.Cut(line, "=")
		list = set(list, strings.TrimPrefix(key, "ddb."), value)
	}
	return list
}

// set gives an entry another value, or adds it.
func set(list []entry, key, value string) []entry {
	for i := range list {
		if strings.EqualFold(list[i].key, key) {
			list[i].value = value
			return list
		}
	}
	return append(list, entry{key, value})
}

// longContentID ends with the CID, as that of VMware does.
func longContentID(spec disk.Spec, cid uint32) string {
	id := spec.Fresh("longContentID")
	return fmt.Sprintf("%x%08x", id[:12], cid)
}

// spacedID is the disk's identity as VMware writes it: "60 00 c2 99 d3 f5 dc ad-9e 25 ...".
func spacedID(spec disk.Spec) string {
	id := spec.ID()
	return fmt.Sprintf("% x-% x", id[:8], id[8:])
}
