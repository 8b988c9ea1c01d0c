package vmdk

import "strings"

// The headings of a descriptor, as strict readers want them (vmdk.md 2.2).
const (
	headTitle    = "# Disk DescriptorFile"
	headExtents  = "# Extent description"
	headTracking = "# Change Tracking File"
	headDatabase = "# The Disk Data Base"
)

// Sections are the lines of a descriptor, without their ends, in the order in
// which they belong.
type Sections struct{ Header, Extents, Tracking, Database []string }

// Ordered sorts all lines but the headings into their sections. Lines that are
// not understood stay with what they followed.
func (d *Descriptor) Ordered() *Sections {
	var s Sections
	at := &s.Header
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Kind == LineBlank || isHeading(l) {
			continue
		}
		if l.Kind == LineExtent || l.Kind == LineSetting {
			at = s.of(l)
		}
		*at = append(*at, strings.TrimRight(l.Text, "\r"))
	}
	return &s
}

// Understood sorts the lines that say something, and have no fault, into their
// sections.
func (d *Descriptor) Understood() *Sections {
	var s Sections
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Fault == "" && (l.Kind == LineExtent || l.Kind == LineSetting) {
			at := s.of(l)
			*at = append(*at, l.Text)
		}
	}
	return &s
}

// of is the section of an extent or a setting.
func (s *Sections) of(l *Line) *[]string {
	switch {
	case l.Kind == LineExtent:
		return &s.Extents
	case strings.EqualFold(l.Key, "changeTrackPath"):
		return &s.Tracking
	case l.IsDatabase():
		return &s.Database
	}
	return &s.Header
}

// IsDatabase reports whether a setting is an entry of the disk database.
func (l *Line) IsDatabase() bool {
	const prefix = "ddb."
	return len(l.Key) >= len(prefix) && strings.EqualFold(l.Key[:len(prefix)], prefix)
}

// isHeading reports whether a comment is one of the headings, or the "#DDB"
// that follows the last.
func isHeading(l *Line) bool {
	if l.Kind != LineComment {
		return false
	}
	words := strings.ToLower(strings.Join(strings.Fields(strings.Trim(l.Text, "# \t")), " "))
	switch words {
	case "disk descriptorfile", "disk descriptor file", "extent description", "change tracking file", "the disk data base", "ddb", "":
		return true
	}
	return false
}

// Text joins the sections under the usual headings.
func (s *Sections) Text() string {
	var b strings.Builder
	put := func(lines []string) {
		for _, l := range lines {
			b.WriteString(l + "\n")
		}
	}
	b.WriteString(headTitle + "\n")
	put(s.Header)
	b.WriteString("\n" + headExtents + "\n")
	put(s.Extents)
	if len(s.Tracking) > 0 {
		b.WriteString("\n" + headTracking + "\n")
		put(s.Tracking)
	}
	b.WriteString("\n" + headDatabase + "\n#DDB\n\n")
	put(s.Database)
	return b.String()
}
