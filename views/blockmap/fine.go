package blockmap

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// fine is a part of the map in more detail than the scan keeps.
type fine struct {
	level  uint
	first  int64   // cell
	cells  []count // nil for none
	err    error
	gen    views.Gen
	cancel context.CancelFunc // nil: nothing is being read
}

// refined is the answer to a question for cells.
type refined struct {
	gen   views.Gen
	level uint
	first int64
	cells []count
	err   error
}

// holds reports whether n cells of a level, from first on, are loaded.
func (f *fine) holds(level uint, first, n int64) bool {
	return f.cells != nil && f.level == level && first >= f.first && first+n <= f.first+int64(len(f.cells))
}

// stop gives up what is being read; it reports whether there was anything.
func (f *fine) stop() bool {
	if f.cancel == nil {
		return false
	}
	f.cancel()
	f.cancel, f.gen = nil, views.NewGen()
	return true
}

// forget drops what is loaded.
func (f *fine) forget() {
	f.stop()
	f.cells = nil
}

// fetch reads n cells of a level, and as many again around them.
func (f *fine) fetch(img disk.Image, sh shape, shared ranges, level uint, first, n int64) tea.Cmd {
	f.stop()
	from := max(0, first-n/2)
	to := min(sh.cells(level), first+n+n/2)
	ctx, cancel := context.WithCancel(context.Background())
	f.gen, f.cancel = views.NewGen(), cancel
	gen := f.gen
	return func() (msg tea.Msg) {
		answer := refined{gen: gen, level: level, first: from}
		defer func() {
			if r := recover(); r != nil {
				answer.err = fmt.Errorf("the map of block %d: %v", from<<level, r)
				msg = answer
			}
		}()
		cells := make([]count, max(to-from, 0))
		answer.err = walk(ctx, img, &sh, shared, from<<level, level, cells, nil)
		answer.cells = cells
		return answer
	}
}

// take keeps an answer; it reports whether it was asked for.
func (f *fine) take(msg refined) bool {
	if msg.gen != f.gen {
		return false
	}
	f.cancel()
	f.cancel = nil
	f.level, f.first, f.cells, f.err = msg.level, msg.first, msg.cells, msg.err
	return true
}
