package vhd_test

import (
	"bytes"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// TestLostEntry takes the entry of each block away: what lies there is never
// called free, the check warns, and the first repair brings the disk back. An entry
// of zeros can't be right, so the disk can't be read there.
func TestLostEntry(t *testing.T) {
	p := plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3}}
	for _, value := range []uint32{layout.Unallocated, 0} {
		for lost := range p.stored {
			f := build(t, p)
			folder := files(map[string]*fixture{"disk.vhd": f})
			want := content512(t, open(t, enginetest.Memory(t, folder, "disk.vhd", formats)))
			f.setEntry(int64(lost), value)
			folder = files(map[string]*fixture{"disk.vhd": f})
			img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
			code := "vhd/V035"
			if _, err := img.ReadAt(make([]byte, 512), int64(lost)*p.block); value == 0 {
				if code = "vhd/V031"; err == nil {
					t.Errorf("block %d, whose entry is zero, can be read", lost)
				}
			}
			for r, err := range img.Regions(t.Context()) {
				if err != nil || r.Kind == disk.KindFree || strings.Contains(r.Name, "free") {
					t.Errorf("block %d, entry 0x%x: called %s, %q, %v", lost, value, r.Kind, r.Name, err)
				}
			}
			if least := worst(check(t, img), code); least < disk.SeverityWarning {
				t.Errorf("block %d, entry 0x%x: %s is a %s", lost, value, code, least)
			}
			w := store.NewWorkspace(folder, "disk.vhd")
			repair(t, w, vhd.Open, code, 0)
			if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
				t.Errorf("block %d, entry 0x%x: the disk is not as before", lost, value)
			}
			w.Close()
		}
	}
}

// TestLostEntryUnknown has two entries lost side by side, or blocks in another order:
// which block is whose nobody can tell, and no repair guesses.
func TestLostEntryUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		stored, lost []int64
	}{
		"two in a row":     {[]int64{0, 1, 2, 3}, []int64{1, 2}},
		"in another order": {[]int64{3, 1, 0, 2}, []int64{1}},
	} {
		f := build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1, stored: c.stored})
		for _, n := range c.lost {
			f.setEntry(n, layout.Unallocated)
		}
		img := open(t, enginetest.Memory(t, files(map[string]*fixture{"disk.vhd": f}), "disk.vhd", formats))
		for _, found := range check(t, img) {
			if found.Code == "vhd/V035" && (found.Severity < disk.SeverityWarning || len(c.lost) == 1 && found.Repairable) {
				t.Errorf("%s: %s, repairable %v: %s", name, found.Severity, found.Repairable, found.Text)
			}
		}
	}
}

// TestLostEntryAmongOthers has a block lie between those of two entries with several without a
// block between: which of them lost it nothing tells, and no repair guesses.
func TestLostEntryAmongOthers(t *testing.T) {
	for lost, repairable := range map[int64]bool{1: true, 3: false, 7: false} {
		f := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3, 6, 7}})
		f.setEntry(lost, layout.Unallocated)
		if lost == 7 {
			f.setEntry(6, layout.Unallocated)
		}
		said := false
		for _, found := range check(t, openBytes(t, f.bytes)) {
			if found.Code != "vhd/V035" || found.Severity < disk.SeverityWarning {
				continue
			}
			said = true
			if found.Repairable != repairable || strings.Contains(found.Text, "nothing tells which") == repairable {
				t.Errorf("entry %d: repairable %v: %s", lost, found.Repairable, found.Text)
			}
		}
		if !said {
			t.Errorf("entry %d: nothing is said", lost)
		}
	}
}

// TestEntryOfAnothersBlock has an entry without a block lead to that of another one: by the order
// of the others it is told whose that is, and the first repair gives the whole disk back.
func TestEntryOfAnothersBlock(t *testing.T) {
	for _, wrong := range []int64{4, 5, 7} {
		f := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3, 6}})
		want := content512(t, openBytes(t, f.bytes))
		f.setEntry(wrong, uint32(f.blocks[1]/512))
		w := store.NewWorkspace(files(map[string]*fixture{"disk.vhd": f}), "disk.vhd")
		repair(t, w, vhd.Open, "vhd/V034", 0)
		if got := content512(t, reopen(t, w, vhd.Open)); !bytes.Equal(got, want) {
			t.Errorf("entry %d: another disk", wrong)
		}
		w.Close()
	}
}

// TestMovedTable has all entries moved by one: that the first two are equal does not tell which
// of them is wrong, and neither is cleared first.
func TestMovedTable(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3, 4, 5, 6, 7}})
	for i := int64(7); i > 0; i-- {
		f.setEntry(i, uint32(f.blocks[i-1]/512))
	}
	_, list := repairsFor(t, openBytes(t, f.bytes), "vhd/V034")
	if len(list) == 0 || strings.HasPrefix(list[0].Title, "clear") {
		t.Errorf("%+v", list)
	}
}

// TestStrayBlockInOrder has an entry lead out of the file, and the entry of another block, which
// lies between those of its neighbours, be lost: the first is not led to that block.
func TestStrayBlockInOrder(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, id: 1, stored: []int64{0, 1, 2, 3, 4}})
	f.setEntry(2, layout.Unallocated)
	f.setEntry(7, 0x00FFFFFF)
	_, list := repairsFor(t, openBytes(t, f.bytes), "vhd/V032")
	for _, r := range list {
		if strings.Contains(r.Title, "lead to the block") {
			t.Error(r.Title)
		}
	}
}

// TestWipedTable loses all entries: the blocks are still there, which is an error, and nothing is
// offered that gives them up.
func TestWipedTable(t *testing.T) {
	for _, value := range []uint32{layout.Unallocated, 0} {
		f := build(t, plan{kind: layout.Dynamic, size: 8 << 20, block: 512 << 10, id: 1, stored: []int64{0, 2, 5, 6, 7, 9, 10, 12}})
		for i := range int64(16) {
			f.setEntry(i, value)
		}
		list := check(t, openBytes(t, f.bytes))
		disk.Explain(list)
		said := false
		for _, found := range list {
			if found.Code == "vhd/V035" && (found.Severity == disk.SeverityError || value != 0 && found.Severity == disk.SeverityWarning) {
				said = strings.Contains(found.Text, "room for 8 blocks")
			}
			if found.Repairable && found.Cause == "" && found.Severity > disk.SeverityInfo {
				t.Errorf("entries of 0x%x: %s can be repaired: %s", value, found.Code, found.Text)
			}
		}
		if !said {
			t.Errorf("entries of 0x%x: %+v", value, list)
		}
	}
}

// TestReservedText names the text that lies in the reserved bytes of a header or a footer whose
// checksum is right, and where; nothing offers to zero it without a risk.
func TestReservedText(t *testing.T) {
	f := build(t, plan{kind: layout.Dynamic, size: 1 << 20, block: 512 << 10, id: 1, stored: []int64{0}})
	copy(layout.HeaderRest.Get(f.header())[32:], "hidden text")
	copy(layout.FooterReserved.Get(f.footer())[100:], "more of it")
	f.sealHeader()
	f.both()
	said := 0
	folder := files(map[string]*fixture{"disk.vhd": f})
	img := open(t, enginetest.Memory(t, folder, "disk.vhd", formats))
	for _, found := range check(t, img) {
		switch {
		case found.Code == "vhd/V057" && strings.Contains(found.Text, "0x520") && strings.Contains(found.Text, `"hidden text"`), found.Code == "vhd/V022" && strings.Contains(found.Text, `"more of it"`):
			said++
		case found.Severity >= disk.SeverityWarning:
			t.Errorf("%s: %s", found.Code, found.Text)
		}
		list, err := writer.Repairs(t.Context(), img, found)
		for _, r := range list {
			if r.Risk == "" {
				t.Errorf("%s: %s names no risk", found.Text, r.Title)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	if said != 2 {
		t.Errorf("%d places are named", said)
	}
}

// content512 is all of a small disk.
func content512(t *testing.T, img disk.Image) []byte {
	t.Helper()
	b := make([]byte, img.Info().VirtualSize)
	if n, err := img.ReadAt(b, 0); n < len(b) {
		t.Fatalf("%d of %d bytes: %v", n, len(b), err)
	}
	return b
}

// worst is the gravest severity of a code.
func worst(list []disk.Finding, code string) (s disk.Severity) {
	for _, f := range list {
		if f.Code == code {
			s = max(s, f.Severity)
		}
	}
	return s
}
