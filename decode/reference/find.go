package reference

import (
	"cmp"
	"slices"
	"strings"
)

// NearShown is how many near names [Find] offers at most.
const NearShown = 12

// Find looks a term up by name, in either case and with any signs between its words:
// "grain table", "BAT", "SequenceNumber", "vhdx header", "header.Checksum". Several things may
// have the name. If nothing has it, near are those whose names are close to it, the closest
// first.
func Find(term string) (found, near []Entry) {
	want := fold(term)
	if want == "" {
		return nil, nil
	}
	for _, e := range Entries() {
		if slices.Contains(e.names, want) {
			found = append(found, e)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	type ranked struct {
		Entry
		distance int
	}
	var close []ranked
	for _, e := range Entries() {
		if d := e.distance(want); d < far {
			close = append(close, ranked{e, d})
		}
	}
	slices.SortStableFunc(close, func(a, b ranked) int { return cmp.Compare(a.distance, b.distance) })
	for _, r := range close[:min(len(close), NearShown)] {
		near = append(near, r.Entry)
	}
	return nil, near
}

// far is the distance from which on names have nothing to do with each other.
const far = 100

// distance tells how far an entry's names are from a folded term that none of them is: little
// where letters differ, more where one holds the other.
func (e Entry) distance(want string) int {
	best := far
	for _, n := range e.names {
		switch {
		case len(want) >= 3 && strings.Contains(n, want):
			best = min(best, 10+min(len(n)-len(want), 40))
		case len(n) >= 4 && strings.Contains(want, n):
			best = min(best, 30+min(len(want)-len(n), 40))
		}
		if allowed := min(len(want), len(n)) / 3; allowed > 0 {
			if d := edits(n, want, allowed); d <= allowed {
				best = min(best, 5*d)
			}
		}
	}
	return best
}

// edits counts the letters to change, add or leave out to make one text of the other; more
// than limit if they are more.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(b) > maxTerm {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner, best := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
			best = min(best, row[j+1])
		}
		if best > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}

// maxTerm bounds the letters of a term that is compared letter by letter.
const maxTerm = 200
