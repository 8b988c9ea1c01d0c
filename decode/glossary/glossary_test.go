package glossary_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"platter/decode"
	"platter/decode/glossary"
	"platter/decode/vhd"
	"platter/decode/vhdx"
	"platter/decode/vmdk"
)

// plain are abbreviations that are no words of the formats: programs, and what everybody
// who meets a disk image knows.
var plain = strings.Fields("QEMU VHD VHDX VMDK ASCII UTF ID PC ESX KDMV SIMH NUL RFC")

// TestAbbreviationsOfTheTextsAreExplained looks up what the texts about fields abbreviate
// more than once.
func TestAbbreviationsOfTheTextsAreExplained(t *testing.T) {
	known := map[string]bool{}
	for _, e := range glossary.Entries() {
		for _, n := range e.Names() {
			known[n] = true
		}
	}
	count := map[string]int{}
	short := regexp.MustCompile(`\b[A-Z]{2,}\b`)
	for _, l := range slices.Concat(vhd.Layouts(), vhdx.Layouts(), vmdk.Layouts()) {
		for _, text := range append([]string{l.Doc()}, docs(l)...) {
			for _, word := range short.FindAllString(text, -1) {
				count[word]++
			}
		}
	}
	if count["BAT"] < 2 {
		t.Fatal("the texts were not looked at")
	}
	for word, n := range count {
		if n > 1 && !known[word] && !slices.Contains(plain, word) {
			t.Errorf("%s is used %d times and explained nowhere", word, n)
		}
	}
}

func docs(l *decode.Layout) (list []string) {
	for _, f := range l.Fields() {
		list = append(list, f.Doc())
	}
	return list
}

// TestEntries holds that the words are in order, each there once, each with a sentence.
func TestEntries(t *testing.T) {
	last, seen := "", map[string]bool{}
	for _, e := range glossary.Entries() {
		if strings.ToLower(e.Term) < last {
			t.Errorf("%q comes after %q", e.Term, last)
		}
		last = strings.ToLower(e.Term)
		if !strings.HasSuffix(e.Text, ".") {
			t.Errorf("%q: no sentence: %q", e.Term, e.Text)
		}
		for _, n := range e.Names() {
			if seen[strings.ToLower(n)] {
				t.Errorf("%q is there twice", n)
			}
			seen[strings.ToLower(n)] = true
		}
	}
	for _, word := range []string{"chunk", "sector bitmap", "soft anchor", "grain", "extent", "footer", "bat", "log sequence", "parent locator", "cid", "block", "descriptor", "marker", "stream", "linkage", "metadata region"} {
		if !seen[word] {
			t.Errorf("%q is not there", word)
		}
	}
}
