package writer_test

import (
	"testing"

	"platter/engine/enginetest"
)

func TestInTurnWithQEMU(t *testing.T) {
	for _, kind := range []string{"dynamic", "fixed"} {
		t.Run(kind, func(t *testing.T) {
			enginetest.Turns(t, enginetest.Foreign{Name: "a.vhd", Format: "vpc", Create: []string{"-o", "force_size,subformat=" + kind}, Size: 11 << 20,
				Unzip: true, Write: write(8 << 20), Read: read})
		})
	}
}
