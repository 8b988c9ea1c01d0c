package reference_test

import (
	"slices"
	"strings"
	"testing"

	"platter/decode/glossary"
	"platter/decode/reference"
)

// TestEverythingDeclaredIsFound looks each structure and field up by its own name, by its
// full name, and with the format in front.
func TestEverythingDeclaredIsFound(t *testing.T) {
	fields := 0
	for _, f := range reference.Formats() {
		for _, l := range f.Layouts {
			for _, term := range []string{l.Name(), f.Title + " " + l.Name(), strings.ToUpper(l.Name())} {
				if !finds(term, func(e reference.Entry) bool { return e.Layout == l && e.Field == nil }) {
					t.Errorf("%s: not found", term)
				}
			}
			if l.Doc() == "" {
				t.Errorf("%s has no text", l.Name())
			}
			for _, field := range l.Fields() {
				fields++
				for _, term := range []string{field.Name(), l.Name() + "." + field.Name(), f.Name + " " + l.Name() + " " + field.Name()} {
					if !finds(term, func(e reference.Entry) bool { return e.Field == field }) {
						t.Errorf("%s: not found", term)
					}
				}
				if field.Doc() == "" || field.Type() == "" {
					t.Errorf("%s.%s: no text, or no type", l.Name(), field.Name())
				}
			}
		}
	}
	if fields < 200 {
		t.Errorf("only %d fields", fields)
	}
	for _, w := range glossary.Entries() {
		for _, n := range w.Names() {
			if !finds(n, func(e reference.Entry) bool { return e.Kind == reference.Word && e.Text == w.Text }) {
				t.Errorf("%s: not found", n)
			}
		}
	}
}

func finds(term string, is func(reference.Entry) bool) bool {
	found, _ := reference.Find(term)
	return slices.ContainsFunc(found, is)
}

// TestNearNames asks for what nothing is called.
func TestNearNames(t *testing.T) {
	for term, want := range map[string]string{
		"sequnce number": "VHDX header.SequenceNumber",
		"graintabel":     "grain table, GT",
		"chunks ratio":   "chunk ratio",
		"datawrite":      "VHDX header.DataWriteGuid",
		"parentCIDs ":    "VMDK parentCID",
		"createtyp":      "VMDK createType",
	} {
		found, near := reference.Find(term)
		if !slices.ContainsFunc(append(found, near...), func(e reference.Entry) bool { return e.Title() == want }) {
			t.Errorf("%s: no %s among %d found, %v", term, want, len(found), titles(near))
		}
		if len(near) > reference.NearShown {
			t.Errorf("%s: %d near names", term, len(near))
		}
	}
	for _, term := range []string{"", "..", "xylophone quartet", strings.Repeat("zq", 5000)} {
		if found, near := reference.Find(term); len(found)+len(near) > 0 {
			t.Errorf("%.20q: finds %v %v", term, titles(found), titles(near))
		}
	}
}

func titles(list []reference.Entry) (names []string) {
	for _, e := range list {
		names = append(names, e.Title())
	}
	return names
}

// TestRulesAreWorded holds a few declarations against their words.
func TestRulesAreWorded(t *testing.T) {
	for term, want := range map[string]string{
		"VHD footer.cookie":               `always "conectix"`,
		"VHD dynamic header.table_offset": "a multiple of 512; leads to: BAT, counted in bytes",
		"VHD dynamic header.checksum":     "checksum over the first 1024 bytes of the structure",
		"VHD dynamic header.data_offset":  "always 0xffffffffffffffff",
		"VHD footer.time_stamp":           "counts from 2000-01-01, in steps of 1s",
		"VHD dynamic header.block_size":   "counted in bytes",
	} {
		found, _ := reference.Find(term)
		if len(found) != 1 || strings.Join(found[0].Field.Rules(), "; ") != want {
			t.Errorf("%s: %v", term, rules(found))
		}
	}
}

func rules(list []reference.Entry) (all [][]string) {
	for _, e := range list {
		all = append(all, e.Field.Rules())
	}
	return all
}
