package disk

import "platter/decode"

// Rule is what all findings of a code have in common.
type Rule struct {
	Severity Severity // the usual one, where a check has several
	Fatal    bool     // the virtual disk can't be read because of it
	Detail   string   // what it means, what other programs do with such a file

	// From are the codes, without the format's name, of what explains such a finding
	// where it was found too: the first of them that was.
	From []string

	// NoRepair says why a finding that has no repair has none, and what else can
	// be done. It is empty for those that always have one, and for notes that
	// ask for none.
	NoRepair string
}

// Rules are the checks of a format, by their codes without its name.
type Rules map[string]Rule

// Finding makes a finding of a code of a format, with the usual severity.
func (r Rules) Finding(format, code, text string, repairable bool, where ...decode.Place) Finding {
	rule := r[code]
	f := Finding{Code: format + "/" + code, Severity: rule.Severity, Fatal: rule.Fatal, Where: where, Text: text, Detail: rule.Detail, Repairable: repairable}
	for _, code := range rule.From {
		f.from = append(f.from, format+"/"+code)
	}
	if !repairable && rule.NoRepair != "" {
		f.Detail += " " + rule.NoRepair
	}
	return f
}
