package vmdk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// plant is a fault put into a good image.
type plant struct {
	name     string
	code     string
	severity disk.Severity
	also     string // codes that the same fault cannot avoid
	files    map[string][]byte
}

const (
	wrong = disk.SeverityError
	warns = disk.SeverityWarning
	notes = disk.SeverityInfo
)

// inText changes the descriptor of a flat disk.
func inText(old, with string) map[string][]byte {
	k := kinds()["flat"]
	k.files["d.vmdk"] = []byte(replace(string(k.files["d.vmdk"]), old, with))
	return k.files
}

func behindText(rest string) map[string][]byte {
	k := kinds()["flat"]
	k.files["d.vmdk"] = append(k.files["d.vmdk"], rest...)
	return k.files
}

// replace fails loudly where the fault would not be planted.
func replace(s, old, with string) string {
	if !strings.Contains(s, old) {
		panic(fmt.Sprintf("%q is not in the descriptor", old))
	}
	return strings.Replace(s, old, with, 1)
}

// extents is a descriptor with these extent lines, and the files they name.
func extents(lines string, files map[string][]byte) map[string][]byte {
	files["d.vmdk"] = []byte(replace(text("custom", lines), `"10"`, geometryFor(lines)))
	return files
}

// geometryFor makes the geometry fit the lines, in cylinders of 1008 sectors.
func geometryFor(lines string) string {
	total := uint64(0)
	for _, l := range vmdk.ParseDescriptor([]byte(lines)).Extents() {
		total += l.Extent.Sectors
	}
	return fmt.Sprintf("%q", fmt.Sprint(total/1008))
}

func inSparse(damage func(f *built)) map[string][]byte {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	damage(f)
	return map[string][]byte{"d.vmdk": f.b}
}

func inStream(damage func(f *built)) map[string][]byte {
	f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
	damage(f)
	return map[string][]byte{"d.vmdk": f.b}
}

func inCowd(damage func(f *built)) map[string][]byte {
	k := kinds()["cowd"]
	f := cowd(small(sector))
	damage(f)
	k.files["d-x.vmdk"] = f.b
	return k.files
}

func inSe(damage func(f *built)) map[string][]byte {
	k := kinds()["se"]
	f := seSparse(small(4096))
	damage(f)
	k.files["d-x.vmdk"] = f.b
	return k.files
}

// embedded builds a sparse disk with another descriptor inside.
func embedded(change func(string) string) map[string][]byte {
	return map[string][]byte{"d.vmdk": hosted(change(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`)), grains()).b}
}

func descriptorPlants() []plant {
	flat := kinds()["flat"].files["d-x.vmdk"]
	long := strings.Repeat("x", vmdk.MaxLine+1)
	return []plant{
		{"lines", "D1", wrong, "", inText("ddb.longContentID", strings.Repeat("#\n", vmdk.MaxLines)+"ddb.longContentID")},
		{"long line", "D1", wrong, "", inText("createType=", "a="+long+"\ncreateType=")},
		{"encrypted", "D1", wrong, "", inText("createType=", "encryptionKeys=\"k\"\ncreateType=")},
		{"empty", "D1", wrong, "", map[string][]byte{"d.vmdk": []byte("# Disk DescriptorFile\n")}},
		{"after the fields", "D16", warns, "", inText(`"d-x.vmdk" 0`, `"d-x.vmdk" 0 a b more text`)},
		{"first line", "D15", wrong, "", inText("# Disk", "x Disk")},
		{"first line and version", "D15", wrong, "D2", inText("# Disk DescriptorFile\nversion=1\n", "junk\n")},
		{"no version", "D2", warns, "", inText("version=1\n", "")},
		{"version", "D2", warns, "", inText("version=1\n", "version=4\n")},
		{"no CID", "D3", wrong, "", inText("CID=12345678\n", "")},
		{"CID", "D3", wrong, "", inText("CID=12345678", "CID=1234567x")},
		{"short CID", "D3", notes, "", inText("CID=12345678", "CID=1234567")},
		{"no parentCID", "D4", warns, "", inText("parentCID=ffffffff\n", "")},
		{"parentCID", "D4", wrong, "", inText("parentCID=ffffffff", "parentCID=orphan")},
		{"hint alone", "D4", wrong, "", inText("parentCID=ffffffff", `parentFileNameHint="p.vmdk"`)},
		{"hint", "D4", warns, "", inText("parentCID=ffffffff", "parentCID=ffffffff\nparentFileNameHint=\"p.vmdk\"")},
		{"unnamed parent", "D4", wrong, "", map[string][]byte{"d.vmdk": hosted(childText("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`, "12345678", "87654321", ""), grains()).b}},
		{"no createType", "D5", warns, "", inText("createType=\"monolithicFlat\"\n", "")},
		{"createType", "D5", warns, "", inText("monolithicFlat", "monolithicFlatt")},
		{"other createType", "D5", warns, "", inText("monolithicFlat", "vmfsSparse")},
		{"stream createType", "D5", warns, "", embedded(func(s string) string { return replace(s, "monolithicSparse", "streamOptimized") })},
		{"no extents", "D6", wrong, "D10", inText("RW 10240 FLAT \"d-x.vmdk\" 0\n", "")},
		{"malformed", "D6", wrong, "D10", inText("RW 10240 FLAT", "RW many FLAT")},
		{"duplicate", "D6", wrong, "", inText("CID=12345678\n", "CID=12345678\nCID=87654321\n")},
		{"empty extent", "D6", wrong, "", inText("RW 10240", "RW 0 FLAT \"d-x.vmdk\" 0\nRW 10240")},
		{"overflow", "D6", wrong, "D5 D10", inText("RW 10240 ", "RW 18014398509481983 ZERO\nRW 10240 ")},
		{"two extents inside", "D7", wrong, "", embedded(func(s string) string { return replace(s, "RW 10240", "RW 10240 SPARSE \"d.vmdk\"\nRW 10240") })},
		{"renamed", "D7", notes, "", embedded(func(s string) string { return replace(s, `"d.vmdk"`, `"e.vmdk"`) })},
		{"full room", "D8", warns, "", embedded(func(s string) string { return s + strings.Repeat("#\n", 10*sector)[:20*sector-len(s)] })},
		{"after the text", "D8", warns, "", inText("ddb.longContentID", "\x00hidden")},
		{"left by a longer CID", "D8", notes, "", behindText("\x00\"\n")},
		{"control bytes", "D8", warns, "", inText("# Extent description", "note=\x1b[2J\n# Extent description")},
		{"headings", "D9", notes, "", inText("# Extent description\n", "")},
		{"order", "D9", notes, "", inText("# Extent description\n", "ddb.deletable = \"true\"\n# Extent description\n")},
		{"no geometry", "D10", warns, "", inText("ddb.geometry.heads", "ddb.x")},
		{"heads", "D10", warns, "", inText(`"16"`, `"256"`)},
		{"product", "D10", warns, "", inText(`"10"`, `"1000"`)},
		{"adapter", "D11", warns, "", inText(`"ide"`, `"scsi"`)},
		{"long ID", "D12", notes, "", inText("aabb12345678", "aabb12345679")},
		{"change tracking", "D13", warns, "", inText("version=1", "version=3\nchangeTrackPath=\"gone-ctk.vmdk\"")},
		{"tracking version", "D13", warns, "", inText("version=1", "version=1\nchangeTrackPath=\"d-x.vmdk\"")},
		{"encoding", "D14", warns, "", inText("CID=", "encoding=\"EBCDIC\"\nCID=")},
		{"name bytes", "D14", warns, "", map[string][]byte{"d.vmdk": []byte(strings.Replace(string(inText("CID=", "encoding=\"UTF-8\"\nCID=")["d.vmdk"]), "d-x.vmdk", "d\xFF.vmdk", 1)), "d\xFF.vmdk": flat}},
	}
}

func extentPlants() []plant {
	flat := kinds()["flat"].files["d-x.vmdk"]
	sparse := func() []byte { return hosted("", grains()).b }
	files := func() map[string][]byte {
		return map[string][]byte{"f": flat, "s": sparse(), "c": cowd(small(sector)).b}
	}
	return []plant{
		{"missing", "X1", wrong, "", extents("RW 10240 FLAT \"gone\" 0\nRW 5 ZERO", files())},
		{"vsan", "X8", warns, "", extents("RW 10240 VSANSPARSE \"v\"", files())},
		{"short", "X2", wrong, "", extents("RW 10240 FLAT \"f\" 1", files())},
		{"path", "X3", warns, "", extents("RW 10240 FLAT \"sub/../f\" 0", files())},
		{"device", "X3", warns, "", extents("RW 10240 FLAT \"/dev/sda\" 0", files())},
		{"overlap", "X4", wrong, "", extents("RW 100 FLAT \"f\" 0\nRW 100 FLAT \"f\" 99", files())},
		{"sparse twice", "X4", wrong, "", extents("RW 10240 SPARSE \"s\"\nRW 10240 SPARSE \"s\"", files())},
		{"itself", "X4", wrong, "", extents("RW 10240 FLAT \"d.vmdk\" 0", files())},
		{"smaller", "X5", wrong, "", extents("RW 20000 SPARSE \"s\"", files())},
		{"larger", "X5", notes, "", extents("RW 9000 SPARSE \"s\"", files())},
		{"no magic", "X6", wrong, "", extents("RW 10240 SPARSE \"f\"", files())},
		{"other magic", "X6", wrong, "", extents("RW 10240 SPARSE \"c\"", files())},
		{"mixture", "X7", notes, "", extents("RW 10240 SPARSE \"s\"\nRW 10240 SPARSE \"t\"", map[string][]byte{"s": sparse(), "t": func() []byte {
			f := hosted("", grains())
			f.u32(4, 2)
			return f.b
		}()})},
	}
}

func headerPlants() []plant {
	redundant := func(f *built) { f.u32(8, vmdk.FlagNewlines) } // no second copy
	return []plant{
		{"magic", "H1", wrong, "", inSparse(func(f *built) { clear(f.b[:4]) })},
		{"magic of a cowd", "H1", wrong, "", inCowd(func(f *built) { f.b[2] = 'X' })},
		{"magic of a seSparse", "H1", wrong, "", inSe(func(f *built) { clear(f.b[:8]) })},
		{"magic of a stream", "H1", wrong, "", inStream(func(f *built) { copy(f.b, "KDMW") })},
		{"magic of a footer", "H1", wrong, "", inStream(func(f *built) { clear(f.b[len(f.b)-2*sector:][:4]) })},
		{"lower case", "H1", wrong, "", inSparse(func(f *built) { copy(f.b, "kdmv") })},
		{"cut header", "H1", wrong, "", inSparse(func(f *built) { f.b = f.b[:300] })},
		{"text over the directory", "D8", wrong, "D6 G2 G12", map[string][]byte{"d.vmdk": func() []byte {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
			d := text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`)
			copy(f.b[sector:f.rgd], d+strings.Repeat("# long comment\n", 2000))
			copy(f.b[f.rgd:], "ddb.uuid.image")
			return f.b
		}()}},
		{"version 4", "H2", wrong, "", inSparse(func(f *built) { f.u32(4, 4) })},
		{"version 0", "H2", wrong, "", inSparse(func(f *built) { f.u32(4, 0) })},
		{"zeroed grains in 1", "H2", warns, "", inSparse(func(f *built) { f.u32(8, 7) })},
		{"version 2", "H2", notes, "", inSparse(func(f *built) { f.u32(4, 2) })},
		{"high flags", "H3", wrong, "", inSparse(func(f *built) { f.u32(8, 3|1<<20) })},
		{"low flags", "H3", warns, "", inSparse(func(f *built) { f.u32(8, 3|1<<9) })},
		{"newlines", "H4", wrong, "", inSparse(func(f *built) { copy(f.b[73:], "\r\n \n") })},
		{"markers", "H5", wrong, "", inSparse(func(f *built) { f.u32(8, 3|vmdk.FlagMarkers) })},
		{"compression", "H5", wrong, "", inSparse(func(f *built) { f.b[77] = 2 })},
		{"compression alone", "H5", wrong, "", inSparse(func(f *built) { f.b[77] = 1 })},
		{"grain", "H6", wrong, "", inSparse(func(f *built) { f.u64(20, 17) })},
		{"small grain", "H6", warns, "", map[string][]byte{"d.vmdk": func() []byte {
			f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), nil)
			f.u64(20, 8)
			f.u64(12, 1000)
			copy(f.b[sector:], strings.Replace(text("monolithicSparse", `RW 1000 SPARSE "d.vmdk"`), `"10"`, `"1"`, 1)+"\x00\x00\x00")
			f.u32(f.gd+4, 0)
			return f.b
		}()}},
		{"entries", "H7", warns, "G6 G13 G12", inSparse(func(f *built) { f.u32(44, 500) })},
		{"directory", "H8", wrong, "", inSparse(func(f *built) { f.u64(56, 1<<33) })},
		{"redundant directory", "H8", wrong, "", inSparse(func(f *built) { f.u64(48, 0) })},
		{"overlap", "H9", wrong, "D8", inSparse(func(f *built) { f.u64(36, 21) })},
		{"overHead", "H10", warns, "", inSparse(func(f *built) { redundant(f); f.u64(64, uint64(f.overHead)-1) })},
		{"overHead short", "H10", warns, "", inSparse(func(f *built) { f.u64(64, 16) })},
		{"overHead long", "H10", wrong, "G6", inSparse(func(f *built) { f.u64(64, 1<<20) })},
		{"no capacity", "H11", wrong, "", inSparse(func(f *built) { f.u64(12, 0) })},
		{"capacity", "H11", wrong, "", inSparse(func(f *built) { f.u64(12, 1<<60) })},
		{"grain multiple", "H11", notes, "X5", inSparse(func(f *built) { f.u64(12, diskSectors-1) })},
		{"unclean", "H12", warns, "", inSparse(func(f *built) { f.b[72] = 1 })},
		{"pad", "H13", warns, "", inSparse(func(f *built) { f.b[300] = 1 })},
		{"unclean cowd", "H12", warns, "", inCowd(func(f *built) { f.b[1648] = 1 })},
		{"pad of cowd", "H13", warns, "", inCowd(func(f *built) { f.b[2000] = 1 })},
	}
}

func tablePlants() []plant {
	moved := func(f *built, grain int64) int64 { // a copy of a grain at the end of the file
		at := int64(len(f.b))
		f.b = append(f.b, f.b[f.grain[grain]:][:grainBytes]...)
		return at
	}
	return []plant{
		{"in the metadata's room", "H16", warns, "", inSparse(func(f *built) { copy(f.b[f.overHead*sector-20:], "hidden here") })},
		{"after a directory", "H16", warns, "", inSparse(func(f *built) { copy(f.b[f.gd+100:], "hidden here") })},
		{"an old descriptor at the end", "D17", warns, "", inSparse(func(f *built) {
			f.b = append(f.b, padded([]byte(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`)+"ddb.new = \"1\"\n"))...)
		})},
		{"no table", "G1", warns, "", inSparse(func(f *built) { f.u32(f.rgd+4, 0) })},
		{"table outside", "G2", wrong, "", inSparse(func(f *built) { f.u32(f.gd+4, 1<<30) })},
		{"redundant table outside", "G2", wrong, "", inSparse(func(f *built) { f.u32(f.rgd+4, 1<<30) })},
		{"table twice", "G2", wrong, "G4 G5 G13", inSparse(func(f *built) { f.u32(f.gd+4, uint32(f.gts[0]/sector)) })},
		{"one directory", "G3", warns, "", inSparse(func(f *built) { f.u64(48, uint64(f.gd/sector)) })},
		{"shared table", "G3", warns, "G2 G13", inSparse(func(f *built) { f.u32(f.rgd+4, uint32(f.gts[1]/sector)) })},
		{"one copy zero", "G4", warns, "", inSparse(func(f *built) { f.u32(f.rgts[0]+4*3, 0) })},
		{"copies differ", "G5", wrong, "", inSparse(func(f *built) { f.u32(f.rgts[0]+4*3, uint32(f.grain[4]/sector)) })},
		{"grain outside", "G6", wrong, "", inSparse(func(f *built) { f.entry(3, 1<<30) })},
		{"grain in metadata", "G6", wrong, "G9", inSparse(func(f *built) { f.entry(3, 3) })},
		{"zeroed", "G7", warns, "G12", inSparse(func(f *built) { f.entry(3, 1) })},
		{"shared", "G8", wrong, "", inSparse(func(f *built) { f.entry(3, uint32(f.grain[4]/sector)) })},
		{"overlap", "G8", wrong, "G9", inSparse(func(f *built) { f.entry(3, uint32(f.grain[4]/sector)+1) })},
		{"unaligned", "G9", warns, "G12", inSparse(func(f *built) {
			f.b = append(f.b, make([]byte, sector)...)
			f.entry(3, uint32(moved(f, 3)/sector))
		})},
		{"past the end", "G10", warns, "", inSparse(func(f *built) { f.entry(700, uint32(f.grain[4]/sector)) })},
		{"cut grain", "G11", wrong, "", inSparse(func(f *built) { f.b = f.b[:len(f.b)-sector] })},
		{"cut padding", "G11", notes, "X5", inSparse(func(f *built) { f.u64(12, diskSectors-2); f.b = f.b[:len(f.b)-sector] })},
		{"leak", "G12", notes, "", inSparse(func(f *built) { f.entry(3, 0); clear(f.b[f.grain[3]:][:grainBytes]) })},
		{"lost entry", "G12", warns, "", inSparse(func(f *built) { f.entry(3, 0) })},
		{"trimmed", "G12", notes, "", inSparse(func(f *built) { f.u32(4, 2); f.u32(8, 7); f.entry(3, 1) })},
		{"hidden", "G12", warns, "", inSparse(func(f *built) { f.b = append(f.b, padded([]byte("hidden"))...) })},
		{"scattered tables", "G13", warns, "H10", inSparse(func(f *built) {
			at := int64(len(f.b))
			f.b = append(f.b, f.b[f.gts[1]:][:tableBytes]...)
			f.u32(f.gd+4, uint32(at/sector))
		})},
		{"zero grain", "G14", notes, "", inSparse(func(f *built) { clear(f.b[f.grain[3]:][:grainBytes]) })},
	}
}

// swap exchanges two grains of one sector each.
func swap(f *built, a, b int64) {
	x, y := f.b[f.grain[a]:][:sector], f.b[f.grain[b]:][:sector]
	for i := range x {
		x[i], y[i] = y[i], x[i]
	}
	f.u32(f.gts[0]+4*a, uint32(f.grain[b]/sector))
	f.u32(f.gts[0]+4*b, uint32(f.grain[a]/sector))
}

func streamPlants() []plant {
	footer := func(f *built) int64 { return int64(len(f.b)) - 2*sector }
	return []plant{
		{"no footer", "S1", wrong, "", inStream(func(f *built) { f.b = f.b[:footer(f)] })},
		{"no footer marker", "S1", wrong, "", inStream(func(f *built) { f.u32(footer(f)-sector+12, 2) })},
		{"no end", "S1", wrong, "S3", inStream(func(f *built) { f.b[len(f.b)-1] = 1; f.u32(int64(len(f.b))-sector+12, 9) })},
		{"footer differs", "S2", warns, "", inStream(func(f *built) { f.b[footer(f)+72] = 1 })},
		{"unknown marker", "S3", warns, "S7", inStream(func(f *built) { f.u32(f.gd-sector+12, 7) })},
		{"progress marker", "S3", notes, "S7", inStream(func(f *built) { f.u32(f.gd-sector+12, 4) })},
		{"address", "S4", wrong, "", inStream(func(f *built) { f.u64(f.grain[3], 77*grainSectors) })},
		{"order", "S4", warns, "", inStream(func(f *built) { swap(f, 3, 4) })},
		{"size", "S5", wrong, "S3 G12", inStream(func(f *built) { f.u32(f.grain[3]+8, 2*grainBytes+1) })},
		{"damaged data", "S6", wrong, "", inStream(func(f *built) { f.b[f.grain[3]+40] ^= 0x55 })},
		{"zlib header", "S6", wrong, "", inStream(func(f *built) { f.b[f.grain[3]+12] = 0 })},
		{"trailing bytes", "S6", warns, "", inStream(func(f *built) { f.b[f.grain[3]+8]++ })},
		{"dictionary", "S6", wrong, "", inStream(func(f *built) {
			// FDICT, with the checksum of an empty dictionary.
			g := f.b[f.grain[3]:]
			size := int(binary.LittleEndian.Uint32(g[8:]))
			copy(g[12+6:], append([]byte(nil), g[12+2:12+size]...))
			copy(g[12:], "\x78\xbb\x00\x00\x00\x01")
			binary.LittleEndian.PutUint32(g[8:], uint32(size+4))
		})},
		{"no table marker", "S7", warns, "S3", inStream(func(f *built) { f.u32(f.gts[0]-sector+12, 2) })},
		{"marker value", "S7", warns, "S3", inStream(func(f *built) { f.u64(f.gts[1]-sector, 5) })},
		{"front directory", "S7", notes, "H10 S11", inStream(func(f *built) { f.u64(56, uint64(f.gd/sector)) })},
		{"half a sector", "S8", warns, "", inStream(func(f *built) { f.b = append(f.b, 1, 2, 3) })},
		{"past the end", "S8", warns, "H10 S11", inStream(func(f *built) {
			f.u64(56, uint64(f.gd/sector))
			f.b = append(f.b, bytes.Repeat([]byte("tail"), 128)...)
		})},
		{"second footer", "S11", warns, "S8 G12", inStream(func(f *built) {
			end := footer(f) - sector
			f.b = append(f.b[:end:end], append(bytes.Clone(f.b[end:][:2*sector]), f.b[end:]...)...)
		})},
		{"redundant directory of a footer", "S2", warns, "", inStream(func(f *built) { f.u64(footer(f)+48, 7) })},
		{"after a marker", "H16", warns, "", inStream(func(f *built) { copy(f.b[f.gts[0]-sector+100:], "hidden here") })},
		{"after a packed grain", "H16", warns, "", inStream(func(f *built) { f.b[f.grain[4]-1] = 1 })},
		{"old version", "S9", warns, "", inStream(func(f *built) { f.u32(4, 1); f.u32(footer(f)+4, 1) })},
	}
}

func esxPlants() []plant {
	return []plant{
		{"flags", "C1", warns, "", inCowd(func(f *built) { f.u32(8, 7) })},
		{"version", "C1", wrong, "", inCowd(func(f *built) { f.u32(4, 2) })},
		{"directory", "C2", wrong, "", inCowd(func(f *built) { f.u32(20, 1) })},
		{"entries", "C2", wrong, "", inCowd(func(f *built) { f.u32(24, 2) })},
		{"more entries", "C2", warns, "", inCowd(func(f *built) { f.u32(24, 5) })},
		{"free sector", "C3", wrong, "", inCowd(func(f *built) { f.u32(28, 6) })},
		{"free sector outside", "C3", wrong, "", inCowd(func(f *built) { f.u32(28, 1<<20) })},
		{"table outside", "C4", wrong, "", inCowd(func(f *built) { f.u32(f.gd, 1<<30) })},
		{"grain outside", "C4", wrong, "", inCowd(func(f *built) { f.u32(f.gts[0], 1<<30) })},
		{"grain in header", "C4", wrong, "", inCowd(func(f *built) { f.u32(f.gts[0], 2) })},
		{"shared grain", "C4", wrong, "", inCowd(func(f *built) { f.u32(f.gts[0], uint32(f.grain[1]/sector)) })},
		{"size", "C5", warns, "", inCowd(func(f *built) { f.u32(12, diskSectors+1) })},
		{"reserved", "Z1", wrong, "", inSe(func(f *built) { f.u64(48, 1) })},
		{"grain size", "Z1", wrong, "", inSe(func(f *built) { f.u64(24, 16) })},
		{"volatile magic", "Z1", wrong, "", inSe(func(f *built) { f.u64(seVolatile*sector, 5) })},
		{"pad", "Z1", wrong, "", inSe(func(f *built) { f.b[500] = 1 })},
		{"areas overlap", "Z2", wrong, "", inSe(func(f *built) { f.u64(176, seBitmap) })},
		{"area outside", "Z2", wrong, "", inSe(func(f *built) { f.u64(120, 1<<40) })},
		{"area without end", "Z2", wrong, "", inSe(func(f *built) { f.u64(200, 1<<63) })},
		{"journal", "Z3", wrong, "", inSe(func(f *built) { f.u64(seVolatile*sector+24, 1) })},
		{"directory entry", "Z4", wrong, "", inSe(func(f *built) { f.u64(f.gd, 2<<60) })},
		{"table index", "Z4", wrong, "", inSe(func(f *built) { f.u64(f.gd, vmdk.SeTablePresent(1)) })},
		{"entry type", "Z4", wrong, "", inSe(func(f *built) { f.u64(f.gts[0], 5<<60) })},
		{"entry without type", "Z4", wrong, "", inSe(func(f *built) { f.u64(f.gts[0], 5) })},
		{"grain index", "Z4", wrong, "", inSe(func(f *built) { f.u64(f.gts[0], vmdk.SeEntry(1<<30)) })},
		{"shared index", "Z5", wrong, "", inSe(func(f *built) { f.u64(f.gts[0], vmdk.SeEntry(1)) })},
		{"bitmap", "Z5", warns, "", inSe(func(f *built) { f.b[seBitmap*sector] &^= 1 })},
	}
}

func chainPlants() []plant {
	base := map[string][]byte{"base.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b}
	with := func(name string, b []byte) map[string][]byte {
		return map[string][]byte{name: b, "base.vmdk": base["base.vmdk"]}
	}
	child := func(lines string, parentCID, hint string) map[string][]byte {
		files := with("d.vmdk", []byte(childText("custom", lines, "12345678", parentCID, hint)))
		files["s"], files["t"] = hosted("", grains()).b, hosted("", grains()).b
		return files
	}
	flat := child("RW 10240 FLAT \"f\" 0", "12345678", "base.vmdk")
	flat["f"] = kinds()["flat"].files["d-x.vmdk"]
	return []plant{
		{"missing", "L1", wrong, "", child("RW 10240 SPARSE \"s\"", "12345678", "gone.vmdk")},
		{"loop", "L1", wrong, "", child("RW 10240 SPARSE \"s\"", "12345678", "d.vmdk")},
		{"mismatch", "L2", wrong, "", child("RW 10240 SPARSE \"s\"", "87654321", "base.vmdk")},
		{"larger", "L3", warns, "D10", child("RW 10240 SPARSE \"s\"\nRW 10240 SPARSE \"t\"", "12345678", "base.vmdk")},
		{"smaller", "L3", wrong, "", child("RW 10224 SPARSE \"s\"", "12345678", "base.vmdk")},
		{"flat", "L5", wrong, "", flat},
	}
}

// TestChecks plants each fault in a good image, and expects its finding and
// nothing else of severity warning or above.
func TestChecks(t *testing.T) {
	for group, list := range map[string][]plant{
		"descriptor": descriptorPlants(), "extents": extentPlants(), "header": headerPlants(), "tables": tablePlants(),
		"stream": streamPlants(), "esx": esxPlants(), "chain": chainPlants(),
	} {
		for _, p := range list {
			t.Run(group+"/"+p.name, func(t *testing.T) { p.run(t) })
		}
	}
}

func (p plant) run(t *testing.T) {
	img := openMem(t, p.files, "d.vmdk")
	enginetest.Regions(t, img)
	found := false
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Text == "" || f.Detail == "" || len(f.Where) == 0 {
			t.Errorf("finding %+v says too little", f)
		}
		code := strings.TrimPrefix(f.Code, "vmdk/")
		switch {
		case code == p.code && f.Severity == p.severity:
			found = true
		case code == p.code || strings.Contains(" "+p.also+" H16 ", " "+code+" "):
		case f.Severity >= disk.SeverityWarning:
			t.Errorf("also found %s %s: %s", f.Severity, f.Code, f.Text)
		}
	}
	if !found {
		t.Errorf("no finding %s of severity %s", p.code, p.severity)
	}
}

// TestFindingCap lists no more than a thousand findings of a kind.
func TestFindingCap(t *testing.T) {
	var lines strings.Builder
	for range 1500 {
		lines.WriteString("RW 1 FLAT \"gone\" 0\n")
	}
	img := openMem(t, map[string][]byte{"d.vmdk": []byte(text("custom", lines.String()))}, "d.vmdk")
	count, last := 0, ""
	for f := range img.Check(t.Context()) {
		if f.Code == "vmdk/X1" {
			count, last = count+1, f.Text
		}
	}
	if count != 1001 || !strings.Contains(last, "500 more") {
		t.Errorf("%d findings, the last one: %s", count, last)
	}
}

// TestSharedGrainCap points 4096 entries to one grain: what is not listed may
// not keep what is from being listed.
func TestSharedGrainCap(t *testing.T) {
	const tables, at, place = 8, 32, 128
	b := make([]byte, (place+grainSectors)*sector)
	copy(b, hosted("", nil).b[:sector])
	h, _ := vmdk.HeaderTable.Of(b)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines)
	vmdk.HeaderRedundantOffset.Put(h, 0)
	vmdk.HeaderCapacity.Put(h, tables*vmdk.TableEntries*grainSectors)
	vmdk.HeaderDirectoryOffset.Put(h, at)
	vmdk.HeaderOverHead.Put(h, place)
	for i := range tables {
		binary.LittleEndian.PutUint32(b[at*sector+4*i:], uint32(at+1+i*tableBytes/sector))
	}
	for i := range tables * vmdk.TableEntries {
		binary.LittleEndian.PutUint32(b[(at+1)*sector+4*i:], place)
	}
	lines := fmt.Sprintf("RW %d SPARSE \"s\"", tables*vmdk.TableEntries*grainSectors)
	img := openMem(t, map[string][]byte{"d.vmdk": []byte(text("custom", lines)), "s": b}, "d.vmdk")
	count, last := 0, ""
	for f := range img.Check(t.Context()) {
		if f.Code == "vmdk/G8" {
			count, last = count+1, f.Text
		}
	}
	if count != 1001 || !strings.Contains(last, "3095 more") {
		t.Errorf("%d findings, the last one: %s", count, last)
	}
}
