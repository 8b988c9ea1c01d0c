package tui_test

import (
	"context"
	"testing"

	"platter/engine"
	"platter/engine/eyes"
	"platter/tui"
)

// TestEyes goes to the screen of other readers, from there to the bytes and to the cause,
// and back; a raw disk and a program without readers say why there is no such screen.
func TestEyes(t *testing.T) {
	look := func(ctx context.Context, path, parent string) (*eyes.Eyes, error) {
		return engine.Eyes(ctx, path, engine.Options{Parent: parent})
	}
	img, err := engine.Open(t.Context(), "sample:damaged", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := tell(t, tui.Config{Image: img, Path: "sample:damaged", Eyes: look}, 80, 24)
	s.keys("8").expect("[8 Eyes]", "because dissect: ignores sector bitmaps")
	s.keys("j", "enter").expect("[6 Sectors]", "LBA 132")
	s.keys("[").expect("[8 Eyes]")
	s.keys("l", "l", "l", "l", "l", "l", "l", "f").expect("[2 Structure]", "0x80a01")
	withImage(t).not("8 Eyes").keys("8").expect("built without other readers")
}
