package blockmap_test

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/viewtest"
)

// dense is a disk of 64 TiB in blocks of 1 MiB with all its 67 million table
// entries in use, in no order: no two blocks are one span.
type dense struct{ vast }

func (dense) Info() disk.Info {
	return disk.Info{Path: "dense", VirtualSize: 64 * tib, BlockSize: mib, LogicalSectorSize: 512}
}

func (dense) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		for b := off / mib; b*mib < off+n; b++ {
			s := disk.Span{Start: b * mib, Length: mib, State: disk.Data, File: name, Offset: (b ^ 1) * mib}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (dense) Regions(context.Context) iter.Seq2[disk.Region, error] {
	return func(func(disk.Region, error) bool) {}
}

func BenchmarkView(b *testing.B) {
	v := open(b, archive(), 199, 56)
	b.ReportAllocs()
	for b.Loop() {
		v.Do(keymap.Right)
		v.View()
	}
}

func BenchmarkScan(b *testing.B) {
	for b.Loop() {
		v := blockmap.New(views.Env{Image: dense{}, Theme: viewtest.Theme(b)})
		v.SetSize(199, 56)
		viewtest.Run(v, v.Start())
	}
}

// A frame after a move of the cursor, and one after news of the scan, cost few
// allocations.
func TestFramesAllocateLittle(t *testing.T) {
	for _, s := range sizes {
		v := open(t, archive(), s.w, s.h)
		if n := testing.AllocsPerRun(50, func() {
			v.Do(keymap.Right)
			v.View()
		}); n > 100 {
			t.Errorf("%dx%d: %.0f allocations for a move", s.w, s.h, n)
		}
	}
}

// What a scan keeps does not grow with the disk.
func TestScanKeepsLittle(t *testing.T) {
	v := blockmap.New(views.Env{Image: vast{}, Theme: viewtest.Theme(t)})
	v.SetSize(199, 56)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	viewtest.Run(v, v.Start())
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 16<<20 {
		t.Errorf("the scan keeps %d bytes", kept)
	}
	runtime.KeepAlive(v)
}

// The scan of the largest tables tells how far it is, again and again, and
// what it says is never shown as more than it knows.
func TestScanOfTheLargestTable(t *testing.T) {
	if testing.Short() {
		t.Skip("67 million entries")
	}
	v := blockmap.New(views.Env{Image: dense{}, Theme: viewtest.Theme(t)})
	v.SetSize(199, 56)
	began := time.Now()
	news := 0
	queue := []tea.Cmd{v.Start()}
	for len(queue) > 0 {
		cmd := queue[0]
		queue = queue[1:]
		if cmd == nil {
			continue
		}
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			queue = append(queue, batch...)
			continue
		}
		news++
		queue = append(queue, v.Update(msg))
		viewtest.Lines(t, v.View(), 199, 56)
	}
	t.Logf("67 million entries in %v, %d messages", time.Since(began), news)
	if got := shownCounts(t, v)["present"]; got != 16384 {
		t.Errorf("the first cell has %d blocks\n%s", got, screen(v))
	}
}
