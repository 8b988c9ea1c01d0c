package disk_test

import (
	"slices"
	"testing"

	"platter/engine/disk"
)

// TestArrange puts what explains others in front of them, which name it; a code that was
// not found with an error explains nothing, nor does one explain itself.
func TestArrange(t *testing.T) {
	rules := disk.Rules{
		"cut":   {Severity: disk.SeverityError},
		"table": {Severity: disk.SeverityError, From: []string{"table", "moved", "cut"}},
		"entry": {Severity: disk.SeverityError, Fatal: true, From: []string{"table"}},
		"note":  {Severity: disk.SeverityInfo},
		"late":  {Severity: disk.SeverityWarning, From: []string{"note"}},
	}
	make := func(codes ...string) (list []disk.Finding) {
		for _, c := range codes {
			list = append(list, rules.Finding("x", c, c, true))
		}
		return list
	}
	for _, c := range []struct{ found, told, causes []string }{
		{[]string{"entry", "note", "table", "late", "cut"}, []string{"x/cut", "x/table", "x/entry", "x/late", "x/note"}, []string{"", "x/cut", "x/table", "", ""}},
		{[]string{"note", "table"}, []string{"x/table", "x/note"}, []string{"", ""}},
		{[]string{"note", "entry", "late"}, []string{"x/entry", "x/late", "x/note"}, []string{"", "", ""}},
	} {
		var told, causes []string
		for _, f := range disk.Arrange(make(c.found...)) {
			told, causes = append(told, f.Code), append(causes, f.Cause)
		}
		if !slices.Equal(told, c.told) || !slices.Equal(causes, c.causes) {
			t.Errorf("%v: %v, explained by %q", c.found, told, causes)
		}
	}
}
