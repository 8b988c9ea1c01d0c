package disk

import (
	"cmp"
	"iter"
	"slices"

	"platter/decode"
)

// Arrange puts findings in the order in which they are told: what keeps the disk from
// being read, then the errors, and each followed by those that it explains, see [Nest].
func Arrange(list []Finding) []Finding {
	slices.SortStableFunc(list, worseFirst)
	return Nest(list)
}

// Nest puts findings after the one that explains them, and leaves the others in their
// order, see [Explain].
func Nest(list []Finding) []Finding {
	Explain(list)
	under := map[string][]Finding{}
	var tops []Finding
	for _, f := range list {
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

// Explain names the cause of each finding that has one in a list, and leaves their order. A
// finding is explained by the first of the codes that it follows from ([Rule.From]) that was
// found with an error, in each file that it is about.
func Explain(list []Finding) {
	causes := map[string]map[string]bool{} // the files of each code that can be a cause
	for _, f := range list {
		if f.Severity != SeverityError {
			continue
		}
		for _, code := range []string{f.Code, f.Code + ":" + f.condition} {
			if causes[code] == nil {
				causes[code] = map[string]bool{}
			}
			for name := range f.files() {
				causes[code][name] = true
			}
		}
	}
	for i := range list {
		list[i].Cause = list[i].cause(causes)
	}
}

// cause is the first of the codes that may explain a finding and was found in all of its files;
// empty if there is none.
func (f Finding) cause(found map[string]map[string]bool) string {
	for _, code := range f.from {
		if found[code] == nil || BaseCode(code) == f.Code {
			continue
		}
		all := true
		for name := range f.files() {
			all = all && found[code][name]
		}
		if all {
			return BaseCode(code)
		}
	}
	return ""
}

// files are the names of the files that a finding is about.
func (f Finding) files() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, list := range [][]decode.Place{f.Where, f.More} {
			for _, at := range list {
				if !yield(at.File) {
					return
				}
			}
		}
	}
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
