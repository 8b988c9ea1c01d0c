package vmdk_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"platter/engine/disk"
)

// TestHeldBack holds that what only follows from another fault is not repaired before it: the
// geometry from the size of a disk that is taken for raw data, the text of a file whose
// bytes have moved.
func TestHeldBack(t *testing.T) {
	masked := inText("ddb.geometry.heads", "ddb.x")
	copy(masked["d-x.vmdk"], hosted(text("monolithicSparse", `RW 10240 SPARSE "x.vmdk"`), grains()).b)
	moved := embedded(func(s string) string { return replace(s, `"d.vmdk"`, `"e.vmdk"`) })
	moved["d.vmdk"] = append(append(append([]byte{}, moved["d.vmdk"][:sector+100]...), '#', '\n'), moved["d.vmdk"][sector+100:]...)
	fed := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	fed.b[75] = '\n' // the CR of the newline bytes
	fed.entry(3, uint32(fed.grain[0]/sector))
	for _, c := range []struct {
		files       map[string][]byte
		code, cause string
	}{{masked, "vmdk/D10", "vmdk/X6"}, {moved, "vmdk/D7", "vmdk/H15"}, {map[string][]byte{"d.vmdk": fed.b}, "vmdk/G8", "vmdk/H4"}} {
		var list []disk.Finding
		for f, err := range openMem(t, c.files, "d.vmdk").Check(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, f)
		}
		disk.Explain(list)
		found := false
		for _, f := range list {
			if found = found || f.Code == c.code; f.Code == c.code && f.Cause != c.cause {
				t.Errorf("%s has the cause %q, want %s", f.Code, f.Cause, c.cause)
			}
		}
		if !found {
			t.Errorf("no %s: %v", c.code, list)
		}
	}
}

// TestOverwrittenDirectory holds that tables which no entry leads to are not called wiped: they
// may be whole, and the disk can't be read rather than being zeros.
func TestOverwrittenDirectory(t *testing.T) {
	f := hosted(text("monolithicSparse", `RW 10240 SPARSE "d.vmdk"`), grains())
	for _, at := range []int64{f.gd, f.gd + 4, f.rgd, f.rgd + 4} {
		binary.LittleEndian.PutUint32(f.b[at:], 0x36363635)
	}
	found := false
	for f := range openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk").Check(t.Context()) {
		if found = found || f.Code == "vmdk/G12"; strings.Contains(f.Text, "wiped") || strings.Contains(f.Text, "unallocated") {
			t.Errorf("%s: %s", f.Code, f.Text)
		}
	}
	if !found {
		t.Error("no G12")
	}
}
