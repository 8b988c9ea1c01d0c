package disk_test

import (
	"slices"
	"testing"

	"platter/decode"
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
		"lost":  {Severity: disk.SeverityError, From: []string{"file:cut"}},
		"file":  {Severity: disk.SeverityError, For: map[string]string{"cut": "", "odd": ""}},
	}
	make := func(codes ...string) (list []disk.Finding) {
		for _, c := range codes {
			list = append(list, rules.Finding("x", c, c, true))
		}
		return list
	}
	for _, c := range []struct{ found, told, causes []string }{
		{[]string{"entry", "note", "table", "late", "cut"}, []string{"x/cut", "x/table", "x/entry", "x/late", "x/note"}, []string{"", "x/cut", "x/table", "", ""}},
		{[]string{"lost", "file:cut"}, []string{"x/file", "x/lost"}, []string{"", "x/file"}},
		{[]string{"lost", "file:odd", "file"}, []string{"x/lost", "x/file", "x/file"}, []string{"", "", ""}},
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

// TestExplainFiles leaves a finding alone that is about another file than what could explain
// it.
func TestExplainFiles(t *testing.T) {
	rules := disk.Rules{"cut": {Severity: disk.SeverityError}, "table": {Severity: disk.SeverityError, From: []string{"cut"}}}
	at := func(code string, files ...string) disk.Finding {
		var where []decode.Place
		for _, name := range files {
			where = append(where, decode.Place{File: name})
		}
		return rules.Finding("x", code, code, true, where...)
	}
	list := []disk.Finding{at("table", "a"), at("table", "b"), at("table", "a", "b"), at("cut", "a")}
	disk.Explain(list)
	for i, want := range []string{"x/cut", "", "", ""} {
		if list[i].Cause != want {
			t.Errorf("finding %d: explained by %q, expected %q", i, list[i].Cause, want)
		}
	}
}
