package edit_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine"
	"platter/engine/edit"
)

// TestRepairApart damages a header copy and the state of a block: the error has only
// repairs with a risk, and the header does not wait for it.
func TestRepairApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.vhdx")
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: map[string]string{"size": "8M", "block-size": "1M"}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[layout.HeaderOffset(1)+100] ^= 1
	tables := layout.RegionOffset(0) + layout.RegionHeadSize
	for at := tables; at < tables+2*layout.RegionEntrySize; at += layout.RegionEntrySize {
		if binary.LittleEndian.Uint32(b[at:]) == 0x2dc27766 {
			b[binary.LittleEndian.Uint64(b[at+16:])] = 4
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := session(t, path).RepairAll(t.Context(), edit.Wish{})
	if err != nil || len(done) != 1 || done[0].Code != "vhdx/3" {
		t.Errorf("%+v, %v", done, err)
	}
}
