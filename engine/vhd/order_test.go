package vhd_test

import (
	"bytes"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd/writer"
)

// repairsFor are the repairs of the first finding of a code.
func repairsFor(t *testing.T, img disk.Image, code string) (disk.Finding, []disk.Repair) {
	t.Helper()
	for _, f := range check(t, img) {
		if f.Code == code {
			list, err := writer.Repairs(t.Context(), img, f)
			if err != nil {
				t.Fatal(err)
			}
			return f, list
		}
	}
	t.Fatalf("no finding %s", code)
	return disk.Finding{}, nil
}

// TestLostBits clears bits of sectors that were written, in several blocks: the first
// repair sets all of them again, and the disk is what it was.
func TestLostBits(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, stored: []int64{0, 2, 3}})
	whole := make([]byte, 2<<20)
	if _, err := openBytes(t, f.bytes).ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	f.bytes[f.blocks[0]+3] = 0
	clear(f.bytes[f.blocks[3]+8:][:4])
	folder := store.NewMem()
	folder.PutFile("disk.vhd", f.bytes)
	img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
	found, list := repairsFor(t, img, "vhd/V033")
	if !strings.Contains(found.Text, "8 sectors of block 0") {
		t.Errorf("the finding says %q", found.Text)
	}
	if err := list[0].Apply(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(whole))
	if _, err := open(t, enginetest.Memory(t, folder, "disk.vhd", formats)).ReadAt(got, 0); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("the disk is not what it was: %v", err)
	}
}

// TestEmulatedDrive keeps what SIMH stores in the footer.
func TestEmulatedDrive(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, creator: "simh"})
	copy(layout.FooterReserved.Get(f.footer())[11:], "RD53")
	layout.FooterCylinders.Put(f.footer(), 1024)
	f.both()
	for _, found := range check(t, openBytes(t, f.bytes)) {
		if found.Repairable || found.Severity > disk.SeverityInfo {
			t.Errorf("%s %s: %s, repairable %v", found.Severity, found.Code, found.Text, found.Repairable)
		}
		if found.Code == "vhd/V022" && !strings.Contains(found.Text, `"RD53"`) {
			t.Errorf("the description is not shown: %s", found.Text)
		}
	}
}

// TestLastSector is for a device whose last sector was overwritten: the footer can go
// there, the file does not grow.
func TestLastSector(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, stored: []int64{0}})
	f.insert(make([]byte, 3<<20))
	copy(f.bytes[f.tail:], bytes.Repeat([]byte("neighbour "), 52)[:512])
	folder := store.NewMem()
	folder.PutFile("disk.vhd", f.bytes)
	_, list := repairsFor(t, open(t, enginetest.Memory(t, folder, "disk.vhd", formats)), "vhd/V002")
	for _, r := range list {
		if !strings.Contains(r.Title, "last sector") {
			continue
		}
		if !strings.Contains(r.Risk, "not zero") {
			t.Errorf("the risk is %q", r.Risk)
		}
		if err := r.Apply(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
		img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
		if size := img.Info().FileSize; size != int64(len(f.bytes)) {
			t.Errorf("the file has %d bytes, %d before", size, len(f.bytes))
		}
		enginetest.Clean(t, img, disk.SeverityError)
		return
	}
	t.Error("no repair puts the footer into the last sector")
}
