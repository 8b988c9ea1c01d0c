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

// maxGrown bounds how long a repair makes a file, in bytes. What hosts can't
// hold is refused by them at commit.
const maxGrown = 64 << 40

// maxHints bounds how many parents are offered.
const maxHints = 8

// condition tells whether a finding of an image can be repaired.
type condition func(t Text, f disk.Finding) bool

// conditions are those of the findings that can be repaired at all (vmdk.md 12).
// The repairs themselves are made by engine/vmdk/writer.
var conditions = map[string]condition{
	"D1": func(t Text, _ disk.Finding) bool { return t.canDescribe() },
	"D2": func(t Text, _ disk.Finding) bool { return t.canSet("version", "1") },
	"D3": func(t Text, _ disk.Finding) bool { return t.canSet("CID", "12345678") },
	"D4": Text.canSettleParent,
	"D5": func(t Text, _ disk.Finding) bool { return t.canDeriveType() },
	"D6": Text.canRepairLine,
	"D7": func(t Text, _ disk.Finding) bool { return t.canNameItself() },
	"D8": Text.canClear,
	"D9": func(t Text, _ disk.Finding) bool {
		return t.Fault == "" && t.Fits(vmdk.Splice{At: vmdk.Part{Length: t.Size}, Text: t.Ordered().Text()})
	},
	"D10": func(t Text, _ disk.Finding) bool {
		return t.Fault == "" && !t.image.shortFlat() && t.Fits(t.Geometry(t.image.size)...)
	},
	"D11": func(t Text, _ disk.Finding) bool {
		l := t.DatabaseLine("adapterType")
		return l != nil && t.canSplice(vmdk.Splice{At: l.ValueAt, Text: "ide"})
	},
	"D12": func(t Text, _ disk.Finding) bool {
		parts := t.LongID()
		return len(parts) > 0 && t.canSplice(parts...)
	},
	"D13": func(t Text, _ disk.Finding) bool {
		l := t.Setting("changeTrackPath")
		return l != nil && t.canSplice(l.Drop())
	},
	"D14": func(t Text, _ disk.Finding) bool {
		return slices.ContainsFunc(t.OtherEncodings(), func(name string) bool { return t.canSet("encoding", name) })
	},
	"D15": func(t Text, _ disk.Finding) bool { return t.canSplice(t.Titled()...) },
	"X2": func(t Text, f disk.Finding) bool {
		e, ok := t.ExtentAt(f.Where[0])
		_, line := t.Short(e)
		return ok && e.fault == nil && (line || e.base <= maxGrown-e.length)
	},
	"X5": Text.canSettleSize,
	"X6": Text.canChangeType,
	"C5": Text.canSettleSize,
	"L1": func(t Text, _ disk.Finding) bool { return len(t.OtherParents()) > 0 },
	"L2": func(t Text, _ disk.Finding) bool {
		if len(t.OtherParents()) > 0 {
			return true
		}
		cid, ok := t.FoundID()
		return ok && t.canSet("parentCID", fmt.Sprintf("%08x", cid))
	},
}

// inFolder are the findings whose repairs depend on other files of the folder. An
// image that is merely opened, as a parent or to see what it is, does not go
// through its folder, and a merge that is not at its end puts the rest right.
var inFolder = map[string]bool{"D4": true, "L1": true, "L2": true}

// repairable reports whether there is a repair of a finding.
func (c *checker) repairable(code string, f disk.Finding) bool {
	if len(f.Where) == 0 || inFolder[code] && (!c.whole || c.m.link.merges != nil) {
		return false
	}
	if can := conditions[code]; can != nil {
		return (c.m.text != nil || code == "D1") && can(c.m.writing(), f)
	}
	can, file := sparseConditions[code], c.m.byName[f.Where[0].File]
	return can != nil && file != nil && file.sparse != nil && can(file.sparse, f)
}

// canSplice reports whether the text can be changed in some places.
func (t Text) canSplice(parts ...vmdk.Splice) bool {
	return t.Fault == "" && t.Fits(parts...)
}

// canSet reports whether a setting can be given a value.
func (t Text) canSet(key, value string) bool { return t.canSplice(t.Set(key, value)) }

func (t Text) canDeriveType() bool {
	name := t.TypeOfExtents()
	value, _ := t.Get("createType")
	return name != "" && !strings.EqualFold(value, name) && t.canSet("createType", name)
}

// canRepairLine is for single lines: of two settings of one key one goes, as
// does the line of an extent without sectors.
func (t Text) canRepairLine(f disk.Finding) bool {
	if len(t.Extents()) == 0 && f.Where[0] == t.image.textPlace() {
		return t.canDescribe()
	}
	l := t.LineAt(f, 0)
	return l != nil && t.Fault == "" && (l.Kind == vmdk.LineExtent && l.Extent.Sized && l.Extent.Sectors == 0 ||
		l.Kind == vmdk.LineSetting && t.LineAt(f, 1) != nil)
}

// LineAt is the line that one of a finding's places is.
func (t Text) LineAt(f disk.Finding, i int) *vmdk.Line {
	for j := range t.Lines {
		if l := &t.Lines[j]; i < len(f.Where) && t.image.linePlace(l) == f.Where[i] {
			return l
		}
	}
	return nil
}

func (t Text) canNameItself() bool {
	at, ok := t.OwnName()
	return ok && t.canSplice(vmdk.Splice{At: at, Text: path.Base(t.image.main.Name)})
}

// OwnName is the name in the extent line of an embedded descriptor, if it can
// be that of the file.
func (t Text) OwnName() (at vmdk.Part, ok bool) {
	lines := t.Extents()
	if t.image.separate || len(lines) != 1 || !lines[0].Extent.Named || !plain(path.Base(t.image.main.Name)) {
		return at, false
	}
	l := lines[0]
	start, end := strings.IndexByte(l.Text, '"'), strings.LastIndexByte(l.Text, '"')
	return vmdk.Part{Offset: l.At.Offset + start + 1, Length: end - start - 1}, start >= 0 && end > start
}

// plain reports whether a name can be written into a descriptor whatever its
// encoding.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' })
}

// textAmong reports whether the room that the header gives the text reaches into what is used
// for something else: then the number is wrong, and what follows the text is not its own.
func (s *sparse) textAmong() bool {
	at := s.textAt
	if s.isHosted() && at.End() > s.floor() {
		return true
	}
	if s.grid == nil {
		return s.isHosted() // nobody knows where the tables are
	}
	for _, a := range s.fixedAreas() {
		if a.kind != disk.KindDescriptor && at.Offset < a.off+a.bytes && a.off < at.End() {
			return true
		}
	}
	return false
}

// canClear is D8: what follows the text can be cleared, a text that fills its
// room gets shorter, a line loses its control bytes.
func (t Text) canClear(f disk.Finding) bool {
	at := f.Where[0]
	switch s := t.image.main.sparse; {
	case s != nil && (s.movedBy != 0 || s.textAmong()):
		return false // what follows the text may be tables, or data
	case f.Severity == severe:
		return false // where the text ends is not known
	case !t.image.separate && int64(t.Size) == t.image.textAt.Length:
		parts := t.IdleLines()
		return len(parts) > 0 && t.Grown(parts...) <= t.room()
	case at.Offset == t.image.textAt.Offset+int64(t.Size) && at.Offset != t.image.textAt.Offset:
		return true
	}
	l := t.LineAt(f, 0)
	return l != nil && l.Kind != vmdk.LineExtent && len(l.Text) > 0 && t.Fault == ""
}

// IdleLines takes out what says nothing: blank lines and empty comments.
func (t Text) IdleLines() (parts []vmdk.Splice) {
	for i := range t.Lines {
		l := &t.Lines[i]
		if l.Kind == vmdk.LineBlank || l.Kind == vmdk.LineComment && strings.Trim(l.Text, "# \t") == "" {
			parts = append(parts, l.Drop())
		}
	}
	return parts
}

// Geometry is the change of the geometry that goes with a size of the disk.
func (t Text) Geometry(size int64) (parts []vmdk.Splice) {
	adapter, _ := t.Database("adapterType")
	cylinders, heads, perTrack := vmdk.Geometry(uint64(sectors(size)), adapter)
	for _, row := range []struct {
		key   string
		value uint64
	}{{"cylinders", cylinders}, {"heads", heads}, {"sectors", perTrack}} {
		parts = append(parts, t.Set("ddb.geometry."+row.key, fmt.Sprint(row.value)))
	}
	return parts
}

// LongID makes the long content ID end with the CID.
func (t Text) LongID() []vmdk.Splice {
	cid, ok := t.image.cid()
	l := t.DatabaseLine("longContentID")
	if !ok || l == nil {
		return nil
	}
	start := strings.ReplaceAll(uuid.NewString(), "-", "")[:24]
	if n := len(l.Value); n >= 8 {
		start = l.Value[:n-8]
	}
	return []vmdk.Splice{{At: l.ValueAt, Text: start + fmt.Sprintf("%08x", cid)}}
}

// OtherEncodings are those in which all names can be read: UTF-8 if that is one,
// else any that is known.
func (t Text) OtherEncodings() (list []string) {
	names := []string{"UTF-8"}
	if !t.validIn("UTF-8") {
		names = []string{"windows-1252", "GBK", "Big5", "Shift_JIS"}
	}
	for _, name := range names {
		if !strings.EqualFold(name, t.image.encoding()) && t.validIn(name) {
			list = append(list, name)
		}
	}
	return list
}

// validIn reports whether the names of the descriptor make sense in an encoding.
func (t Text) validIn(encoding string) bool {
	for _, name := range t.image.names() {
		if !validName(name, encoding) {
			return false
		}
	}
	return true
}

func (t Text) canSettleSize(f disk.Finding) bool {
	e, ok := t.ExtentAt(f.Where[0])
	if !ok || e.sparse == nil || e.sparse.grid == nil || f.Severity < warning {
		return false
	}
	return e.SameTables() || t.canSplice(t.Resized(e, e.sparse.capacity())...)
}

// SameTables reports whether the header of a sparse extent can count as many
// sectors as its line does: its tables reach that far.
func (e Extent) SameTables() bool {
	wanted := *e.sparse.grid
	wanted.capacity = e.length
	return wanted.needed() == e.sparse.grid.needed() && wanted.packed == nil
}

// Resized is the change of the text that makes an extent line count n sectors;
// none if the disk can't have that size.
func (t Text) Resized(e Extent, n uint64) []vmdk.Splice {
	if n == 0 || n > maxSectors {
		return nil
	}
	size := int64(n) * vmdk.SectorSize
	if size > maxSectors*vmdk.SectorSize-(t.image.size-e.length) {
		return nil
	}
	parts := append(t.Renewing(), vmdk.Splice{At: e.line.Extent.SectorsAt, Text: fmt.Sprint(n)})
	total := t.image.size - e.length + size
	if fits, _ := t.geometryFits(uint64(sectors(total))); t.Setting("ddb.geometry.cylinders") != nil && !fits {
		parts = append(parts, t.Geometry(total)...)
	}
	return parts
}

func (t Text) canChangeType(f disk.Finding) bool {
	e, ok := t.ExtentAt(f.Where[0])
	if !ok {
		return false
	}
	if e.sparse == nil && e.line.Extent.IsFlat() {
		return slices.ContainsFunc(t.Unmask(e), func(u Unmasked) bool { return t.canSplice(u.Parts...) })
	}
	_, parts := t.Retyped(e)
	return t.canSplice(parts...)
}

// canSettleParent is D4: there is no parent, or it is the one that is named.
func (t Text) canSettleParent(disk.Finding) bool {
	if hint := t.Setting("parentFileNameHint"); hint != nil && hint.Value != "" {
		return t.Fault == "" // a text without the name fits where it was
	}
	return t.canSplice(t.NoParent()...) || t.image.link.wanted && len(t.OtherParents()) > 0
}

// NoParent is the change of a text that names no parent which says so. It alters
// the disk only if a parent was demanded until then.
func (t Text) NoParent() []vmdk.Splice {
	parts := []vmdk.Splice{t.Set("parentCID", "ffffffff")}
	if t.image.link.wanted {
		parts = append(parts, t.Renewing()...)
	}
	return parts
}

// OtherParents are the names of other images of the folder that have the content
// ID which is wanted of the parent.
func (t Text) OtherParents() (list []string) {
	if t.image.link.parent != nil || t.image.link.cid == neverWritten {
		return nil // further down, or a CID that any new disk has
	}
	known := ""
	if t.image.link.found != nil {
		known = path.Base(t.image.link.found.main.Name)
	}
	for n := range t.image.neighbours() {
		if cid, ok := n.cid(); !ok || cid != t.image.link.cid || len(list) == maxHints || n.name == known {
			continue
		}
		if plain(n.name) && t.canSet("parentFileNameHint", n.name) {
			list = append(list, n.name)
		}
	}
	return list
}

// FoundID is the content ID of the image that the parent's name led to, be it
// the one that is wanted or not.
func (t Text) FoundID() (uint32, bool) {
	if t.image.link.found == nil {
		return 0, false
	}
	cid, ok := t.image.link.found.cid()
	return cid, ok && cid != noParent
}

// NamedID is the content ID of the image that the descriptor names as parent,
// which is not open where parentCID says that there is none.
func (t Text) NamedID() (uint32, bool) {
	hint, _ := t.Get("parentFileNameHint")
	for _, name := range t.image.parentNames(hint) {
		if n, err := t.image.peek(name); err == nil {
			cid, ok := n.cid()
			return cid, ok && cid != noParent
		}
	}
	return 0, false
}
