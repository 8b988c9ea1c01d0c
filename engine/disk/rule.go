package disk

import (
	"slices"
	"strings"

	"platter/decode"
)

// Rule is what all findings of a code have in common.
type Rule struct {
	Severity Severity // the usual one, where a check has several
	Fatal    bool     // the virtual disk can't be read because of it
	Detail   string   // what it means, what other programs do with such a file

	// For are the details of conditions that have the code, and mean something else than
	// Detail says, with why there is no repair, where that is to be said: NoRepair is not
	// said of them. A finding of one is made with "code:condition".
	For map[string]string

	// From are the codes, without the format's name, of what explains such a finding
	// where it was found too: the first of them that was. One with a condition,
	// "code:condition", explains it only where it was found under that.
	From []string

	// FromFor are codes as in From for findings of a condition only, by that.
	FromFor map[string][]string

	// NoRepair says why a finding that has no repair has none, and what else can
	// be done. It is empty for those that always have one, and for notes that
	// ask for none.
	NoRepair string
}

// Rules are the checks of a format, by their codes without its name.
type Rules map[string]Rule

// BaseCode is a code without the condition that may follow it.
func BaseCode(code string) string {
	base, _, _ := strings.Cut(code, ":")
	return base
}

// Finding makes a finding of a code of a format, with the usual severity. A condition
// may follow the code, which has details of its own ([Rule.For]).
func (r Rules) Finding(format, code, text string, repairable bool, where ...decode.Place) Finding {
	code, condition, special := strings.Cut(code, ":")
	rule := r[code]
	if special {
		rule.Detail = rule.For[condition]
	}
	f := Finding{condition: condition, Code: format + "/" + code, Severity: rule.Severity, Fatal: rule.Fatal, Where: where, Text: text, Detail: rule.Detail, Repairable: repairable}
	for _, code := range slices.Concat(rule.From, rule.FromFor[condition]) {
		f.from = append(f.from, format+"/"+code)
	}
	if !repairable && !special && rule.NoRepair != "" {
		f.Detail += " " + rule.NoRepair
	}
	return f
}
