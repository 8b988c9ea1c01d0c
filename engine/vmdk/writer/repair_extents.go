package writer

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	reader "platter/engine/vmdk"
)

// settleShort makes line and file of a flat extent the same: the line counts what the
// file has, or the file gets as long as the line says. If the file was cut, that comes
// first, since the disk keeps its size with it (X2).
func (m *image) settleShort(f disk.Finding) (list []disk.Repair) {
	e, _ := m.ExtentAt(f.Where[0])
	s, ok := m.Short(e)
	if ok {
		risk := "if the file was cut, the disk was longer: nothing that is there is lost, but a guest may miss its end"
		list = m.rewrite(fmt.Sprintf("let the line say %d sectors, as the file has", s.Sectors), risk, m.Resized(e, s.Sectors)...)
	}
	if e.End > maxGrown {
		return list
	}
	zeros := m.altering(disk.Repair{
		Title: "extend the file with zeros", Risk: "what is missing is lost for good: the range reads as zeros", Apply: disk.Resize(e.File, e.End),
	})
	if s.Cut {
		return append([]disk.Repair{zeros}, list...)
	}
	return append(list, zeros)
}

// settleSize makes the sectors of a line and of the header the same: the header
// counts more where its tables reach, or the line counts less (X5, C5).
func (m *image) settleSize(f disk.Finding) (list []disk.Repair) {
	e, _ := m.ExtentAt(f.Where[0])
	if e.SameTables() {
		list = append(list, m.altering(capacityTo(e.Sparse, uint64(e.Length/vmdk.SectorSize))))
	}
	n := e.Sparse.Capacity()
	return append(list, m.rewrite(fmt.Sprintf("let the extent line count %d sectors", n),
		"the disk gets another size, and what lies after this extent another place on it", m.Resized(e, n)...)...)
}

// capacityTo sets the sectors that the header counts.
func capacityTo(s *reader.Sparse, n uint64) disk.Repair {
	r := disk.Repair{Title: fmt.Sprintf("let the header count %d sectors", n), Risk: "grains past the old end, if there are any, become part of the disk"}
	if s.Kind == vmdk.KindCowd {
		r.Apply = change(s, int64(vmdk.CowdSectors.Offset()), int64(vmdk.CowdSectors.Size()), func(b []byte) { vmdk.CowdTable.Order().Put(b, n) })
	} else {
		r.Apply = changeHeaders(s, func(h decode.Record[vmdk.Header]) { vmdk.HeaderCapacity.Put(h, n) })
	}
	return r
}

// changeType makes an extent line say what its file is (X6).
func (m *image) changeType(f disk.Finding) []disk.Repair {
	e, _ := m.ExtentAt(f.Where[0])
	if ways := m.Unmask(e); len(ways) > 0 {
		var list []disk.Repair
		for _, u := range ways {
			risk := "what is shown now as the disk's sectors is not any more"
			if u.Named {
				risk += "; the parent is taken by its name: if it is another one, what the layer does not store is shown wrong"
			}
			list = append(list, m.rewrite(u.Title, risk, u.Parts...)...)
		}
		return list
	}
	name, parts := m.Retyped(e)
	if e.Sparse != nil {
		return m.rewrite("let the line say "+name+", as the file does", "", parts...)
	}
	return m.rewrite("let the line say "+name, "the file's bytes become the disk's sectors as they are: if it is a damaged sparse extent, that is not what it holds", parts...)
}
