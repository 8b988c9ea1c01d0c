package damage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"platter/engine/disk"
)

// Planted is a fault that is in an image, and how the check tells of it.
type Planted struct {
	Fault
	Finding disk.Finding
	Changes int // how many changes of the bench it took
}

// Wish is a fault to be planted: one of several kinds that will do.
type Wish []Fault

// Random are so many wishes for any fault of a format.
func Random(format string, n int) []Wish {
	list := make([]Wish, n)
	for i := range list {
		list[i] = Called(format, "")
	}
	return list
}

// Plant stages a fault for each wish; the seed decides which ones and where, so that the same
// image and seed give the same damage. Each is found by a check afterwards, under its own
// code, and no two have the same code. It fails if a wish can't be fulfilled.
func Plant(ctx context.Context, bench Bench, wishes []Wish, seed uint64) ([]Planted, error) {
	rnd := rand.New(rand.NewPCG(seed, 0x706c6174746572))
	var done []Planted
	for _, w := range wishes {
		planted, err := fulfil(ctx, bench, w, done, rnd)
		if err != nil {
			return done, err
		}
		done = append(done, planted)
	}
	return done, nil
}

// tries is how often a fault that can be planted in several places is tried.
const tries = 4

// fulfil plants one of the faults of a wish, each tried in turn.
func fulfil(ctx context.Context, bench Bench, wish Wish, before []Planted, rnd *rand.Rand) (Planted, error) {
	reasons := errors.New("no fault is known")
	list := slices.Clone(wish)
	rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, f := range list {
		if slices.ContainsFunc(before, func(p Planted) bool { return p.Code == f.Code }) {
			continue
		}
		for range tries {
			planted, err := try(ctx, bench, f, before, rnd)
			if err == nil || ctx.Err() != nil {
				return planted, err
			}
			if reasons = err; errors.Is(err, errNowhere) {
				break
			}
		}
	}
	if len(list) == 1 {
		return Planted{}, fmt.Errorf("%s can't be planted: %w", list[0].Code, reasons)
	}
	return Planted{}, fmt.Errorf("none of %d faults can be planted; the last one: %w", len(list), reasons)
}

// try plants a fault, and takes it back if a check does not find it, or one that was planted
// before no longer.
func try(ctx context.Context, bench Bench, f Fault, before []Planted, rnd *rand.Rand) (planted Planted, err error) {
	img, err := bench.Image()
	if err != nil {
		return Planted{}, err
	}
	found, err := codes(ctx, img)
	if err != nil {
		return Planted{}, err
	}
	p := &planter{Bench: bench, ctx: ctx, img: img, rnd: rnd}
	defer func() {
		for ; err != nil && p.changes > 0; p.changes-- {
			if _, undo := bench.Undo(); undo != nil {
				err = errors.Join(err, undo)
				return
			}
		}
	}()
	if err = f.plant(p); err != nil {
		return Planted{}, err
	}
	if img, err = bench.Image(); err != nil {
		return Planted{}, err
	}
	now, err := codes(ctx, img)
	if err != nil {
		return Planted{}, err
	}
	for _, b := range before {
		if len(now[b.Code]) == 0 {
			return Planted{}, fmt.Errorf("%s would hide %s, which is planted too", f.Code, b.Code)
		}
	}
	if p.changes == 0 || len(now[f.Code]) <= len(found[f.Code]) {
		return Planted{}, fmt.Errorf("the check does not find %s in what was planted", f.Code)
	}
	return Planted{f, fresh(now[f.Code], found[f.Code]), p.changes}, nil
}

// fresh is the first finding that was not there before.
func fresh(now, before []disk.Finding) disk.Finding {
	for _, f := range now {
		if !slices.ContainsFunc(before, func(b disk.Finding) bool { return b.Text == f.Text && slices.Equal(b.Where, f.Where) }) {
			return f
		}
	}
	return now[0]
}

// maxFound bounds how many findings are looked at.
const maxFound = 1 << 16

// codes are all findings of an image, by their codes; also those of one that is not
// recognised.
func codes(ctx context.Context, img disk.Image) (map[string][]disk.Finding, error) {
	all, n := map[string][]disk.Finding{}, 0
	for f, err := range img.Check(ctx) {
		if err != nil {
			return nil, err
		}
		all[f.Code] = append(all[f.Code], f)
		if n++; n == maxFound {
			break
		}
	}
	return all, nil
}
