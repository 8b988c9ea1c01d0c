package vmdk

import (
	"bytes"
	"fmt"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// settingPlace is where the value of a setting stands, or the descriptor if it
// is not set.
func (m *Image) settingPlace(key string) decode.Place {
	if m.text == nil {
		return m.main.place(0, 0)
	}
	if l := m.text.Setting(key); l != nil {
		return l.ValueAt.Place(m.textAt.File, m.textAt.Offset)
	}
	return m.textPlace()
}

func (m *Image) textPlace() decode.Place { return m.textAt.Sub(0, int64(m.text.Size)) }

// descriptor checks the text as a whole: D1, D2, D6 to D9.
// It reports whether there is anything else to check.
func (c *checker) descriptor() bool {
	m, t := c.m, c.m.text
	if t.Fault != "" {
		c.error("D1", m.textPlace(), "the descriptor was not read to its end: %s", t.Fault)
	}
	if m.untitled {
		c.error("D15", m.textPlace(), "the text has the settings and extent lines of a descriptor, but does not start as one: other programs do not know it as one")
	}
	if encrypted(t) {
		c.error("D1:encrypted", m.textPlace(), "the disk is encrypted: its descriptor holds keys instead of extents")
	}
	settings := map[string]*vmdk.Line{}
	for i := range t.Lines {
		l := &t.Lines[i]
		if l.Kind == vmdk.LineSetting {
			c.duplicate(settings, l)
		}
		c.line(l)
	}
	if len(settings) == 0 && len(t.Extents()) == 0 {
		c.error("D1", m.textPlace(), "the descriptor holds not one setting")
		return false
	}
	if v, ok := t.Get("version"); !ok {
		c.warn("D2", m.textPlace(), "the descriptor has no version line")
	} else if v != "1" && v != "2" && v != "3" {
		c.warn("D2", m.settingPlace("version"), "descriptor version %q, known are 1 to 3", v)
	}
	c.extentLines()
	c.room()
	c.headings()
	return true
}

// line reports what is wrong with a line: D1, D6, D8.
func (c *checker) line(l *vmdk.Line) {
	at := c.m.linePlace(l)
	if l.Kind == vmdk.LineExtent {
		c.afterFields(l)
	}
	switch {
	case l.Fault == "":
	case l.Kind == vmdk.LineExtent && l.Fault != controlBytes:
		c.error("D6", at, "extent line: %s", l.Fault)
	case l.At.Length > vmdk.MaxLine:
		c.error("D1", at, "a line of %d bytes: %s", l.At.Length, l.Fault)
	case l.Kind == vmdk.LineSetting && l.Fault != controlBytes:
		c.warn("D6:setting", at, "setting: %s", l.Fault)
	case l.Fault != controlBytes && printable(l.Text):
		c.note("D6:line", at, "a line that is %s", l.Fault)
	default:
		c.warn("D8:line", at, "a line that is no text: %s", l.Fault)
	}
}

const controlBytes = "contains control bytes"

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F })
}

func (c *checker) duplicate(seen map[string]*vmdk.Line, l *vmdk.Line) {
	key := strings.ToLower(l.Key)
	old := seen[key]
	if old == nil {
		seen[key] = l
		return
	}
	severity := disk.SeverityError
	if old.Value == l.Value || strings.HasPrefix(key, "ddb.") {
		severity = disk.SeverityWarning
	}
	c.found(severity, "D6:twice", joined(c.m.linePlace(old), c.m.linePlace(l)), "%q is set twice, to %q and %q", l.Key, old.Value, l.Value)
}

// extentLines are the checks of the lines themselves: D6, D7.
func (c *checker) extentLines() {
	m := c.m
	lines := m.text.Extents()
	var total uint64
	for _, l := range lines {
		x := l.Extent
		switch {
		case x.Sized && x.Sectors == 0:
			c.error("D6", m.linePlace(l), "an extent of 0 sectors")
		case x.Sectors > maxSectors-total:
			c.error("D6", m.linePlace(l), "the extents have more than 2^63 bytes together")
			return
		}
		total += x.Sectors
	}
	switch {
	case m.separate && len(lines) == 0:
		c.error("D6:none", m.textPlace(), "the descriptor has no extent lines")
	case !m.separate && len(lines) != 1:
		c.error("D7", m.textPlace(), "an embedded descriptor with %d extent lines, expected one for this file", len(lines))
	case !m.separate && path.Base(strings.ReplaceAll(m.decoded(lines[0].Extent.Name), `\`, "/")) != path.Base(m.main.Name):
		c.note("D7", m.linePlace(lines[0]), "the embedded descriptor names %s, this file is %s", decode.InQuotes(lines[0].Extent.Name), decode.InQuotes(m.main.Name))
	}
}

// room checks the bytes around the text: D8.
func (c *checker) room() {
	m := c.m
	size := int64(m.text.Size)
	if !m.separate && size == m.textAt.Length && m.text.Fault == "" {
		if n, over := m.runsOver(); n > 0 {
			c.error("D8", m.textAt.Sub(0, size+n), "the text goes on after its room over %s, up to byte 0x%x: what was there is lost", over, m.textAt.End()+n)
			return
		}
		c.warn("D8", m.textAt, "the text fills all of the %d bytes reserved for it, without a NUL after it", size)
		return
	}
	rest, err := m.main.head(m.textAt.Offset+size, min(m.textAt.Length-size, vmdk.MaxDescriptor))
	i := bytes.IndexFunc(rest, func(r rune) bool { return r != 0 })
	if err != nil || i < 0 || m.text.Fault != "" {
		return
	}
	report := c.warn
	if len(bytes.TrimRight(rest, "\x00")) <= leftover {
		report = c.note
	}
	report("D8", m.textAt.Sub(size, int64(len(rest))), "bytes other than NUL follow the end of the text, from byte 0x%x on", m.textAt.Offset+size+int64(i))
}

// runsOver is how many bytes of text follow the room of an embedded descriptor that is
// full, and what lies there by the header: a program wrote more than it had room for.
func (m *Image) runsOver() (n int64, over string) {
	const least = 8 // what looks like text by chance is shorter
	b, err := m.main.head(m.textAt.End(), sniffBytes)
	end := bytes.IndexFunc(b, func(r rune) bool { return r > '~' || r < ' ' && !strings.ContainsRune("\t\r\n", r) })
	if n = int64(end); err != nil || n < least {
		return 0, ""
	}
	over = "what follows"
	if s := m.main.sparse; s != nil && s.grid != nil {
		for _, a := range s.fixedAreas() {
			if a.off < m.textAt.End()+n && m.textAt.End() < a.off+a.bytes {
				over = "the " + a.name
			}
		}
	}
	return n, over
}

// leftover is how many bytes of an older text QEMU leaves behind a new one:
// its CID has no leading zeros, so that the text may become shorter by up to
// seven bytes.
const leftover = 8

// missingHeadings are the headings in quotes that a descriptor lacks. Their case
// does not matter.
func missingHeadings(text *vmdk.Descriptor) []string {
	var missing []string
	for _, h := range []string{"# disk descriptorfile", "# extent description", "# the disk data base"} {
		if !slices.ContainsFunc(text.Lines, func(l vmdk.Line) bool {
			return l.Kind == vmdk.LineComment && strings.EqualFold(strings.TrimSpace(l.Text), h)
		}) {
			missing = append(missing, strconv.Quote(h))
		}
	}
	return missing
}

// headings checks what strict readers insist on: D9.
func (c *checker) headings() {
	m := c.m
	stage, crlf, odd := 0, false, false
	for _, l := range m.text.Lines {
		crlf = crlf || l.Ending == "\r\n"
		now := stage
		switch {
		case l.Kind == vmdk.LineExtent:
			now = 1
		case l.Kind == vmdk.LineSetting && strings.HasPrefix(strings.ToLower(l.Key), "ddb."):
			now = 2
		case l.Kind == vmdk.LineSetting && !strings.EqualFold(l.Key, "changeTrackPath"):
			now = 0
		}
		odd = odd || now < stage
		stage = max(stage, now)
	}
	if missing := missingHeadings(m.text); len(missing) > 0 {
		c.note("D9", m.textPlace(), "missing headings: %s", strings.Join(missing, ", "))
	}
	if odd {
		c.note("D9", m.textPlace(), "settings, extents and disk database are not in the usual order")
	}
	if crlf {
		c.note("D9", m.textPlace(), "lines end with CR LF")
	}
}

// settings checks the values: D3 to D5, D11 to D14.
func (c *checker) settings() {
	m, t := c.m, c.m.text
	cid, ok := t.Get("CID")
	if _, valid := parseCID(cid); !ok || !valid {
		c.error("D3", m.settingPlace("CID"), "CID %q, expected eight hex digits", cid)
	} else if len(cid) < 8 {
		c.note("D3", m.settingPlace("CID"), "CID %q is not padded to eight digits", cid)
	}
	c.parentSettings()
	c.createType()
	if a, ok := t.Database("adapterType"); ok && !slices.Contains([]string{"ide", "buslogic", "lsilogic", "legacyesx"}, strings.ToLower(a)) {
		c.warn("D11", m.settingPlace("ddb.adapterType"), "adapter type %q, known are ide, buslogic, lsilogic and legacyESX", a)
	}
	if long, ok := t.Database("longContentID"); ok {
		if n := len(long); n < 8 || !strings.EqualFold(long[n-8:], fmt.Sprintf("%08s", cid)) {
			c.note("D12", m.settingPlace("ddb.longContentID"), "the long content ID %q does not end with the CID %q", long, cid)
		}
	}
	c.changeTracking()
	c.encodings()
}

func (c *checker) parentSettings() {
	m, t := c.m, c.m.text
	hint, hinted := t.Get("parentFileNameHint")
	value, set := t.Get("parentCID")
	cid, valid := parseCID(value)
	switch at := m.settingPlace("parentCID"); {
	case !set && hinted:
		c.error("D4", at, "the parent %s is named, but parentCID is missing", decode.InQuotes(hint))
	case !set:
		c.warn("D4", at, "parentCID is missing")
	case !valid:
		c.error("D4", at, "parentCID %q, expected eight hex digits", value)
	case cid != noParent && hint == "":
		c.error("D4", at, "parentCID %q demands a parent, but none is named", value)
	case cid == noParent && hinted:
		c.warn("D4", joined(at, m.settingPlace("parentFileNameHint"))[0], "the parent %s is named, but parentCID says that there is none", decode.InQuotes(hint))
	}
}

// typesOf are the extent types that go with each createType (vmdk.md 3).
var typesOf = map[string]string{
	"monolithicsparse": "SPARSE", "twogbmaxextentsparse": "SPARSE", "2gbmaxextentsparse": "SPARSE", "streamoptimized": "SPARSE",
	"monolithicflat": "FLAT", "twogbmaxextentflat": "FLAT", "2gbmaxextentflat": "FLAT", "fulldevice": "FLAT",
	"vmfs": "VMFS", "vmfsthin": "VMFS", "vmfspreallocated": "VMFS", "vmfseagerzeroedthick": "VMFS", "vmfsthick": "VMFS",
	"vmfssparse": "VMFSSPARSE", "sesparse": "SESPARSE", "vmfssesparse": "SESPARSE", "vsansparse": "VSANSPARSE",
	"vmfsraw": "VMFSRAW", "vmfsrdm": "VMFSRDM", "vmfsrawdevicemap": "VMFSRDM", "vmfsrdmp": "VMFSRDM", "vmfspassthroughrawdevicemap": "VMFSRDM",
	"partitioneddevice": "FLAT ZERO", "custom": "",
}

// createType is D5.
func (c *checker) createType() {
	m := c.m
	value, _ := m.text.Get("createType")
	at := m.settingPlace("createType")
	types, known := typesOf[strings.ToLower(value)]
	switch {
	case value == "":
		c.warn("D5", at, "createType is missing")
		return
	case !known:
		c.warn("D5", at, "createType %q is not one that the format knows", value)
		return
	}
	for _, l := range m.text.Extents() {
		if t := l.Extent.Type; types != "" && t != "" && !slices.Contains(strings.Fields(types), t) {
			c.warn("D5", m.linePlace(l), "createType %q does not go with an extent of type %s", value, t)
			return
		}
	}
	stream := strings.EqualFold(value, "streamOptimized")
	if s := m.main.sparse; s != nil && s.kind == vmdk.KindHosted && types != "" && stream != (vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagCompressed != 0) {
		c.warn("D5", at, "createType %q does not go with the flags 0x%x of the header", value, vmdk.HeaderFlags.Get(s.rules))
	}
}

// changeTracking is D13.
func (c *checker) changeTracking() {
	m := c.m
	name, ok := m.text.Get("changeTrackPath")
	if !ok {
		return
	}
	at := m.settingPlace("changeTrackPath")
	if v, _ := m.text.Get("version"); v != "3" {
		c.warn("D13", at, "change tracking is on, but the descriptor has version %q, expected 3", v)
	}
	if m.src.Opener == nil {
		return
	}
	f, _, err := m.src.Opener.OpenFile(m.decoded(name))
	if err != nil {
		c.warn("D13", at, "the change tracking file %s can't be opened: %v", decode.InQuotes(name), err)
		return
	}
	f.Close()
}

// encodings is D14.
func (c *checker) encodings() {
	m := c.m
	name := m.encoding()
	if name != "" && !knownEncoding(name) {
		c.warn("D14", m.settingPlace("encoding"), "encoding %q is not one that is known", name)
		return
	}
	for l, s := range m.names() {
		if !validName(s, name) {
			c.warn("D14", m.linePlace(l), "the name %q is not valid in the encoding %q", s, name)
		}
	}
}

// names are the file names in the descriptor with their lines.
func (m *Image) names() iter.Seq2[*vmdk.Line, string] {
	hint := m.text.Setting("parentFileNameHint")
	return func(yield func(*vmdk.Line, string) bool) {
		for i := range m.text.Lines {
			l := &m.text.Lines[i]
			switch {
			case l == hint && !yield(l, l.Value), l.Kind == vmdk.LineExtent && !yield(l, l.Extent.Name):
				return
			}
		}
	}
}

// validName reports whether a name can be read in an encoding.
func validName(name, encoding string) bool {
	enc := legacy[strings.ToLower(encoding)]
	if enc == nil {
		return utf8.ValidString(name)
	}
	s, err := enc.NewDecoder().String(name)
	return err == nil && !strings.ContainsRune(s, utf8.RuneError)
}

// geometry is D10.
func (c *checker) geometry() {
	m := c.m
	cylinders, heads, perTrack, ok := geometryOf(m.text)
	at := m.settingPlace("ddb.geometry.cylinders")
	switch {
	case m.size == 0 || m.link.wanted && m.text.DatabaseLine("geometry.cylinders") == nil:
		return // of a child the parent's counts
	case !ok:
		c.warn("D10", at, "the geometry is missing or not made of numbers")
		return
	case heads == 0 || heads > 255 || perTrack == 0 || perTrack > 63:
		c.warn("D10", at, "geometry %d/%d/%d, at most 255 heads and 63 sectors are possible", cylinders, heads, perTrack)
		return
	}
	capacity, cylinder := uint64(sectors(m.size)), heads*perTrack
	if !geometryFits(cylinders, cylinder, capacity) {
		c.warn("D10", at, "geometry %d/%d/%d makes %d sectors, the disk has %d", cylinders, heads, perTrack, cylinders*cylinder, capacity)
	}
}

// encrypted reports whether the descriptor is one of VMware's encrypted disks.
func encrypted(t *vmdk.Descriptor) bool {
	for _, key := range []string{"encryptionKeys", "encryption.keySafe", "encryption.data"} {
		if _, ok := t.Get(key); ok {
			return true
		}
	}
	return false
}
