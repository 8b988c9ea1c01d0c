package writer

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

func (m *image) setVersion(disk.Finding) []disk.Repair {
	version := "1"
	if _, tracked := m.Text.Get("changeTrackPath"); tracked {
		version = "3"
	}
	return m.set("set the version to "+version, "", "version", version)
}

// setCID pads the content ID, or makes a new one where it can't be read (D3).
func (m *image) setCID(disk.Finding) []disk.Repair {
	value, _ := m.Text.Get("CID")
	if cid, ok := parseCID(value); ok && value != "" {
		return m.set("pad the CID to eight digits", "", "CID", fmt.Sprintf("%08x", cid))
	}
	fresh := m.FreshID()
	if long, ok := m.Text.Database("longContentID"); ok && len(long) >= 8 {
		if cid, ok := parseCID(long[len(long)-8:]); ok && cid != noParent {
			fresh = cid
		}
	}
	text := fmt.Sprintf("%08x", fresh)
	return m.set("set the CID to "+text, "disks that were made as children of this one may have known it by another CID", "CID", text)
}

// noParent is the content ID that stands for none.
const noParent = 0xFFFFFFFF

func parseCID(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 16, 32)
	return uint32(v), err == nil && len(s) <= 8
}

// deriveType takes the type from the extents (D5).
func (m *image) deriveType(disk.Finding) []disk.Repair {
	name := m.TypeOfExtents()
	return m.set("set createType to "+name, "", "createType", name)
}

// nameItself puts the file's own name into an embedded descriptor (D7).
func (m *image) nameItself(disk.Finding) []disk.Repair {
	at, _ := m.OwnName()
	return m.rewrite("write the file's own name into the extent line", "", splice(at, path.Base(m.Name)))
}

// computeGeometry makes the three numbers fit the disk's size (D10).
func (m *image) computeGeometry(disk.Finding) []disk.Repair {
	return m.rewrite("compute the geometry from the size", "guests that start by cylinder, head and sector may have been set up with the other geometry", m.Geometry(m.Parts.Size)...)
}

// fitLongID makes the long content ID end with the CID (D12).
func (m *image) fitLongID(disk.Finding) []disk.Repair {
	return m.rewrite("make the long content ID end with the CID", "", m.LongID()...)
}

// setAdapter names an adapter that goes with the geometry, or the other kind
// (D11).
func (m *image) setAdapter(disk.Finding) []disk.Repair {
	at := m.Text.DatabaseLine("adapterType").ValueAt
	names := []string{"ide", "lsilogic"}
	if heads, _ := m.Text.Database("geometry.heads"); heads == "255" {
		slices.Reverse(names)
	}
	var list []disk.Repair
	for _, name := range names {
		list = append(list, m.rewrite("set the adapter to "+name, "a guest that expects another controller may not start", splice(at, name))...)
	}
	return list
}

// setEncoding names an encoding in which all names can be read (D14).
func (m *image) setEncoding(disk.Finding) (list []disk.Repair) {
	for _, name := range m.OtherEncodings() {
		list = append(list, m.set("say that names are written in "+name, "names may come out as others than were meant", "encoding", name)...)
	}
	return list
}

// dropTracking takes change tracking out, and the version that it needs (D13).
func (m *image) dropTracking(disk.Finding) []disk.Repair {
	parts := []vmdk.Splice{m.Text.Setting("changeTrackPath").Drop()}
	if version := m.Text.Setting("version"); version != nil && version.Value == "3" {
		parts = append(parts, splice(version.ValueAt, "1"))
	}
	return m.rewrite("turn change tracking off", "the next backup has to be a full one", parts...)
}

// clearPastText zeroes what follows the end of the text, makes room there, or
// takes control bytes out of a line (D8).
func (m *image) clearPastText(f disk.Finding) []disk.Repair {
	at := f.Where[0]
	switch {
	case !m.Separate && int64(m.Text.Size) == m.TextAt.Length:
		return one("take blank lines and empty comments out of the text", "", m.Rewrite(m.IdleLines()...))
	case at.Offset == m.TextAt.Offset+int64(m.Text.Size) && at.Offset != m.TextAt.Offset:
		return one("zero what follows the text", "what is hidden there is lost", disk.Change(at, func(b []byte) { clear(b) }))
	}
	l := m.LineAt(f, 0)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7F {
			return -1
		}
		return r
	}, l.Text)
	return m.rewrite("take the control bytes out of the line", "whatever they were meant for is lost", splice(l.At, plain+l.Ending))
}

// putInOrder writes the text in the usual order, with the usual headings and
// line ends (D9).
func (m *image) putInOrder(disk.Finding) []disk.Repair {
	return m.rewrite("write the text in the usual order, with the usual headings", "", m.whole(m.Text.Ordered()))
}

// whole puts a new text in the place of all of the old one.
func (m *image) whole(s *vmdk.Sections) vmdk.Splice {
	return splice(vmdk.Part{Length: m.Text.Size}, s.Text())
}

// describe rewrites the descriptor: what of it is understood, and what is
// missing by the header and by the files beside it (D1, and D6 where no extent is
// named).
func (m *image) describe(disk.Finding) []disk.Repair {
	s := m.Text.Understood()
	var types []string
	var total uint64
	for _, g := range m.Guesses() {
		types, total = append(types, g.Type), total+g.Sectors
		if g.Line != "" {
			s.Extents = append(s.Extents, g.Line)
		}
	}
	m.complete(s, types, total)
	return one("rewrite the descriptor from what can be understood", "settings and comments that can't be read are lost, and what is missing is guessed from the files", m.Rewrite(m.whole(s)))
}

// complete adds what a descriptor can't do without.
func (m *image) complete(s *vmdk.Sections, types []string, total uint64) {
	for _, row := range []struct{ key, line string }{
		{"createType", `createType="` + m.TypeOf(types) + `"`}, {"parentCID", "parentCID=ffffffff"},
		{"CID", fmt.Sprintf("CID=%08x", m.FreshID())}, {"version", "version=1"},
	} {
		if m.Text.Setting(row.key) == nil {
			s.Header = append([]string{row.line}, s.Header...)
		}
	}
	if m.Text.Setting("ddb.adapterType") == nil {
		s.Database = append(s.Database, `ddb.adapterType = "ide"`)
	}
	if m.Text.DatabaseLine("geometry.cylinders") == nil {
		cylinders, heads, perTrack := vmdk.Geometry(total, "ide")
		s.Database = append(s.Database, fmt.Sprintf("ddb.geometry.cylinders = %q", fmt.Sprint(cylinders)),
			fmt.Sprintf("ddb.geometry.heads = %q", fmt.Sprint(heads)), fmt.Sprintf("ddb.geometry.sectors = %q", fmt.Sprint(perTrack)))
	}
}

// repairLine settles what is wrong with single lines (D6): of two settings of one
// key one goes, as does the line of an extent without sectors; where there is no
// extent at all the text is made again.
func (m *image) repairLine(f disk.Finding) []disk.Repair {
	if len(m.Text.Extents()) == 0 && f.Where[0] == m.Place() {
		return m.describe(f)
	}
	first, second := m.LineAt(f, 0), m.LineAt(f, 1)
	if first.Kind == vmdk.LineExtent {
		return m.rewrite("take the extent without sectors out", "", first.Drop())
	}
	list := m.rewrite(fmt.Sprintf("keep %q, which comes first", first.Value), "programs that read the last one saw the other value", second.Drop())
	if second.Value != first.Value {
		list = append(list, m.rewrite(fmt.Sprintf("keep %q, which comes last", second.Value), "this program and QEMU saw the other value", first.Drop())...)
	}
	return list
}

// writeTitle makes the text start as a descriptor does (D15).
func (m *image) writeTitle(disk.Finding) []disk.Repair {
	return m.rewrite("write the first line as it should be", "", m.Titled()...)
}
