package space

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
)

func listed(list []Owner) func(context.Context) iter.Seq2[Owner, error] {
	return func(context.Context) iter.Seq2[Owner, error] {
		return func(yield func(Owner, error) bool) {
			for _, o := range list {
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// TestOrderAgreesWithSorting goes through random owners with memory for few,
// twice each.
func TestOrderAgreesWithSorting(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		most, units := 1+r.IntN(20), 1+r.Int64N(50)
		want := make([]Owner, r.IntN(100))
		for i := range want {
			want[i] = Owner{uint32(r.Int64N(units)), uint32(i)}
		}
		o := NewOrder(units, int64(most), listed(slices.Clone(want)))
		want = firstOfEach(want, most)
		for range 2 {
			var got []Owner
			for b, err := range o.Ascending(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: most %d, got %v, want %v", seed, most, got, want)
			}
		}
	}
}

// firstOfEach sorts owners and keeps as many as fit of each unit.
func firstOfEach(list []Owner, most int) (kept []Owner) {
	slices.SortStableFunc(list, func(a, b Owner) int { return int(a.Unit) - int(b.Unit) })
	n := 0
	for i, o := range list {
		if n++; i == 0 || list[i-1].Unit != o.Unit {
			n = 1
		}
		if n <= most {
			kept = append(kept, o)
		}
	}
	return kept
}

// TestOrderFails hands the error of a pass on.
func TestOrderFails(t *testing.T) {
	broken := errors.New("no table")
	o := NewOrder(10, 10, func(context.Context) iter.Seq2[Owner, error] {
		return func(yield func(Owner, error) bool) { yield(Owner{}, broken) }
	})
	n := 0
	for _, err := range o.Ascending(t.Context()) {
		if n++; !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors", n)
	}
}
