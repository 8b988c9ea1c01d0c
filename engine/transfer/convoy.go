package transfer

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// Width is how many workers a job gets: one per processor, up to eight, since
// each has buffers of its own.
func Width() int { return min(runtime.GOMAXPROCS(0), 8) }

// Convoy works on the jobs with width workers and yields their results in the
// order of the jobs. Each worker comes from a call of worker, so that it can
// keep buffers. An error of the jobs themselves is yielded in its place, and
// is the last thing; so is the end of the context. No goroutine outlives the
// iteration. A panic of a worker becomes one of the caller.
func Convoy[J, R any](ctx context.Context, width int, jobs iter.Seq2[J, error], worker func() func(J) R) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		c := convoy[J, R]{ctx: ctx, line: make(chan chan outcome[R], 2*width), work: make(chan task[J, R])}
		defer c.wait.Wait()
		defer cancel()
		for range width {
			c.wait.Go(func() { c.serve(worker) })
		}
		c.wait.Go(func() { c.feed(jobs) })
		c.deliver(yield)
	}
}

type task[J, R any] struct {
	job J
	out chan outcome[R]
}

type outcome[R any] struct {
	result R
	err    error
	crash  any
}

type convoy[J, R any] struct {
	ctx  context.Context
	wait sync.WaitGroup
	line chan chan outcome[R] // what is under way, in order
	work chan task[J, R]
}

// feed puts each job in line before a worker gets it.
func (c *convoy[J, R]) feed(jobs iter.Seq2[J, error]) {
	defer close(c.line)
	defer close(c.work)
	defer c.caught(func(crash any) { c.stand(outcome[R]{crash: crash}) })
	for job, err := range jobs {
		if err != nil {
			c.stand(outcome[R]{err: err})
			return
		}
		out := make(chan outcome[R], 1)
		select {
		case c.line <- out:
		case <-c.ctx.Done():
			return
		}
		select {
		case c.work <- task[J, R]{job, out}:
		case <-c.ctx.Done():
			return
		}
	}
}

// stand puts a finished outcome in line.
func (c *convoy[J, R]) stand(o outcome[R]) {
	out := make(chan outcome[R], 1)
	out <- o
	select {
	case c.line <- out:
	case <-c.ctx.Done():
	}
}

func (c *convoy[J, R]) serve(worker func() func(J) R) {
	do := worker()
	for t := range c.work {
		c.one(do, t)
	}
}

func (c *convoy[J, R]) one(do func(J) R, t task[J, R]) {
	defer c.caught(func(crash any) { t.out <- outcome[R]{crash: crash} })
	t.out <- outcome[R]{result: do(t.job)}
}

// caught takes a panic to the goroutine that waits for the results: only
// there somebody can still put the terminal in order.
func (c *convoy[J, R]) caught(pass func(crash any)) {
	if r := recover(); r != nil {
		pass(fmt.Sprintf("%v\n%s", r, debug.Stack()))
	}
}

func (c *convoy[J, R]) deliver(yield func(R, error) bool) {
	var none R
	for {
		select {
		case <-c.ctx.Done():
			yield(none, c.ctx.Err())
			return
		case out, ok := <-c.line:
			if !ok {
				if err := c.ctx.Err(); err != nil {
					yield(none, err)
				}
				return
			}
			if !c.hand(out, yield) {
				return
			}
		}
	}
}

// hand waits for the next outcome in line and reports whether to go on.
func (c *convoy[J, R]) hand(out chan outcome[R], yield func(R, error) bool) bool {
	var o outcome[R]
	select {
	case o = <-out:
	case <-c.ctx.Done():
		yield(o.result, c.ctx.Err())
		return false
	}
	switch {
	case o.crash != nil:
		panic(o.crash)
	case o.err != nil:
		yield(o.result, o.err)
		return false
	}
	return yield(o.result, nil)
}
