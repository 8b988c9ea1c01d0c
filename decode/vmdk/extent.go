package vmdk

import (
	"strconv"
	"strings"
)

// Extent is an extent line of a descriptor (vmdk.md 2.4).
type Extent struct {
	Access    string // RW, RDONLY, NOACCESS; in upper case
	Sectors   uint64 // what the extent contributes to the disk
	Type      string // FLAT, SPARSE, ZERO, VMFS, ...; in upper case
	Name      string // file name in the bytes of the text
	Named     bool
	Offset    uint64 // sectors into the file, of flat kinds
	HasOffset bool
	Rest      string // what follows: a partition's UUID, a device's identity
	Sized     bool   // Sectors could be read, so the extents after it can be placed

	AccessAt, SectorsAt, TypeAt, NameAt, OffsetAt, RestAt Part
}

// The types of extent.
const (
	TypeFlat       = "FLAT"
	TypeSparse     = "SPARSE"
	TypeZero       = "ZERO"
	TypeVmfs       = "VMFS"
	TypeVmfsSparse = "VMFSSPARSE"
	TypeSeSparse   = "SESPARSE"
	TypeVsanSparse = "VSANSPARSE"
	TypeVmfsRDM    = "VMFSRDM"
	TypeVmfsRaw    = "VMFSRAW"
)

// IsFlat reports whether the extent is raw data of a file or device.
func (e *Extent) IsFlat() bool { return e.Type == TypeFlat || e.Type == TypeVmfs }

// IsSparse reports whether the extent is a file of one of the sparse formats.
func (e *Extent) IsSparse() bool {
	return e.Type == TypeSparse || e.Type == TypeVmfsSparse || e.Type == TypeSeSparse
}

// knownTypes are all types that the format lists.
var knownTypes = map[string]string{
	TypeFlat:       "raw data in a file, or on a device",
	TypeSparse:     "hosted sparse extent (KDMV)",
	TypeZero:       "no file: reads as zeros",
	TypeVmfs:       "raw data in a file on VMFS",
	TypeVmfsSparse: "ESX redo log (COWD)",
	TypeSeSparse:   "ESXi seSparse extent",
	TypeVsanSparse: "vSAN snapshot extent, never documented",
	TypeVmfsRDM:    "pointer to a raw device (RDM)",
	TypeVmfsRaw:    "raw device",
}

// TypeDoc says in a few words what a type of extent is; empty for one that the
// format does not know.
func TypeDoc(extentType string) string { return knownTypes[extentType] }

var accessDocs = map[string]string{
	"RW":       "may be read and written",
	"RDONLY":   "may only be read",
	"NOACCESS": "may not even be read",
}

// isExtentLine tells an extent line by its first word.
func isExtentLine(trimmed string) bool {
	word, rest, ok := strings.Cut(strings.ReplaceAll(trimmed, "\t", " "), " ")
	return ok && accessDocs[strings.ToUpper(word)] != "" && !strings.HasPrefix(strings.TrimLeft(rest, " "), "=")
}

// parseExtent reads an extent line whose text starts at pos. What could be read
// is there even if the line has a fault.
func parseExtent(text string, pos int) (*Extent, string) {
	e := &Extent{}
	w := words{text, pos}
	e.Access, e.AccessAt = w.next()
	e.Access = strings.ToUpper(e.Access)
	var count string
	count, e.SectorsAt = w.next()
	n, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return e, "the number of sectors can't be read"
	}
	e.Sectors, e.Sized = n, true
	e.Type, e.TypeAt = w.next()
	e.Type = strings.ToUpper(e.Type)
	if e.Type == "" {
		return e, "the type of the extent is missing"
	}
	var fault string
	e.Name, e.NameAt, e.Named, fault = w.quoted()
	if fault != "" {
		return e, fault
	}
	if !e.Named {
		if e.Type != TypeZero {
			fault = "the quoted file name is missing"
		}
		return e, fault
	}
	return e, e.parseTail(&w)
}

// parseTail reads what follows the name.
func (e *Extent) parseTail(w *words) string {
	var number string
	number, e.OffsetAt = w.next()
	if number == "" {
		return ""
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return "the offset can't be read"
	}
	e.Offset, e.HasOffset = n, true
	e.Rest, e.RestAt = trimPart(w.text, w.pos)
	return ""
}

// words takes a line apart from the left.
type words struct {
	text string
	pos  int
}

func (w *words) skip(n int) { w.text, w.pos = w.text[n:], w.pos+n }

func (w *words) blanks() { w.skip(len(w.text) - len(strings.TrimLeft(w.text, " \t"))) }

func (w *words) next() (string, Part) {
	w.blanks()
	n := strings.IndexAny(w.text, " \t\"")
	if n < 0 {
		n = len(w.text)
	}
	word, at := w.text[:n], Part{w.pos, n}
	w.skip(n)
	return word, at
}

// quoted takes a text in quotes; the format has no escape for a quote in it.
func (w *words) quoted() (text string, at Part, found bool, fault string) {
	w.blanks()
	if w.text == "" {
		return "", Part{w.pos, 0}, false, ""
	}
	if w.text[0] != '"' {
		return "", Part{w.pos, 0}, false, "the file name is not in quotes"
	}
	w.skip(1)
	n := strings.IndexByte(w.text, '"')
	if n < 0 {
		at = Part{w.pos, len(w.text)}
		return w.text, at, true, "the closing quote of the file name is missing"
	}
	text, at = w.text[:n], Part{w.pos, n}
	w.skip(n + 1)
	return text, at, true, ""
}
