package eyes

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"platter/decode"
	"platter/decode/vmdk"
)

// libyalText is a descriptor as libvmdk reads it.
type libyalText struct {
	cid, parent uint32
	child       bool
	kind        string // createType, in small letters
	hint        string
	extents     []libyalLine
}

type libyalLine struct {
	length, offset int64 // bytes
	kind, name     string
}

const (
	libyalFooter   = 2 * sectorSize // from the end of a stream to its footer
	libyalExtents  = "# extent description"
	libyalDatabase = "# the disk data base"
	libyalTracking = "# change tracking file"
)

// kindsLibyal are the kinds of image that libvmdk opens, in small letters: those of flat
// extents, and those of sparse ones.
var kindsLibyal = map[string]bool{
	"monolithicflat": true, "2gbmaxextentflat": true, "twogbmaxextentflat": true, "vmfs": true, "vmfspreallocated": true, "vmfseagerzeroedthick": true,
	"monolithicsparse": false, "2gbmaxextentsparse": false, "twogbmaxextentsparse": false, "streamoptimized": false, "vmfssparse": false, "vmfsthin": false,
}

// readLibyal reads a descriptor: its title, the settings up to the heading of the extents,
// those up to the next heading, and that of the disk database.
func readLibyal(b []byte) (t libyalText, err error) {
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(cString([]byte(lines[i])), blanks)
	}
	i := 0
	for ; i < len(lines); i++ {
		line := strings.TrimLeft(lines[i], blanks)
		if strings.EqualFold(line, vmdkTitle) {
			break
		}
		if line != "" && line[0] != '#' {
			return t, errors.New("unsupported signature")
		}
	}
	for ; i < len(lines) && !strings.EqualFold(strings.TrimLeft(lines[i], blanks), libyalExtents); i++ {
		if err := t.setting(strings.TrimLeft(lines[i], blanks)); err != nil {
			return t, err
		}
	}
	if i++; i > len(lines) {
		return t, errors.New("unsupported extent section: its heading is missing")
	}
	for ; i < len(lines); i++ {
		line := strings.TrimLeft(lines[i], blanks)
		switch {
		case strings.EqualFold(line, libyalDatabase), strings.EqualFold(line, libyalTracking):
			for ; i < len(lines); i++ {
				if strings.EqualFold(strings.TrimLeft(lines[i], blanks), libyalDatabase) {
					return t, nil
				}
			}
			return t, errors.New("the heading of the disk database is missing")
		case line == "":
			continue
		}
		x, err := lineLibyal(line)
		if err != nil {
			return t, err
		}
		t.extents = append(t.extents, x)
	}
	return t, errors.New("the heading of the disk database is missing")
}

func (t *libyalText) setting(line string) error {
	n := strings.IndexAny(line, blanks+"=")
	if n < 0 {
		return nil
	}
	value := strings.TrimLeft(line[n+1:], blanks)
	if line[n] != '=' {
		value = strings.TrimLeft(strings.TrimPrefix(value, "="), blanks)
	}
	value = strings.Trim(value, `"'`)
	var err error
	hex := func() uint32 {
		v, e := strconv.ParseUint(value, 16, 32)
		err = e
		return uint32(v)
	}
	switch strings.ToLower(line[:n]) {
	case "cid":
		t.cid = hex()
	case "parentcid":
		t.parent, t.child = hex(), true
	case "version":
		_, err = strconv.ParseUint(value, 10, 31)
	case "createtype":
		t.kind = strings.ToLower(value)
	case "parentfilenamehint":
		t.hint = value
	}
	return err
}

func lineLibyal(line string) (x libyalLine, err error) {
	bad := errors.New("unable to read extent descriptor: " + line)
	head, rest, quoted := strings.Cut(line, `"`)
	if quoted {
		end := strings.LastIndexByte(rest, '"')
		if end <= 0 {
			return x, bad
		}
		x.name, rest = rest[:end], rest[end+1:]
	}
	words := strings.Split(strings.TrimSuffix(head, " "), " ")
	if len(words) != 3 || !slices.Contains([]string{"RW", "RDONLY", "NOACCESS"}, words[0]) {
		return x, bad
	}
	n, e := strconv.ParseUint(words[1], 10, 54)
	x.length, x.kind = int64(n)*512, words[2]
	if e != nil || !slices.Contains([]string{vmdk.TypeFlat, vmdk.TypeVmfs, vmdk.TypeZero, vmdk.TypeSparse, vmdk.TypeVmfsRaw, vmdk.TypeVmfsRDM, vmdk.TypeVmfsSparse}, x.kind) {
		return x, bad
	}
	if !quoted && x.kind != vmdk.TypeZero {
		return x, bad
	}
	if rest = strings.TrimLeft(rest, " "); rest != "" {
		v, e := strconv.ParseUint(strings.SplitN(rest, " ", 2)[0], 10, 63)
		if e != nil {
			return x, bad
		}
		x.offset = int64(v) // it is not multiplied by the sector's size
	}
	return x, nil
}

// vmdkLibyal follows libvmdk 20200926. It gives the content ID for a child.
func (o *opening) vmdkLibyal() (*vmdkDisk, int64, uint32, error) {
	t, at, err := o.textLibyal()
	if err != nil {
		return nil, 0, 0, refusal(at, "%v", err)
	}
	flat, known := kindsLibyal[t.kind]
	if !known || len(t.extents) == 0 {
		return nil, 0, 0, refusal(at, "unsupported disk type %s, or no extents", decode.InQuotes(t.kind))
	}
	d := &vmdkDisk{}
	size, start := int64(0), int64(0)
	for i, line := range t.extents {
		x, err := o.extentLibyal(t, line, flat)
		if err != nil {
			return nil, 0, 0, err
		}
		if line.kind != t.extents[0].kind || i > 0 && x.grain != d.extents[0].grain {
			return nil, 0, 0, refusal(at, "the extents are not all of one type and grain size")
		}
		x.start, x.shown = start, x.length
		size, start = size+line.length, start+x.length
		d.extents = append(d.extents, x)
	}
	if t.child && t.parent != 0xFFFFFFFF {
		err = o.parentVMDKLibyal(d, t)
	}
	return d, size, t.cid, err
}

// textLibyal finds and reads the descriptor.
func (o *opening) textLibyal() (t libyalText, at decode.Place, err error) {
	at = o.file.place(0, o.file.size)
	b, ok := o.file.all(0, 32)
	if !ok {
		return t, at, errors.New("unable to read signature")
	}
	if bytes.HasPrefix(b, []byte(vmdk.Magic)) {
		raw, ok := o.file.all(0, int64(vmdk.HeaderTable.Size()))
		h := sparseIn(raw, 0)
		if !ok {
			return t, at, errors.New("unable to read header")
		}
		if _, err := hostedLibyal(o.file, h); err != nil {
			return t, at, err
		}
		off, fits := inBytes(vmdk.HeaderDescriptorOffset.Get(h.rec))
		n := int64(vmdk.HeaderDescriptorSize.Get(h.rec) << 9) // which may go over, as it does there
		b, ok = o.file.all(off, n)
		if at = o.file.place(off, n); !fits || !ok || n == 0 {
			return t, at, errors.New("missing descriptor file")
		}
		t, err = readLibyal(b)
		return t, at, err
	}
	if b[0] != '#' || o.file.size > 128<<20 {
		return t, at, errors.New("unsupported file type: it begins neither as a sparse extent nor with #")
	}
	b, _ = o.file.all(0, min(o.file.size, 4<<20))
	t, err = readLibyal(b)
	return t, at, err
}

func (o *opening) extentLibyal(t libyalText, line libyalLine, flat bool) (vmdkExtent, error) {
	fits := map[string][]string{
		vmdk.TypeFlat: {"monolithicflat", "2gbmaxextentflat", "twogbmaxextentflat"}, vmdk.TypeVmfs: {"vmfs", "vmfspreallocated", "vmfseagerzeroedthick"},
		vmdk.TypeSparse:     {"monolithicsparse", "2gbmaxextentsparse", "twogbmaxextentsparse", "streamoptimized"},
		vmdk.TypeVmfsSparse: {"vmfssparse", "vmfsthin"},
	}
	var x vmdkExtent
	at := o.file.place(0, o.file.size)
	if !slices.Contains(fits[line.kind], t.kind) {
		return x, refusal(at, "unsupported extent type %s in an image of type %s", line.kind, t.kind)
	}
	if strings.Contains(line.name, "/") {
		return x, unknown("what libvmdk opens under a name with a folder is not modelled")
	}
	f, err := o.exactly(line.name)
	var u unknown
	if errors.As(err, &u) {
		return x, err
	}
	if err != nil {
		return x, refusal(at, "unable to open extent data file %s", decode.InQuotes(line.name))
	}
	if flat {
		if line.offset > f.size || line.length > f.size-line.offset {
			return x, refusal(f.place(0, f.size), "invalid extent size value out of bounds: the file is too short")
		}
		if x = (vmdkExtent{file: f, flat: true, length: line.length, offset: line.offset}); line.offset != 0 {
			x.by = "offset-in-bytes"
		}
		return x, nil
	}
	if line.offset != 0 {
		return x, refusal(at, "unsupported extent offset")
	}
	return o.sparseLibyal(f, t.kind == "streamoptimized")
}

// sparseLibyal opens a sparse extent, hosted or COWD.
func (o *opening) sparseLibyal(f file, stream bool) (vmdkExtent, error) {
	var x vmdkExtent
	b, _ := f.padded(0, int64(vmdk.HeaderTable.Size()))
	if bytes.HasPrefix(b, []byte(vmdk.CowdMagic)) {
		return cowdLibyal(f)
	}
	h := sparseIn(b, 0)
	x, err := hostedLibyal(f, h)
	switch {
	case err != nil:
		return x, err
	case !stream && h.flag(vmdk.FlagCompressed):
		return x, refusal(h.of(f, vmdk.HeaderFlags.Field()), "compressed grains in an image that is no stream")
	case h.directory() == vmdk.DirectoryAtEnd && h.algorithm() == 1:
		end, ok := f.all(f.size-libyalFooter, int64(vmdk.HeaderTable.Size()))
		if !ok {
			return x, refusal(f.place(0, f.size), "unable to read footer")
		}
		o.note("footer", f.place(f.size-libyalFooter, sectorSize), "the footer at the end of the stream overrides the header")
		h = sparseIn(end, f.size-libyalFooter)
		if x, err = hostedLibyal(f, h); err != nil {
			return x, err
		}
	}
	size := roundUp(x.dirs*vmdk.EntrySize, 512)
	readable := func(at int64) bool { return at > 0 && at <= f.size-size && size > 0 && size <= 128<<20 }
	second, _ := inBytes(vmdk.HeaderRedundantOffset.Get(h.rec))
	if !readable(x.dir) || (h.flag(vmdk.FlagRedundant) || second > 0) && !readable(second) {
		return x, refusal(h.of(f, vmdk.HeaderDirectoryOffset.Field()), "unable to read grain directory")
	}
	table := roundUp(x.entries*vmdk.EntrySize, 512)
	var last atomic.Pointer[judged]
	whole := x
	x.lostTables = func(at int64) bool {
		if j := last.Load(); j != nil && j.at == at {
			return j.lost
		}
		j := &judged{at, at > f.size-table || whole.packed && !whole.markersRead(at)}
		last.Store(j)
		return j.lost
	}
	return x, nil
}

// judged is a grain table that was looked at last.
type judged struct {
	at   int64
	lost bool
}

// markersRead reports whether the start of each grain of a table is in the file: libvmdk
// reads them all together.
func (x *vmdkExtent) markersRead(at int64) bool {
	for i := range x.entries {
		e, _, err := x.entry("GT", at+i*x.width, i, false)
		if err != nil || int64(e)*512+vmdk.GrainMarkerSize > x.file.size {
			return false
		}
	}
	return true
}

// hostedLibyal is what libvmdk demands of a header, and the extent that it describes.
func hostedLibyal(f file, h sparseHeader) (vmdkExtent, error) {
	var x vmdkExtent
	grain, capacity := h.grain(), h.capacity()
	bad := func(field *decode.Field, what string) (vmdkExtent, error) {
		return x, refusal(h.of(f, field), "%s", what)
	}
	dir, near := inBytes(h.directory())
	atEnd := h.directory() == vmdk.DirectoryAtEnd && h.algorithm() == 1
	switch {
	case !h.marked():
		return bad(vmdk.HeaderMagic.Field(), "unsupported file signature")
	case grain <= 8 || grain > 1<<53 || grain%2 != 0:
		return bad(vmdk.HeaderGrainSize.Field(), "invalid grain size")
	case h.entries() == 0 || h.entries() > 1<<31-1:
		return bad(vmdk.HeaderTableEntries.Field(), "invalid number of grain table entries")
	case !h.newlines():
		return bad(vmdk.HeaderSingleEndLine.Field(), "unsupported end of line characters")
	case h.algorithm() > 1:
		return bad(vmdk.HeaderCompression.Field(), "unsupported compression method")
	case !near && !atEnd:
		return bad(vmdk.HeaderDirectoryOffset.Field(), "unsupported primary grain directory offset")
	case vmdk.HeaderRedundantOffset.Get(h.rec) > 1<<53 || vmdk.HeaderDescriptorOffset.Get(h.rec) > 1<<53:
		return bad(vmdk.HeaderRedundantOffset.Field(), "value out of bounds")
	}
	entries := uint64(h.entries())
	if entries > capacity {
		entries = (capacity + grain - 1) / grain
	}
	if entries == 0 {
		return bad(vmdk.HeaderCapacity.Field(), "invalid grain table size")
	}
	if grain*entries > 1<<53 {
		return bad(vmdk.HeaderTableEntries.Field(), "invalid grain table size")
	}
	capacity = capacity << 9 >> 9 // a size that goes over is what is left of it
	x = vmdkExtent{
		file: f, width: vmdk.EntrySize, grain: int64(grain) * 512, entries: int64(entries), dir: dir,
		length: int64((capacity+grain-1)/grain) * int64(grain) * 512, zeros: zeroNever,
		flagged: h.flag(vmdk.FlagZeroGrains), packed: h.flag(vmdk.FlagCompressed), marked: true, whole: true,
	}
	x.dirs = int64((capacity + grain*entries - 1) / (grain * entries))
	return x, nil
}

func cowdLibyal(f file) (vmdkExtent, error) {
	b, ok := f.all(0, vmdk.CowdHeaderSize)
	h, _ := vmdk.CowdTable.Of(b)
	if !ok {
		return vmdkExtent{}, refusal(f.place(0, f.size), "unable to read header")
	}
	grain, capacity := int64(vmdk.CowdGrain.Get(h)), int64(vmdk.CowdSectors.Get(h))
	x := vmdkExtent{
		file: f, width: vmdk.EntrySize, entries: vmdk.CowdTableEntries, grain: grain * 512,
		dir: int64(vmdk.CowdDirectory.Get(h)) * 512, dirs: int64(vmdk.CowdDirectoryEntries.Get(h)), zeros: zeroNever, whole: true,
	}
	size := roundUp(x.dirs*vmdk.EntrySize, 512)
	if grain == 0 || x.dir == 0 || size == 0 || x.dir > f.size-size {
		return x, refusal(f.place(0, vmdk.CowdHeaderSize), "invalid grain size, or the grain directory can't be read")
	}
	x.length = min((capacity+grain-1)/grain, x.dirs*x.entries) * x.grain
	x.lostTables = func(at int64) bool { return at > f.size-x.entries*vmdk.EntrySize }
	return x, nil
}

func (o *opening) parentVMDKLibyal(d *vmdkDisk, t libyalText) error {
	name := baseName(t.hint)
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	f, err := o.exactly(name)
	var u unknown
	if errors.As(err, &u) {
		return err
	}
	if err != nil {
		return refusal(o.file.place(0, o.file.size), "missing parent handle: the file %s is not there", decode.InQuotes(name))
	}
	below := &opening{policy: o.policy, src: o.src, file: f, level: o.level + 1}
	if below.level >= maxLayers {
		return refusal(f.place(0, 0), "the chain of parents has more than %d layers", maxLayers)
	}
	p, size, cid, err := below.vmdkLibyal()
	o.close = append(o.close, below.close...)
	switch {
	case err != nil:
		return fmt.Errorf("the parent %s: %w", f.name, err)
	case cid != t.parent:
		return refusal(f.place(0, 0), "mismatch in content identifier")
	}
	d.parent = &Reader{Policy: o.policy, Size: size, disk: p}
	return nil
}
