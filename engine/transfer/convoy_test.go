package transfer_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"platter/engine/transfer"
)

func count(n int, last error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if last != nil {
			yield(0, last)
		}
	}
}

// square takes a different time for each job, so that workers overtake.
func square() func(int) int {
	rnd := rand.New(rand.NewPCG(1, 2))
	return func(i int) int {
		for range rnd.IntN(20) {
			runtime.Gosched()
		}
		return i * i
	}
}

func TestRunKeepsTheOrder(t *testing.T) {
	want := 0
	for got, err := range transfer.Convoy(t.Context(), 4, count(5000, nil), square) {
		if err != nil || got != want*want {
			t.Fatalf("result %d is %d, %v", want, got, err)
		}
		want++
	}
	if want != 5000 {
		t.Errorf("%d results", want)
	}
}

func TestRunEndsWithTheErrorOfTheJobs(t *testing.T) {
	broken := errors.New("broken")
	n := 0
	var last error
	for _, err := range transfer.Convoy(t.Context(), 3, count(10, broken), square) {
		if last = err; err == nil {
			n++
		}
	}
	if n != 10 || !errors.Is(last, broken) {
		t.Errorf("%d results, then %v", n, last)
	}
}

func TestRunStopsEarly(t *testing.T) {
	n := 0
	for range transfer.Convoy(t.Context(), 4, count(1<<30, nil), square) {
		if n++; n == 7 {
			break
		}
	}
	if n != 7 {
		t.Errorf("%d results", n)
	}
}

func TestRunEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range transfer.Convoy(ctx, 4, count(1<<30, nil), square) {
		if n++; n == 5 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("after %d results: %v", n, last)
	}
}

func TestRunPassesPanicsOn(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.HasPrefix(r, "bad job") {
			t.Errorf("recovered %q", r)
		}
	}()
	bad := func() func(int) int {
		return func(i int) int {
			if i == 3 {
				panic("bad job")
			}
			return i
		}
	}
	for range transfer.Convoy(t.Context(), 2, count(100, nil), bad) {
	}
	t.Error("no panic")
}
