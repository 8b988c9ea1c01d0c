package vmdk

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// describe fills in what the overview shows.
func (m *Image) describe(recognised string) {
	m.info = disk.Info{
		Path: m.src.Path, Format: "vmdk", Type: m.createType(), Recognised: recognised,
		VirtualSize: m.size, BlockSize: m.blockSize(), LogicalSectorSize: vmdk.SectorSize,
		Creator: m.creator(), ID: m.identity(), Parent: m.parentName(),
		Findings: m.opening, Details: m.details(),
	}
	m.info.LogicalSectorSize = m.sectorSize("logicalSectorSize", vmdk.SectorSize)
	m.info.PhysicalSectorSize = m.sectorSize("physicalSectorSize", 0)
	for _, f := range m.files {
		m.info.FileSize += f.Size
		m.info.Dirty = m.info.Dirty || f.sparse.dirty()
	}
	if m.refused != nil {
		m.info.Refused = m.refused
	}
}

func (m *Image) createType() string {
	if m.text != nil {
		if t, _ := m.text.Get("createType"); t != "" {
			return t
		}
	}
	if m.separate {
		return "descriptor without createType"
	}
	return m.main.sparse.kind.String()
}

func (m *Image) parentName() string {
	if !m.link.wanted {
		return ""
	}
	return m.link.spellOut()
}

// blockSize is the grain of the first extent that has grains.
func (m *Image) blockSize() int64 {
	for _, e := range m.extents {
		switch {
		case e.sparse == nil:
		case e.sparse.walk != nil:
			return e.sparse.walk.grain
		case e.sparse.grid != nil:
			return e.sparse.grid.grain
		}
	}
	return 0
}

func (m *Image) sectorSize(key string, otherwise int64) int64 {
	if m.text == nil {
		return otherwise
	}
	switch v, _ := m.text.Database(key); v {
	case "512":
		return 512
	case "4096":
		return 4096
	}
	return otherwise
}

func (m *Image) identity() string {
	if m.text == nil {
		return ""
	}
	cid, _ := m.text.Get("CID")
	return cid
}

// creator guesses the program from what only it writes.
func (m *Image) creator() string {
	if m.text == nil {
		return ""
	}
	has := func(key string) bool { _, ok := m.text.Database(key); return ok }
	hardware, _ := m.text.Database("virtualHWVersion")
	switch {
	case has("uuid.image"):
		return "VirtualBox"
	case has("longContentID"), has("uuid"), m.encoding() != "":
		if hardware == "" {
			return "VMware"
		}
		return "VMware, virtual hardware " + hardware
	case hardware != "":
		return "QEMU or compatible, virtual hardware " + hardware
	}
	return ""
}

// dirty reports whether the extent was not closed cleanly. A nil extent is clean.
func (s *sparse) dirty() bool {
	switch {
	case s == nil:
		return false
	case s.kind == vmdk.KindCowd:
		return vmdk.CowdUnclean.Get(s.cowd) != 0
	case s.kind == vmdk.KindSeSparse:
		return s.current && vmdk.VolatileJournal.Get(s.volatile) != 0
	}
	return vmdk.HeaderUnclean.Get(s.header) != 0
}

func (m *Image) details() []disk.Detail {
	var list []disk.Detail
	add := func(label, format string, args ...any) {
		if v := fmt.Sprintf(format, args...); v != "" {
			list = append(list, disk.Detail{Label: label, Value: v})
		}
	}
	add("Extents", "%s", m.extentSummary())
	for i, e := range m.extents[:min(len(m.extents), 4)] {
		add(fmt.Sprintf("Extent %d", i+1), "%s", e.summary())
	}
	if m.text == nil {
		add("Descriptor", "none in this file: opened as a single extent, without settings and parent")
		return list
	}
	if m.separate {
		add("Descriptor", "a file of its own, %d bytes", m.text.Size)
	} else {
		add("Descriptor", "embedded at byte 0x%x, %d of %d bytes used", m.textAt.Offset, m.text.Size, m.textAt.Length)
	}
	for _, row := range [][2]string{
		{"CID", "CID"}, {"Parent CID", "parentCID"}, {"Parent hint", "parentFileNameHint"}, {"Encoding", "encoding"},
		{"Change tracking", "changeTrackPath"},
	} {
		v, _ := m.text.Get(row[1])
		add(row[0], "%s", m.decoded(v))
	}
	for _, row := range [][2]string{
		{"Adapter", "adapterType"}, {"Long content ID", "longContentID"}, {"UUID", "uuid"}, {"VirtualBox UUID", "uuid.image"},
		{"Virtual hardware", "virtualHWVersion"}, {"Tools version", "toolsVersion"}, {"Thin provisioned", "thinProvisioned"}, {"Comment", "comment"},
	} {
		v, _ := m.text.Database(row[1])
		add(row[0], "%s", m.decoded(v))
	}
	c, _ := m.text.Database("geometry.cylinders")
	h, _ := m.text.Database("geometry.heads")
	s, _ := m.text.Database("geometry.sectors")
	if c != "" {
		add("Geometry", "%s cylinders, %s heads, %s sectors", c, h, s)
	}
	return list
}

// extentSummary counts the extents by type.
func (m *Image) extentSummary() string {
	count := map[string]int{}
	var order []string
	for _, e := range m.extents {
		t := "sparse, opened by itself"
		if e.line != nil {
			t = e.line.Extent.Type
		}
		if count[t] == 0 {
			order = append(order, t)
		}
		count[t]++
	}
	for i, t := range order {
		order[i] = fmt.Sprintf("%d %s", count[t], t)
	}
	return strings.Join(order, ", ")
}

// summary is one extent in a line.
func (e *extent) summary() string {
	size := decode.FormatSize(uint64(e.length))
	switch {
	case e.fault != nil:
		return size + ", unreadable: " + e.fault.Error()
	case e.zero:
		return size + " of zeros"
	case e.sparse == nil:
		return fmt.Sprintf("%s, raw data in %s from byte 0x%x on", size, e.file.Name, e.base)
	}
	return fmt.Sprintf("%s, %s in %s", size, e.sparse.summary(), e.file.Name)
}

func (s *sparse) summary() string {
	if s.walk != nil {
		return fmt.Sprintf("%s version %d with grains of %s, compressed, without its directory: %s",
			s.kind, vmdk.HeaderVersion.Get(s.rules), decode.FormatSize(uint64(s.walk.grain)), s.walk.words(walkAtOpen))
	}
	grain := decode.FormatSize(uint64(s.grid.grain))
	if s.kind != vmdk.KindHosted {
		return fmt.Sprintf("%s with grains of %s", s.kind, grain)
	}
	text := fmt.Sprintf("%s version %d with grains of %s", s.kind, vmdk.HeaderVersion.Get(s.rules), grain)
	if s.grid.packed != nil {
		text += ", compressed"
	}
	if s.footer != 0 {
		text += ", directory at the end"
	}
	if _, ok := s.redundant(); ok {
		text += ", redundant tables"
	}
	return text
}
