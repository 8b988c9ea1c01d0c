package vhd_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// offered is how many repairs each fault of a code has, in the order of
// [faults]; those of codes that are not listed have none. A disk of no sector
// has nothing to be made larger by; a header of another version is not
// changed; nothing of an entry that leads past the end is there to be kept.
var offered = map[string]string{
	"V001": "1 1 1", "V002": "2 1 1 2 2 1", "V003": "1 1", "V004": "1 1", "V005": "2", "V007": "1", "V008": "1 1 1 2 1", "V009": "1",
	"V011": "1 1", "V012": "1", "V013": "1 1 1 1", "V014": "0 1 1 1 1 1", "V015": "2 1", "V017": "1 1 1 1", "V020": "1", "V021": "1 1",
	"V022": "1", "V024": "1 0 1 1 1", "V025": "1", "V029": "2 2 1", "V030": "1 1", "V031": "1 1 1", "V032": "1 2", "V033": "3 3", "V034": "4 4", "V035": "0 0",
	"V037": "1", "V038": "1", "V039": "1 1", "V041": "1 1 1 1 1 1", "V042": "1", "V044": "1", "V045": "1 1", "V049": "1 1 1 1", "V051": "1 1",
	"V054": "1 1", "V056": "1 2 1",
}

// orphaned is what a repair may leave behind that gives something up: its room
// belongs to nothing afterwards.
const orphaned = "vhd/V035 vhd/V037 vhd/V057"

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	seen := map[string]int{}
	for _, c := range faults() {
		want := "0"
		if list := strings.Fields(offered[c.code]); len(list) > 0 {
			want = list[min(seen[c.code], len(list)-1)]
		}
		n := enginetest.Repairs(t, faulty(t, c), "disk.vhd", formats, vhd.Open, writer.Repairs, "vhd/"+c.code, orphaned)
		if n != int(want[0]-'0') {
			t.Errorf("%s, fault %d: %d repairs, want %s", c.code, seen[c.code], n, want)
		}
		seen[c.code]++
	}
}

// TestHiddenStaysSo holds that a disk is not shown again by a repair that says nothing of a
// risk: it may be the parent of others.
func TestHiddenStaysSo(t *testing.T) {
	for _, c := range faults() {
		if c.code != "V054" || c.plan.size != tapPlan.size {
			continue
		}
		img := openFault(t, c)
		for _, f := range check(t, img) {
			if f.Code != "vhd/V054" || !strings.Contains(f.Text, "hidden") {
				continue
			}
			list, err := writer.Repairs(t.Context(), img, f)
			if err != nil || len(list) != 1 || list[0].Risk == "" {
				t.Errorf("%+v %v", list, err)
			}
			return
		}
	}
	t.Error("no hidden disk")
}

// given is an opener for which the parent was named by hand.
type given struct {
	disk.Opener
	name string
}

// OpenParent opens that one, whatever the image says.
func (g given) OpenParent(_, format string) (disk.Image, error) {
	return g.Opener.OpenParent(g.name, format)
}

// TestRepairsOfNames has a parent that none of the image's names leads to, or a
// single damaged one: its name is stored, in the room of a locator or, where
// there is none, after the data.
func TestRepairsOfNames(t *testing.T) {
	byHand := func(ctx context.Context, src disk.Source) (disk.Image, error) {
		if src.Name == "disk.vhd" {
			src.Opener = given{src.Opener, "base.vhd"}
		}
		return vhd.Open(ctx, src)
	}
	for _, c := range []struct {
		code  string
		plant func(*fixture)
	}{
		{"V040", func(f *fixture) { layout.HeaderParentName.Put(f.header(), ""); clear(f.locator(0).Bytes()) }},
		{"V041", func(f *fixture) {
			layout.HeaderParentName.Put(f.header(), "")
			layout.LocatorOffset.Put(f.locator(0), 1<<62)
		}},
		{"V043", func(f *fixture) {
			layout.HeaderParentName.Put(f.header(), "gone.vhd")
			layout.LocatorLength.Put(f.locator(0), uint32(2*len(`.\ba`)))
		}},
	} {
		files := faulty(t, headerFault(c.code, bad, childPlan, c.plant))
		if n := enginetest.Repairs(t, files, "disk.vhd", formats, byHand, writer.Repairs, "vhd/"+c.code, orphaned); n != 1 {
			t.Errorf("%s: %d repairs", c.code, n)
		}
		w := store.NewWorkspace(files, "disk.vhd")
		repair(t, w, byHand, "vhd/"+c.code, 0)
		img := reopen(t, w, vhd.Open)
		enginetest.Clean(t, img, disk.SeverityError)
		if img.Parent() == nil {
			t.Errorf("%s: the name stored does not lead to the parent: %v", c.code, img.(disk.Linked).Link())
		}
	}
}

// repair stages a repair of the first finding of a code.
func repair(t *testing.T, w *store.Workspace, open enginetest.Opening, code string, which int) {
	t.Helper()
	img := reopen(t, w, open)
	for _, f := range check(t, img) {
		if f.Code != code {
			continue
		}
		list, err := writer.Repairs(t.Context(), img, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := enginetest.Repair(t, w, list[which]); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no finding %s", code)
}

// reopen opens the image as staged.
func reopen(t *testing.T, w *store.Workspace, open enginetest.Opening) disk.Image {
	t.Helper()
	img, err := open(t.Context(), enginetest.Staged(t, w, "disk.vhd", formats))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// repairedBytes is the file after a repair.
func repairedBytes(t *testing.T, b []byte, code string, which int) []byte {
	t.Helper()
	files := store.NewMem()
	files.PutFile("disk.vhd", b)
	w := store.NewWorkspace(files, "disk.vhd")
	defer w.Close()
	repair(t, w, vhd.Open, code, which)
	return bytesOf(t, w, "disk.vhd")
}

// TestRepairedFooterLeavesLostBytesLost cuts a file off in a block: a footer
// that is put back does not make zeros of what is lost.
func TestRepairedFooterLeavesLostBytesLost(t *testing.T) {
	for _, c := range []struct {
		name, code string
		plant      func(f *fixture)
	}{
		{"no footer at the end", "vhd/V002", func(*fixture) {}},
		{"no cookie at either end", "vhd/V056", func(f *fixture) {
			f.bytes = append(f.bytes, f.bytes[:512]...)
			clear(f.bytes[:8])
			clear(f.bytes[len(f.bytes)-512:][:8])
		}},
		{"no footer at all", "vhd/V001", func(f *fixture) { clear(f.bytes[:512]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := build(t, dynamicPlan)
			f.bytes = f.bytes[:f.tail-100*512]
			c.plant(f)
			img := openBytes(t, repairedBytes(t, f.bytes, c.code, 0))
			lost := 3*dynamicPlan.block - 512
			if _, err := img.ReadAt(make([]byte, 512), lost); err == nil {
				t.Error("what is lost can be read")
			}
			for _, found := range check(t, img) {
				if found.Code != "vhd/V032" && found.Severity >= disk.SeverityWarning {
					t.Errorf("%s %s", found.Code, found.Text)
				}
			}
			kept := make([]byte, 512)
			if _, err := img.ReadAt(kept, lost-100*512); err != nil || !bytes.Equal(kept, content(2, lost-100*512)) {
				t.Errorf("the last sector that is left is not read: %v", err)
			}
		})
	}
}

// headerBehindTable makes an image whose dynamic header lies right behind the
// table, and which should have a batmap there.
func headerBehindTable(f *fixture) {
	h := bytes.Clone(f.bytes[512:tableAt])
	copy(f.bytes[512:], f.bytes[tableAt:tableAt+512])
	copy(f.bytes[1024:], h)
	rec, _ := layout.HeaderTable.Of(f.bytes[1024:2048])
	layout.HeaderTableOffset.Put(rec, 512)
	layout.HeaderTable.Seal(rec.Bytes())
	layout.FooterDataOffset.Put(f.footer(), 1024)
	layout.FooterCreatorVersion.Put(f.footer(), 0x00010003)
	f.both()
}

// TestRepairsThatWouldDestroy has repairs of one fault that would destroy what
// another one has left: they fail, and name what has to be settled first.
func TestRepairsThatWouldDestroy(t *testing.T) {
	three := plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{0, 1, 2}, id: 2}
	tap := plan{kind: layout.Dynamic, size: 4 * mib, block: 512 << 10, stored: []int64{0}, id: 4, creator: "tap"}
	within := func(f *fixture) { // block 1 lies where block 0 has absent sectors
		at := f.blocks[0] + 512 + 600*512
		copy(f.bytes[at:], f.bytes[f.blocks[1]:f.blocks[1]+512+three.block])
		clear(f.bytes[f.blocks[0]+600/8 : f.blocks[0]+1024/8])
		f.setEntry(1, uint32(at/512))
	}
	trailing := func(f *fixture) { f.bytes = append(f.bytes, bytes.Repeat([]byte("SECRET12"), 640)...) }
	shared := func(f *fixture) { f.setEntry(1, uint32(f.blocks[0]/512)) }
	for _, c := range []struct {
		name, code string
		which      int
		plan       plan
		plant      func(f *fixture)
		says       string
	}{
		{"zeros in another block", "vhd/V033", 2, three, within, "V034"},
		{"a bit in a block that has another in it", "vhd/V033", 1, three, within, "V034"},
		{"a copy where a lost block was", "vhd/V034", 1, three, func(f *fixture) {
			shared(f)
			f.bytes = append(f.bytes[:f.blocks[2]], f.bytes[f.tail:]...)
		}, "block 2"},
		{"a copy where a block is not whole", "vhd/V034", 1, three, func(f *fixture) {
			shared(f)
			f.bytes = append(f.bytes[:f.tail-512], f.bytes[f.tail:]...)
		}, "V032"},
		{"a copy over what follows the footer", "vhd/V034", 1, three, func(f *fixture) { shared(f); trailing(f) }, "V009"},
		{"a longer file over what follows the footer", "vhd/V032", 0, three, func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail-512], f.bytes[f.tail:]...)
			trailing(f)
		}, "V009"},
		{"a longer file where a lost block was", "vhd/V032", 0, three, func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail-512], f.bytes[f.tail:]...)
			f.setEntry(4, uint32(f.tail/512-1))
		}, "block 4"},
		{"a batmap over the header", "vhd/V049", 0, tap, headerBehindTable, "structures"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := build(t, c.plan)
			c.plant(f)
			files := store.NewMem()
			files.PutFile("disk.vhd", f.bytes)
			w := store.NewWorkspace(files, "disk.vhd")
			img := reopen(t, w, vhd.Open)
			for _, found := range check(t, img) {
				if found.Code != c.code {
					continue
				}
				list, _ := writer.Repairs(t.Context(), img, found)
				if err := enginetest.Repair(t, w, list[c.which]); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%q: error %v", list[c.which].Title, err)
				}
				return
			}
			t.Fatalf("no finding %s", c.code)
		})
	}
}

// TestSparesInFrontOfBatmap has spare entries of several sectors: without them
// tapdisk would look for the batmap elsewhere.
func TestSparesInFrontOfBatmap(t *testing.T) {
	f := build(t, tapPlan)
	withBatmap(f)
	const more = 512
	f.bytes = slices.Insert(f.bytes, 2048, bytes.Repeat([]byte{0xFF}, more)...)
	f.tail += more
	batmap, _ := layout.BatmapTable.Of(f.bytes[2048+more:])
	layout.BatmapOffset.Put(batmap, layout.BatmapOffset.Get(batmap)+more)
	for b, at := range f.blocks {
		f.setEntry(b, uint32((at+more)/512))
	}
	layout.HeaderEntries.Put(f.header(), 200)
	f.sealHeader()
	list := check(t, openBytes(t, f.bytes))
	if len(list) != 1 || list[0].Code != "vhd/V030" || list[0].Repairable || !strings.Contains(list[0].Detail, "batmap") {
		t.Errorf("findings %v", list)
	}
}
