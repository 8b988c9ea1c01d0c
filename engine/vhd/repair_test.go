package vhd_test

import (
	"context"
	"strings"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

// offered is how many repairs each fault of a code has, in the order of
// [faults]; those of codes that are not listed have none. A disk of no sector
// has nothing to be made larger by; a header of another version is not
// changed; nothing of an entry that leads past the end is there to be kept.
var offered = map[string]string{
	"V001": "1 1 1", "V002": "2 1 1 2 2 1", "V003": "1 1", "V004": "1 1", "V005": "2", "V007": "1", "V008": "1 1 1 2 1", "V009": "1",
	"V011": "1 1", "V012": "1", "V013": "1 1 1 1", "V014": "0 1 1 1 1 1", "V015": "2 1", "V017": "1 1 1 1", "V020": "1", "V021": "1 1",
	"V022": "1", "V024": "1 0 1 1 1", "V025": "1", "V029": "2 2 1", "V030": "1 1", "V031": "1 1 1", "V032": "1 2", "V033": "2 2", "V034": "4 4",
	"V037": "1", "V038": "1", "V039": "1 1", "V041": "1 1 1 1 1 1", "V042": "1", "V044": "1", "V045": "1 1", "V049": "1 1 1 1", "V051": "1 1",
	"V054": "1 1",
}

// orphaned are the repairs that give a block up: its room belongs to nothing
// afterwards.
const orphaned = "V029 V031 V032 V034 V038"

// TestRepairs plants each fault in a good image and carries out its repairs.
func TestRepairs(t *testing.T) {
	seen := map[string]int{}
	for _, c := range faults() {
		also := ""
		if strings.Contains(orphaned, c.code) {
			also = "vhd/V035"
		}
		want := "0"
		if list := strings.Fields(offered[c.code]); len(list) > 0 {
			want = list[min(seen[c.code], len(list)-1)]
		}
		n := enginetest.Repairs(t, faulty(t, c), "disk.vhd", formats, vhd.Open, "vhd/"+c.code, also)
		if n != int(want[0]-'0') {
			t.Errorf("%s, fault %d: %d repairs, want %s", c.code, seen[c.code], n, want)
		}
		seen[c.code]++
	}
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
// there is none, behind the data.
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
		if n := enginetest.Repairs(t, files, "disk.vhd", formats, byHand, "vhd/"+c.code, ""); n != 1 {
			t.Errorf("%s: %d repairs", c.code, n)
		}
		w := store.NewWorkspace(files, "disk.vhd")
		repair(t, w, byHand, "vhd/"+c.code, 0)
		img := reopen(t, w, vhd.Open)
		enginetest.Clean(t, img, disk.SeverityWarning)
		if img.Parent() == nil {
			t.Errorf("%s: the name stored does not lead to the parent: %v", c.code, img.(disk.Linked).Link())
		}
	}
}

// repair stages a repair of the first finding of a code.
func repair(t *testing.T, w *store.Workspace, open enginetest.Opening, code string, which int) {
	t.Helper()
	for _, f := range check(t, reopen(t, w, open)) {
		if f.Code != code {
			continue
		}
		edits, err := f.Repairs[which].Edits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := enginetest.Stage(w, f.Repairs[which].Title, edits); err != nil {
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
