package space

import (
	"errors"
	"math/rand/v2"
	"testing"

	"platter/engine/store"
)

// claim is what a use has of a file.
type claim struct {
	use    int
	off, n int64
}

// model is a map with a count for each unit and use.
type model struct {
	unit, size int64
	used       [][3]int
}

func (m *model) mark(c claim) {
	for u := c.off / m.unit; c.n > 0 && c.off >= 0 && c.off < m.size && u <= (c.off+c.n-1)/m.unit && u < int64(len(m.used)); u++ {
		m.used[u][c.use]++
	}
}

func (m *model) claims(u int64, use int) bool {
	of := m.used[u]
	if use == Twice {
		return of[0]+of[1]+of[2] > 1
	}
	return of[use] > 0
}

// runs are the ranges of units for which a question has the answer yes.
func (m *model) runs(from, to int64, ask func(u int64) bool) (list []store.Range) {
	for u := from / m.unit; u*m.unit < to; u++ {
		start, end := max(u*m.unit, from), min((u+1)*m.unit, m.size, to)
		switch n := len(list); {
		case !ask(u) || start >= end:
		case n > 0 && list[n-1].End() == start:
			list[n-1].Length = end - list[n-1].Offset
		default:
			list = append(list, store.Range{Offset: start, Length: end - start})
		}
	}
	return list
}

// random makes a model and the map of the same claims, with windows of 64 units.
func random(r *rand.Rand) (*model, *Map, []claim) {
	unit := int64(1) << r.IntN(10)
	m := &model{unit: unit, size: 1 + r.Int64N(unit*1000)}
	m.used = make([][3]int, (m.size+unit-1)/unit)
	list := make([]claim, r.IntN(40))
	for i := range list {
		list[i] = claim{r.IntN(3), r.Int64N(m.size+unit) - unit/2, r.Int64N(1+min(m.size, unit<<r.IntN(9))) - 1}
		m.mark(list[i])
	}
	s := Survey(m.size, unit, 3, func(s *Map) error {
		for _, c := range list {
			s.Mark(c.use, c.off, c.n)
		}
		return nil
	})
	s.window = 6
	return m, s, list
}

// TestMapAgreesWithCounting compares maps of random claims with what counting
// each unit gives.
func TestMapAgreesWithCounting(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		m, s, list := random(r)
		compareFree(t, m, s, r.Int64N(m.size))
		for w, err := range s.Windows(0) {
			if err != nil {
				t.Fatal(err)
			}
			for use := Twice; use < 3; use++ {
				compare(t, m.runs(w.Offset, w.End(), func(u int64) bool { return m.claims(u, use) }), s.Runs(use, 0, m.size))
				off, n := r.Int64N(m.size), 1+r.Int64N(9*m.unit)
				from, to := max(off/m.unit*m.unit, w.Offset), min(off+n, w.End())
				want := len(m.runs(from, max(from, to), func(u int64) bool { return m.claims(u, use) })) > 0
				if got := s.Has(use, off, n); got != want {
					t.Errorf("seed %d: use %d has [%d, %d) of window %+v: %v", seed, use, off, off+n, w, got)
				}
			}
		}
		compareFree(t, m, s, 0)
		if t.Failed() {
			t.Fatalf("seed %d: %d bytes in units of %d, %+v", seed, m.size, m.unit, list)
		}
	}
}

func compareFree(t *testing.T, m *model, s *Map, from int64) {
	t.Helper()
	compare(t, m.runs(from, m.size, func(u int64) bool { return m.used[u] == [3]int{} }), func(yield func(store.Range) bool) {
		for r, err := range s.Free(from) {
			if err != nil || !yield(r) {
				return
			}
		}
	})
}

func compare(t *testing.T, want []store.Range, got func(func(store.Range) bool)) {
	t.Helper()
	n := 0
	for r := range got {
		if n >= len(want) || r != want[n] {
			t.Errorf("run %d is %+v, want %+v", n, r, want)
			return
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d runs, want %+v", n, want)
	}
}

// TestMarkTellsOfTheClaimBefore marks one thing after the other in one window.
func TestMarkTellsOfTheClaimBefore(t *testing.T) {
	var answers []bool
	s := Survey(1<<20, 512, 2, func(s *Map) error {
		answers = []bool{s.Mark(0, 0, 1024), s.Mark(1, 1024, 512), s.Mark(1, 1000, 1), s.Mark(0, 1535, 4), s.Mark(0, 1<<20, 512), s.Mark(0, -1, 512)}
		return nil
	})
	for range s.Windows(0) {
	}
	for i, want := range []bool{false, false, true, true, false, false} {
		if answers[i] != want {
			t.Errorf("mark %d: %v", i, answers[i])
		}
	}
}

// TestHolesCostNothing surveys an exbibyte with a claim at either end.
func TestHolesCostNothing(t *testing.T) {
	const size = 1 << 60
	passes := 0
	s := Survey(size, 512, 1, func(s *Map) error {
		passes++
		s.Mark(0, 512, 512)
		s.Mark(0, size-512, 512)
		return nil
	})
	var free []store.Range
	for r, err := range s.Free(0) {
		if err != nil {
			t.Fatal(err)
		}
		free = append(free, r)
	}
	if passes != 2 || len(free) != 2 || free[1] != (store.Range{Offset: 1024, Length: size - 1536}) {
		t.Errorf("%d passes, free: %+v", passes, free)
	}
}

// TestSurveyFails hands an error of the claims on, and asks for them again the
// next time.
func TestSurveyFails(t *testing.T) {
	broken := errors.New("no table")
	s := Survey(4096, 512, 1, func(s *Map) error { return broken })
	for range 2 {
		failed := false
		for _, err := range s.Free(0) {
			failed = errors.Is(err, broken)
		}
		if !failed {
			t.Error("no error")
		}
	}
}

// BenchmarkSurvey marks 2^26 units, in order and in no order.
func BenchmarkSurvey(b *testing.B) {
	const units, unit = 1 << 26, 1 << 20
	for name, factor := range map[string]int64{"ascending": 1, "scattered": 7919 * 7919} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := Survey(units*unit, unit, 2, func(s *Map) error {
					for i := range int64(units) {
						s.Mark(0, i*factor%units*unit, unit)
					}
					return nil
				})
				for r := range s.Free(0) {
					b.Fatal(r)
				}
			}
		})
	}
}
