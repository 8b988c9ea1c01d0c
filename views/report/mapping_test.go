package report_test

import (
	"errors"
	"io"
	"iter"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/views/report"
	"platter/views/viewtest"
)

// endless maps every sector of a large disk in the way that state tells.
type endless struct {
	disk.Image
	state func(sector int64) disk.State
}

func (e endless) Info() disk.Info {
	info := e.Image.Info()
	info.VirtualSize = 1 << 62
	return info
}

func (e endless) Map(off, n int64) iter.Seq2[disk.Span, error] {
	file := e.Files()[0].Name
	return func(yield func(disk.Span, error) bool) {
		for at := off; at < off+n; at += 512 {
			s := disk.Span{Start: at, Length: 512, State: e.state(at / 512), Offset: -1}
			if s.State == disk.Data {
				s.File, s.Offset = file, 4096
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// TestMapWithoutEnd has tables that lead to the same bytes over and over, which
// a small file can do for exabytes. A third of the ways to word that is enough
// where the run is not the full one.
func TestMapWithoutEnd(t *testing.T) {
	picked := enginetest.Third(19)
	for _, tt := range []struct {
		name  string
		state func(int64) disk.State
	}{
		{"one block for all", func(int64) disk.State { return disk.Data }},
		{"every other", func(n int64) disk.State { return []disk.State{disk.Data, disk.Unallocated}[n%2] }},
		{"nothing stored", func(n int64) disk.State { return []disk.State{disk.Zero, disk.Unallocated}[n%2] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := endless{viewtest.New(), tt.state}
			for _, form := range []report.Form{report.Text, report.JSON} {
				if !picked() {
					continue
				}
				if err := report.Map(t.Context(), io.Discard, img, form); !errors.Is(err, disk.ErrDamaged) {
					t.Errorf("map: %v", err)
				}
			}
			if !picked() {
				return
			}
			if err := report.Chain(t.Context(), io.Discard, img, report.Elsewhere{}, report.JSON); err != nil {
				t.Errorf("chain: %v", err)
			}
		})
	}
}
