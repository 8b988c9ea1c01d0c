package layer_test

import (
	"testing"

	"platter/engine/layer"
	"platter/engine/store"
)

// TestRoom holds that given up room is taken again only after its release is durable,
// that the file grows by more than is needed, and that it gives the rest back.
func TestRoom(t *testing.T) {
	fs := store.NewMem()
	fs.PutFile("f", make([]byte, 100))
	f, err := fs.OpenWrite("f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := layer.NewRoom(100, 100, 64)
	take := func(n, align, want int64, wantUsed bool) {
		t.Helper()
		at, used, err := r.Take(f, n, align)
		if err != nil || at != want || used != wantUsed {
			t.Errorf("%d bytes are at %d (used %t, %v), want %d (%t)", n, at, used, err, want, wantUsed)
		}
	}
	take(8, 16, 112, false) // aligned, past what was there
	if size, _ := f.Size(); size != 112+64 || r.End() != size {
		t.Errorf("the file grows to %d bytes", size)
	}
	take(16, 16, 128, false)
	r.Release(112, 8)
	take(8, 16, 144, false) // what is given up is not free yet
	r.Settle()
	take(4, 16, 160, false) // another length does not fit
	take(8, 16, 112, true)
	r.Release(160, 4)
	r.Settle()
	if r.Recede(); r.Next() != 160 {
		t.Errorf("everything lies before %d", r.Next())
	}
	if err := r.GiveBack(f); err != nil {
		t.Fatal(err)
	}
	if size, _ := f.Size(); size != 160 {
		t.Errorf("the file keeps %d bytes", size)
	}
}
