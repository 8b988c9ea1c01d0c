package vmdk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// extentAtLine is the extent whose line lies at a place.
func (m *Image) extentAtLine(at decode.Place) *extent {
	for _, e := range m.extents {
		if e.line != nil && m.linePlace(e.line) == at {
			return e
		}
	}
	return nil
}

// extendFlat makes a flat file as long as its extent (X2).
func (m *Image) extendFlat(f *disk.Finding) []disk.Repair {
	e := m.extentAtLine(f.Where[0])
	if e == nil || e.file == nil || e.fault != nil || e.base > maxGrown-e.length {
		return nil
	}
	r := e.file.drafted("extend the file with zeros", "what is missing is lost for good: the range reads as zeros", func(_ context.Context, d *draft) error {
		d.size = max(d.size, e.base+e.length)
		return nil
	})
	return []disk.Repair{m.altering(r)}
}

// settleSize makes the sectors of a line and of the header the same: the header
// counts more where its tables reach, or the line counts less (X5, C5).
func (m *Image) settleSize(f *disk.Finding) []disk.Repair {
	e := m.extentAtLine(f.Where[0])
	if e == nil || e.line == nil || e.sparse == nil || e.sparse.grid == nil || f.Severity < disk.SeverityWarning {
		return nil
	}
	s, g, n := e.sparse, e.sparse.grid, uint64(sectors(e.length))
	var list []disk.Repair
	wanted := *g
	wanted.capacity = e.length
	if wanted.needed() == g.needed() && g.packed == nil {
		list = append(list, m.altering(s.capacityTo(n)))
	}
	return append(list, m.lineTo(e, s.capacity())...)
}

// capacityTo sets the sectors that the header counts.
func (s *sparse) capacityTo(n uint64) disk.Repair {
	title := fmt.Sprintf("let the header count %d sectors", n)
	const risk = "grains behind the old end, if there are any, become part of the disk"
	if s.kind == vmdk.KindCowd {
		return s.file.mend(title, risk, int64(vmdk.CowdSectors.Offset()), 4, func(b []byte) { put(b, 4, n) })
	}
	return s.mendHeader(title, risk, func(h decode.Record[vmdk.Header]) { vmdk.HeaderCapacity.Put(h, n) })[0]
}

// lineTo sets the sectors that a line counts.
func (m *Image) lineTo(e *extent, n uint64) []disk.Repair {
	if n == 0 || n > maxSectors || m.text.Fault != "" {
		return nil
	}
	size := int64(n) * vmdk.SectorSize
	if size > maxSectors*vmdk.SectorSize-(m.size-e.length) {
		return nil
	}
	parts := append(m.renewing(m.freshCID()), splice{e.line.Extent.SectorsAt, fmt.Sprint(n)})
	if m.text.Setting("ddb.geometry.cylinders") != nil {
		parts = append(parts, m.geometryFor(m.size-e.length+size)...)
	}
	return m.rewrite(fmt.Sprintf("let the extent line count %d sectors", n), "the disk gets another size, and what lies behind this extent another place on it", parts...)
}

// changeType makes an extent line say what its file is (X6).
func (m *Image) changeType(f *disk.Finding) []disk.Repair {
	e := m.extentAtLine(f.Where[0])
	if e == nil || e.file == nil {
		return nil
	}
	x := e.line.Extent
	if e.sparse != nil {
		for extentType, kind := range magicOf {
			if kind == e.sparse.kind {
				return m.rewrite("let the line say "+extentType+", as the file does", "", append(m.typed(e, extentType), splice{x.TypeAt, extentType})...)
			}
		}
		return nil
	}
	if x.HasOffset || e.file.Size < e.length || x.NameAt.Length == 0 {
		return nil
	}
	parts := append(m.typed(e, vmdk.TypeFlat), splice{x.TypeAt, vmdk.TypeFlat}, splice{vmdk.Part{Offset: x.NameAt.Offset + x.NameAt.Length + 1}, " 0"})
	return m.rewrite("let the line say "+vmdk.TypeFlat, "the file's bytes become the disk's sectors as they are: if it is a damaged sparse extent, that is not what it holds",
		append(parts, m.renewing(m.freshCID())...)...)
}

// typed is the change of createType that another type of an extent asks for.
func (m *Image) typed(e *extent, extentType string) []splice {
	l := m.text.Setting("createType")
	if l == nil || slices.Contains(strings.Fields(typesOf[strings.ToLower(l.Value)]), extentType) || typesOf[strings.ToLower(l.Value)] == "" {
		return nil
	}
	var types []string
	for _, other := range m.extents {
		t := other.line.Extent.Type
		if other == e {
			t = extentType
		}
		types = append(types, t)
	}
	if name := m.typeOf(types); name != "" {
		return []splice{{l.ValueAt, name}}
	}
	return nil
}
