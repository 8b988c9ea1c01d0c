package tui

import (
	"testing"

	"platter/views/viewtest"
)

// TestReplay goes through the steps of a replay: all screens show the image
// as it is then, and nothing can be changed.
func TestReplay(t *testing.T) {
	s := tell(t, Config{Image: viewtest.NewDirty(), Path: "fake.vhdx"}, 120, 40)
	s.keys("4").expect("[4 Log]", "AFTER the replay").not("REPLAY 2/2")
	s.keys("r").expect("REPLAY 0/2", "BEFORE the replay")
	s.keys("2").keys("j", "j").expect("<- CRC-32C")
	s.keys("4", "r").expect("REPLAY 1/2", "after step 1 of 2")
	s.keys("u").expect("in the middle of a replay")
	s.keys("A").expect("AFTER the replay").not("REPLAY")
	s.keys("A").expect("REPLAY 0/2")
	s.keys("R").not("REPLAY")
}

func TestScreensThatAnImageLacks(t *testing.T) {
	s := withImage(t).not("4 Log")
	s.keys("4").expect("only a VHDX has a log", "[1 Overview]")
	tell(t, Config{Image: viewtest.NewDirty(), Path: "fake.vhdx"}, 120, 40).expect("4 Log")
}
