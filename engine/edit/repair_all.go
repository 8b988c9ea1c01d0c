package edit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// Wish says what shall be repaired.
type Wish struct {
	Codes map[string]int // the findings of these codes, each with the number of the repair from 1, or 0 for the first; nil: of all codes
	Risky bool           // repairs that may lose something too
}

// takes is the repair that a wish takes of those that a finding has, counted from 1; 0 for
// none, also where several are as likely to be right and none was chosen.
func (w Wish) takes(code string, list []disk.Repair) int {
	choice, named := w.Codes[code]
	switch {
	case w.Codes != nil && !named:
		return 0
	case choice > 0:
		return min(choice, len(list)+1) % (len(list) + 1)
	case (named || w.Risky) && len(list) > 0 && !list[0].Even:
		return 1
	case named || w.Risky:
		return 0
	}
	for i, r := range list {
		if r.Risk == "" {
			return i + 1
		}
	}
	return 0
}

// Repaired is a repair that was staged.
type Repaired struct {
	Code   string
	Title  string
	Risk   string
	Choice int // its number among those of the finding, from 1
	Count  int // how many findings it was carried out for
}

// maxRepairRounds bounds how often the image is checked again: each round repairs the
// findings of one code.
const maxRepairRounds = 100

// RepairAll stages repairs, code by code in the order of the check, errors first, until a
// check finds nothing more that the wish takes a repair of. A finding that a repair leaves is not
// repaired again.
func (s *Session) RepairAll(ctx context.Context, w Wish) ([]Repaired, error) {
	r := repairing{Session: s, wish: w, tried: map[string]bool{}, settled: map[string]bool{}}
	for range maxRepairRounds {
		more, err := r.round(ctx)
		if err != nil || !more {
			return r.done, err
		}
	}
	return r.done, nil
}

// repairing is a run of RepairAll.
type repairing struct {
	*Session
	wish  Wish
	tried map[string]bool // findings that were repaired, or could not be
	// settled are the codes of rows of which the first alone was to be repaired, and is.
	settled map[string]bool
	done    []Repaired
}

// round repairs the findings of the first code that has any to repair, those alike at once
// where that can be done. What follows from another finding waits for that.
func (r *repairing) round(ctx context.Context) (more bool, err error) {
	img, err := r.Image()
	if err != nil {
		return false, err
	}
	list, err := Findings(ctx, img)
	if err != nil {
		return false, err
	}
	code := ""
	least := r.least(list)
	for _, f := range disk.Nest(disk.Merge(list)) {
		if code != "" && f.Code != code || f.Cause != "" || !f.Repairable || f.Severity < least && len(f.Alike) > 1 {
			continue
		}
		ok, err := false, error(nil)
		if f.Severity < least {
			ok, err = r.one(ctx, f, true)
		} else {
			ok, err = r.row(ctx, f)
		}
		if err != nil {
			return false, err
		}
		if ok {
			code = f.Code
		}
	}
	return code != "", nil
}

// row repairs findings that are alike: all at once, or where one of them does not allow
// that, one by one. Of a row of which a repair of the first alone is wished nothing more
// is repaired.
func (r *repairing) row(ctx context.Context, f disk.Finding) (bool, error) {
	if r.settled[f.Code] {
		return false, nil
	}
	if len(f.Alike) < 2 {
		return r.one(ctx, f, false)
	}
	if !r.tried[identity(f)] {
		done, all, err := r.together(ctx, f)
		if err != nil || done || all {
			return done, err
		}
	}
	any := false
	for _, single := range f.Alike {
		done, err := r.one(ctx, single, false)
		if err != nil {
			return any, err
		}
		any = any || done
	}
	return any, nil
}

// together carries out the repair of a row that the wish takes. All says that there is one
// for all of its findings, so that they are not to be repaired one by one.
func (r *repairing) together(ctx context.Context, row disk.Finding) (done, all bool, err error) {
	img, err := r.Image()
	if err != nil {
		return false, false, err
	}
	choices, err := engine.Repairs(ctx, img, row)
	if ctx.Err() != nil || errors.Is(err, store.ErrTooMuch) {
		return false, false, errors.Join(ctx.Err(), err)
	}
	n := r.wish.takes(row.Code, choices)
	all = slices.ContainsFunc(choices, func(c disk.Repair) bool { return c.All })
	if n == 0 || !all {
		return false, all, nil
	}
	r.tried[identity(row)] = true
	count := len(row.Alike)
	if !choices[n-1].All {
		count, r.settled[row.Code] = 1, true
	}
	done, err = r.carryOut(ctx, row.Code, choices[n-1], n, count)
	return done, all, err
}

// least is the least severity that is repaired now. While there are errors the rest stays
// as it is, unless its code was named or its repair stands apart: it may be a consequence,
// or needed to understand them.
func (r *repairing) least(list []disk.Finding) disk.Severity {
	for _, f := range list {
		if f.Severity == disk.SeverityError && r.wish.Codes == nil {
			return disk.SeverityError
		}
	}
	return disk.SeverityInfo
}

// one repairs a finding, if it can be, in the image as the repairs before have left it:
// they may have changed the same structure. Before its turn only a repair that stands apart
// is carried out, and only one without a risk.
func (r *repairing) one(ctx context.Context, f disk.Finding, early bool) (bool, error) {
	key := fmt.Sprint(early, identity(f))
	if r.tried[key] {
		return false, nil
	}
	r.tried[key] = true
	img, err := r.Image()
	if err != nil {
		return false, err
	}
	choices, err := engine.Repairs(ctx, img, f)
	if ctx.Err() != nil || errors.Is(err, store.ErrTooMuch) {
		return false, errors.Join(ctx.Err(), err)
	}
	n := r.wish.takes(f.Code, choices)
	if n == 0 || early && (!choices[n-1].Apart || choices[n-1].Risk != "") {
		return false, nil
	}
	return r.carryOut(ctx, f.Code, choices[n-1], n, 1)
}

// carryOut stages a repair of so many findings, and notes it.
func (r *repairing) carryOut(ctx context.Context, code string, c disk.Repair, n, count int) (bool, error) {
	switch err := r.Repair(ctx, c.Title, c); {
	case errors.Is(err, store.ErrTooMuch), ctx.Err() != nil:
		return false, err
	case err != nil:
		return false, nil // what an earlier repair has changed, or left as it is
	}
	if last := len(r.done) - 1; last >= 0 && r.done[last].Code == code && r.done[last].Title == c.Title {
		r.done[last].Count += count
		return true, nil
	}
	r.done = append(r.done, Repaired{code, c.Title, c.Risk, n, count})
	return true, nil
}

// identity tells findings apart.
func identity(f disk.Finding) string { return fmt.Sprint(f.Code, f.Where, f.Text) }

// maxFindings bounds how many findings are kept.
const maxFindings = 1 << 18

// Findings is the whole check of an image. The error says why it is not complete.
func Findings(ctx context.Context, img disk.Image) (list []disk.Finding, err error) {
	for f, err := range img.Check(ctx) {
		if err != nil {
			return list, err
		}
		if list = append(list, f); len(list) == maxFindings {
			return list, store.ErrTooMuch
		}
	}
	return list, nil
}

// Choice is a finding with the ways to repair it.
type Choice struct {
	disk.Finding
	Repairs []disk.Repair
	Why     string // why there is none, though the kind of finding can be repaired
}

// Choices lists the findings of an image, equal ones in one row and each after its cause, with
// what can be done about each.
func Choices(ctx context.Context, img disk.Image) ([]Choice, error) {
	list, err := Findings(ctx, img)
	if err != nil {
		return nil, err
	}
	var all []Choice
	for _, f := range disk.Nest(disk.Merge(list)) {
		c := Choice{Finding: f}
		if c.Repairs, err = engine.Repairs(ctx, img, f); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			c.Why = err.Error()
		}
		all = append(all, c)
	}
	return all, nil
}
