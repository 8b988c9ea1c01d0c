package vmdk_test

import (
	"strings"
	"testing"
)

// TestMiddleLayerUnreadable loses the extent of a middle layer: all layers are listed, the
// base can be read by itself, and what went through the lost layer fails with the reason.
func TestMiddleLayerUnreadable(t *testing.T) {
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains())
	files := map[string][]byte{
		"base.vmdk":    base.b,
		"middle.vmdk":  []byte(childText("vmfsSparse", `RW 10240 VMFSSPARSE "middle-delta.vmdk"`, "00000001", "12345678", "base.vmdk")),
		"d.vmdk":       []byte(childText("vmfsSparse", `RW 10240 VMFSSPARSE "d-delta.vmdk"`, "00000002", "00000001", "middle.vmdk")),
		"d-delta.vmdk": cowd(small(sector)).b,
	}
	img := openMem(t, files, "d.vmdk")
	layers := 0
	for l := img; l != nil; l = l.Parent() {
		layers++
		if _, err := l.ReadAt(make([]byte, 1), 3*grainBytes); (err == nil) != (layers == 3) {
			t.Errorf("layer %d: %v", layers, err)
		}
	}
	if layers != 3 {
		t.Errorf("%d layers", layers)
	}
	if _, err := img.ReadAt(make([]byte, 1), 0); err != nil {
		t.Errorf("what the top layer stores: %v", err)
	}
	_, err := img.ReadAt(make([]byte, 1), 3*grainBytes)
	if err == nil || !strings.Contains(err.Error(), `"middle.vmdk", which can't be read`) || !strings.Contains(err.Error(), "middle-delta.vmdk") {
		t.Errorf("read: %v", err)
	}
	if said := findingsOf(t, img, "L7"); len(said) != 1 || !strings.Contains(said[0].Text, "is there, but can't be read") || said[0].Repairable {
		t.Errorf("said: %v", said)
	}
}

// TestAloneNamesItsDescriptor opens extents by themselves: the check says so, and which
// file beside them is their descriptor.
func TestAloneNamesItsDescriptor(t *testing.T) {
	for _, kind := range []string{"split", "cowd", "se"} {
		img := openMem(t, kinds()[kind].files, "d-x.vmdk")
		said := findingsOf(t, img, "L8")
		if len(said) != 1 || !strings.Contains(said[0].Text, `"d.vmdk" beside it names this file`) {
			t.Errorf("%s: %v", kind, said)
		}
	}
}
