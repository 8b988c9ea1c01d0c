package vhdx_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/uuid"

	"platter/decode"
	"platter/decode/decodetest"
	"platter/decode/vhdx"
)

func TestTables(t *testing.T) { decodetest.Tables(t, vhdx.Layouts()) }

// TestGUIDBytes uses the stored forms of vhdx.md 1.1.
func TestGUIDBytes(t *testing.T) {
	for stored, want := range map[string]uuid.UUID{
		"6677C22D23F60042 9D64115E9BFD4A08": vhdx.RegionBAT,
		"06A27C8B90479A4B B8FE575F050F886E": vhdx.RegionMetadata,
		"3767A1CA36FA434D B3B633F0AA44E76B": vhdx.ItemFileParameters,
		"2442A52F1BCD7648 B2115DBED83BF4B8": vhdx.ItemDiskSize,
		"AB12CABEE6B22345 93EFC309E000C746": vhdx.ItemDiskID,
		"1DBF41816FA90947 BA47F233A8FAAB5F": vhdx.ItemLogicalSector,
		"C748A3CD5D447144 9CC9E9885251C556": vhdx.ItemPhysicalSector,
		"2D5FD3A80BB34D45 ABF7D3D84834AB0C": vhdx.ItemParentLocator,
		"BCD702DA3A3D3C42 AC882A36AB21479B": vhdx.ItemCHS,
		"F085CC71691B284E 9558C3BF83AE75D3": vhdx.ItemIncomplete,
		"8AAEE1107E4B6941 A40FCD70DE928393": vhdx.ItemPMEM,
	} {
		raw, err := hex.DecodeString(stored[:16] + stored[17:])
		if err != nil {
			t.Fatal(err)
		}
		rec, _ := vhdx.MetadataEntryTable.Of(append(raw, make([]byte, 16)...))
		if got := vhdx.EntryItemID.Get(rec); got != want {
			t.Errorf("%s reads as %s, want %s", stored, got, want)
		}
	}
}

type region struct {
	id       uuid.UUID
	offset   uint64
	required uint64
}

// TestRegionTableVectors uses the checksums of vhdx.md 1.2.
func TestRegionTableVectors(t *testing.T) {
	for name, c := range map[string]struct {
		regions []region
		want    uint32
	}{
		"Windows":  {[]region{{vhdx.RegionBAT, 3, 1}, {vhdx.RegionMetadata, 2, 1}}, 0xC66B8CAE},
		"Disk2vhd": {[]region{{vhdx.RegionMetadata, 2, 1}, {vhdx.RegionBAT, 3, 1}}, 0x1C142859},
		"QEMU":     {[]region{{vhdx.RegionBAT, 2, 0}, {vhdx.RegionMetadata, 3, 0}}, 0x2C6FCE83},
	} {
		b := make([]byte, vhdx.RegionTableSize)
		copy(b, vhdx.RegionTable.Layout.Blank())
		head, _ := vhdx.RegionTable.Of(b)
		vhdx.RegionCount.Put(head, uint32(len(c.regions)))
		for i, r := range c.regions {
			e, _ := vhdx.RegionEntryTable.Of(b[vhdx.RegionHeadSize+i*vhdx.RegionEntrySize:])
			vhdx.RegionGUID.Put(e, r.id)
			vhdx.RegionFileOffset.Put(e, r.offset*vhdx.MiB)
			vhdx.RegionLength.Put(e, vhdx.MiB)
			vhdx.RegionRequired.Put(e, r.required)
		}
		vhdx.RegionTable.Seal(b)
		if got := vhdx.RegionChecksum.Get(head); got != c.want {
			t.Errorf("%s: checksum %08x, want %08x", name, got, c.want)
		}
		if m, why := vhdx.RegionChecksum.Field().Verdict(b); m != decode.Good {
			t.Errorf("%s: %s %s", name, m, why)
		}
	}
	if got := vhdx.Checksum([]byte("123456789")); got != 0xE3069283 {
		t.Errorf("check value %08x", got)
	}
	if got := vhdx.ChecksumAdd(vhdx.ChecksumAdd(0, []byte("1234")), []byte("56789")); got != 0xE3069283 {
		t.Errorf("check value in parts %08x", got)
	}
}

// TestGeometry uses the figures of vhdx.md 8.
func TestGeometry(t *testing.T) {
	const mib, gib, tib = 1 << 20, 1 << 30, 1 << 40
	for _, c := range []struct {
		block, sector, disk uint64
		differencing        bool
		ratio, entries      int64
		bitmapBytes         int64
	}{
		{1 * mib, 512, 9 * gib, false, 4096, 9218, 256},
		{256 * mib, 512, 5 * tib, false, 16, 21759, 65536},
		{1 * mib, 512, 8 * mib, true, 4096, 4097, 256},
		{1 * mib, 512, 64 * tib, false, 4096, 67125247, 256},
		{2 * mib, 4096, 1 * gib, false, 16384, 512, 64},
		{32 * mib, 4096, 32*gib + 512*8, false, 1024, 1026, 1024},
		{256 * mib, 4096, 32 * gib, true, 128, 129, 8192},
	} {
		g, ok := vhdx.NewGeometry(c.block, c.sector, c.disk)
		if !ok || g.Ratio != c.ratio || g.Entries(c.differencing) != c.entries || g.BitmapBytes() != c.bitmapBytes {
			t.Errorf("%+v: %v %+v, %d entries, %d bytes of bitmap", c, ok, g, g.Entries(c.differencing), g.BitmapBytes())
		}
		for _, block := range []int64{0, 1, c.ratio - 1, c.ratio, c.ratio + 1, 2*c.ratio - 1, 2 * c.ratio} {
			if n, bitmap := g.IsBitmap(g.PayloadIndex(block)); bitmap || n != block {
				t.Errorf("%+v: block %d has index %d, which is %d %v", c, block, g.PayloadIndex(block), n, bitmap)
			}
			if n, bitmap := g.IsBitmap(g.BitmapIndex(g.Chunk(block))); !bitmap || n != g.Chunk(block) {
				t.Errorf("%+v: bitmap of block %d has index %d, which is %d %v", c, block, g.BitmapIndex(g.Chunk(block)), n, bitmap)
			}
			if want := block % c.ratio * c.bitmapBytes; g.BitmapByte(block) != want {
				t.Errorf("%+v: bits of block %d at %d, want %d", c, block, g.BitmapByte(block), want)
			}
		}
	}
}

func TestGeometryRefuses(t *testing.T) {
	for _, c := range [][3]uint64{{0, 512, 1 << 20}, {3 << 20, 512, 1 << 20}, {512 << 20, 512, 1 << 20}, {1 << 19, 512, 1 << 20},
		{1 << 20, 0, 1 << 20}, {1 << 20, 1024, 1 << 20}, {1 << 20, 512, 0}, {1 << 20, 512, 64<<40 + 512}, {1 << 63, 512, 1 << 63}} {
		if _, ok := vhdx.NewGeometry(c[0], c[1], c[2]); ok {
			t.Errorf("%v is taken", c)
		}
	}
}

func TestDescriptorSectors(t *testing.T) {
	for n, want := range map[int64]int64{0: 1, 1: 1, 126: 1, 127: 2, 254: 2, 255: 3, 382: 3, 1 << 32: 1 + (1<<32-126+127)/128} {
		if got := vhdx.DescriptorSectors(n); got != want {
			t.Errorf("%d descriptors take %d sectors, want %d", n, got, want)
		}
	}
}

func TestEntryBits(t *testing.T) {
	const entry = 0xABCDE<<20 | 0x12340 | vhdx.PartiallyPresent
	if vhdx.State(entry) != 7 || vhdx.FileOffset(entry) != 0xABCDE<<20 || vhdx.ReservedBits(entry) != 0x12340 {
		t.Errorf("state %d, offset %x, reserved %x", vhdx.State(entry), vhdx.FileOffset(entry), vhdx.ReservedBits(entry))
	}
	rec := vhdx.PayloadTable.Blank()
	vhdx.PayloadState.Put(rec, vhdx.FullyPresent)
	vhdx.PayloadOffset.Put(rec, 4)
	if text := hex.EncodeToString(rec.Bytes()); text != "0600400000000000" {
		t.Errorf("entry is stored as %s", text)
	}
}

// locator builds a parent locator item of these keys and values.
func locator(pairs ...string) []byte {
	item := vhdx.LocatorTable.Blank()
	vhdx.LocatorCount.Put(item, uint16(len(pairs)/2))
	b := append(item.Bytes(), make([]byte, len(pairs)/2*vhdx.LocatorEntrySize)...)
	for i := 0; i < len(pairs); i += 2 {
		key, value := decode.EncodeUTF16(pairs[i], decode.Little), decode.EncodeUTF16(pairs[i+1], decode.Little)
		at := vhdx.LocatorHeadSize + i/2*vhdx.LocatorEntrySize
		e, _ := vhdx.LocatorEntryTable.Of(b[at:])
		vhdx.LocatorKeyOffset.Put(e, uint32(len(b)))
		vhdx.LocatorKeyLength.Put(e, uint16(len(key)))
		vhdx.LocatorValueOffset.Put(e, uint32(len(b)+len(key)))
		vhdx.LocatorValueLength.Put(e, uint16(len(value)))
		b = append(append(b, key...), value...)
	}
	return b
}

func TestPairs(t *testing.T) {
	item := locator(vhdx.KeyLinkage, "{00112233-4455-6677-8899-aabbccddeeff}", vhdx.KeyRelativePath, `.\p.vhdx`, "x\x00y", "")
	got := vhdx.Pairs(item)
	if len(got) != 3 || got[0].Key != vhdx.KeyLinkage || got[1].Value != `.\p.vhdx` || got[1].KeyBad+got[1].ValueBad != "" {
		t.Fatalf("pairs %+v", got)
	}
	if got[2].KeyBad == "" || got[2].ValueBad == "" {
		t.Errorf("NUL and empty value are not noticed: %+v", got[2])
	}
	id, ok := vhdx.Linkage(got[0].Value)
	if !ok || id.String() != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("linkage %s %v", id, ok)
	}
	e, _ := vhdx.LocatorEntryTable.Of(item[vhdx.LocatorHeadSize:])
	vhdx.LocatorValueOffset.Put(e, 1<<31)
	if p := vhdx.Pairs(item)[0]; p.ValueBad == "" || p.KeyBad != "" {
		t.Errorf("value outside the item: %+v", p)
	}
	vhdx.LocatorKeyLength.Put(e, 3)
	if p := vhdx.Pairs(item)[0]; p.KeyBad == "" {
		t.Errorf("odd length: %+v", p)
	}
	if n := len(vhdx.Pairs(item[:vhdx.LocatorHeadSize+2*vhdx.LocatorEntrySize])); n != 2 {
		t.Errorf("item cut after two entries has %d", n)
	}
	for _, bad := range []string{"", "{}", "00112233-4455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeefg}"} {
		if _, ok := vhdx.Linkage(bad); ok {
			t.Errorf("linkage %q is taken", bad)
		}
	}
}

func TestItems(t *testing.T) {
	for _, it := range vhdx.Items() {
		got, ok := vhdx.ItemOf(it.ID)
		if !ok || got.Name != it.Name || len(it.Doc) < 10 {
			t.Errorf("%s is found as %q", it.ID, got.Name)
		}
		if it.Layout != nil && it.Length > 0 && int64(it.Layout.Size()) != it.Length {
			t.Errorf("%s has %d bytes, its table %d", it.Name, it.Length, it.Layout.Size())
		}
	}
}

// FuzzTree walks the trees of all tables, and reads the pairs of a locator,
// over any bytes.
func FuzzTree(f *testing.F) {
	for _, l := range vhdx.Layouts() {
		f.Add(l.Blank())
		f.Add(l.Blank()[:l.Size()/2])
	}
	f.Add(locator(vhdx.KeyLinkage, "{00112233-4455-6677-8899-aabbccddeeff}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, l := range vhdx.Layouts() {
			decodetest.Walk(t, l.Node(b, "f", 0), 2000)
		}
		for _, p := range vhdx.Pairs(b) {
			vhdx.Linkage(p.Value)
		}
	})
}

// TestEntriesAreReadAsDeclared compares the fast way with the table.
func TestEntriesAreReadAsDeclared(t *testing.T) {
	const entry = 5<<20 | vhdx.FullyPresent
	rec := vhdx.PayloadTable.Blank()
	vhdx.PayloadState.Put(rec, vhdx.State(entry))
	vhdx.PayloadOffset.Put(rec, vhdx.FileOffset(entry)/vhdx.MiB)
	b := make([]byte, vhdx.EntrySize)
	vhdx.PutEntry(b, entry)
	if vhdx.EntryAt(rec.Bytes()) != entry || !bytes.Equal(b, rec.Bytes()) || !bytes.Equal(vhdx.AppendEntry(nil, entry), b) {
		t.Errorf("% x, declared % x", b, rec.Bytes())
	}
}
