package vhdx_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"dynamic", "fixed"} {
		t.Run(kind, func(t *testing.T) {
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vhdx", Format: "vhdx", Make: enginetest.MadeByQEMU("vhdx", 11<<20, "block_size=1M,subformat="+kind), Size: 11 << 20, Block: 1 << 20,
				Witnesses: enginetest.QEMU | enginetest.QEMUWrites | enginetest.SevenZip | enginetest.Libyal, Write: writeBed(disk.WriteOptions{Ahead: 4 * mib, Renew: true}), Read: readBed})
		})
	}
}
