package vhdx_test

import (
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"dynamic", "fixed"} {
		t.Run(kind, func(t *testing.T) {
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vhdx", Format: "vhdx", Create: []string{"-o", "block_size=1M,subformat=" + kind}, Size: 21 << 20,
				Unzip: true, Write: writeBed(disk.WriteOptions{Ahead: 4 * mib, Renew: true}), Read: readBed})
		})
	}
}
