package disk_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"platter/engine/disk"
)

// TestPatch carries patches out and looks how many edits they have: as many
// as there are places, and never one for each byte.
func TestPatch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		before := make([]byte, 1+rnd.IntN(2000))
		after := bytes.Clone(before)
		for range rnd.IntN(20) {
			after[rnd.IntN(len(after))] = byte(rnd.IntN(3))
		}
		got := bytes.Clone(before)
		for _, e := range disk.Patch("f", 1000, before, after) {
			if e.File != "f" || len(e.Data) == 0 || got[e.Offset-1000] == e.Data[0] {
				t.Fatalf("edit %+v", e)
			}
			copy(got[e.Offset-1000:], e.Data)
		}
		if !bytes.Equal(got, after) {
			t.Fatalf("%x became %x, not %x", before, got, after)
		}
	}
	far := make([]byte, 4096)
	far[0], far[4095] = 1, 1
	if n := len(disk.Patch("f", 0, make([]byte, 4096), far)); n != 2 {
		t.Errorf("two places far apart: %d edits", n)
	}
	if n := len(disk.Patch("f", 0, make([]byte, 4096), bytes.Repeat([]byte{0, 1}, 2048))); n != 1 {
		t.Errorf("every other byte: %d edits", n)
	}
}
