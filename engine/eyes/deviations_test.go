package eyes_test

import (
	"context"
	"testing"

	"platter/decode"
	"platter/decode/vhd"
	"platter/decode/vhdx"
	"platter/decode/vmdk"
	"platter/engine/eyes"
)

// minimal is the smallest change to an image that shows a deviation.
type minimal struct {
	policy, code string
	kind         kind
	change       func(b []byte) []byte
	refused      bool // the program refuses what the format allows, or the other way round
}

// put writes a field of the record at an offset and seals it.
func put[R any, T uint8 | uint16 | uint32 | uint64](t *decode.Table[R], field decode.Uint[R, T], at int, v T) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			at += len(b)
		}
		rec, _ := t.Of(b[at:])
		field.Put(rec, v)
		t.Seal(b[at:][:t.Size()])
		return b
	}
}

var (
	dynamicVHD = kind{"vhd", map[string]string{"type": "dynamic", "creator": "win "}, ""}
	fixedVHD   = kind{"vhd", map[string]string{"type": "fixed", "creator": "win "}, ""}
	plainVHDX  = kind{"vhdx", map[string]string{"block-size": "1M"}, ""}
	plainVMDK  = kind{"vmdk", map[string]string{}, ""}
)

// minimals are the deviations that one changed field shows.
var minimals = []minimal{
	{eyes.QEMU, "front-footer", dynamicVHD, put(vhd.FooterTable, vhd.FooterCurrentSize, 0, uint64(4<<20)), false},
	{eyes.QEMU, "geometry-size", kind{"vhd", map[string]string{"type": "dynamic", "creator": "vpc "}, ""}, put(vhd.FooterTable, vhd.FooterCylinders, 0, uint16(1)), false},
	{eyes.QEMU, "header-unchecked", dynamicVHD, spoilByte(vhd.FooterSize + vhd.HeaderSize - 1), false},
	{eyes.QEMU, "no-bitmap", dynamicVHD, clearBitmap, false},
	{eyes.Dissect, "no-bitmap", dynamicVHD, clearBitmap, false},
	{eyes.SevenZip, "bitmap-strict", dynamicVHD, clearBitmap, false},
	{eyes.Libyal, "bitmap-unmasked", dynamicVHD, func(b []byte) []byte { return bitmap(b, 0x80) }, false},
	{eyes.Libyal, "original-size", dynamicVHD, put(vhd.FooterTable, vhd.FooterOriginalSize, -vhd.FooterSize, uint64(3<<20)), false},
	{eyes.Libyal, "footer-unchecked", dynamicVHD, spoilByte(-1), false},
	{eyes.VirtualBox, "footer-unchecked", dynamicVHD, spoilByte(-1), false},
	{eyes.DiscUtils, "front-instead", dynamicVHD, spoilByte(-1), false},
	{eyes.HyperV, "front-instead", dynamicVHD, spoilByte(-1), false},
	{eyes.DiscUtils, "length-size", fixedVHD, put(vhd.FooterTable, vhd.FooterCurrentSize, -vhd.FooterSize, uint64(4<<20)), false},
	{eyes.SevenZip, "fixed-from-end", fixedVHD, put(vhd.FooterTable, vhd.FooterCurrentSize, -vhd.FooterSize, uint64(4<<20)), false},
	{eyes.SevenZip, "footer-searched", fixedVHD, func(b []byte) []byte { return append(b, 1, 2, 3) }, false},
	{eyes.QEMU, "first-region-table", plainVHDX, spoilByte(int(vhdx.RegionOffset(1)) + 64), false},
	{eyes.SevenZip, "first-region-table", plainVHDX, spoilByte(int(vhdx.RegionOffset(1)) + 64), false},
	{eyes.Libyal, "both-region-tables", plainVHDX, spoilByte(int(vhdx.RegionOffset(1)) + 64), true},
	{eyes.SevenZip, "both-headers", plainVHDX, spoilByte(int(vhdx.HeaderOffset(0)) + 200), true},
	{eyes.Libyal, "header-unchecked", plainVHDX, spoilHeaders, false},
	{eyes.Dissect, "header-unchecked", plainVHDX, spoilHeaders, false},
	{eyes.Libyal, "zero-as-data", plainVMDK, oneEntry, false},
	{eyes.QEMU, "zero-as-data", plainVMDK, oneEntry, false},
	{eyes.DiscUtils, "zero-as-data", plainVMDK, oneEntry, false},
	{eyes.VirtualBox, "zero-as-data", plainVMDK, oneEntry, false},
	{eyes.VirtualBox, "versions", plainVMDK, put(vmdk.HeaderTable, vmdk.HeaderVersion, 0, uint32(2)), true},
	{eyes.SevenZip, "strict-streams", kind{"vmdk", map[string]string{"type": "streamOptimized"}, ""}, put(vmdk.HeaderTable, vmdk.HeaderTableEntries, 0, uint32(500)), true},
}

func spoilByte(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			b[len(b)+at] ^= 1
		} else {
			b[at] ^= 1
		}
		return b
	}
}

// spoilHeaders damages the header that rules, but for its signature.
func spoilHeaders(b []byte) []byte {
	one, _ := vhdx.HeaderTable.Of(b[vhdx.HeaderOffset(0):])
	two, _ := vhdx.HeaderTable.Of(b[vhdx.HeaderOffset(1):])
	at := vhdx.HeaderOffset(0)
	if vhdx.HeaderSequence.Get(two) > vhdx.HeaderSequence.Get(one) {
		at = vhdx.HeaderOffset(1)
	}
	b[at+200] ^= 1
	return b
}

// bitmap sets each byte of the first stored block's bitmap.
func bitmap(b []byte, v byte) []byte {
	h, _ := vhd.HeaderTable.Of(b[vhd.FooterSize:])
	table := b[vhd.HeaderTableOffset.Get(h):]
	for vhd.EntryAt(table) == vhd.Unallocated {
		table = table[vhd.EntrySize:]
	}
	at := int(vhd.EntryAt(table)) * vhd.Sector
	for i := range vhd.Sector {
		b[at+i] = v
	}
	return b
}

func clearBitmap(b []byte) []byte { return bitmap(b, 0) }

// oneEntry makes the first empty entries of the grain tables 1.
func oneEntry(b []byte) []byte {
	h, _ := vmdk.HeaderTable.Of(b)
	for _, dir := range []uint64{vmdk.HeaderDirectoryOffset.Get(h), vmdk.HeaderRedundantOffset.Get(h)} {
		table := vmdk.EntryAt(b[dir*vhd.Sector:], vmdk.EntrySize) * vhd.Sector
		for vmdk.EntryAt(b[table:], vmdk.EntrySize) != 0 {
			table += vmdk.EntrySize
		}
		vmdk.PutEntry(b[table:], vmdk.EntrySize, vmdk.ZeroGrain)
	}
	return b
}

// decided reports whether a deviation took effect at opening or in a piece.
func decided(t *testing.T, r *eyes.Reader, code string) bool {
	t.Helper()
	for _, n := range r.Notes {
		if n.Code == code {
			return true
		}
	}
	for p, err := range r.Pieces(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if p.By == code {
			return true
		}
	}
	return false
}

// TestEveryCodeIsDeclared holds that what readers name is in the list, with its source.
func TestEveryCodeIsDeclared(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range eyes.Policies() {
		for _, d := range p.Deviations("") {
			id := d.Policy + " " + d.Format + " " + d.Code
			if seen[id] || d.Text == "" || d.Source == "" || d.Sure == "" {
				t.Errorf("%s is there twice, or lacks its text, its source or how sure it is", id)
			}
			seen[id] = true
		}
	}
	if len(seen) < 60 {
		t.Errorf("only %d deviations are declared", len(seen))
	}
}
