package eyes

import (
	"bytes"
	"errors"
	"math/bits"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
)

// vmdkTitle is the first line of a descriptor that 7-Zip and libvmdk know it by.
const vmdkTitle = "# Disk DescriptorFile"

// vmdkSevenZip follows VmdkHandler.cpp of 7-Zip 26.02.
func (o *opening) vmdkSevenZip() (virtual, int64, error) {
	d := &vmdkDisk{}
	first, _ := o.file.padded(0, min(512, o.file.size))
	if bytes.HasPrefix(first, []byte(vmdk.Magic)) {
		if len(first) < 512 {
			return nil, 0, refusal(o.file.place(0, o.file.size), cannot+"the file has no whole sector")
		}
		x, err := o.sparseSevenZip(o.file, sparseIn(first, 0))
		if err != nil {
			return nil, 0, err
		}
		x.shown = x.length
		d.extents = []vmdkExtent{x}
		return d, x.length, nil
	}
	if !bytes.HasPrefix(first, []byte(vmdkTitle)) {
		return nil, 0, refusal(o.file.place(0, int64(len(first))), cannot+"it begins neither as a sparse extent nor with %q", vmdkTitle)
	}
	if o.file.size > 1<<20 {
		return nil, 0, refusal(o.file.place(0, o.file.size), cannot+"the descriptor is longer than 1 MiB")
	}
	b, _ := o.file.all(0, o.file.size)
	t, ok := sevenZipText(b)
	switch {
	case !ok:
		return nil, 0, refusal(o.file.place(0, o.file.size), cannot+"a line of the descriptor is neither a setting nor an extent")
	case t.child():
		return nil, 0, refusal(o.file.place(0, o.file.size), "Unsupported Method: the image has a parent")
	}
	size := int64(0)
	for _, line := range t.extents {
		x, err := o.extentSevenZip(line)
		if err != nil {
			return nil, 0, err
		}
		x.start = size
		size += x.length
		d.extents = append(d.extents, x)
	}
	return d, size, nil
}

// sevenZipLine is an extent line as 7-Zip takes it apart.
type sevenZipLine struct {
	sectors, start uint64
	kind, name     string
}

type sevenZipDescriptor struct {
	parent  string
	extents []sevenZipLine
}

func (t sevenZipDescriptor) child() bool {
	return t.parent != "" && !strings.EqualFold(t.parent, "ffffffff")
}

// sevenZipText reads a descriptor up to its first NUL. Each line that is no comment must
// be a setting or an extent.
func sevenZipText(b []byte) (t sevenZipDescriptor, ok bool) {
	text := cString(b)
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line[0] == '#' {
			continue
		}
		quote, equals := strings.IndexByte(line, '"'), strings.IndexByte(line, '=')
		if equals >= 0 && (quote < 0 || equals < quote) {
			if strings.EqualFold(strings.Trim(line[:equals], " \t\n"), "parentCID") {
				t.parent = strings.Trim(line[equals+1:], " \t\n")
			}
			continue
		}
		x, good := sevenZipExtent(line)
		if !good {
			return t, false
		}
		t.extents = append(t.extents, x)
	}
	return t, true
}

func sevenZipExtent(s string) (x sevenZipLine, ok bool) {
	word := func() (w string) {
		s = strings.TrimLeft(s, " \t")
		n := strings.IndexAny(s, " \t")
		if n < 0 {
			n = len(s)
		}
		w, s = s[:n], s[n:]
		return w
	}
	number := func() (v uint64, ok bool) {
		for _, c := range []byte(word()) {
			if c < '0' || c > '9' || v > (1<<64-1-9)/10 {
				return v, false
			}
			v = v*10 + uint64(c-'0')
		}
		return v, true
	}
	word()
	if x.sectors, ok = number(); !ok {
		return x, false
	}
	if x.kind = word(); x.kind == "" {
		return x, false
	}
	s = strings.TrimLeft(s, " \t")
	if x.kind == vmdk.TypeZero {
		return x, s == ""
	}
	rest, quoted := strings.CutPrefix(s, `"`)
	name, rest, closed := strings.Cut(rest, `"`)
	if !quoted || !closed {
		return x, false
	}
	x.name, s = name, rest
	x.start, ok = number()
	return x, ok
}

func (o *opening) extentSevenZip(line sevenZipLine) (vmdkExtent, error) {
	x := vmdkExtent{zero: line.kind == vmdk.TypeZero, flat: line.kind == vmdk.TypeFlat || line.kind == vmdk.TypeVmfs || line.kind == vmdk.TypeVmfsRaw}
	if line.sectors >= 1<<53 || line.start >= 1<<53 {
		return x, refusal(o.file.place(0, o.file.size), cannot+"an extent is over all bounds")
	}
	x.length, x.offset = int64(line.sectors)*512, int64(line.start)*512
	x.shown = x.length
	if x.zero {
		return x, nil
	}
	f, err := o.exactly(line.name)
	var u unknown
	switch {
	case errors.As(err, &u):
		x.lost = "Missing volume: " + decode.InQuotes(line.name)
		return x, nil
	case err != nil:
		x.lost = "Missing volume: " + decode.InQuotes(line.name)
		return x, nil
	case x.flat:
		x.file = f
		return x, nil
	}
	b, ok := f.all(0, 512)
	if !ok || !bytes.HasPrefix(b, []byte(vmdk.Magic)) {
		x.lost = "the extent's file is no sparse extent that is supported"
		return x, nil
	}
	s, err := o.sparseSevenZip(f, sparseIn(b, 0))
	if err != nil {
		x.lost = err.Error()
		return x, nil
	}
	s.shown = min(s.length, x.length)
	s.length = x.length
	return s, nil
}

// headSevenZip is what 7-Zip demands of each header.
func headSevenZip(h sparseHeader) bool {
	return h.marked() && h.entries() == vmdk.TableEntries && vmdk.HeaderVersion.Get(h.rec) <= 3 && (!h.flag(vmdk.FlagNewlines) || h.newlines())
}

// sparseSevenZip opens a sparse extent. All its tables are read, and each is checked.
func (o *opening) sparseSevenZip(f file, h sparseHeader) (vmdkExtent, error) {
	var x vmdkExtent
	bad := func(field *decode.Field, what string) (vmdkExtent, error) {
		return x, refusal(h.of(f, field), cannot+"%s", what)
	}
	if !headSevenZip(h) {
		return bad(vmdk.HeaderMagic.Field(), "the header is not valid")
	}
	if err := o.embeddedSevenZip(f, h); err != nil {
		return x, err
	}
	if h.directory() == vmdk.DirectoryAtEnd {
		var ok bool
		if h, ok = footerSevenZip(f, h); !ok {
			return bad(vmdk.HeaderDirectoryOffset.Field(), "the footer is missing, not valid, or of another image")
		}
		o.note("footer", f.place(h.at, sectorSize), "the footer at the end of the stream overrides the header")
	}
	grain := h.grain()
	switch {
	case bits.OnesCount64(grain) != 1 || grain < 8 || grain > 1<<21:
		return bad(vmdk.HeaderGrainSize.Field(), "the grain size is not supported")
	case h.capacity() >= 1<<53 || vmdk.HeaderOverHead.Get(h.rec) >= 1<<54:
		return bad(vmdk.HeaderCapacity.Field(), "the capacity is over all bounds")
	}
	compressed := h.flag(vmdk.FlagCompressed)
	if compressed && (h.algorithm() > 1 || !h.flag(vmdk.FlagMarkers)) || !compressed && h.algorithm() != 0 {
		return bad(vmdk.HeaderCompression.Field(), "Unsupported Method")
	}
	x = vmdkExtent{
		file: f, width: vmdk.EntrySize, entries: vmdk.TableEntries, grain: int64(grain) * 512, length: int64(h.capacity()) * 512,
		dirs: int64((h.capacity() + grain*vmdk.TableEntries - 1) / (grain * vmdk.TableEntries)), flagged: h.flag(vmdk.FlagZeroGrains),
		packed: h.algorithm() >= 1, marked: true, pack: packStrict,
	}
	if x.dir = int64(h.directory() << 9); x.dirs > 0 && (x.dir <= 0 || x.dirs > 1<<28) {
		return bad(vmdk.HeaderDirectoryOffset.Field(), "the grain directory lies nowhere")
	}
	return x, o.tablesSevenZip(&x, h)
}

// embeddedSevenZip reads the descriptor in a sparse extent: one that names a parent is not
// supported.
func (o *opening) embeddedSevenZip(f file, h sparseHeader) error {
	n, at := vmdk.HeaderDescriptorSize.Get(h.rec), vmdk.HeaderDescriptorOffset.Get(h.rec)
	if n == 0 {
		return nil
	}
	place := h.of(f, vmdk.HeaderDescriptorOffset.Field())
	if at == 0 || n > 1<<10 {
		return refusal(place, cannot+"the descriptor lies nowhere, or is too long")
	}
	b, ok := f.all(int64(at<<9), int64(n)*512)
	if !ok {
		return refusal(place, cannot+"the descriptor lies past the end of the file")
	}
	if at == 1 && h.flag(vmdk.FlagMarkers) && isZero(b[:8]) {
		return refusal(place, cannot+"the descriptor is empty")
	}
	t, _ := sevenZipText(b)
	if t.child() {
		return refusal(place, "Unsupported Method: the image has a parent")
	}
	return nil
}

func footerSevenZip(f file, h sparseHeader) (sparseHeader, bool) {
	at := f.size - 3*512
	b, ok := f.all(at, 3*512)
	if !ok || f.size%512 != 0 {
		return h, false
	}
	end := sparseIn(b[sectorSize:][:sectorSize], at+sectorSize)
	first, _ := vmdk.MarkerTable.Of(b)
	last, _ := vmdk.MarkerTable.Of(b[2*512:])
	same := vmdk.HeaderFlags.Get(h.rec) == vmdk.HeaderFlags.Get(end.rec) && vmdk.HeaderVersion.Get(h.rec) == vmdk.HeaderVersion.Get(end.rec) &&
		h.capacity() == end.capacity() && h.grain() == end.grain() && h.algorithm() == end.algorithm()
	return end, headSevenZip(end) && same &&
		vmdk.MarkerValue.Get(first) == 1 && vmdk.MarkerSize.Get(first) == 0 && vmdk.MarkerType.Get(first) == vmdk.MarkerFooter &&
		vmdk.MarkerValue.Get(last) == 0 && vmdk.MarkerSize.Get(last) == 0 && vmdk.MarkerType.Get(last) == vmdk.MarkerEndOfStream
}

// tablesSevenZip reads the directory and all tables: in a stream each has its marker, and
// no grain lies before overHead.
func (o *opening) tablesSevenZip(x *vmdkExtent, h sparseHeader) error {
	if x.dirs == 0 {
		return nil
	}
	sectors := roundUp(x.dirs*vmdk.EntrySize, 512)
	bad := func(at, n int64) error {
		return refusal(x.file.place(at, n), cannot+"a grain table, its marker or an entry of it is not valid")
	}
	if h.flag(vmdk.FlagMarkers) && !markerAt(x.file, x.dir-512, vmdk.MarkerDirectory, sectors/512) || x.dir > x.file.size-sectors {
		return bad(x.dir, sectors)
	}
	for i := range x.dirs {
		at, _, err := x.tableAt(i, false)
		if err != nil {
			return bad(x.dir, sectors)
		}
		if at == 0 {
			continue
		}
		table, ok := x.file.all(at, vmdk.TableEntries*vmdk.EntrySize)
		if !ok || h.flag(vmdk.FlagMarkers) && !markerAt(x.file, at-512, vmdk.MarkerTableType, vmdk.TableEntries*vmdk.EntrySize/512) {
			return bad(at, vmdk.TableEntries*vmdk.EntrySize)
		}
		for ; len(table) > 0; table = table[vmdk.EntrySize:] {
			e := vmdk.EntryAt(table, vmdk.EntrySize)
			if e != 0 && !(e == vmdk.ZeroGrain && x.flagged) && e < vmdk.HeaderOverHead.Get(h.rec) {
				return bad(at, vmdk.TableEntries*vmdk.EntrySize)
			}
		}
	}
	return nil
}

// markerAt reports whether a marker of a kind lies there.
func markerAt(f file, at int64, kind uint32, sectors int64) bool {
	b, ok := f.all(at, int64(vmdk.MarkerTable.Size()))
	if !ok {
		return false
	}
	m, _ := vmdk.MarkerTable.Of(b)
	return vmdk.MarkerType.Get(m) == kind && vmdk.MarkerValue.Get(m) == uint64(sectors) && vmdk.MarkerSize.Get(m) == 0
}
