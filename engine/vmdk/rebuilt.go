package vmdk

import (
	"slices"

	"platter/decode/vmdk"
)

// rebuilt is a header that was lost, as what is left of a file tells it.
type rebuilt struct {
	bytes   []byte
	guessed bool // the grain size is the usual one: what is stored fits others too
}

// rebuild makes the header of a sparse file whose first sector is lost. A stream has a copy of
// it, the footer; else the tables tell: each directory is followed by its tables, as all
// programs write them, so that each entry leads to where the next table must lie. Capacity is in
// sectors, as the extent line gives it; inside says that a descriptor lies in the second sector.
// It is nil where nothing tells.
func (f *file) rebuild(capacity uint64, inside bool) *rebuilt {
	if capacity == 0 || capacity > maxSectors {
		return nil
	}
	if h := f.footerCopy(capacity); h != nil {
		return &rebuilt{bytes: h}
	}
	const farthest = 4096 // sectors; the directory follows header and descriptor
	first := int64(usualText)
	if inside {
		first++
	}
	b, err := f.head(0, farthest*vmdk.SectorSize)
	if err != nil {
		return nil
	}
	for d := first; (d+1)*vmdk.SectorSize <= int64(len(b)); d++ {
		if n := tableRun(b[d*vmdk.SectorSize:], d); n > 0 {
			return f.headerOf(capacity, d, n, inside)
		}
	}
	return nil
}

// footerCopy is the header of a stream, made of its footer.
func (f *file) footerCopy(capacity uint64) []byte {
	at := f.Size/vmdk.SectorSize*vmdk.SectorSize - footerBack
	if at < 2*vmdk.SectorSize {
		return nil
	}
	const both = 2 * vmdk.SectorSize // marker and footer
	b, err := f.head(at-vmdk.SectorSize, both)
	if err != nil || len(b) < both {
		return nil
	}
	marker, _ := vmdk.MarkerTable.Of(b)
	r, ok := vmdk.HeaderTable.Of(b[vmdk.SectorSize:])
	if !ok || vmdk.MarkerType.Get(marker) != vmdk.MarkerFooter || vmdk.HeaderMagic.Get(r) != vmdk.Magic || vmdk.HeaderCapacity.Get(r) != capacity {
		return nil
	}
	vmdk.HeaderDirectoryOffset.Put(r, vmdk.DirectoryAtEnd)
	return r.Bytes()
}

// tableSectors is how long a grain table of 512 entries is.
const tableSectors = vmdk.TableEntries * vmdk.EntrySize / vmdk.SectorSize

// tableRun is how many tables a directory at a sector has, if it is one: the first table
// follows it, and each the one before.
func tableRun(b []byte, sector int64) int64 {
	entry := func(i int64) int64 { return int64(vmdk.EntryAt(b[i*vmdk.EntrySize:], vmdk.EntrySize)) }
	start, n := entry(0), int64(0)
	if start <= sector || start > sector+int64(len(b))/vmdk.SectorSize {
		return 0
	}
	room := (start - sector) * vmdk.SectorSize / vmdk.EntrySize
	for n < min(room, int64(len(b))/vmdk.EntrySize) && entry(n) == start+n*tableSectors {
		n++
	}
	for i := n; i < min(room, int64(len(b))/vmdk.EntrySize); i++ {
		if entry(i) != 0 {
			return 0
		}
	}
	if directorySectors(n) != start-sector {
		return 0
	}
	return n
}

// directorySectors is how long a directory of n tables is.
func directorySectors(n int64) int64 { return sectors(roundUp(n*vmdk.EntrySize, vmdk.SectorSize)) }

// headerOf is the header for a directory of n tables at a sector.
func (f *file) headerOf(capacity uint64, directory, n int64, inside bool) *rebuilt {
	entries, zeros := f.grainEntries(directory+directorySectors(n), n)
	grain, guessed := grainSize(capacity, n, entries)
	if grain == 0 {
		return nil
	}
	h := vmdk.HeaderTable.Blank()
	flags, version := uint32(vmdk.FlagNewlines), uint32(1)
	end := directory + directorySectors(n) + n*tableSectors
	if b, err := f.head(end*vmdk.SectorSize, directorySectors(n)*vmdk.SectorSize); err == nil && int64(len(b)) == directorySectors(n)*vmdk.SectorSize && sameRun(b, end, n) {
		flags |= vmdk.FlagRedundant
		vmdk.HeaderRedundantOffset.Put(h, uint64(directory))
		directory, end = end, end+directorySectors(n)+n*tableSectors
	}
	if zeros {
		flags, version = flags|vmdk.FlagZeroGrains, 2
	}
	if len(entries) > 0 {
		end = min(roundUp(end, grain), entries[0])
	} else {
		end = roundUp(end, grain)
	}
	vmdk.HeaderVersion.Put(h, version)
	vmdk.HeaderFlags.Put(h, flags)
	vmdk.HeaderCapacity.Put(h, capacity)
	vmdk.HeaderGrainSize.Put(h, uint64(grain))
	vmdk.HeaderTableEntries.Put(h, vmdk.TableEntries)
	vmdk.HeaderDirectoryOffset.Put(h, uint64(directory))
	vmdk.HeaderOverHead.Put(h, uint64(end))
	if inside {
		first := directory
		if at := int64(vmdk.HeaderRedundantOffset.Get(h)); at > 0 {
			first = at
		}
		vmdk.HeaderDescriptorOffset.Put(h, usualText)
		vmdk.HeaderDescriptorSize.Put(h, uint64(first-usualText))
	}
	return &rebuilt{h.Bytes(), guessed}
}

// sameRun reports whether a directory of n tables lies at a sector.
func sameRun(b []byte, sector, n int64) bool {
	start := sector + directorySectors(n)
	for i := range n {
		if int64(vmdk.EntryAt(b[i*vmdk.EntrySize:], vmdk.EntrySize)) != start+i*tableSectors {
			return false
		}
	}
	return true
}

// grainEntries are the places that the tables name, ascending, and whether some entry says
// zeros. Of many tables the first are read.
func (f *file) grainEntries(first, n int64) (list []int64, zeros bool) {
	const most = 2 << 20
	b, err := f.head(first*vmdk.SectorSize, min(n*tableSectors*vmdk.SectorSize, most))
	if err != nil {
		return nil, false
	}
	for ; len(b) >= vmdk.EntrySize; b = b[vmdk.EntrySize:] {
		switch e := int64(vmdk.EntryAt(b, vmdk.EntrySize)); e {
		case 0:
		case 1:
			zeros = true
		default:
			list = append(list, e)
		}
	}
	slices.Sort(list)
	return list, zeros
}

// grainSize is how many sectors a grain has, of a disk with n tables: so many that no two
// grains share room. The usual size is taken where it fits; guessed says that others do too.
func grainSize(capacity uint64, n int64, entries []int64) (grain int64, guessed bool) {
	gap := int64(maxGrainSectors)
	for i := 1; i < len(entries); i++ {
		gap = min(gap, entries[i]-entries[i-1])
	}
	const usual = 128
	fits := 0
	for g := int64(1); g <= maxGrainSectors; g *= 2 {
		per := uint64(g) * vmdk.TableEntries
		if g > gap || int64((capacity+per-1)/per) != n {
			continue
		}
		fits++
		if grain == 0 || g <= usual {
			grain = g
		}
	}
	return grain, fits > 1
}

// lostHeader is the rebuilt header of a sparse file that has a descriptor in its second
// sector, and nothing that could be a header in its first.
func (f *file) lostHeader() *rebuilt {
	b, err := f.head(0, sniffBytes)
	if err != nil || len(b) <= vmdk.SectorSize || !vmdk.IsDescriptor(b[vmdk.SectorSize:]) {
		return nil
	}
	lines := vmdk.ParseDescriptor(b[vmdk.SectorSize:]).Extents()
	if len(lines) != 1 || !lines[0].Extent.Sized || lines[0].Extent.IsFlat() {
		return nil
	}
	return f.rebuild(lines[0].Extent.Sectors, true)
}

// rebuilt is H1 for a header that is lost.
func (c *checker) rebuilt(s *sparse) {
	h, _ := vmdk.HeaderTable.Of(s.file.rebuilt.bytes)
	from, grain := "from the tables", ""
	if s.footer != 0 {
		from = "from the footer"
	}
	if s.file.rebuilt.guessed {
		grain = ", which is a guess: others fit too"
	}
	c.error("H1:lost", s.file.place(0, vmdk.SectorSize), "the first sector holds no header; %s it can be told what it said: %d sectors, grains of %d%s", from, vmdk.HeaderCapacity.Get(h), vmdk.HeaderGrainSize.Get(h), grain)
}

// Rebuilt is the header that was lost, made again; nil if it was not. Guessed says that its
// grain size is a guess.
func (s *Sparse) Rebuilt() (header []byte, guessed bool) {
	if s.file.rebuilt == nil {
		return nil, false
	}
	return s.file.rebuilt.bytes, s.file.rebuilt.guessed
}
