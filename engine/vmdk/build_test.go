package vmdk_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

const sector = vmdk.SectorSize

// The disk that the tests build: two grain tables of 4 MiB each, the second
// only used in part.
const (
	grainSectors = 16
	grainBytes   = grainSectors * sector
	diskSectors  = 10240
	tableBytes   = vmdk.TableEntries * 4
)

// grains are what the built disks hold, by grain number.
func grains() map[int64][]byte {
	list := map[int64][]byte{}
	for _, i := range []int64{0, 3, 4, 511, 512, 639} {
		list[i] = bytes.Repeat(fmt.Appendf(nil, "grain %03d contents ", i), 500)[:grainBytes]
	}
	return list
}

// content is the virtual disk of those grains.
func content(grains map[int64][]byte, size int64) []byte {
	b := make([]byte, size)
	for i, g := range grains {
		copy(b[i*int64(len(g)):], g)
	}
	return b
}

// text is a descriptor; extra lines go before the extents.
func text(createType, extent string, extra ...string) string {
	parent := "parentCID=ffffffff\n"
	if len(extra) > 0 && strings.HasPrefix(extra[0], "parentCID") {
		parent = ""
	}
	return "# Disk DescriptorFile\nversion=1\nCID=12345678\n" + parent + strings.Join(append(extra, ""), "\n") +
		"createType=\"" + createType + "\"\n\n# Extent description\n" + extent + "\n\n# The Disk Data Base\n#DDB\n\n" +
		"ddb.adapterType = \"ide\"\nddb.geometry.cylinders = \"10\"\nddb.geometry.heads = \"16\"\nddb.geometry.sectors = \"63\"\nddb.longContentID = \"00112233445566778899aabb12345678\"\n"
}

// built is the bytes of a sparse file, and where its parts lie.
type built struct {
	b        []byte
	gd, rgd  int64
	gts      [2]int64
	rgts     [2]int64
	grain    map[int64]int64 // byte offset of each grain
	overHead int64
}

func (f *built) u32(off int64, v uint32) { binary.LittleEndian.PutUint32(f.b[off:], v) }
func (f *built) u64(off int64, v uint64) { binary.LittleEndian.PutUint64(f.b[off:], v) }

// entry sets the table entry of a grain in both copies.
func (f *built) entry(grain int64, v uint32) {
	f.u32(f.gts[grain/512]+grain%512*4, v)
	if f.rgd != 0 {
		f.u32(f.rgts[grain/512]+grain%512*4, v)
	}
}

// hosted builds a sparse extent as QEMU and VMware lay it out.
func hosted(descriptor string, grains map[int64][]byte) *built {
	f := &built{grain: map[int64]int64{}}
	const rgd, gdSectors, tables = 21, 1, 2
	gd := int64(rgd + gdSectors + tables*tableBytes/sector)
	f.rgd, f.gd = rgd*sector, gd*sector
	f.overHead = (gd + gdSectors + tables*tableBytes/sector + grainSectors - 1) / grainSectors * grainSectors
	f.b = make([]byte, f.overHead*sector)
	h, _ := vmdk.HeaderTable.Of(f.b[:sector])
	copy(f.b, vmdk.HeaderTable.Blank().Bytes())
	vmdk.HeaderVersion.Put(h, 1)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines|vmdk.FlagRedundant)
	vmdk.HeaderCapacity.Put(h, diskSectors)
	vmdk.HeaderGrainSize.Put(h, grainSectors)
	if descriptor != "" {
		vmdk.HeaderDescriptorOffset.Put(h, 1)
		vmdk.HeaderDescriptorSize.Put(h, 20)
		copy(f.b[sector:21*sector], descriptor)
	}
	vmdk.HeaderTableEntries.Put(h, vmdk.TableEntries)
	vmdk.HeaderRedundantOffset.Put(h, rgd)
	vmdk.HeaderDirectoryOffset.Put(h, uint64(gd))
	vmdk.HeaderOverHead.Put(h, uint64(f.overHead))
	for i := range int64(tables) {
		f.rgts[i] = f.rgd + gdSectors*sector + i*tableBytes
		f.gts[i] = f.gd + gdSectors*sector + i*tableBytes
		f.u32(f.rgd+4*i, uint32(f.rgts[i]/sector))
		f.u32(f.gd+4*i, uint32(f.gts[i]/sector))
	}
	for _, i := range sorted(grains) {
		f.grain[i] = int64(len(f.b))
		f.entry(i, uint32(len(f.b)/sector))
		f.b = append(f.b, grains[i]...)
	}
	return f
}

func sorted(grains map[int64][]byte) []int64 {
	var list []int64
	for i := range grains {
		list = append(list, i)
	}
	slices.Sort(list)
	return list
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func padded(b []byte) []byte {
	return append(b, make([]byte, (sector-len(b)%sector)%sector)...)
}

func marker(value uint64, kind uint32) []byte {
	m := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(m, value)
	vmdk.MarkerType.Put(m, kind)
	return m.Bytes()
}

func packedGrain(lba uint64, data []byte) []byte {
	m := vmdk.GrainMarkerTable.Blank()
	packed := deflate(data)
	vmdk.GrainMarkerLBA.Put(m, lba)
	vmdk.GrainMarkerSizeField.Put(m, uint32(len(packed)))
	return padded(append(m.Bytes(), packed...))
}

// stream builds a streamOptimized disk as VMware exports it, with the
// directory and a footer at the end.
func stream(descriptor string, grains map[int64][]byte) *built {
	f := &built{grain: map[int64]int64{}, overHead: 32}
	h := vmdk.HeaderTable.Blank()
	vmdk.HeaderVersion.Put(h, 3)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines|vmdk.FlagCompressed|vmdk.FlagMarkers)
	vmdk.HeaderCapacity.Put(h, diskSectors)
	vmdk.HeaderGrainSize.Put(h, grainSectors)
	vmdk.HeaderDescriptorOffset.Put(h, 1)
	vmdk.HeaderDescriptorSize.Put(h, 20)
	vmdk.HeaderTableEntries.Put(h, vmdk.TableEntries)
	vmdk.HeaderDirectoryOffset.Put(h, vmdk.DirectoryAtEnd)
	vmdk.HeaderOverHead.Put(h, 32)
	vmdk.HeaderCompression.Put(h, 1)
	f.b = make([]byte, 32*sector)
	copy(f.b, h.Bytes())
	copy(f.b[sector:], descriptor)
	var tables [2][tableBytes]byte
	directory := make([]byte, sector)
	flush := func(t int64) {
		f.b = append(f.b, marker(tableBytes/sector, vmdk.MarkerTableType)...)
		f.gts[t] = int64(len(f.b))
		binary.LittleEndian.PutUint32(directory[4*t:], uint32(len(f.b)/sector))
		f.b = append(f.b, tables[t][:]...)
	}
	last := int64(0)
	for _, i := range sorted(grains) {
		if i/512 != last {
			flush(last)
			last = i / 512
		}
		f.grain[i] = int64(len(f.b))
		binary.LittleEndian.PutUint32(tables[i/512][i%512*4:], uint32(len(f.b)/sector))
		f.b = append(f.b, packedGrain(uint64(i*grainSectors), grains[i])...)
	}
	flush(last)
	f.b = append(f.b, marker(1, vmdk.MarkerDirectory)...)
	f.gd = int64(len(f.b))
	f.b = append(f.b, directory...)
	f.b = append(f.b, marker(1, vmdk.MarkerFooter)...)
	vmdk.HeaderDirectoryOffset.Put(h, uint64(f.gd/sector))
	f.b = append(f.b, h.Bytes()...)
	f.b = append(f.b, marker(0, vmdk.MarkerEndOfStream)...)
	return f
}

// cowd builds an ESX redo log with grains of one sector.
func cowd(grains map[int64][]byte) *built {
	f := &built{grain: map[int64]int64{}, gd: vmdk.CowdHeaderSize}
	f.b = append(vmdk.CowdTable.Blank().Bytes(), make([]byte, sector)...)
	index := map[int64]int64{}
	for _, i := range sorted(grains) {
		t := i / vmdk.CowdTableEntries
		if index[t] == 0 {
			index[t] = int64(len(f.b))
			f.gts[t] = index[t]
			f.u32(f.gd+4*t, uint32(len(f.b)/sector))
			f.b = append(f.b, make([]byte, 4*vmdk.CowdTableEntries)...)
		}
		f.grain[i] = int64(len(f.b))
		f.u32(index[t]+i%vmdk.CowdTableEntries*4, uint32(len(f.b)/sector))
		f.b = append(f.b, grains[i]...)
	}
	h, _ := vmdk.CowdTable.Of(f.b)
	vmdk.CowdVersion.Put(h, 1)
	vmdk.CowdFlags.Put(h, 3)
	vmdk.CowdSectors.Put(h, diskSectors)
	vmdk.CowdGrain.Put(h, 1)
	vmdk.CowdDirectory.Put(h, 4)
	vmdk.CowdDirectoryEntries.Put(h, 3)
	vmdk.CowdFree.Put(h, uint32(len(f.b)/sector))
	return f
}

// The areas of the seSparse extents that seSparse builds, in sectors.
const (
	seVolatile, seJournalHead, seJournal, seDirectory = 1, 2, 4, 8
	seTables, seBitmap, seBackMap, seGrains           = 9, 9 + 64, 74, 80
)

// seSparse builds a seSparse extent. Its grains are of 4 KiB.
func seSparse(grains map[int64][]byte) *built {
	f := &built{grain: map[int64]int64{}, gd: seDirectory * sector, gts: [2]int64{seTables * sector}}
	f.b = make([]byte, seGrains*sector)
	copy(f.b, vmdk.ConstHeaderTable.Blank().Bytes())
	h, _ := vmdk.ConstHeaderTable.Of(f.b[:sector])
	vmdk.ConstCapacity.Put(h, diskSectors)
	for i, v := range []uint64{seVolatile, 1, seJournalHead, 2, seJournal, 4, seDirectory, 1, seTables, 64, seBitmap, 1, seBackMap, 6, seGrains, diskSectors} {
		f.u64(int64(80+8*i), v)
	}
	v := vmdk.VolatileHeaderTable.Blank()
	copy(f.b[seVolatile*sector:], v.Bytes())
	f.u64(f.gd, vmdk.SeTablePresent(0))
	for n, i := range sorted(grains) {
		f.grain[i] = int64(len(f.b))
		f.u64(f.gts[0]+8*i, vmdk.SeEntry(uint64(n)))
		f.b[seBitmap*sector+n/8] |= 1 << (n % 8)
		f.b = append(f.b, grains[i]...)
	}
	return f
}

// folder is a folder in memory with the given files.
func folder(files map[string][]byte) *store.Mem {
	m := store.NewMem()
	for name, b := range files {
		m.PutFile(name, b)
	}
	return m
}

// openMem opens one of the files of a folder in memory.
func openMem(t testing.TB, files map[string][]byte, name string) disk.Image {
	t.Helper()
	return openSource(t, enginetest.Memory(t, folder(files), name, formats))
}

// small are the grains of the ESX kinds, whose grain sizes differ.
func small(grain int) map[int64][]byte {
	list := map[int64][]byte{}
	for _, i := range []int64{0, 1, 2, 9, 900} {
		list[i] = bytes.Repeat(fmt.Appendf(nil, "esx %03d ", i), 600)[:grain]
	}
	if grain == sector {
		list[5000] = bytes.Repeat([]byte("far away"), 64)
	}
	return list
}

// kinds are good images of every kind, and what their disks hold.
func kinds() map[string]struct {
	files map[string][]byte
	want  []byte
} {
	type image = struct {
		files map[string][]byte
		want  []byte
	}
	const size = diskSectors * sector
	flat := bytes.Repeat([]byte("flat data of the guest. "), 1+size/24)[:size]
	one := func(extent string) map[string][]byte {
		return map[string][]byte{"d.vmdk": []byte(text(extent, fmt.Sprintf(`RW %d %s "d-x.vmdk"`, diskSectors, typeOf(extent))))}
	}
	with := func(files map[string][]byte, b []byte) map[string][]byte { files["d-x.vmdk"] = b; return files }
	return map[string]image{
		"sparse": {map[string][]byte{"d.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains()).b}, content(grains(), size)},
		"split":  {with(one("twoGbMaxExtentSparse"), hosted("", grains()).b), content(grains(), size)},
		"stream": {map[string][]byte{"d.vmdk": stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains()).b}, content(grains(), size)},
		"cowd":   {with(one("vmfsSparse"), cowd(small(sector)).b), content(small(sector), size)},
		"se":     {with(one("seSparse"), seSparse(small(4096)).b), content(small(4096), size)},
		"flat":   {map[string][]byte{"d.vmdk": []byte(text("monolithicFlat", `RW 10240 FLAT "d-x.vmdk" 0`)), "d-x.vmdk": flat}, flat},
	}
}

func typeOf(createType string) string {
	return map[string]string{"twoGbMaxExtentSparse": "SPARSE", "vmfsSparse": "VMFSSPARSE", "seSparse": "SESPARSE"}[createType]
}

// memory is a source over d.vmdk of a folder in memory.
func memory(t testing.TB, m *store.Mem) disk.Source {
	t.Helper()
	return enginetest.Memory(t, m, "d.vmdk", formats)
}
