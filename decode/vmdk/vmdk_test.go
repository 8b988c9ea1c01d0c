package vmdk_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"platter/decode/decodetest"
	"platter/decode/vmdk"
)

func TestTables(t *testing.T) { decodetest.Tables(t, vmdk.Layouts()) }

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		start string
		want  vmdk.Kind
	}{
		{"KDMV\x01\x00\x00\x00", vmdk.KindHosted},
		{"kdmv\x01\x00\x00\x00", vmdk.KindUnfinished},
		{"COWD\x01\x00\x00\x00", vmdk.KindCowd},
		{"\xBE\xBA\xFE\xCA\x00\x00\x00\x00", vmdk.KindSeSparse},
		{"\xCA\xFE\xBA\xBE\x00\x00\x00\x34", vmdk.KindNone}, // a Java class
		{"\xBE\xBA\xFE\xCA\x00\x00\x00\x01", vmdk.KindNone},
		{"KDMV", vmdk.KindNone},
		{"", vmdk.KindNone},
	} {
		if got := vmdk.Sniff([]byte(c.start)); got != c.want {
			t.Errorf("%q is %v, want %v", c.start, got, c.want)
		}
	}
}

// TestSeEntries compares with the values that QEMU reads (vmdk.md 7).
func TestSeEntries(t *testing.T) {
	for index, raw := range map[uint64]uint64{
		0:    0x3000000000000000,
		1:    0x3001000000000000,
		4095: 0x3FFF000000000000,
		4096: 0x3000000000000001,
		4097: 0x3001000000000001,
	} {
		if got := vmdk.SeEntry(index); got != raw {
			t.Errorf("entry of grain %d is %#x, want %#x", index, got, raw)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		index := rnd.Uint64() >> 4
		if got := vmdk.SeGrainIndex(vmdk.SeEntry(index)); got != index {
			t.Fatalf("grain %d comes back as %d", index, got)
		}
	}
}

// TestHeaderPlaces pins the unaligned fields to the first bytes of a file that
// qemu-img made (vmdk.md 4.5).
func TestHeaderPlaces(t *testing.T) {
	h := vmdk.HeaderTable.Blank()
	vmdk.HeaderVersion.Put(h, 1)
	vmdk.HeaderFlags.Put(h, 3)
	vmdk.HeaderCapacity.Put(h, 0xA00000)
	vmdk.HeaderGrainSize.Put(h, 128)
	vmdk.HeaderDescriptorOffset.Put(h, 1)
	vmdk.HeaderDescriptorSize.Put(h, 20)
	vmdk.HeaderTableEntries.Put(h, 512)
	vmdk.HeaderRedundantOffset.Put(h, 21)
	vmdk.HeaderDirectoryOffset.Put(h, 663)
	vmdk.HeaderOverHead.Put(h, 1408)
	want := "KDMV\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\xa0\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" +
		"\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x97\x02\x00\x00\x00\x00\x00\x00" +
		"\x80\x05\x00\x00\x00\x00\x00\x00\x00\x0a\x20\x0d\x0a\x00\x00\x00"
	if got := string(h.Bytes()[:80]); got != want {
		t.Errorf("got  % x\nwant % x", got, want)
	}
}

// FuzzTables walks every structure over any bytes.
func FuzzTables(f *testing.F) {
	for _, l := range vmdk.Layouts() {
		f.Add(l.Blank())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		vmdk.Sniff(b)
		for _, l := range vmdk.Layouts() {
			decodetest.Walk(t, l.Node(b, "f", 0), 1000)
		}
	})
}

// TestEntriesAreReadAsDeclared compares the fast way with the tables.
func TestEntriesAreReadAsDeclared(t *testing.T) {
	plain := vmdk.TableEntryTable.Blank()
	vmdk.TableEntryGrain.Put(plain, 0x01020304)
	entry := vmdk.SeEntry(0x123456)
	se := vmdk.SeTableEntryTable.Blank()
	vmdk.SeTableType.Put(se, vmdk.SeAllocated)
	vmdk.SeTableHigh.Put(se, 0x123)
	vmdk.SeTableLow.Put(se, 0x456)
	for width, c := range map[int64]struct {
		entry    uint64
		declared []byte
	}{vmdk.EntrySize: {0x01020304, plain.Bytes()}, vmdk.SeEntrySize: {entry, se.Bytes()}} {
		b := make([]byte, width)
		vmdk.PutEntry(b, width, c.entry)
		if vmdk.EntryAt(c.declared, width) != c.entry || !bytes.Equal(b, c.declared) {
			t.Errorf("% x, declared % x", b, c.declared)
		}
	}
}
