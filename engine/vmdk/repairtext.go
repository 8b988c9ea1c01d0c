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

// splice puts other text in the place of a part of the descriptor.
type splice struct {
	at   vmdk.Part
	text string
}

// rewrite is the repair of changing parts of the descriptor, given in their
// order. The text may grow into the room that is reserved for it, with a NUL
// left behind it; where it is a file of its own it can't grow. There is no such
// repair if the new text does not fit.
func (m *Image) rewrite(title, risk string, parts ...splice) []disk.Repair {
	size := int64(m.text.Size)
	grown := size
	for _, p := range parts {
		grown += int64(len(p.text) - p.at.Length)
	}
	room := m.textAt.Length
	if !m.separate {
		room--
	}
	if len(parts) == 0 || m.text.Fault != "" || grown > room {
		return nil
	}
	filler := "\x00"
	if m.separate && size == m.textAt.Length {
		filler = "\n"
	}
	first := int64(parts[0].at.Offset)
	at := m.textAt.Sub(first, max(size, grown)-first)
	return []disk.Repair{disk.Mend(title, risk, m.main.handle, at, func(b []byte) {
		var out []byte
		pos := 0
		for _, p := range parts {
			from := p.at.Offset - int(first)
			out = append(append(out, b[pos:from]...), p.text...)
			pos = from + p.at.Length
		}
		out = append(out, b[pos:int(size-first)]...)
		if n := len(b) - len(out); n > 0 {
			out = append(out, strings.Repeat(filler, n)...)
		}
		copy(b, out)
	})}
}

// set gives a setting another value; if it is missing it comes behind the
// first line.
func (m *Image) set(title, risk, key, value string) []disk.Repair {
	if l := m.text.Setting(key); l != nil {
		return m.rewrite(title, risk, splice{l.ValueAt, value})
	}
	after := 0
	if len(m.text.Lines) > 0 && m.text.Lines[0].Ending != "" {
		after = m.text.Lines[0].At.Length
	}
	return m.rewrite(title, risk, splice{vmdk.Part{Offset: after}, key + "=" + value + "\n"})
}

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
	fresh := fmt.Sprintf("%08x", uuid.New().ID()&^1)
	if long, ok := m.text.Database("longContentID"); ok && len(long) >= 8 {
		if cid, ok := parseCID(long[len(long)-8:]); ok && cid != noParent {
			fresh = fmt.Sprintf("%08x", cid)
		}
	}
	return m.set("set the CID to "+fresh, "disks that were made as children of this one may have known it by another CID", "CID", fresh)
}

// dropParent says that there is no parent where none is named (D4).
func (m *Image) dropParent(*disk.Finding) []disk.Repair {
	if hint, _ := m.text.Get("parentFileNameHint"); hint != "" {
		return nil
	}
	risk := "if the disk had a parent, what is stored there reads as zeros"
	if _, set := m.text.Get("parentCID"); !set {
		risk = ""
	}
	return m.set("say that there is no parent", risk, "parentCID", "ffffffff")
}

// deriveType takes the type from the extents (D5).
func (m *Image) deriveType(*disk.Finding) []disk.Repair {
	name := m.typeOfExtents()
	if value, _ := m.text.Get("createType"); name == "" || strings.EqualFold(value, name) {
		return nil
	}
	if m.text.Setting("createType") == nil {
		return m.set("set createType to "+name, "", "createType", `"`+name+`"`)
	}
	return m.set("set createType to "+name, "", "createType", name)
}

func (m *Image) typeOfExtents() string {
	var types []string
	for _, l := range m.text.Extents() {
		if l.Extent.Type == "" {
			return ""
		}
		if !slices.Contains(types, l.Extent.Type) {
			types = append(types, l.Extent.Type)
		}
	}
	one := len(m.text.Extents()) == 1
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

// clearBehindText zeroes what follows the end of the text (D8).
func (m *Image) clearBehindText(f *disk.Finding) []disk.Repair {
	at := f.Where[0]
	if at.Offset != m.textAt.Offset+int64(m.text.Size) || at.Offset == m.textAt.Offset {
		return nil
	}
	return []disk.Repair{disk.Mend("zero what follows the text", "what is hidden there is lost", m.main.handle, at, func(b []byte) { clear(b) })}
}

// computeGeometry makes the three numbers fit the disk's size (D10).
func (m *Image) computeGeometry(*disk.Finding) []disk.Repair {
	heads, perTrack, most := uint64(16), uint64(63), uint64(16383)
	if a, _ := m.text.Database("adapterType"); uint64(sectors(m.size)) >= 1024*heads*perTrack && !strings.EqualFold(a, "ide") {
		heads, most = 255, 65535
	}
	cylinders := min(uint64(sectors(m.size))/(heads*perTrack), most)
	var parts []splice
	for key, v := range map[string]uint64{"cylinders": max(cylinders, 1), "heads": heads, "sectors": perTrack} {
		l := m.text.Setting("ddb.geometry." + key)
		if l == nil {
			return nil
		}
		parts = append(parts, splice{l.ValueAt, fmt.Sprint(v)})
	}
	slices.SortFunc(parts, func(a, b splice) int { return a.at.Offset - b.at.Offset })
	return m.rewrite("compute the geometry from the size", "guests that start by cylinder, head and sector may have been set up with the other geometry", parts...)
}

// fitLongID makes the long content ID end with the CID (D12).
func (m *Image) fitLongID(*disk.Finding) []disk.Repair {
	cid, ok := m.cid()
	long, _ := m.text.Database("longContentID")
	if !ok || len(long) < 8 || m.text.Setting("ddb.longContentID") == nil {
		return nil
	}
	return m.set("make the long content ID end with the CID", "", "ddb.longContentID", long[:len(long)-8]+fmt.Sprintf("%08x", cid))
}

// dropTracking takes change tracking out, and the version that it needs (D13).
func (m *Image) dropTracking(*disk.Finding) []disk.Repair {
	track, version := m.text.Setting("changeTrackPath"), m.text.Setting("version")
	if track == nil {
		return nil
	}
	parts := []splice{{track.At, ""}}
	if version != nil && version.Value == "3" {
		parts = append(parts, splice{version.ValueAt, "1"})
	}
	slices.SortFunc(parts, func(a, b splice) int { return a.at.Offset - b.at.Offset })
	return m.rewrite("turn change tracking off", "the next backup has to be a full one", parts...)
}

// acceptParent takes the CID of the parent that was found for the one wanted
// (L2).
func (m *Image) acceptParent(*disk.Finding) []disk.Repair {
	if m.link.found == nil {
		return nil
	}
	cid, ok := m.link.found.cid()
	if !ok || cid == noParent {
		return nil
	}
	value := fmt.Sprintf("%08x", cid)
	return m.set("accept the parent as it is: set parentCID to "+value, "if the parent was written to since this disk was made, the content is a mixture of both, and nothing will say so", "parentCID", value)
}
