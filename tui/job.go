package tui

import (
	"context"
	"fmt"
	"slices"
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

// start begins a job. Work reports by the message that it returns.
func (m *model) start(title string, collect func() tea.Cmd, work func(*job) tea.Msg) tea.Cmd {
	j := &job{gen: views.NewGen(), title: title, begun: time.Now(), over: make(chan struct{}), collect: collect}
	j.ctx, j.cancel = context.WithCancel(m.ctx)
	m.jobs, m.begun = append(m.jobs, j), append(m.working(), j)
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

// looked takes in what a job has done so far.
func (m *model) looked(gen views.Gen, over bool) tea.Cmd {
	i := slices.IndexFunc(m.jobs, func(j *job) bool { return j.gen == gen })
	if i < 0 {
		return nil
	}
	j := m.jobs[i]
	var cmds []tea.Cmd
	if over {
		j.cancel()
		m.jobs = slices.Delete(m.jobs, i, i+1)
	} else {
		cmds = append(cmds, j.watch())
	}
	if j.collect != nil {
		cmds = append(cmds, j.collect())
	}
	return tea.Batch(cmds...)
}

// stopJob ends the job that was started last; it reports its title.
func (m *model) stopJob() (string, bool) {
	for _, j := range slices.Backward(m.jobs) {
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
func (m *model) working() []*job {
	return slices.DeleteFunc(slices.Clone(m.begun), func(j *job) bool { return !j.running() })
}

// cancelJobs tells all jobs to end; what they have found by then still shows.
func (m *model) cancelJobs() {
	for _, j := range m.jobs {
		j.cancel()
	}
}

// dropJobs ends all jobs.
func (m *model) dropJobs() {
	m.cancelJobs()
	m.jobs = nil
}

// jobText is what the status line says of the jobs that run.
func (m *model) jobText() string {
	if len(m.jobs) == 0 {
		return ""
	}
	j := m.jobs[len(m.jobs)-1]
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
