package disk

import (
	"fmt"
	"strings"

	"platter/decode"
)

// maxMore bounds the evidence that a merged finding keeps.
const maxMore = 4096

// alike is what findings have in common that say the same of different places.
type alike struct {
	code, condition, profile, detail, shape string
	severity                                Severity
	repairable                              bool
}

// Merge makes one finding of those that say the same of different places: the first
// of them, which counts the others, and sums up what is lost. The order stays.
func Merge(list []Finding) []Finding {
	var out []Finding
	at := map[alike]int{}
	for _, f := range list {
		text := f.Text
		if f.unlisted > 0 {
			text = f.first
		}
		k := alike{f.Code, f.condition, f.Profile, f.Detail, Shape(text), f.Severity, f.Repairable}
		if f.Row != "" {
			k = alike{code: f.Code, condition: "row " + f.Row, profile: f.Profile, severity: f.Severity}
		}
		i, seen := at[k]
		if !seen {
			at[k] = len(out)
			out = append(out, f)
			continue
		}
		sum := &out[i]
		if sum.Alike == nil {
			sum.Alike = []Finding{*sum}
		}
		sum.Alike = append(sum.Alike, f)
		sum.Count = max(sum.Count, 1) + max(f.unlisted, 1)
		sum.Lost += f.Lost
		sum.unlisted += f.unlisted
		sum.Needs = max(sum.Needs, f.Needs)
		sum.Fatal = sum.Fatal || f.Fatal
		sum.More = append(sum.More, f.Where[:min(len(f.Where), maxMore-len(sum.More))]...)
	}
	return out
}

// Shape is a text without its numbers.
func Shape(text string) string {
	var b strings.Builder
	in := false
	for _, r := range text {
		digit := r >= '0' && r <= '9' || in && (r == 'x' || r >= 'a' && r <= 'f')
		if digit && !in {
			b.WriteByte('#')
		} else if !digit {
			b.WriteRune(r)
		}
		in = digit
	}
	return b.String()
}

// SameKind reports whether two findings of a code were found under the same condition, so
// that what repairs one repairs the other.
func (f Finding) SameKind(g Finding) bool { return f.condition == g.condition }

// Sum says how many findings a merged one stands for, and what they cost together;
// empty if there is nothing to say.
func (f Finding) Sum() string {
	var parts []string
	switch {
	case f.Among != "":
		parts = append(parts, fmt.Sprintf("%d of %s", max(f.Count, 1), f.Among))
	case f.Count > 1:
		parts = append(parts, fmt.Sprintf("%d findings like this one", f.Count))
	}
	if f.Lost > 0 {
		parts = append(parts, decode.FormatSize(uint64(f.Lost))+" of the disk can't be read")
	}
	if f.Needs > 0 {
		parts = append(parts, fmt.Sprintf("the file was at least %s long", decode.FormatSize(uint64(f.Needs))))
	}
	return strings.Join(parts, "; ")
}
