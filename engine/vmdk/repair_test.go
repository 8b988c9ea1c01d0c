package vmdk_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"platter/engine/enginetest"
	"platter/engine/vmdk"
	"platter/engine/vmdk/writer"
)

// offered is how many repairs the faults have that have any.
var offered = map[string]int{
	"D1 lines": 1, "D1 long line": 1, "D1 only a title": 1, "D1 no text in the room": 1,
	"D2 no version": 1, "D2 version": 1, "D3 no CID": 1, "D3 CID": 1, "D3 short CID": 1,
	"D4 no parentCID": 1, "D4 parentCID": 1, "D4 hint alone": 1, "D4 hint": 1, "D4 unnamed parent": 1, "D4 hint to a parent": 2, "D4 parent without a name": 2,
	"D5 no createType": 1, "D5 createType": 1, "D5 other createType": 1, "D5 stream createType": 1,
	"D6 duplicate": 2, "D6 empty extent": 1, "D6 no extents, files": 1, "D7 renamed": 1,
	"D8 full room": 1, "D8 control bytes": 1, "D8 after the text": 1, "D8 left by a longer CID": 1,
	"D9 headings": 1, "D9 order": 1, "D9 CRLF": 1,
	"D10 no geometry": 1, "D10 heads": 1, "D10 product": 1, "D11 adapter": 2, "D12 long ID": 1, "D12 short long ID": 1,
	"D13 change tracking": 1, "D13 tracking version": 1, "D14 encoding": 1, "D14 name bytes": 1,
	"X2 short": 2, "X2 sparse file of a petabyte": 1, "X5 smaller": 1, "X5 same tables": 2, "X6 no magic": 1, "X6 other magic": 1, "X6 type of the disk": 1,
	"H1 magic": 1, "H1 magic of a cowd": 1, "H1 magic of a seSparse": 1, "H1 magic of a stream": 1, "H1 magic of a footer": 1,
	"D15 first line": 1, "D15 first line and version": 1,
	"H1 lower case": 1, "H1 finished stream": 1, "H2 zeroed grains in 1": 1, "H4 newlines": 1,
	"H5 markers": 1, "H5 compression": 1, "H5 compression alone": 1, "H5 stream": 1,
	"H8 directory": 2, "H8 redundant directory": 2, "H8 directory, elsewhere": 1, "H10 overHead": 1, "H10 overHead short": 1, "H10 overHead long": 1, "H10 without grains": 1,
	"H12 unclean": 1, "H12 unclean cowd": 1, "H13 pad": 1, "H13 pad of cowd": 1,
	"G1 no table": 1, "G1 no first table": 1, "G1 no tables": 2, "G1 grains in the way": 1,
	"G2 table outside": 2, "G2 redundant table outside": 2, "G2 table twice": 2, "G2 table outside, compressed grains": 1, "G3 one directory": 2, "G3 shared table": 1,
	"G4 one copy zero": 2, "G5 copies differ": 2, "G6 grain outside": 2, "G6 grain in metadata": 2, "G6 one copy outside": 2, "G6 in a child": 3, "G6 both copies in metadata": 1, "G6 copies in metadata": 1,
	"G7 zeroed": 2, "G8 shared": 3, "G8 overlap": 6, "G10 past the end": 1, "G11 cut grain": 1, "G11 cut padding": 1, "G12 at the end": 1,
	"S1 no footer": 1, "S1 no footer marker": 1, "S1 no end": 1, "S1 cut in a grain": 1, "S2 footer differs": 1, "S4 address": 1, "S4 order": 1,
	"S4 order, header without grain size": 0, "S4 order, header of a small disk": 0, "S4 order, no overHead": 0,
	"S6 damaged data": 1, "S6 zlib header": 1, "S6 dictionary": 1, "S6 trailing bytes": 1, "S8 half a sector": 1, "S8 past the end": 1, "S8 half a sector, front directory": 1, "S9 old version": 1, "S2 redundant directory of a footer": 1,
	"C2 directory": 1, "C2 entries": 1, "C2 more entries": 1, "C3 free sector": 1, "C3 free sector outside": 1,
	"C4 table outside": 1, "C4 grain outside": 2, "C4 grain in header": 2, "C4 shared grain": 1, "C5 size": 2,
	"L1 missing": 1, "L1 loop": 1, "L2 mismatch": 1, "L2 another fits": 2,

	"D2 no version, room": 1, "D3 no CID, room": 1, "D3 short CID, room": 1, "D4 no parentCID, room": 1, "D4 parentCID, room": 1, "D5 no createType, room": 1,
}

// unavoidable is what a repair brings with it: the wrong one of two grains, or
// what the footer says of the disk. The data of a grain that is given up stays
// in the file (G12).
var unavoidable = map[string]string{"G5": "vmdk/G8", "S2": "vmdk/H12"}

// roomyPlants are faults of descriptors that have room to grow.
func roomyPlants() []plant {
	without := func(old, with string) map[string][]byte {
		return embedded(func(s string) string { return replace(s, old, with) })
	}
	return []plant{
		{"no version, room", "D2", warns, "", without("version=1\n", "")},
		{"no CID, room", "D3", wrong, "", without("CID=12345678\n", "")},
		{"short CID, room", "D3", notes, "", without("CID=12345678", "CID=1234567")},
		{"no parentCID, room", "D4", warns, "", without("parentCID=ffffffff\n", "")},
		{"parentCID, room", "D4", wrong, "", without("parentCID=ffffffff", "parentCID=")},
		{"no createType, room", "D5", warns, "", without("createType=\"monolithicSparse\"\n", "")},
	}
}

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	tested := map[string]bool{}
	for _, list := range [][]plant{descriptorPlants(), roomyPlants(), damagePlants(), extentPlants(), headerPlants(), tablePlants(), streamPlants(), esxPlants(), chainPlants()} {
		for _, p := range list {
			key := p.code + " " + p.name
			tested[key] = true
			if n := enginetest.Repairs(t, folder(p.files), "d.vmdk", formats, vmdk.Open, writer.Repairs, "vmdk/"+p.code, "vmdk/G12 vmdk/H16 "+unavoidable[p.code]); n != offered[key] {
				t.Errorf("%s: %d repairs, want %d", key, n, offered[key])
			}
		}
	}
	for key := range offered {
		if !tested[key] {
			t.Errorf("%s: there is no such fault", key)
		}
	}
}

// TestShortFlat has a line that says more than its file has: what the file says comes first
// among the repairs, unless something else says that it was cut.
func TestShortFlat(t *testing.T) {
	mbr := func(last uint32) []byte {
		b := make([]byte, 1008*sector)
		binary.LittleEndian.PutUint32(b[454:], 1)
		binary.LittleEndian.PutUint32(b[458:], last-1)
		b[450], b[510], b[511] = 0x83, 0x55, 0xAA
		return b
	}
	for name, c := range map[string]struct {
		line     string
		cylinder string
		file     []byte
		first    string
		text     string
	}{
		"a digit too many":          {"10080", "1", mbr(1008), "let the line say 1008", "the geometry goes with the file, the partition table ends in it"},
		"bytes":                     {"516096", "1", mbr(1008), "let the line say 1008", "the line counts bytes"},
		"nothing else":              {"10080", "5", make([]byte, 1008*sector), "let the line say 1008", "has 1008"},
		"cut, by the geometry":      {"10080", "10", make([]byte, 1008*sector), "extend the file", "the geometry goes with the line"},
		"cut, by the partitions":    {"10080", "5", mbr(9000), "extend the file", "the partition table reaches past its end"},
		"half a sector at its end":  {"10080", "1", mbr(1008)[:1007*sector+5], "extend the file", "the partition table reaches past its end"},
		"the line before is intact": {"10080", "1", mbr(1008), "let the line say 1008", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := replace(text("monolithicFlat", `RW `+c.line+` FLAT "f" 0`), `cylinders = "10"`, `cylinders = "`+c.cylinder+`"`)
			files := map[string][]byte{"d.vmdk": []byte(d), "f": c.file}
			img := openMem(t, files, "d.vmdk")
			list := repairsOf(t, img, "vmdk/X2")
			if len(list) != 2 || !strings.HasPrefix(list[0].Title, c.first) {
				t.Fatalf("repairs: %+v", list)
			}
			if said := findingsOf(t, img, "X2"); !strings.Contains(said[0].Text, c.text) {
				t.Errorf("said: %s", said[0].Text)
			}
			_, after, _ := repaired(t, files, "vmdk/X2", 0)
			if got := diskOf(t, after); c.first[0] == 'l' && !bytes.Equal(got, c.file[:len(c.file)/sector*sector]) {
				t.Errorf("the disk has %d bytes, the file %d", len(got), len(c.file))
			}
		})
	}
}

// TestPastTheEndWithData clears no entry past the end of the disk without a word whose grain has
// data that nothing else names.
func TestPastTheEndWithData(t *testing.T) {
	for grain, risky := range map[int64]bool{4: false, 639: true} {
		files := inSparse(func(f *built) {
			f.entry(700, uint32(f.grain[grain]/sector))
			if risky {
				f.entry(grain, 0)
			}
		})
		for _, r := range repairsOf(t, openMem(t, files, "d.vmdk"), "vmdk/G10") {
			if (r.Risk != "") != risky {
				t.Errorf("grain %d: %s, risk %q", grain, r.Title, r.Risk)
			}
		}
	}
}

// TestZerosAfterAStream cuts zeros off without a risk, and nothing else.
func TestZerosAfterAStream(t *testing.T) {
	for last, risky := range map[byte]bool{0: false, 1: true} {
		files := inStream(func(f *built) { f.b = append(f.b, make([]byte, 3*sector)...); f.b[len(f.b)-1] = last })
		for _, r := range repairsOf(t, openMem(t, files, "d.vmdk"), "vmdk/S8") {
			if (r.Risk != "") != risky {
				t.Errorf("a last byte of %d: %s, risk %q", last, r.Title, r.Risk)
			}
		}
	}
}

// TestLongFieldsDiffer shows of a long field that header and footer have differently no more than
// can be read.
func TestLongFieldsDiffer(t *testing.T) {
	files := inStream(func(f *built) { copy(f.b[len(f.b)-2*sector+100:], "written here") })
	list := findingsOf(t, openMem(t, files, "d.vmdk"), "S2")
	if len(list) != 1 || len(list[0].Text) > 300 || !strings.Contains(list[0].Text, "12 of 433 bytes, from the one at 0x64 on") || !strings.Contains(list[0].Text, "77 72 69") {
		t.Errorf("%+v", list)
	}
}
