package blockmap_test

import (
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/blockmap"
	"platter/views/viewtest"
)

// dense is a disk in blocks of 1 MiB with all its table entries in use, in no
// order: no two blocks are one span. At 64 TiB these are 67 million.
type dense struct {
	vast
	size int64
}

func (d dense) Info() disk.Info {
	return disk.Info{Path: "dense", VirtualSize: d.size, BlockSize: mib, LogicalSectorSize: 512}
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
		v := blockmap.New(views.Env{Image: dense{size: 64 * tib}, Theme: viewtest.Theme(b)})
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

// A scan tells how far it is, again and again, and counts every block once.
func TestScanOfALargeTable(t *testing.T) {
	d := dense{size: 2 * tib}
	if os.Getenv("PLATTER_FULL") != "" {
		d.size = 64 * tib
	}
	v := blockmap.New(views.Env{Image: d, Theme: viewtest.Theme(t)})
	v.SetSize(199, 56)
	began := time.Now()
	viewtest.Run(v, v.Start())
	t.Logf("%d entries in %v", d.size/mib, time.Since(began))
	if got, want := screen(v), grouped(d.size/mib); !strings.Contains(got, want+" 100.0 %") {
		t.Errorf("%s blocks are not all present\n%s", want, got)
	}
}

func grouped(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s %03d", grouped(n/1000), n%1000)
}
