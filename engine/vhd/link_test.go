package vhd_test

import (
	"slices"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// TestLink holds what a child tells of its parent: one that fits, another one
// under its name, and none.
func TestLink(t *testing.T) {
	link := func(files *store.Mem) (disk.LinkInfo, []string) {
		t.Helper()
		linked, ok := open(t, enginetest.Memory(t, files, chainName(0), formats)).(disk.Linked)
		if !ok {
			t.Fatal("the image tells nothing of its parent")
		}
		l := linked.Link()
		var fates []string
		for _, n := range l.Names {
			fates = append(fates, n.Fate)
		}
		return l, fates
	}
	list := chain(t, 2)
	l, fates := link(chainFiles(list))
	if l.Term != "unique_id" || l.Fault != nil || len(l.Wanted) != 1 || l.Wanted[0] != l.Found || !slices.Contains(fates, "found, used") {
		t.Errorf("a parent that fits: %+v", l)
	}
	if l, _ := link(chainFiles(list[1:])); l.Term != "" {
		t.Errorf("a base: %+v", l)
	}
	l, fates = link(chainFiles([]*fixture{list[0], chain(t, 3)[2]}))
	if l.Fault == nil || l.Found == "" || slices.Contains(l.Wanted, l.Found) || !slices.Contains(fates, disk.ErrOtherDisk.Error()) {
		t.Errorf("another disk: %+v", l)
	}
	l, fates = link(chainFiles(list[:1]))
	if l.Fault == nil || l.Found != "" || !slices.Contains(fates, "not there") {
		t.Errorf("no parent: %+v", l)
	}
}
