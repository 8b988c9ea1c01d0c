package vmdk_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"} {
		t.Run(kind, func(t *testing.T) {
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vmdk", Format: "vmdk", Create: []string{"-o", "subformat=" + kind}, Size: 21 << 20,
				Unzip: kind == "monolithicSparse", Write: writeBed(disk.WriteOptions{Ahead: 1 << 20, Renew: true}), Read: readBed})
		})
	}
}
