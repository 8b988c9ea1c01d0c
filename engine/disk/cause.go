package disk

import (
	"cmp"
	"slices"
)

// Arrange puts findings in the order in which they are told: what keeps the disk from
// being read, then the errors, and each followed by those that it explains, see [Nest].
func Arrange(list []Finding) []Finding {
	slices.SortStableFunc(list, worseFirst)
	return Nest(list)
}

// Nest puts findings after the one that explains them, and leaves the others in their
// order. A finding is explained by the first of the codes that it follows from
// ([Rule.From]) that was found with an error, and names it as its cause.
func Nest(list []Finding) []Finding {
	causes := map[string]int{}
	for i, f := range list {
		if _, ok := causes[f.Code]; !ok && f.Severity == SeverityError {
			causes[f.Code] = i
		}
	}
	under := map[string][]Finding{}
	var tops []Finding
	for _, f := range list {
		for _, code := range f.from {
			if _, found := causes[code]; found && code != f.Code {
				f.Cause = code
				break
			}
		}
		if f.Cause == "" {
			tops = append(tops, f)
			continue
		}
		under[f.Cause] = append(under[f.Cause], f)
	}
	if len(tops) == len(list) {
		return list
	}
	var out []Finding
	var tell func(list []Finding)
	tell = func(list []Finding) {
		for _, f := range list {
			out = append(out, f)
			explained := under[f.Code]
			delete(under, f.Code)
			tell(explained)
		}
	}
	tell(tops)
	return out
}

func worseFirst(a, b Finding) int {
	if a.Fatal != b.Fatal {
		if a.Fatal {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.Severity, a.Severity)
}
