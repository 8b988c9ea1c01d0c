package eyes

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
)

// textQEMU reads a descriptor as QEMU does.
func (o *opening) textQEMU(d *vmdkDisk, text string) error {
	_, rest, ok := strings.Cut(text, "createType")
	kind, closed := "", false
	if ok && len(rest) > 2 {
		kind, _, closed = strings.Cut(rest[2:], `"`)
	}
	if !closed || len(kind) > 127 {
		return refusal(o.file.place(0, o.file.size), "invalid VMDK image descriptor")
	}
	if !slices.Contains([]string{"monolithicFlat", "vmfs", "vmfsSparse", "seSparse", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}, kind) {
		return refusal(o.file.place(0, o.file.size), "Unsupported image type '%s'", kind)
	}
	for at := 0; at < len(text); {
		line := text[at:]
		if err := o.extentQEMU(d, line, int64(at)); err != nil {
			return err
		}
		next := strings.IndexByte(line, '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	if len(d.extents) == 0 {
		return refusal(o.file.place(0, o.file.size), "no line of the descriptor is an extent that QEMU takes: it ends with an assertion")
	}
	return nil
}

// scanned is an extent line as sscanf takes it apart, which may go on to the next lines.
type scanned struct {
	access, kind, name string
	sectors, offset    int64
	matches            int
}

const blanks = " \t\n\v\f\r"

// scanExtent reads what QEMU's format has: two words of at most ten letters around a
// number, a quoted name, and a number.
func scanExtent(s string) scanned {
	x := scanned{offset: -1}
	word := func() (w string) {
		s = strings.TrimLeft(s, blanks)
		n := 0
		for n < len(s) && n < 10 && !strings.ContainsRune(blanks, rune(s[n])) {
			n++
		}
		w, s = s[:n], s[n:]
		return w
	}
	number := func() (int64, bool) {
		s = strings.TrimLeft(s, blanks)
		n := 0
		for n < len(s) && (s[n] >= '0' && s[n] <= '9' || n == 0 && (s[n] == '-' || s[n] == '+')) {
			n++
		}
		v, err := strconv.ParseInt(s[:n], 10, 64)
		s = s[n:]
		return v, err == nil || errors.Is(err, strconv.ErrRange)
	}
	var ok bool
	if x.access = word(); x.access == "" {
		return x
	}
	x.matches++
	if x.sectors, ok = number(); !ok {
		return x
	}
	x.matches++
	if x.kind = word(); x.kind == "" {
		return x
	}
	x.matches++
	s = strings.TrimLeft(s, blanks)
	if !strings.HasPrefix(s, `"`) {
		return x
	}
	s = s[1:]
	n := strings.IndexAny(s, "\n\r\"")
	if n < 0 {
		n = len(s)
	}
	if n = min(n, 511); n == 0 {
		return x
	}
	x.name, s = s[:n], s[n:]
	x.matches++
	if !strings.HasPrefix(s, `"`) {
		return x
	}
	s = s[1:]
	if v, ok := number(); ok {
		x.offset = v
		x.matches++
	}
	return x
}

func (o *opening) extentQEMU(d *vmdkDisk, line string, at int64) error {
	x := scanExtent(line)
	place := o.file.place(at, int64(len(strings.SplitN(line, "\n", 2)[0])))
	if x.matches < 4 || x.access != "RW" {
		return nil
	}
	switch {
	case x.kind == vmdk.TypeFlat && (x.matches != 5 || x.offset < 0), x.kind != vmdk.TypeFlat && x.matches != 4:
		return refusal(place, "Invalid extent line: %s", strings.SplitN(line, "\n", 2)[0])
	case x.sectors <= 0 || !slices.Contains([]string{vmdk.TypeFlat, vmdk.TypeSparse, vmdk.TypeVmfs, vmdk.TypeVmfsSparse, vmdk.TypeSeSparse}, x.kind):
		return nil
	}
	f, err := o.exactly(x.name)
	var u unknown
	if errors.As(err, &u) {
		return err
	}
	if err != nil {
		return refusal(place, "Could not open %s: No such file or directory", decode.InQuotes(x.name))
	}
	switch x.kind {
	case vmdk.TypeFlat, vmdk.TypeVmfs:
		length, ok := inBytes(uint64(x.sectors))
		if offset, fits := inBytes(uint64(max(x.offset, 0))); ok && fits {
			d.add(vmdkExtent{file: f, flat: true, length: length, offset: offset})
			return nil
		}
		return refusal(place, "the extent's size or offset is over all bounds")
	case vmdk.TypeSeSparse:
		return o.seQEMU(d, f)
	}
	before := len(d.extents)
	if err := o.sparseQEMU(d, f); err != nil {
		return err
	}
	if last := &d.extents[before]; last.length != x.sectors*512 {
		o.note("header-capacity", place, "the extent is as large as its header says, not as the descriptor does")
		last.by = "header-capacity"
	}
	return nil
}

// seQEMU reads the headers of a seSparse extent.
func (o *opening) seQEMU(d *vmdkDisk, f file) error {
	b, _ := f.padded(0, int64(vmdk.ConstHeaderTable.Size()))
	h, _ := vmdk.ConstHeaderTable.Of(b)
	switch {
	case vmdk.ConstMagic.Get(h) != vmdk.SeMagic:
		return refusal(f.place(0, sectorSize), "Bad const header magic")
	case vmdk.ConstVersion.Get(h) != vmdk.SeVersion, vmdk.ConstGrain.Get(h) != vmdk.SeGrainSectors, vmdk.ConstTable.Get(h) != vmdk.SeTableSectors,
		vmdk.ConstFlags.Get(h) != 0, vmdk.ConstReserved1.Get(h)|vmdk.ConstReserved2.Get(h)|vmdk.ConstReserved3.Get(h)|vmdk.ConstReserved4.Get(h) != 0,
		!isZero(vmdk.ConstPad.Get(h)):
		return refusal(f.place(0, sectorSize), "Unsupported version, grain size, flags or padding")
	}
	at, ok := inBytes(vmdk.ConstVolatile.Get(h))
	v, _ := f.padded(uint64(at), int64(vmdk.VolatileHeaderTable.Size()))
	vh, good := vmdk.VolatileHeaderTable.Of(v)
	if !ok || !good || vmdk.VolatileMagic.Get(vh) != vmdk.SeVolatileMagic || vmdk.VolatileJournal.Get(vh) != 0 || !isZero(vmdk.VolatilePad.Get(vh)) {
		return refusal(f.place(at, sectorSize), "Bad volatile header, or the image is dirty: replaying the journal is not supported")
	}
	x := vmdkExtent{file: f, width: vmdk.SeEntrySize, entries: vmdk.SeTableEntries, grain: vmdk.SeGrainSectors * 512, se: &seExtent{}}
	var a, b2, c, e bool
	x.length, a = inBytes(vmdk.ConstCapacity.Get(h))
	x.dir, b2 = inBytes(vmdk.ConstDirectory.Get(h))
	x.se.tables, c = inBytes(vmdk.ConstTables.Get(h))
	x.se.grains, e = inBytes(vmdk.ConstGrains.Get(h))
	dirs := vmdk.ConstDirectorySize.Get(h) * 512 / vmdk.SeEntrySize
	if !a || !b2 || !c || !e || dirs > 32<<20 {
		return refusal(f.place(0, sectorSize), "L1 size too big")
	}
	x.dirs = int64(dirs)
	d.add(x)
	return nil
}
