package tui_test

import (
	"context"
	"testing"

	"platter/engine/disk"
	"platter/tui"
	"platter/views/viewtest"
)

// TestReplay goes through the steps of a replay: all screens show the image
// as it is then, and nothing can be changed.
func TestReplay(t *testing.T) {
	open := func(context.Context, string, string) (disk.Image, tui.Editing, error) {
		return viewtest.NewDirty(), tui.Editing{}, nil
	}
	s := tell(t, tui.Config{Image: viewtest.NewDirty(), Path: "fake.vhdx", Open: open}, 120, 40)
	s.keys("4").expect("[4 Log]", "AFTER the replay").not("REPLAY 2/2")
	s.keys("r").expect("REPLAY 0/2", "BEFORE the replay")
	s.keys("2").keys("j", "j").expect("0xab48fd51 stored")
	s.keys("4", "r").expect("REPLAY 1/2", "after step 1 of 2")
	s.keys("u").expect("in the middle of a replay")
	s.keys("A").expect("AFTER the replay").not("REPLAY")
	s.keys("A").expect("REPLAY 0/2")
	s.keys("R").not("REPLAY")
}

func TestScreensThatAnImageLacks(t *testing.T) {
	s := withImage(t).not("4 Log")
	s.keys("4").expect("only a VHDX has a log", "[1 Overview]")
	s.keys("7").expect("this image has no parent", "[1 Overview]")
	tell(t, tui.Config{Image: viewtest.NewDirty(), Path: "fake.vhdx"}, 120, 40).expect("4 Log")
	child := viewtest.New()
	child.Describe = func(i *disk.Info) { i.Parent = "base.vhdx" }
	tell(t, tui.Config{Image: child, Path: "fake.vhdx"}, 120, 40).keys("7").expect("[7 Chain]", "parent missing")
}

// TestProfile runs the check again with another profile.
func TestProfile(t *testing.T) {
	withImage(t).keys("5").expect("profile: strict").keys("p").expect("profile: hyper-v", "all structures and tables checked").keys("!").expect("profile: hyper-v")
}
