package vmdk_test

import (
	"testing"

	"platter/engine/enginetest"
	"platter/engine/vmdk"
)

// offered is how many repairs the faults have that have any. A descriptor that
// is a file of its own can't grow, so that nothing missing can be put in; in a
// sparse extent there is room: see roomyPlants.
var offered = map[string]int{
	"D2 version": 1, "D3 CID": 1, "D4 unnamed parent": 1, "D5 createType": 1, "D5 stream createType": 1, "D7 renamed": 1, "D8 behind the text": 1,
	"D8 left by a longer CID": 1, "D10 heads": 1, "D10 product": 1, "D12 long ID": 1, "D13 change tracking": 1, "D13 tracking version": 1,
	"H2 zeroed grains in 1": 1, "H4 newlines": 1, "H8 directory": 1, "H8 redundant directory": 1,
	"H12 unclean": 1, "H12 unclean cowd": 1, "H13 pad": 1, "H13 pad of cowd": 1,
	"G2 table outside": 1, "G2 redundant table outside": 1, "G2 table twice": 1, "G4 one copy zero": 2, "G5 copies differ": 2,
	"G6 grain outside": 1, "G6 grain in metadata": 1, "G7 zeroed": 1, "G8 shared": 2, "G8 overlap": 4, "G10 past the end": 1,
	"S1 no footer marker": 1, "S1 no end": 1, "S2 footer differs": 1, "S9 old version": 1,
	"C4 table outside": 1, "C4 grain outside": 1, "C4 grain in header": 1, "C4 shared grain": 1, "L2 mismatch": 1,

	"D2 no version, room": 1, "D3 no CID, room": 1, "D3 short CID, room": 1, "D4 no parentCID, room": 1, "D4 parentCID, room": 1, "D5 no createType, room": 1,
}

// unavoidable is what a repair brings with it: the wrong one of two grains, or
// what the footer says of the disk.
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
	for _, list := range [][]plant{descriptorPlants(), roomyPlants(), extentPlants(), headerPlants(), tablePlants(), streamPlants(), esxPlants(), chainPlants()} {
		for _, p := range list {
			key := p.code + " " + p.name
			tested[key] = true
			if n := enginetest.Repairs(t, folder(p.files), "d.vmdk", formats, vmdk.Open, "vmdk/"+p.code, unavoidable[p.code]); n != offered[key] {
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
