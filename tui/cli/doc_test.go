package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"platter/decode/reference"
	"platter/tui/cli"
)

// ran is run with what was printed as text.
func ran(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	code, o, e := run(t, args...)
	return code, string(o), string(e)
}

// TestDoc looks up words, structures, fields and settings.
func TestDoc(t *testing.T) {
	for term, says := range map[string]string{
		"bat":                      "BAT (word)\n  Block allocation table",
		"vhdx header":              "VHDX header (structure)",
		"header.SequenceNumber":    "at byte 8 of the header: 64-bit integer, little-endian",
		"dynamic header.cookie":    `always "cxsparse"`,
		"ddb.adapterType":          "VMDK ddb.adapterType (setting)\n  Disk controller",
		"footer disk_type":         "4 differencing",
		"VHDX payload block state": "",
	} {
		code, out, errs := ran(t, append([]string{"doc"}, strings.Fields(term)...)...)
		if says == "" {
			if code != cli.ExitFailed || !strings.Contains(errs, "near it: ") {
				t.Errorf("doc %s: %d, %s", term, code, errs)
			}
			continue
		}
		if code != cli.ExitDone || !strings.Contains(out, says) {
			t.Errorf("doc %s: %d %s\n%s", term, code, errs, out)
		}
	}
	var doc struct {
		Schema  string
		Entries []struct {
			Kind, Format, Name, Text, Type string
			Offset, Size                   int
		}
	}
	_, out, _ := ran(t, "doc", "SequenceNumber", "--json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Schema != "platter/doc/1" || len(doc.Entries) < 4 || doc.Entries[1].Size != 8 {
		t.Errorf("%v: %+v", err, doc)
	}
	if code, _, errs := ran(t, "doc", "--format", "tar"); code != cli.ExitUsage || !strings.Contains(errs, "vhd, vhdx, vmdk") {
		t.Errorf("%d: %s", code, errs)
	}
	if _, out, _ := ran(t, "doc"); !strings.Contains(out, "chunk ratio") || !strings.Contains(out, "  parent locator") {
		t.Errorf("lists:\n%s", out)
	}
}

// TestReferenceOfAFormat holds that each declared field is in a row of the table.
func TestReferenceOfAFormat(t *testing.T) {
	for _, f := range reference.Formats() {
		code, out, _ := ran(t, "doc", "--format", f.Name)
		if code != cli.ExitDone {
			t.Errorf("%s: %d", f.Name, code)
		}
		sections := strings.Split(out, "\n## ")[1:]
		if want := len(f.Layouts); len(sections) != want && len(sections) != want+1 {
			t.Fatalf("%s: %d sections", f.Name, len(sections))
		}
		for i, l := range f.Layouts {
			if !strings.HasPrefix(sections[i], l.Name()+"\n") || !strings.Contains(sections[i], l.Doc()) {
				t.Errorf("%s: no section, or another, for %s", f.Name, l.Name())
			}
			for _, field := range l.Fields() {
				if !strings.Contains(sections[i], "| `"+field.Name()+"` |") || !strings.Contains(sections[i], field.Type()) {
					t.Errorf("%s: no row for %s.%s", f.Name, l.Name(), field.Name())
				}
			}
			for _, line := range strings.Split(sections[i], "\n") {
				if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 6 {
					t.Errorf("%s: not five cells: %s", l.Name(), line)
				}
			}
		}
	}
}
