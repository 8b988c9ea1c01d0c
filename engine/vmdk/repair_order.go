package vmdk

import (
	"fmt"
	"path"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// The headings of a descriptor, as strict readers want them (vmdk.md 2.2).
const (
	headTitle    = "# Disk DescriptorFile"
	headExtents  = "# Extent description"
	headTracking = "# Change Tracking File"
	headDatabase = "# The Disk Data Base"
)

// sections are the lines of a descriptor in the order in which they belong.
// Lines that are not understood stay with what they stood behind.
type sections struct{ header, extents, tracking, database []string }

// putInOrder writes the text in the usual order, with the usual headings and
// line ends (D9).
func (m *Image) putInOrder(*disk.Finding) []disk.Repair {
	if m.text.Fault != "" {
		return nil
	}
	var s sections
	at := &s.header
	for i := range m.text.Lines {
		l := &m.text.Lines[i]
		switch {
		case l.Kind == vmdk.LineBlank || isHeading(l):
			continue
		case l.Kind == vmdk.LineExtent:
			at = &s.extents
		case l.Kind == vmdk.LineSetting && strings.EqualFold(l.Key, "changeTrackPath"):
			at = &s.tracking
		case l.Kind == vmdk.LineSetting && hasPrefixFold(l.Key, "ddb."):
			at = &s.database
		case l.Kind == vmdk.LineSetting:
			at = &s.header
		}
		*at = append(*at, strings.TrimRight(l.Text, "\r"))
	}
	return m.replace("write the text in the usual order, with the usual headings", "", []splice{{vmdk.Part{Length: m.text.Size}, s.text()}})
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// isHeading reports whether a comment is one of the headings, or the "#DDB"
// that follows the last.
func isHeading(l *vmdk.Line) bool {
	if l.Kind != vmdk.LineComment {
		return false
	}
	words := strings.ToLower(strings.Join(strings.Fields(strings.Trim(l.Text, "# \t")), " "))
	switch words {
	case "disk descriptorfile", "disk descriptor file", "extent description", "change tracking file", "the disk data base", "ddb", "":
		return true
	}
	return false
}

// text joins the sections.
func (s *sections) text() string {
	var b strings.Builder
	put := func(lines []string) {
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	b.WriteString(headTitle + "\n")
	put(s.header)
	b.WriteString("\n" + headExtents + "\n")
	put(s.extents)
	if len(s.tracking) > 0 {
		b.WriteString("\n" + headTracking + "\n")
		put(s.tracking)
	}
	b.WriteString("\n" + headDatabase + "\n#DDB\n\n")
	put(s.database)
	return b.String()
}

// synthesize writes the descriptor anew: what of it is understood, and what is
// missing by the header and by the files beside it (D1, and D6 where no extent
// is named).
func (m *Image) synthesize(*disk.Finding) []disk.Repair {
	if encrypted(m.text) {
		return nil
	}
	var s sections
	for i := range m.text.Lines {
		l := &m.text.Lines[i]
		switch {
		case l.Fault != "" || l.Kind == vmdk.LineBlank || l.Kind == vmdk.LineComment || l.Kind == vmdk.LineUnknown:
		case l.Kind == vmdk.LineExtent:
			s.extents = append(s.extents, l.Text)
		case hasPrefixFold(l.Key, "ddb."):
			s.database = append(s.database, l.Text)
		case strings.EqualFold(l.Key, "changeTrackPath"):
			s.tracking = append(s.tracking, l.Text)
		default:
			s.header = append(s.header, l.Text)
		}
	}
	if m.complete(&s) != nil {
		return nil
	}
	return m.replace("write the descriptor anew from what can be understood", "settings and comments that can't be read are lost, and what is missing is guessed from the files",
		[]splice{{vmdk.Part{Length: m.text.Size}, s.text()}})
}

// complete adds what a descriptor can't do without.
func (m *Image) complete(s *sections) error {
	types, total, err := m.extentsFor(s)
	if err != nil {
		return err
	}
	missing := func(key string) bool { return m.text.Setting(key) == nil }
	if missing("createType") {
		s.header = append([]string{`createType="` + m.typeOf(types) + `"`}, s.header...)
	}
	if missing("parentCID") {
		s.header = append([]string{"parentCID=ffffffff"}, s.header...)
	}
	if missing("CID") {
		s.header = append([]string{fmt.Sprintf("CID=%08x", m.freshCID())}, s.header...)
	}
	if missing("version") {
		s.header = append([]string{"version=1"}, s.header...)
	}
	if missing("ddb.adapterType") {
		s.database = append(s.database, `ddb.adapterType = "ide"`)
	}
	if m.databaseLine("geometry.cylinders") == nil {
		cylinders, heads, perTrack := geometryOf(total, "ide")
		s.database = append(s.database, fmt.Sprintf("ddb.geometry.cylinders = %q", fmt.Sprint(cylinders)),
			fmt.Sprintf("ddb.geometry.heads = %q", fmt.Sprint(heads)), fmt.Sprintf("ddb.geometry.sectors = %q", fmt.Sprint(perTrack)))
	}
	return nil
}

// extentsFor lists the extents' types and their sectors; where the descriptor
// names none it looks for the files that it would usually name.
func (m *Image) extentsFor(s *sections) (types []string, total uint64, err error) {
	if lines := m.text.Extents(); len(s.extents) > 0 {
		for _, l := range lines {
			types, total = append(types, l.Extent.Type), total+l.Extent.Sectors
		}
		return types, total, nil
	}
	name := path.Base(m.main.Name)
	if !m.separate {
		if m.main.sparse == nil || m.main.sparse.capacity() == 0 || !plain(name) {
			return nil, 0, disk.Errorf(disk.NotFound, m.textAt, "the header does not say how large the disk is")
		}
		n := m.main.sparse.capacity()
		s.extents = append(s.extents, fmt.Sprintf("RW %d %s %q", n, vmdk.TypeSparse, name))
		return []string{vmdk.TypeSparse}, n, nil
	}
	base := strings.TrimSuffix(name, path.Ext(name))
	for _, pattern := range []string{"-flat", "-f%03d", "-s%03d", "-delta", "-sesparse"} {
		if types, total = m.filesLike(s, base+pattern+".vmdk"); len(types) > 0 {
			return types, total, nil
		}
	}
	return nil, 0, disk.Errorf(disk.NotFound, m.textAt, "no file beside it has a name that an extent of it would have")
}

// maxGuessed bounds how many extents are looked for by their usual names.
const maxGuessed = 1000

// filesLike writes lines for the files whose names follow a pattern, which may
// count from 1.
func (m *Image) filesLike(s *sections, pattern string) (types []string, total uint64) {
	if !plain(pattern) || m.src.Opener == nil {
		return nil, 0
	}
	counted := strings.Contains(pattern, "%03d")
	for i := 1; i <= maxGuessed && (counted || i == 1); i++ {
		name := pattern
		if counted {
			name = fmt.Sprintf(pattern, i)
		}
		line, extentType, n := m.lineFor(name)
		if n == 0 {
			break
		}
		s.extents, types, total = append(s.extents, line), append(types, extentType), total+n
	}
	return types, total
}

// lineFor is the extent line that a file deserves; 0 sectors if there is none.
func (m *Image) lineFor(name string) (line, extentType string, n uint64) {
	handle, rel, err := m.src.Opener.OpenFile(name)
	if err != nil {
		return "", "", 0
	}
	defer handle.Close()
	f, err := newFile(rel, handle)
	if err != nil {
		return "", "", 0
	}
	b, err := f.head(0, 8)
	if err != nil {
		return "", "", 0
	}
	kind := vmdk.Sniff(b)
	if kind == vmdk.KindNone {
		n = uint64(sectors(f.Size))
		return fmt.Sprintf("RW %d FLAT %q 0", n, name), vmdk.TypeFlat, n
	}
	sparse, err := f.openSparse(kind)
	if err != nil || sparse.capacity() > maxSectors {
		return "", "", 0
	}
	for t, k := range magicOf {
		if k == kind {
			extentType = t
		}
	}
	n = sparse.capacity()
	return fmt.Sprintf("RW %d %s %q", n, extentType, name), extentType, n
}

// mendLine settles what is wrong with single lines (D6): of two settings of one
// key one goes, as does the line of an extent without sectors; where there is no
// extent at all the text is made anew.
func (m *Image) mendLine(f *disk.Finding) []disk.Repair {
	if len(m.text.Extents()) == 0 && f.Where[0] == m.textPlace() {
		return m.synthesize(f)
	}
	line := func(i int) *vmdk.Line {
		for j := range m.text.Lines {
			if l := &m.text.Lines[j]; i < len(f.Where) && m.linePlace(l) == f.Where[i] {
				return l
			}
		}
		return nil
	}
	first, second := line(0), line(1)
	switch {
	case first == nil:
	case first.Kind == vmdk.LineExtent && first.Extent.Sized && first.Extent.Sectors == 0:
		return m.rewrite("take the extent without sectors out", "", drop(first))
	case second != nil && first.Kind == vmdk.LineSetting:
		list := m.rewrite(fmt.Sprintf("keep %q, which comes first", first.Value), "programs that read the last one saw the other value", drop(second))
		if second.Value != first.Value {
			list = append(list, m.rewrite(fmt.Sprintf("keep %q, which comes last", second.Value), "this program and QEMU saw the other value", drop(first))...)
		}
		return list
	}
	return nil
}
