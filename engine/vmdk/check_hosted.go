package vmdk

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// hostedHeader is H1 to H13, for the header that counts, and S9.
func (c *checker) hostedHeader(s *sparse) {
	if s.kind == vmdk.KindUnfinished {
		c.error("H1", s.file.field(0, vmdk.HeaderMagic), "the magic is in lower case: the program that wrote the file never finished it")
	}
	if s.file.Size < vmdk.SectorSize {
		c.error("H1:cut", s.file.place(0, s.file.Size), "the header is cut off: %d bytes of 512", s.file.Size)
		return
	}
	c.hostedFlags(s)
	c.hostedShape(s)
	c.hostedPlaces(s)
	if vmdk.HeaderUnclean.Get(s.header) != 0 {
		c.warn("H12", s.file.field(0, vmdk.HeaderUnclean), "the disk was not closed cleanly")
	}
	for _, r := range []struct {
		rec decode.Record[vmdk.Header]
		at  int64
	}{{s.header, 0}, {s.rules, s.rulesAt()}} {
		if pad := vmdk.HeaderPad.Get(r.rec); len(bytes.Trim(pad, "\x00")) > 0 {
			c.warn("H13", s.file.field(r.at, vmdk.HeaderPad), "the padding of the header is not zero")
		}
		if s.rulesAt() == 0 {
			break
		}
	}
}

// magics are how the kinds start, with the field that holds it.
var magics = map[vmdk.Kind]struct {
	field decode.Spot
	bytes string
}{
	vmdk.KindHosted:   {vmdk.HeaderMagic, vmdk.Magic},
	vmdk.KindCowd:     {vmdk.CowdMagicNumber, vmdk.CowdMagic},
	vmdk.KindSeSparse: {vmdk.ConstMagic, vmdk.SeMagicBytes},
}

// magic is H1 for a header that has all of its kind but the magic.
func (c *checker) magic(s *sparse, base int64, what string) {
	m := magics[s.kind]
	at := s.file.field(base, m.field)
	b, _ := s.file.head(base, int64(len(m.bytes))) // it could be read before
	c.error("H1", at, "the magic of the %s is % x, expected % x: all else is as in that of a %s", what, b, m.bytes, s.kind)
}

// hostedFlags is H2 to H5 and S9.
func (c *checker) hostedFlags(s *sparse) {
	r := s.rules
	flags, version, compression := vmdk.HeaderFlags.Get(r), vmdk.HeaderVersion.Get(r), vmdk.HeaderCompression.Get(r)
	flagsAt, versionAt := s.headerPlace(vmdk.HeaderFlags.Field()), s.headerPlace(vmdk.HeaderVersion.Field())
	zero := flags&vmdk.FlagZeroGrains != 0
	switch {
	case version == 0 || version > 3:
		c.error("H2", versionAt, "header version %d, known are 1 to 3", version)
	case version == 1 && zero:
		c.warn("H2", versionAt, "header version 1, but the flag for zeroed grains demands 2")
	case version == 2 && !zero:
		c.note("H2:needless", versionAt, "header version 2 without zeroed grains, 1 would do")
	}
	if unknown := flags &^ vmdk.KnownFlags; unknown&vmdk.Incompatible != 0 {
		c.error("H3", flagsAt, "unknown incompatible flags 0x%x", unknown)
	} else if unknown != 0 {
		c.warn("H3:compatible", flagsAt, "unknown compatible flags 0x%x", unknown)
	}
	if flags&vmdk.FlagNewlines != 0 {
		c.newlines(s)
	}
	packed := flags&vmdk.FlagCompressed != 0
	switch {
	case flags&vmdk.FlagMarkers != 0 && !packed:
		c.error("H5", flagsAt, "flags 0x%x: markers without compressed grains", flags)
	case compression > 1:
		c.error("H5", s.headerPlace(vmdk.HeaderCompression.Field()), "compression %d, known are 0 and 1", compression)
	case (compression == 1) != packed:
		c.error("H5", s.headerPlace(vmdk.HeaderCompression.Field()), "compression %d and flags 0x%x contradict each other", compression, flags)
	}
	if packed && version < 3 && version != 0 {
		c.warn("S9", versionAt, "a compressed extent with header version %d, ESXi demands 3", version)
	}
}

// newlines is H4.
func (c *checker) newlines(s *sparse) {
	const want = "\n \r\n"
	got := decode.In(s.rules.Bytes(), vmdk.HeaderSingleEndLine, vmdk.HeaderDoubleEndLine2)
	if string(got) == want {
		return
	}
	what := "the bytes were overwritten"
	switch {
	case s.textMode != noTextMode:
		what = textWords[s.textMode]
	case bytes.Equal(got, make([]byte, 4)):
		what = "they are zero: the program that wrote them set the flag wrongly, or the header was patched"
	}
	c.error("H4", s.headerPlace(vmdk.HeaderSingleEndLine, vmdk.HeaderDoubleEndLine2), "newline bytes % x, expected 0a 20 0d 0a: %s", got, what)
}

// hostedShape is H6, H7 and H11.
func (c *checker) hostedShape(s *sparse) {
	r := s.rules
	grain, perTable, capacity := vmdk.HeaderGrainSize.Get(r), vmdk.HeaderTableEntries.Get(r), vmdk.HeaderCapacity.Get(r)
	at := s.headerPlace(vmdk.HeaderGrainSize.Field())
	sound := grain != 0 && bits.OnesCount64(grain) == 1
	switch {
	case !sound || grain > maxGrainSectors:
		c.error("H6:impossible", at, "grains of %d sectors, expected a power of two up to %d", grain, maxGrainSectors)
	case grain < 16 || grain > 2048:
		c.warn("H6", at, "grains of %d sectors: some programs accept only 16 to 2048", grain)
	}
	c.grainSize(s)
	at = s.headerPlace(vmdk.HeaderTableEntries.Field())
	switch {
	case perTable == 0 || perTable > maxPerTable:
		c.error("H7", at, "%d entries in a grain table, expected 512", perTable)
	case perTable != vmdk.TableEntries:
		c.warn("H7", at, "%d entries in a grain table, other programs expect 512", perTable)
	}
	at = s.headerPlace(vmdk.HeaderCapacity.Field())
	switch {
	case capacity == 0:
		c.error("H11", at, "the capacity is 0")
	case capacity > maxSectors:
		c.error("H11", at, "a capacity of %d sectors does not fit 63 bits of bytes", capacity)
	case sound && (capacity-1)/grain >= 1<<32:
		c.error("H11", at, "a capacity of %d sectors needs more than 2^32 grains", capacity)
	case sound && perTable > 0 && (capacity-1)/grain/uint64(perTable) >= maxTables:
		c.error("H11", at, "a capacity of %d sectors needs more than %d grain tables", capacity, maxTables)
	case sound && capacity%grain != 0:
		c.note("H11:partial", at, "a capacity of %d sectors is no multiple of the grain of %d", capacity, grain)
	}
}

// textPlace is H14.
func (c *checker) textPlace(s *sparse) {
	at := s.file.field(0, vmdk.HeaderDescriptorOffset, vmdk.HeaderDescriptorSize)
	switch {
	case s.textFault == "":
	case s.text != nil:
		c.error("H14", at, "%s; the one at byte 0x%x is used", s.textFault, s.textAt.Offset)
	case s.textLost:
		c.error("H14", at, "%s; none was found in the usual place either", s.textFault)
	default:
		c.note("H14", at, "%s; there is none in the usual place", s.textFault)
	}
}

// hostedPlaces is H8 to H10, H14 and H15.
func (c *checker) hostedPlaces(s *sparse) {
	c.textPlace(s)
	if s.movedBy != 0 {
		at := s.file.place(s.movedAt, vmdk.EntrySize)
		c.found(disk.SeverityError, "H15", joined(at, s.headerPlace(vmdk.HeaderDirectoryOffset.Field())), "%s", s.movedWords())
	}
	first, second := s.directoryOffsets()
	size := uint64(s.file.Size) / vmdk.SectorSize
	check := func(f *decode.Field, name string, sector uint64) {
		if sector == 0 || sector >= size {
			c.error("H8", s.headerPlace(f), "the %s at sector 0x%x is not in the file of %d sectors", name, sector, size)
		}
	}
	if !s.lost {
		check(vmdk.HeaderDirectoryOffset.Field(), "grain directory", first)
	}
	if vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant != 0 {
		check(vmdk.HeaderRedundantOffset.Field(), "redundant grain directory", second)
	}
	needed, cut := s.tablesCut()
	if cut {
		c.cutOff(s, needed)
	}
	if s.grid == nil {
		return
	}
	c.fixedOverlaps(s)
	if !cut {
		c.overHead(s)
	}
	if first == second {
		c.warn("G3", s.headerPlace(vmdk.HeaderRedundantOffset.Field()), "both directories are at sector 0x%x: there is no redundant copy", first)
	}
}

// area is a structure with a fixed place.
type area struct {
	name       string
	off, bytes int64
	kind       disk.Kind
}

// fixedAreas are the structures of a sparse extent whose place the header gives.
func (s *sparse) fixedAreas() []area {
	g := s.grid
	switch s.kind {
	case vmdk.KindCowd:
		return []area{{"header", 0, vmdk.CowdHeaderSize, disk.KindHeader}, {"grain directory", g.dirs[0], g.tables * g.width, disk.KindTable}}
	case vmdk.KindSeSparse:
		return append(s.areas(), area{"const header", 0, vmdk.SectorSize, disk.KindHeader})
	}
	list := []area{{"header", 0, vmdk.SectorSize, disk.KindHeader}}
	if s.textAt.Length > 0 {
		list = append(list, area{"descriptor", s.textAt.Offset, s.textAt.Length, disk.KindDescriptor})
	}
	for copy := range g.dirCount {
		list = append(list, area{g.title(copy, "grain directory"), g.dirs[copy], g.dirBytes(copy), disk.KindTable})
	}
	if s.footer != 0 && !s.lost {
		list = append(list, area{"footer", s.footer, vmdk.SectorSize, disk.KindHeader})
	}
	return list
}

// fixedOverlaps is H9.
func (c *checker) fixedOverlaps(s *sparse) {
	list := s.fixedAreas()
	for i, a := range list {
		for _, b := range list[:i] {
			if a.off < b.off+b.bytes && b.off < a.off+a.bytes {
				c.found(disk.SeverityError, "H9", joined(s.file.place(b.off, b.bytes), s.file.place(a.off, a.bytes)), "%s and %s overlap", b.name, a.name)
			}
		}
	}
}

// cutOff is H10 for a file that ends before its tables do.
func (c *checker) cutOff(s *sparse, needed int64) {
	f, ok := c.finding(disk.SeverityError, "H10:cut", joined(s.headerPlace(vmdk.HeaderOverHead.Field())),
		"the file is cut: %d of at least %d bytes are there", s.file.Size, needed)
	if !ok {
		return
	}
	if f.Needs = needed; s.grid == nil {
		f.Lost = int64(vmdk.HeaderCapacity.Get(s.rules)) * vmdk.SectorSize // tablesCut has seen that it is sound
	}
	c.out.Report(f)
}

// overHead is H10 for a file that is not cut.
func (c *checker) overHead(s *sparse) {
	over, grain := vmdk.HeaderOverHead.Get(s.rules), vmdk.HeaderGrainSize.Get(s.rules)
	at := s.headerPlace(vmdk.HeaderOverHead.Field())
	if over > uint64(s.file.Size)/vmdk.SectorSize {
		c.error("H10", at, "overHead of %d sectors is past the end of the file of %d", over, sectors(s.file.Size))
		return
	}
	if over%grain != 0 {
		c.warn("H10:odd", at, "overHead of %d sectors is no multiple of the grain of %d", over, grain)
	}
	if s.footer != 0 {
		return
	}
	for _, a := range s.fixedAreas() {
		if end := roundUp(a.off+a.bytes, vmdk.SectorSize); end > s.floor() {
			c.warn("H10:short", at, "overHead of %d sectors does not reach the end of the %s at sector %d", over, a.name, sectors(end))
			return
		}
	}
}

// streamTail is S1, S2 and S8.
func (c *checker) streamTail(s *sparse) {
	atEnd := vmdk.HeaderDirectoryOffset.Get(s.header) == vmdk.DirectoryAtEnd
	packed := vmdk.HeaderFlags.Get(s.header)&vmdk.FlagCompressed != 0
	if (atEnd || packed) && s.file.Size%vmdk.SectorSize != 0 {
		c.warn("S8", s.file.place(s.file.Size/vmdk.SectorSize*vmdk.SectorSize, s.file.Size%vmdk.SectorSize), "the file of %d bytes does not end with a whole sector", s.file.Size)
	}
	switch {
	case !atEnd || s.movedBy != 0:
	case s.lost:
		c.lostTail(s)
	default:
		c.footer(s)
	}
}

// lostTail is S1 for a stream without a footer.
func (c *checker) lostTail(s *sparse) {
	at := s.file.place(s.footer, min(vmdk.SectorSize, s.file.Size))
	why := "the file was cut off or never finished"
	most := int64(walkAtOpen)
	if c.whole {
		most = math.MaxInt64
	}
	switch {
	case s.walk != nil:
		why = s.walk.words(most)
	case s.file.Size <= s.floor():
		why = fmt.Sprintf("the file is cut at byte 0x%x, and the first grain would lie at byte 0x%x: there are no data of the disk in it", s.file.Size, s.floor())
	}
	c.error("S1", at, "the grain directory is said to be at the end, but there is no valid footer: %s", why)
}

func (c *checker) footer(s *sparse) {
	marker := func(at int64) (size uint32, kind uint32, blank bool) {
		b, err := s.file.head(at, vmdk.SectorSize)
		r, ok := vmdk.MarkerTable.Of(b)
		if err != nil || !ok {
			return 1, 0, false
		}
		return vmdk.MarkerSize.Get(r), vmdk.MarkerType.Get(r), len(bytes.Trim(b, "\x00")) == 0
	}
	if size, kind, _ := marker(s.footer - vmdk.SectorSize); size != 0 || kind != vmdk.MarkerFooter {
		c.error("S1", s.file.place(s.footer-vmdk.SectorSize, vmdk.SectorSize), "no footer marker in front of the footer: size %d, type %d", size, kind)
	}
	if _, _, blank := marker(s.footer + vmdk.SectorSize); !blank {
		c.error("S1", s.file.place(s.footer+vmdk.SectorSize, vmdk.SectorSize), "no end-of-stream marker after the footer")
	}
	for _, f := range vmdk.HeaderTable.Fields() {
		late := f.Name() == vmdk.HeaderRedundantOffset.Field().Name() && vmdk.HeaderFlags.Get(s.rules)&vmdk.FlagRedundant != 0
		if f.Name() == vmdk.HeaderDirectoryOffset.Field().Name() || late {
			continue // they are not known when the header is written
		}
		if f.Name() == vmdk.HeaderMagic.Field().Name() && (s.unmarked || s.footerUnmarked) {
			continue // H1
		}
		if words := apart(f, s.header.Bytes(), s.rules.Bytes()); words != "" {
			c.found(disk.SeverityWarning, "S2", joined(s.file.field(0, f), s.file.field(s.footer, f)),
				"header and footer differ in %s: %s; the footer counts", f.Name(), words)
		}
	}
}

// apart words in what a field of two records differs; empty if it does not. Of a long one it
// shows the bytes from the first on that differs.
func apart(f *decode.Field, one, two []byte) string {
	const most = 16
	if f.Size() <= most {
		if a, b := f.Value(one), f.Value(two); a != b {
			return fmt.Sprintf("%s and %s", a, b)
		}
		return ""
	}
	a, b := one[f.Offset():][:f.Size()], two[f.Offset():][:f.Size()]
	first, n := -1, 0
	for i := range a {
		if a[i] != b[i] {
			n++
			if first < 0 {
				first = i
			}
		}
	}
	if n == 0 {
		return ""
	}
	end := min(first+most, len(a))
	return fmt.Sprintf("%d of %d bytes, from the one at 0x%x on: % x and % x", n, len(a), f.Offset()+first, a[first:end], b[first:end])
}
