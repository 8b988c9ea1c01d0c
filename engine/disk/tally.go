package disk

import (
	"fmt"

	"platter/decode"
)

// Tally counts what a check tells: equal findings once, and what follows from another only
// among the rest.
type Tally struct {
	By   [SeverityError + 1]int // rows that nothing else explains, by severity
	Rest int                    // the findings beyond those: more of a row, and all that follow from one
}

// TallyOf counts findings of which it is known what explains them, see [Arrange].
func TallyOf(rows []Finding) (t Tally) {
	for _, f := range rows {
		t.Add(f)
	}
	return t
}

// Add counts one row.
func (t *Tally) Add(row Finding) {
	n := max(row.Count, 1)
	if row.Cause == "" {
		t.By[row.Severity]++
		n--
	}
	t.Rest += n
}

// String is the tally in words.
func (t Tally) String() string {
	s := fmt.Sprintf("%s, %s, %s", decode.Plural(t.By[SeverityError], "error", "errors"),
		decode.Plural(t.By[SeverityWarning], "warning", "warnings"), decode.Plural(t.By[SeverityInfo], "note", "notes"))
	switch {
	case t.Rest == 1:
		s += "; 1 more finding is of their kind, or follows from them"
	case t.Rest > 1:
		s += fmt.Sprintf("; %d more findings are of their kind, or follow from them", t.Rest)
	}
	return s
}
