package blockmap

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// beat is how often a running job tells the screen how far it is.
const beat = 100 * time.Millisecond

// page is a scanned part of the disk. Once handed over it never changes.
type page struct {
	index  int
	counts []count // of its buckets
	err    error   // why some of it is not counted
}

// scanned is news of the scan: pages that are ready.
type scanned struct {
	gen   views.Gen
	pages []page
	done  bool
	more  tea.Cmd // waits for the next news
}

// scanners bounds how many pages are counted at the same time.
const scanners = 4

// scan counts the whole disk, page by page, in the background; the command
// gives the first news.
func scan(ctx context.Context, gen views.Gen, img disk.Image, sh shape, shared ranges) tea.Cmd {
	return func() tea.Msg {
		ready := make(chan page)
		var next atomic.Int64
		var workers sync.WaitGroup
		for range min(scanners, runtime.GOMAXPROCS(0), max(sh.pages(), 1)) {
			workers.Go(func() {
				for i := int(next.Add(1)) - 1; i < sh.pages(); i = int(next.Add(1)) - 1 {
					select {
					case ready <- scanPage(ctx, img, &sh, shared, i):
					case <-ctx.Done():
						return
					}
				}
			})
		}
		go func() {
			workers.Wait()
			close(ready)
		}()
		return gather(ctx, gen, ready)
	}
}

// scanPage counts one page. What goes wrong in it concerns no other.
func scanPage(ctx context.Context, img disk.Image, sh *shape, shared ranges, i int) (p page) {
	first, n := sh.page(i)
	p = page{index: i, counts: make([]count, n)}
	defer func() {
		if r := recover(); r != nil {
			p.err = fmt.Errorf("the map of page %d: %v", i, r)
		}
	}()
	p.err = walk(ctx, img, sh, shared, int64(first)<<sh.shift, sh.shift, p.counts, nil)
	return p
}

// gather waits for pages until there is something to show.
func gather(ctx context.Context, gen views.Gen, ready <-chan page) tea.Msg {
	msg := scanned{gen: gen}
	late := time.NewTimer(beat)
	defer late.Stop()
	for {
		select {
		case p, ok := <-ready:
			if !ok {
				msg.done = true
				return msg
			}
			msg.pages = append(msg.pages, p)
		case <-late.C:
			msg.more = func() tea.Msg { return gather(ctx, gen, ready) }
			return msg
		case <-ctx.Done():
			return nil
		}
	}
}

// tally is what a scan has counted so far.
type tally struct {
	rest time.Duration // before the next scan begins: whoever types has no use for one at each byte

	shape   shape
	pages   [][]count // nil where nothing is known yet
	done    int       // pages
	total   count
	err     error // the first
	running bool
	cancel  context.CancelFunc
	gen     views.Gen
}

func newTally(sh shape) tally {
	return tally{shape: sh, pages: make([][]count, sh.pages())}
}

// start begins to count; what was counted before stays until it is counted
// again.
func (t *tally) start(img disk.Image, shared ranges) tea.Cmd {
	t.stop()
	if t.shape.blocks == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.gen, t.cancel, t.running, t.done, t.err = views.NewGen(), cancel, true, 0, nil
	work, rest := scan(ctx, t.gen, img, t.shape, shared), t.rest
	t.rest = 0
	if rest <= 0 {
		return work
	}
	return func() tea.Msg {
		timer := time.NewTimer(rest)
		defer timer.Stop()
		select {
		case <-timer.C:
			return work()
		case <-ctx.Done():
			return nil
		}
	}
}

// stop ends the scan and reports whether there was one.
func (t *tally) stop() bool {
	if !t.running {
		return false
	}
	t.cancel()
	t.running, t.gen = false, views.NewGen()
	return true
}

// take keeps the pages of a message; it reports whether they were asked for.
func (t *tally) take(msg scanned) bool {
	if msg.gen != t.gen {
		return false
	}
	for _, p := range msg.pages {
		for i := range t.pages[p.index] {
			t.total.sub(&t.pages[p.index][i])
		}
		t.pages[p.index] = p.counts
		for i := range p.counts {
			t.total.add(&p.counts[i])
		}
		if p.err != nil {
			t.err = firstError(t.err, p.err)
		}
		t.done++
	}
	if msg.done {
		t.cancel()
		t.running = false
	}
	return true
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// complete reports whether the whole disk was counted.
func (t *tally) complete() bool { return t.done == len(t.pages) && !t.running }

// percent is how much was counted.
func (t *tally) percent() int {
	if len(t.pages) == 0 {
		return 100
	}
	return t.done * 100 / len(t.pages)
}

// sum adds up a cell of a level no finer than the buckets.
func (t *tally) sum(level uint, cell int64) (c count) {
	first := cell << (level - t.shape.shift)
	last := min(first+1<<(level-t.shape.shift), int64(t.shape.buckets))
	for b := first; b < last; {
		counts := t.pages[b/pageBuckets]
		if counts == nil {
			b = (b/pageBuckets + 1) * pageBuckets
			continue
		}
		for i := b % pageBuckets; i < int64(len(counts)) && b < last; i++ {
			c.add(&counts[i])
			b++
		}
	}
	return c
}
