package vmdk_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"} {
		t.Run(kind, func(t *testing.T) {
			all := enginetest.QEMU | enginetest.QEMUWrites | enginetest.Libyal
			if kind == "monolithicSparse" {
				all |= enginetest.SevenZip
			}
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vmdk", Format: "vmdk", Make: enginetest.MadeByQEMU("vmdk", 11<<20, "subformat="+kind), Size: 11 << 20, Block: 64 << 10,
				Witnesses: all, Write: writeBed(disk.WriteOptions{Ahead: 1 << 20, Renew: true}), Read: readBed})
		})
	}
}
