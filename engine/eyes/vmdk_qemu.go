package eyes

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
)

// How much of the descriptor QEMU reads for the parent and the identities, and where from
// in an image that holds it.
const (
	qemuText = 20 * 512
	qemuAt   = 0x200
	qemuMost = 1<<20 - 1
)

// vmdkQEMU follows block/vmdk.c of QEMU 7.2. It gives the content ID for a child.
func (o *opening) vmdkQEMU() (*vmdkDisk, int64, uint32, error) {
	if o.file.size < 4 {
		return nil, 0, 0, refusal(o.file.place(0, o.file.size), "File is too small, not a valid image")
	}
	d := &vmdkDisk{pad: true}
	b, _ := o.file.padded(0, min(roundUp(o.file.size, 512), qemuMost))
	text := int64(0)
	var err error
	switch string(b[:4]) {
	case vmdk.CowdMagic, vmdk.Magic:
		text = qemuAt
		err = o.sparseQEMU(d, o.file)
	default:
		err = o.textQEMU(d, cString(b))
	}
	if err != nil {
		return nil, 0, 0, err
	}
	size := int64(0)
	for _, x := range d.extents {
		size = x.start + x.length
	}
	cid, err := o.parentQEMU(d, text)
	return d, size, cid, err
}

// cString is text up to the first NUL.
func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// add appends an extent; its size is what the program takes it for.
func (d *vmdkDisk) add(x vmdkExtent) {
	if n := len(d.extents); n > 0 {
		x.start = d.extents[n-1].start + d.extents[n-1].length
	}
	x.shown = x.length
	d.extents = append(d.extents, x)
}

func (o *opening) sparseQEMU(d *vmdkDisk, f file) error {
	b, _ := f.padded(0, int64(vmdk.HeaderTable.Size()))
	switch string(b[:4]) {
	case vmdk.CowdMagic:
		return o.cowdQEMU(d, f)
	case vmdk.Magic:
		return o.hostedQEMU(d, f, sparseIn(b, 0))
	}
	return refusal(f.place(0, int64(len(vmdk.Magic))), "Image not in VMDK format")
}

func (o *opening) cowdQEMU(d *vmdkDisk, f file) error {
	b, _ := f.padded(0, vmdk.CowdHeaderSize)
	h, _ := vmdk.CowdTable.Of(b)
	x := vmdkExtent{
		file: f, width: vmdk.EntrySize, entries: vmdk.CowdTableEntries, length: int64(vmdk.CowdSectors.Get(h)) * 512,
		grain: int64(vmdk.CowdGrain.Get(h)) * 512, dir: int64(vmdk.CowdDirectory.Get(h)) * 512, dirs: int64(vmdk.CowdDirectoryEntries.Get(h)),
		zeros: zeroNever,
	}
	if x.grain == 0 || x.grain > 0x200000*512 || x.dirs > 32<<20 {
		return refusal(f.place(0, vmdk.CowdHeaderSize), "Invalid granularity, image may be corrupt")
	}
	d.add(x)
	return nil
}

func (o *opening) hostedQEMU(d *vmdkDisk, f file, h sparseHeader) error {
	if h.capacity() == 0 && vmdk.HeaderDescriptorOffset.Get(h.rec) != 0 {
		return unknown("QEMU takes the descriptor of a sparse extent of no size for that of the image, which is not modelled")
	}
	if h.directory() == vmdk.DirectoryAtEnd {
		var err error
		if h, err = o.footerQEMU(f); err != nil {
			return err
		}
		o.note("footer", f.place(h.at, sectorSize), "the footer at the end of the stream overrides the header")
	}
	cover := uint32(uint64(h.entries()) * h.grain())
	switch {
	case vmdk.HeaderVersion.Get(h.rec) > 3:
		return refusal(h.of(f, vmdk.HeaderVersion.Field()), "Unsupported VMDK version %d", vmdk.HeaderVersion.Get(h.rec))
	case h.entries() > 512:
		return refusal(h.of(f, vmdk.HeaderTableEntries.Field()), "L2 table size too big")
	case cover == 0:
		return refusal(h.of(f, vmdk.HeaderTableEntries.Field()), "L1 entry size is invalid")
	case uint64(roundUp(f.size, 512)/512) < vmdk.HeaderOverHead.Get(h.rec):
		return refusal(h.of(f, vmdk.HeaderOverHead.Field()), "File truncated, expecting at least %d bytes", vmdk.HeaderOverHead.Get(h.rec)*512)
	case h.grain() > 0x200000:
		return refusal(h.of(f, vmdk.HeaderGrainSize.Field()), "Invalid granularity, image may be corrupt")
	}
	dirs := uint32((h.capacity() + uint64(cover) - 1) / uint64(cover))
	if dirs > 32<<20 {
		return refusal(h.of(f, vmdk.HeaderCapacity.Field()), "L1 size too big")
	}
	second := int64(0)
	if h.flag(vmdk.FlagRedundant) {
		second = int64(vmdk.HeaderRedundantOffset.Get(h.rec) << 9)
	}
	x := vmdkExtent{
		file: f, width: vmdk.EntrySize, entries: int64(h.entries()), grain: int64(h.grain()) * 512,
		dir: int64(h.directory() << 9), dirs: int64(dirs), flagged: h.flag(vmdk.FlagZeroGrains),
		packed: h.algorithm() == 1, marked: h.flag(vmdk.FlagMarkers),
	}
	var ok bool
	if x.length, ok = inBytes(h.capacity()); !ok || x.dir < 0 || second < 0 || x.dir > math.MaxInt64-int64(dirs)*4 || second > math.MaxInt64-int64(dirs)*4 {
		return refusal(h.of(f, vmdk.HeaderDirectoryOffset.Field()), "Could not read l1 table from extent")
	}
	d.add(x)
	return nil
}

// footerQEMU reads the footer of a stream. It goes by the size of the file that was
// opened first, not of the extent's.
func (o *opening) footerQEMU(f file) (sparseHeader, error) {
	at := roundUp(o.file.size, 512) - 3*512
	bad := refusal(f.place(max(at, 0), int64(vmdk.HeaderTable.Size())), "Invalid footer")
	if at < 0 {
		return sparseHeader{}, refusal(f.place(0, f.size), "Failed to read footer")
	}
	b, _ := f.padded(uint64(at), 3*512)
	first, _ := vmdk.MarkerTable.Of(b)
	last, _ := vmdk.MarkerTable.Of(b[2*512:])
	h := sparseIn(b[sectorSize:][:sectorSize], at+sectorSize)
	if !h.marked() || vmdk.MarkerSize.Get(first) != 0 || vmdk.MarkerType.Get(first) != vmdk.MarkerFooter ||
		vmdk.MarkerValue.Get(last) != 0 || vmdk.MarkerSize.Get(last) != 0 || vmdk.MarkerType.Get(last) != vmdk.MarkerEndOfStream {
		return h, bad
	}
	return h, nil
}

// parentQEMU finds parent and identities by the words alone.
func (o *opening) parentQEMU(d *vmdkDisk, at int64) (uint32, error) {
	b, _ := o.file.padded(uint64(at), qemuText)
	text := cString(b)
	name := ""
	if _, rest, ok := strings.Cut(text, "parentFileNameHint"); ok {
		var closed bool
		if name, _, closed = strings.Cut(rest[min(2, len(rest)):], `"`); !closed {
			return 0, refusal(o.file.place(at, qemuText), "the parent's name has no end: Invalid argument")
		}
	}
	text = cString(b[:qemuText-1])
	cid, ok := hexAfter(text, "CID")
	wanted, also := hexAfter(text, "parentCID")
	if !ok || !also {
		return 0, refusal(o.file.place(at, qemuText), "there is no CID or no parentCID: Invalid argument")
	}
	if name == "" {
		return cid, nil
	}
	f, err := o.exactly(name)
	var u unknown
	if errors.As(err, &u) {
		return cid, err
	}
	if err != nil {
		return cid, refusal(o.file.place(at, qemuText), "Could not open backing file %s", decode.InQuotes(name))
	}
	below := &opening{policy: o.policy, src: o.src, file: f, level: o.level + 1}
	if below.level >= maxLayers {
		return cid, refusal(f.place(0, 0), "the chain of parents has more than %d layers", maxLayers)
	}
	p, size, found, err := below.vmdkQEMU()
	o.close = append(o.close, below.close...)
	if err != nil {
		return cid, fmt.Errorf("backing file %s: %w", f.name, err)
	}
	d.parent = &Reader{Policy: o.policy, Size: size, disk: p}
	if found != wanted {
		d.mismatch = "the parent has another CID: Invalid argument"
	}
	return cid, nil
}

// hexAfter is the number that follows a word and one more byte, as sscanf reads it.
func hexAfter(text, word string) (uint32, bool) {
	_, rest, ok := strings.Cut(text, word)
	if !ok || rest == "" {
		return 0, false
	}
	rest = strings.TrimLeft(rest[1:], " \t\n\v\f\r")
	if low := strings.ToLower(rest); strings.HasPrefix(low, "0x") {
		rest = rest[2:]
	}
	v, n := uint64(0), 0
	for ; n < len(rest); n++ {
		digit := strings.IndexByte("0123456789abcdef", rest[n]|0x20)
		if digit < 0 || rest[n] < '0' {
			break
		}
		v = v<<4 | uint64(digit)
	}
	return uint32(v), n > 0
}
