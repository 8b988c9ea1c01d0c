package sample

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"slices"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/store"
)

// The VMDK samples: what lies where in the sparse ones, in sectors.
const (
	vmdkSectors   = 64 << 20 / sectorSize
	grain         = 128 // sectors
	descriptorAt  = 1
	descriptorLen = 20
	tableLen      = vmdk.TableEntries * 4 / sectorSize
	vmdkTables    = (vmdkSectors/grain + vmdk.TableEntries - 1) / vmdk.TableEntries
)

// descriptor is the text that describes a VMDK disk.
func descriptor(createType string, sectors int64, extents string) []byte {
	return fmt.Appendf(nil, `# Disk DescriptorFile
version=1
CID=506c6174
parentCID=ffffffff
createType="%s"

# Extent description
%s
# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "%d"
ddb.geometry.heads = "16"
ddb.geometry.sectors = "63"
ddb.adapterType = "ide"
`, createType, extents, sectors/(16*63))
}

func buildSparse(files *store.Mem) error {
	content, err := mbrDisk(vmdkSectors, "a monolithicSparse VMDK")
	if err != nil {
		return err
	}
	used, err := usedUnits(content, vmdkSectors*sectorSize, grain*sectorSize)
	if err != nil {
		return err
	}
	slices.Reverse(used[1:]) // grains lie in the order in which they were written

	const redundant = descriptorAt + descriptorLen
	const primary = redundant + 1 + vmdkTables*tableLen
	const overHead = (primary + 1 + vmdkTables*tableLen + grain - 1) / grain * grain
	w := &writer{to: store.NewMemFile(overHead * sectorSize)}
	table := make([]byte, vmdkTables*tableLen*sectorSize)
	next := int64(overHead)
	for _, g := range used {
		binary.LittleEndian.PutUint32(table[4*g:], uint32(next))
		w.put(grainOf(content, g), next)
		next += grain
	}
	for _, at := range []int64{redundant, primary} {
		directory := make([]byte, sectorSize)
		for i := range int64(vmdkTables) {
			binary.LittleEndian.PutUint32(directory[4*i:], uint32(at+1+i*tableLen))
		}
		w.put(directory, at)
		w.put(table, at+1)
	}
	header := sparseHeader(1, vmdk.FlagNewlines|vmdk.FlagRedundant, overHead, descriptorLen)
	vmdk.HeaderRedundantOffset.Put(header, redundant)
	vmdk.HeaderDirectoryOffset.Put(header, primary)
	w.put(header.Bytes(), 0)
	w.put(descriptor("monolithicSparse", vmdkSectors, extentLine(vmdkSectors, "SPARSE", "sample.vmdk")), descriptorAt)
	files.Put("sample.vmdk", w.to.(*store.MemFile))
	return w.err
}

func extentLine(sectors int64, kind, name string) string {
	return fmt.Sprintf("RW %d %s %q\n", sectors, kind, name)
}

func grainOf(content *store.MemFile, g int64) []byte {
	b := make([]byte, grain*sectorSize)
	content.ReadAt(b, g*grain*sectorSize) // a whole number of grains: can't fail
	return b
}

func sparseHeader(version uint32, flags uint32, overHead, descriptorSectors uint64) decode.Record[vmdk.Header] {
	rec := vmdk.HeaderTable.Blank()
	vmdk.HeaderVersion.Put(rec, version)
	vmdk.HeaderFlags.Put(rec, flags)
	vmdk.HeaderCapacity.Put(rec, vmdkSectors)
	vmdk.HeaderGrainSize.Put(rec, grain)
	vmdk.HeaderDescriptorOffset.Put(rec, descriptorAt)
	vmdk.HeaderDescriptorSize.Put(rec, descriptorSectors)
	vmdk.HeaderTableEntries.Put(rec, vmdk.TableEntries)
	vmdk.HeaderOverHead.Put(rec, overHead)
	return rec
}

// buildStream writes the form that VMware exports have: compressed grains in
// ascending order, tables between them, directory and footer at the end.
func buildStream(files *store.Mem) error {
	content, err := mbrDisk(vmdkSectors, "a streamOptimized VMDK")
	if err != nil {
		return err
	}
	used, err := usedUnits(content, vmdkSectors*sectorSize, grain*sectorSize)
	if err != nil {
		return err
	}
	w := &writer{to: store.NewMemFile(0)}
	header := sparseHeader(3, vmdk.FlagNewlines|vmdk.FlagCompressed|vmdk.FlagMarkers, grain, descriptorLen)
	vmdk.HeaderCompression.Put(header, 1)
	vmdk.HeaderDirectoryOffset.Put(header, vmdk.DirectoryAtEnd)
	w.put(header.Bytes(), 0)
	w.put(descriptor("streamOptimized", vmdkSectors, extentLine(vmdkSectors, "SPARSE", "stream.vmdk")), descriptorAt)

	next := int64(grain)
	directory := make([]byte, sectorSize)
	for i := range int64(vmdkTables) {
		table := make([]byte, tableLen*sectorSize)
		for _, g := range used {
			if g/vmdk.TableEntries != i {
				continue
			}
			binary.LittleEndian.PutUint32(table[4*(g%vmdk.TableEntries):], uint32(next))
			next = w.compressed(grainOf(content, g), g*grain, next)
		}
		if allZero(table) {
			continue // a table without grains is left out
		}
		next = w.marked(vmdk.MarkerTableType, table, next)
		binary.LittleEndian.PutUint32(directory[4*i:], uint32(next-tableLen))
	}
	next = w.marked(vmdk.MarkerDirectory, directory, next)
	vmdk.HeaderDirectoryOffset.Put(header, uint64(next-1))
	next = w.marked(vmdk.MarkerFooter, header.Bytes(), next)
	w.marked(vmdk.MarkerEndOfStream, nil, next)
	files.Put("stream.vmdk", w.to.(*store.MemFile))
	return w.err
}

// compressed writes a grain with its marker and returns the sector after it.
func (w *writer) compressed(data []byte, lba, at int64) int64 {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(data) // to memory: can't fail
	z.Close()
	rec := vmdk.GrainMarkerTable.Blank()
	vmdk.GrainMarkerLBA.Put(rec, uint64(lba))
	vmdk.GrainMarkerSizeField.Put(rec, uint32(packed.Len()))
	w.put(padded(append(rec.Bytes(), packed.Bytes()...)), at)
	return at + sectors(vmdk.GrainMarkerSize+packed.Len())
}

// marked writes a structure after its marker and returns the sector after it.
func (w *writer) marked(kind uint32, body []byte, at int64) int64 {
	rec := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(rec, uint64(sectors(len(body))))
	vmdk.MarkerType.Put(rec, kind)
	w.put(append(rec.Bytes(), body...), at)
	return at + 1 + sectors(len(body))
}

func sectors(bytes int) int64 { return int64(bytes+sectorSize-1) / sectorSize }

func padded(b []byte) []byte {
	return append(b, make([]byte, int(sectors(len(b)))*sectorSize-len(b))...)
}

// buildSplit is a flat disk in two files beside its descriptor.
func buildSplit(files *store.Mem) error {
	const total, first = 16 << 20 / sectorSize, 9 << 20 / sectorSize
	content, err := mbrDisk(total, "a flat VMDK in two extents")
	if err != nil {
		return err
	}
	lines := ""
	for i, part := range [][2]int64{{0, first}, {first, total - first}} {
		name := fmt.Sprintf("split-f%03d.vmdk", i+1)
		lines += fmt.Sprintf("RW %d FLAT %q 0\n", part[1], name)
		data := make([]byte, part[1]*sectorSize)
		if _, err := content.ReadAt(data, part[0]*sectorSize); err != nil {
			return err
		}
		files.PutFile(name, data)
	}
	files.PutFile("split.vmdk", descriptor("twoGbMaxExtentFlat", total, lines))
	return nil
}
