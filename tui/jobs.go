package tui

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// job is work in the background that one can watch and stop.
type job struct {
	gen     views.Gen
	title   string // what is being done: "searching"
	ctx     context.Context
	cancel  context.CancelFunc
	begun   time.Time
	at, of  atomic.Int64 // bytes
	over    chan struct{}
	collect func() tea.Cmd // takes in what there is by now; may be nil
}

// jobTick is how often a running job is looked at.
const jobTick = 100 * time.Millisecond

// ticked says that a job runs, ended that it does no more.
type (
	ticked struct{ gen views.Gen }
	ended  struct{ gen views.Gen }
)

// jobs are those of the program.
type jobs struct {
	ctx   context.Context
	list  []*job // oldest first
	begun []*job // also those that were dropped, and may not have noticed yet
}

// start begins a job. Work reports by the message that it returns.
func (js *jobs) start(title string, collect func() tea.Cmd, work func(*job) tea.Msg) tea.Cmd {
	j := &job{gen: views.NewGen(), title: title, begun: time.Now(), over: make(chan struct{}), collect: collect}
	j.ctx, j.cancel = context.WithCancel(js.ctx)
	js.list, js.begun = append(js.list, j), append(js.working(), j)
	run := func() tea.Msg {
		defer close(j.over)
		return work(j)
	}
	return tea.Batch(run, j.watch())
}

// progress is what the work tells of itself.
func (j *job) progress(at, of int64) {
	j.at.Store(at)
	j.of.Store(of)
}

// add counts bytes that are done.
func (j *job) add(n int) { j.at.Add(int64(n)) }

func (j *job) watch() tea.Cmd {
	return func() tea.Msg {
		timer := time.NewTimer(jobTick)
		defer timer.Stop()
		select {
		case <-j.over:
			return ended{j.gen}
		case <-timer.C:
			return ticked{j.gen}
		}
	}
}

// look takes in what a job has done so far.
func (js *jobs) look(gen views.Gen, over bool) tea.Cmd {
	i := slices.IndexFunc(js.list, func(j *job) bool { return j.gen == gen })
	if i < 0 {
		return nil
	}
	j := js.list[i]
	var cmds []tea.Cmd
	if over {
		j.cancel()
		js.list = slices.Delete(js.list, i, i+1)
	} else {
		cmds = append(cmds, j.watch())
	}
	if j.collect != nil {
		cmds = append(cmds, j.collect())
	}
	return tea.Batch(cmds...)
}

// stopLast ends the job that was started last; it reports its title.
func (js *jobs) stopLast() (string, bool) {
	for _, j := range slices.Backward(js.list) {
		if j.ctx.Err() == nil {
			j.cancel()
			return j.title, true
		}
	}
	return "", false
}

// running reports whether the work has not come to its end.
func (j *job) running() bool {
	select {
	case <-j.over:
		return false
	default:
		return true
	}
}

// working are the jobs that have not come to their end, stopped or not.
func (js *jobs) working() []*job {
	return slices.DeleteFunc(slices.Clone(js.begun), func(j *job) bool { return !j.running() })
}

// cancel tells all jobs to end; what they have found by then still shows.
func (js *jobs) cancel() {
	for _, j := range js.list {
		j.cancel()
	}
}

// stop tells the jobs of a title to end.
func (js *jobs) stop(title string) {
	for _, j := range js.list {
		if j.title == title {
			j.cancel()
		}
	}
}

// drop ends all jobs.
func (js *jobs) drop() {
	js.cancel()
	js.list = nil
}

// text is what the status line says of the jobs that run.
func (js *jobs) text() string {
	if len(js.list) == 0 {
		return ""
	}
	j := js.list[len(js.list)-1]
	text := j.title
	at, of, spent := j.at.Load(), j.of.Load(), time.Since(j.begun)
	if of > 0 {
		text += fmt.Sprintf(" %d%%", int64(float64(at)*100/float64(of)))
	}
	if rate := float64(at) / max(spent.Seconds(), 0.001); at > 0 && spent > time.Second {
		text += fmt.Sprintf(" %s/s", decode.FormatSize(uint64(rate)))
		if of > at {
			text += fmt.Sprintf(" %s left", time.Duration(float64(of-at)/rate*float64(time.Second)).Round(time.Second))
		}
	}
	return text + " (esc stops)"
}

// tray is what a job hands over as it goes, until the program takes it.
type tray[T any] struct {
	mu    sync.Mutex
	fresh T
}

// put adds to what is handed over.
func (t *tray[T]) put(add func(*T)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	add(&t.fresh)
}

func (t *tray[T]) take() T {
	t.mu.Lock()
	defer t.mu.Unlock()
	var none T
	taken := t.fresh
	t.fresh = none
	return taken
}
