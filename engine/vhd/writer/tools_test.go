package writer_test

import (
	"testing"

	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"dynamic", "fixed"} {
		t.Run(kind, func(t *testing.T) {
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vhd", Format: "vpc", Make: enginetest.MadeByQEMU("vpc", 11<<20, "force_size,subformat="+kind), Size: 11 << 20, Block: 2 << 20,
				Witnesses: enginetest.QEMU | enginetest.QEMUWrites | enginetest.SevenZip | enginetest.Libyal, Write: write(8 << 20), Read: read})
		})
	}
}
