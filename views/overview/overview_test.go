package overview_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/overview"
	"platter/views/viewtest"
)

// explorer knows three partitions.
type explorer struct{ disk.Explorer }

func (e explorer) PartitionTable(ctx context.Context, img disk.Image) (disk.PartitionTable, error) {
	list, err := e.Partitions(ctx, img)
	return disk.PartitionTable{Scheme: "GPT", Sector: 512, Partitions: list}, err
}

func (explorer) Partitions(context.Context, disk.Image) ([]disk.Partition, error) {
	return []disk.Partition{
		{Number: 1, Start: 2048 * 512, Length: 100 << 20, Type: "EFI system", System: "FAT32", Label: "EFI"},
		{Number: 2, Start: 206848 * 512, Length: 16 << 20, Type: "Microsoft reserved"},
		{Number: 3, Start: 239616 * 512, Length: 1 << 30, Type: "Basic data", System: "NTFS", Label: "Sys\x1b[2Jtem"},
	}, nil
}

func open(t *testing.T, img *viewtest.Image, w, h int) *overview.View {
	t.Helper()
	v := overview.New(views.Env{Image: img, Explorer: explorer{}, Theme: viewtest.Theme(t)})
	v.SetSize(w, h)
	viewtest.Run(v, v.Start())
	var all []disk.Finding
	for f := range img.Check(t.Context()) {
		all = append(all, f)
	}
	v.Update(views.Findings{List: all, Complete: true})
	return v
}

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		v := open(t, viewtest.New(), size[0], size[1])
		viewtest.Golden(t, fmt.Sprintf("overview-%dx%d", size[0], size[1]), v.View(), size[0], size[1])
	}
}

func TestEverySizeIsExact(t *testing.T) {
	v := open(t, viewtest.New(), 79, 20)
	for w := 0; w < 220; w += 9 {
		for _, h := range []int{1, 4, 9, 15, 20, 27, 36, 56} {
			v.SetSize(w, h)
			viewtest.Lines(t, v.View(), w, h)
		}
	}
}

func TestFindingsLeadToTheirBytes(t *testing.T) {
	v := open(t, viewtest.New(), 119, 36)
	v.Do(keymap.Down)
	msgs := viewtest.Run(v, v.Do(keymap.Open))
	if len(msgs) != 1 {
		t.Fatalf("%d messages", len(msgs))
	}
	if g, ok := msgs[0].(views.Goto); !ok || g.To.Place != (decode.Place{File: "fake.vhdx", Offset: 0x8018, Length: 8}) {
		t.Errorf("goes to %+v", msgs[0])
	}
	v.Do(keymap.Last)
	if v.Disabled(keymap.Open) == "" {
		t.Error("a finding without a place can be gone to")
	}
	v.Do(keymap.NextPane)
	msgs = viewtest.Run(v, v.Do(keymap.Open))
	if g, ok := msgs[0].(views.Goto); !ok || g.To.Place.File != disk.VirtualDisk || g.To.Place.Offset == 0 || !strings.Contains(v.Status(), "partition 1") {
		t.Errorf("a partition leads to %+v, status %q", msgs, v.Status())
	}
	v.Do(keymap.NextPane)
	if v.Disabled(keymap.Open) == "" {
		t.Error("the identity can be gone to")
	}
}

func TestImageTextIsEscaped(t *testing.T) {
	s := open(t, viewtest.New(), 199, 56).View()
	for _, bad := range []string{"\x1b[31m", "\x1b[2J", "\u202e"} {
		if strings.Contains(s, bad) {
			t.Errorf("%q reaches the terminal", bad)
		}
	}
}

func TestUnreadableDisk(t *testing.T) {
	img := viewtest.New()
	img.Describe = func(i *disk.Info) { i.Refused, i.Dirty = errors.New("the block size is 3"), true }
	s := open(t, img, 119, 36).View()
	for _, want := range []string{"the block size is 3", "DIRTY"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, not := range []string{"Allocation", "Partitions"} {
		if strings.Contains(s, not) {
			t.Errorf("%q shows although there is nothing to read", not)
		}
	}
}

func TestBrokenMapTellsWhy(t *testing.T) {
	img := viewtest.New()
	img.Break = errors.New("bad sector")
	if s := open(t, img, 119, 36).View(); !strings.Contains(s, "! bad sector") {
		t.Error("the failed scan is not told")
	}
}

func TestStopEndsTheScan(t *testing.T) {
	v := overview.New(views.Env{Image: viewtest.New(), Theme: viewtest.Theme(t)})
	v.SetSize(119, 36)
	cmd := v.Start()
	if !v.Stop() || v.Stop() {
		t.Error("a scan can't be stopped once")
	}
	viewtest.Run(v, cmd)
	if !strings.Contains(v.View(), "stopped at 0 %") {
		t.Error("the screen does not say so")
	}
}

func TestReopenedImageIsReadAnew(t *testing.T) {
	v := open(t, viewtest.New(), 119, 36)
	img := viewtest.New()
	img.Describe = func(i *disk.Info) { i.Creator = "somebody else" }
	viewtest.Run(v, v.Update(views.Changed{Image: img}))
	if !strings.Contains(v.View(), "somebody else") {
		t.Error("the old image still shows")
	}
}

func TestMouse(t *testing.T) {
	v := open(t, viewtest.New(), 119, 36)
	v.Mouse(4, 2, views.Click)
	if v.Disabled(keymap.Open) == "" {
		t.Error("the identity did not get the focus")
	}
	for y := range 36 {
		if msgs := viewtest.Run(v, v.Mouse(4, y, views.DoubleClick)); len(msgs) > 0 {
			return
		}
	}
	t.Error("no finding can be double clicked")
}

// claimed is an image whose header claims a disk of 63 bits.
type claimed struct{ disk.Image }

func (c claimed) Info() disk.Info {
	info := c.Image.Info()
	info.VirtualSize = math.MaxInt64
	return info
}

func (c claimed) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		yield(disk.Span{Start: off, Length: n, State: disk.Missing}, nil)
	}
}

// TestClaimedSizeIsScannedToItsEnd counts a disk whose size leaves no room for
// a last bucket of full length.
func TestClaimedSizeIsScannedToItsEnd(t *testing.T) {
	v := overview.New(views.Env{Image: claimed{viewtest.New()}, Explorer: explorer{}, Theme: viewtest.Theme(t)})
	v.SetSize(119, 36)
	viewtest.Run(v, v.Start())
	viewtest.Lines(t, v.View(), 119, 36)
	if s := v.View(); strings.Contains(s, "% scanned") {
		t.Errorf("the scan did not end:\n%s", s)
	}
}
