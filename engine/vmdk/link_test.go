package vmdk_test

import (
	"testing"

	"platter/engine/disk"
)

// TestLink holds what a delta tells of its parent: one that fits, one that was
// written to, and none.
func TestLink(t *testing.T) {
	link := func(files map[string][]byte, name string) disk.LinkInfo {
		t.Helper()
		linked, ok := openMem(t, files, name).(disk.Linked)
		if !ok {
			t.Fatal("the image tells nothing of its parent")
		}
		return linked.Link()
	}
	files, _ := chainFiles(1, true)
	l := link(files, "l1.vmdk")
	if l.Term != "CID" || l.Fault != nil || l.Found != "12345678" || l.Wanted[0] != l.Found || l.Names[0].Fate != "found, used" {
		t.Errorf("a parent that fits: %+v", l)
	}
	if l := link(files, "l0.vmdk"); l.Term != "" {
		t.Errorf("a base: %+v", l)
	}
	files["l0.vmdk"] = hosted(childText("monolithicSparse", `RW 10240 SPARSE "l0.vmdk"`, "0badc1d0", "ffffffff", ""), grains()).b
	if l := link(files, "l1.vmdk"); l.Fault == nil || l.Found != "0badc1d0" {
		t.Errorf("a parent that was written to: %+v", l)
	}
	delete(files, "l0.vmdk")
	if l := link(files, "l1.vmdk"); l.Fault == nil || l.Found != "" || l.Names[0].Fate != "not there" {
		t.Errorf("no parent: %+v", l)
	}
}
