package vmdk

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

func (m *Image) setVersion(*disk.Finding) []disk.Repair {
	version := "1"
	if _, tracked := m.text.Get("changeTrackPath"); tracked {
		version = "3"
	}
	return m.set("set the version to "+version, "", "version", version)
}

// setCID pads the content ID, or makes a new one where it can't be read (D3).
func (m *Image) setCID(*disk.Finding) []disk.Repair {
	value, _ := m.text.Get("CID")
	if cid, ok := parseCID(value); ok && value != "" {
		return m.set("pad the CID to eight digits", "", "CID", fmt.Sprintf("%08x", cid))
	}
	fresh := fmt.Sprintf("%08x", m.freshCID())
	if long, ok := m.text.Database("longContentID"); ok && len(long) >= 8 {
		if cid, ok := parseCID(long[len(long)-8:]); ok && cid != noParent {
			fresh = fmt.Sprintf("%08x", cid)
		}
	}
	return m.set("set the CID to "+fresh, "disks that were made as children of this one may have known it by another CID", "CID", fresh)
}

// deriveType takes the type from the extents (D5).
func (m *Image) deriveType(*disk.Finding) []disk.Repair {
	name := m.typeOfExtents()
	if value, _ := m.text.Get("createType"); name == "" || strings.EqualFold(value, name) {
		return nil
	}
	return m.set("set createType to "+name, "", "createType", name)
}

func (m *Image) typeOfExtents() string {
	var types []string
	for _, l := range m.text.Extents() {
		if l.Extent.Type == "" {
			return ""
		}
		types = append(types, l.Extent.Type)
	}
	return m.typeOf(types)
}

// typeOf is the createType that goes with extents of some types; empty if there
// is none (vmdk.md 3).
func (m *Image) typeOf(types []string) string {
	one := len(types) == 1
	slices.Sort(types)
	types = slices.Compact(types)
	switch kind := strings.Join(types, " "); {
	case !m.separate && kind == vmdk.TypeSparse && m.main.sparse != nil:
		if vmdk.HeaderFlags.Get(m.main.sparse.rules)&vmdk.FlagCompressed != 0 {
			return "streamOptimized"
		}
		return "monolithicSparse"
	case kind == "FLAT" && one:
		return "monolithicFlat"
	case kind == "FLAT":
		return "twoGbMaxExtentFlat"
	case kind == vmdk.TypeSparse:
		return "twoGbMaxExtentSparse"
	case kind == "VMFS":
		return "vmfs"
	case kind == vmdk.TypeVmfsSparse:
		return "vmfsSparse"
	case kind == vmdk.TypeSeSparse:
		return "seSparse"
	case len(types) > 1:
		return "custom"
	}
	return ""
}

// nameItself puts the file's own name into an embedded descriptor (D7).
func (m *Image) nameItself(*disk.Finding) []disk.Repair {
	name := path.Base(m.main.Name)
	lines := m.text.Extents()
	if m.separate || len(lines) != 1 || !lines[0].Extent.Named || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' }) {
		return nil
	}
	l := lines[0]
	start := strings.IndexByte(l.Text, '"')
	end := strings.LastIndexByte(l.Text, '"')
	if start < 0 || end <= start {
		return nil
	}
	return m.rewrite("write the file's own name into the extent line", "", splice{vmdk.Part{Offset: l.At.Offset + start + 1, Length: end - start - 1}, name})
}

// geometryOf is the usual geometry of a disk of some sectors (vmdk.md 2.5).
func geometryOf(sectors uint64, adapter string) (cylinders, heads, perTrack uint64) {
	heads, perTrack, most := uint64(16), uint64(63), uint64(16383)
	if sectors >= 1024*heads*perTrack && !strings.EqualFold(adapter, "ide") {
		heads, most = 255, 65535
	}
	return max(1, min(sectors/(heads*perTrack), most)), heads, perTrack
}

// computeGeometry makes the three numbers fit the disk's size (D10).
func (m *Image) computeGeometry(*disk.Finding) []disk.Repair {
	return m.rewrite("compute the geometry from the size", "guests that start by cylinder, head and sector may have been set up with the other geometry", m.geometryFor(m.size)...)
}

// geometryFor is the change of the geometry that goes with another size of the
// disk.
func (m *Image) geometryFor(size int64) []splice {
	adapter, _ := m.text.Database("adapterType")
	cylinders, heads, perTrack := geometryOf(uint64(sectors(size)), adapter)
	var parts []splice
	for _, row := range []struct {
		key   string
		value uint64
	}{{"cylinders", cylinders}, {"heads", heads}, {"sectors", perTrack}} {
		parts = append(parts, m.setting("ddb.geometry."+row.key, fmt.Sprint(row.value)))
	}
	return parts
}

// fitLongID makes the long content ID end with the CID (D12).
func (m *Image) fitLongID(*disk.Finding) []disk.Repair {
	cid, ok := m.cid()
	long, _ := m.text.Database("longContentID")
	l := m.databaseLine("longContentID")
	if !ok || l == nil {
		return nil
	}
	start := strings.ReplaceAll(uuid.NewString(), "-", "")[:24]
	if len(long) >= 8 {
		start = long[:len(long)-8]
	}
	return m.rewrite("make the long content ID end with the CID", "", splice{l.ValueAt, start + fmt.Sprintf("%08x", cid)})
}

// databaseLine is the line of a disk database entry; some exports leave "ddb."
// out.
func (m *Image) databaseLine(key string) *vmdk.Line {
	if l := m.text.Setting("ddb." + key); l != nil {
		return l
	}
	return m.text.Setting(key)
}

// setAdapter names an adapter that goes with the geometry, or the other kind
// (D11).
func (m *Image) setAdapter(*disk.Finding) []disk.Repair {
	l := m.databaseLine("adapterType")
	if l == nil {
		return nil
	}
	names := []string{"ide", "lsilogic"}
	if heads, _ := m.text.Database("geometry.heads"); heads == "255" {
		slices.Reverse(names)
	}
	var list []disk.Repair
	for _, name := range names {
		list = append(list, m.rewrite("set the adapter to "+name, "a guest that expects another controller may not start", splice{l.ValueAt, name})...)
	}
	return list
}

// setEncoding names an encoding in which all names can be read: UTF-8 if that
// is one, else any that is known (D14).
func (m *Image) setEncoding(*disk.Finding) []disk.Repair {
	names := []string{"UTF-8"}
	if !m.validIn("UTF-8") {
		names = []string{"windows-1252", "GBK", "Big5", "Shift_JIS"}
	}
	var list []disk.Repair
	for _, name := range names {
		if !strings.EqualFold(name, m.encoding()) && m.validIn(name) {
			list = append(list, m.set("say that names are written in "+name, "names may come out as others than were meant", "encoding", name)...)
		}
	}
	return list
}

// validIn reports whether the names of the descriptor make sense in an encoding.
func (m *Image) validIn(encoding string) bool {
	for _, name := range m.names() {
		if !validName(name, encoding) {
			return false
		}
	}
	return true
}

// dropTracking takes change tracking out, and the version that it needs (D13).
func (m *Image) dropTracking(*disk.Finding) []disk.Repair {
	track, version := m.text.Setting("changeTrackPath"), m.text.Setting("version")
	if track == nil {
		return nil
	}
	parts := []splice{drop(track)}
	if version != nil && version.Value == "3" {
		parts = append(parts, splice{version.ValueAt, "1"})
	}
	return m.rewrite("turn change tracking off", "the next backup has to be a full one", parts...)
}
