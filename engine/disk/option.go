package disk

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
)

// ValueKind is how the value of an option is written.
type ValueKind uint8

// The kinds of value.
const (
	Bytes  ValueKind = iota // a size, as [decode.ParseSize] reads it
	Word                    // one of the option's words
	Text                    // anything that the option's Check accepts
	Number                  // a whole number
	Switch                  // "yes", or empty for no
	Lines                   // texts, one a line; on a command line the flag is repeated
)

// Option is a choice in making an image. The flags of the command line, the
// fields of a form and the help about both are made of it.
type Option struct {
	Name string // as the flag is called: "block-size"
	Hint string // what stands for its value in help: "SIZE"
	Kind ValueKind
	Doc  string // what it chooses, in half a sentence

	Words    []string // of a Word
	AnyCase  bool     // the words may be written in any case of letters
	Min, Max int64    // of Bytes and Number; bounds only where Max is not 0
	Powers   bool     // only powers of two
	Multiple int64    // only multiples of this many bytes; 0 for any

	// The functions see what the options before this one were settled to. Nil
	// ones do nothing.
	Default func(Spec) string                 // the value where none is given
	Settle  func(s Spec, value string) string // turns a valid value into the one that is used
	Check   func(s Spec, value string) error  // what kind and bounds do not tell
	Doubt   func(s Spec, value string) string // why a value is legal and still not wise
	Useless func(s Spec) string               // why there is nothing to choose here
}

// Text is the value of an option; empty if there is none.
func (s Spec) Text(name string) string { return s.Values[name] }

// Bytes is the value of an option that counts bytes; 0 for one that is not settled.
func (s Spec) Bytes(name string) int64 {
	n, err := decode.ParseSize(s.Values[name])
	if err != nil || n > 1<<63-1 {
		return 0
	}
	return int64(n)
}

// Number is the value of an option that is a number; 0 for one that is not settled.
func (s Spec) Number(name string) int64 {
	n, _ := strconv.ParseInt(s.Values[name], 10, 64)
	return n
}

// Is reports whether a switch is on.
func (s Spec) Is(name string) bool { return s.Values[name] != "" }

// Lines are the texts of an option that takes several.
func (s Spec) Lines(name string) []string {
	if s.Values[name] == "" {
		return nil
	}
	return strings.Split(s.Values[name], "\n")
}

// Resolve checks a spec against the options of a maker and settles what it
// leaves open. It returns what deserves a warning, with codes such as "option/size". The error is
// [ErrWrongOption] for a value that makes no sense, [ErrLimit] for one that
// is larger or smaller than the format can hold.
func Resolve(options []Option, spec Spec) (Spec, []Finding, error) {
	for name := range spec.Values {
		if !slices.ContainsFunc(options, func(o Option) bool { return o.Name == name }) {
			return Spec{}, nil, Wrong(name, "there is no such option for an image of this format")
		}
	}
	given := spec.Values
	spec.Values = map[string]string{}
	var doubts []Finding
	for _, o := range options {
		value, err := o.settle(spec, given[o.Name])
		if err != nil {
			return Spec{}, nil, err
		}
		spec.Values[o.Name] = value
		if o.Doubt != nil {
			if doubt := o.Doubt(spec, value); doubt != "" {
				doubts = append(doubts, Finding{Code: "option/" + o.Name, Severity: SeverityWarning, Text: o.Name + " " + o.words(value) + ": " + doubt})
			}
		}
	}
	return spec, doubts, nil
}

// settle is the value of one option.
func (o Option) settle(spec Spec, value string) (string, error) {
	if o.Useless != nil {
		if why := o.Useless(spec); why != "" && value != "" {
			return "", Wrong(o.Name, "%s", why)
		} else if why != "" {
			return "", nil
		}
	}
	if value == "" && o.Default != nil {
		value = o.Default(spec)
	}
	if value == "" {
		return "", o.missing(spec)
	}
	value, err := o.read(value)
	if err != nil {
		return "", err
	}
	if o.Settle != nil {
		value = o.Settle(spec, value)
	}
	if err := o.bounded(value); err != nil {
		return "", err
	}
	if o.Check != nil {
		return value, o.Check(spec, value)
	}
	return value, nil
}

// missing lets Check decide whether an option may be left out.
func (o Option) missing(spec Spec) error {
	if o.Check == nil {
		return nil
	}
	return o.Check(spec, "")
}

// read is a value in its usual form.
func (o Option) read(value string) (string, error) {
	switch o.Kind {
	case Word:
		for _, w := range o.Words {
			if w == value || o.AnyCase && strings.EqualFold(w, value) {
				return w, nil
			}
		}
		return "", Wrong(o.Name, "%q: expected %s", value, strings.Join(o.Words, ", "))
	case Bytes:
		n, err := decode.ParseSize(value)
		if err != nil {
			kind := WrongOption
			if errors.Is(err, decode.ErrTooLarge) {
				kind = Limit
			}
			return "", &Error{Kind: kind, What: o.Name, Err: err}
		}
		return strconv.FormatUint(n, 10), nil
	case Number:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return "", Wrong(o.Name, "%q: expected a whole number", value)
		}
	}
	return value, nil
}

// bounded checks a size or a number against what the option declares: one that makes no
// sense is [ErrWrongOption], one that is out of its bounds [ErrLimit].
func (o Option) bounded(value string) error {
	if o.Kind != Bytes && o.Kind != Number {
		return nil
	}
	n, err := strconv.ParseUint(value, 10, 64)
	switch {
	case err != nil, o.Powers && bits.OnesCount64(n) != 1, o.Multiple > 0 && n%uint64(o.Multiple) != 0:
		return Wrong(o.Name, "%s: expected %s", o.words(value), o.Range())
	case n < uint64(o.Min), o.Max > 0 && n > uint64(o.Max):
		return Errorf(Limit, decode.Place{}, "%s: %s: expected %s", o.Name, o.words(value), o.Range())
	}
	return nil
}

// words is a value for people.
func (o Option) words(value string) string {
	if n, err := strconv.ParseUint(value, 10, 64); err == nil && o.Kind == Bytes {
		return decode.ShortSize(n)
	}
	return value
}

// Range says in words which values the option takes; empty if any.
func (o Option) Range() string {
	if len(o.Words) > 0 {
		return strings.Join(o.Words, ", ")
	}
	if o.Max == 0 && o.Multiple > 0 {
		return "a multiple of " + o.words(strconv.FormatInt(o.Multiple, 10))
	} else if o.Max == 0 {
		return ""
	}
	text := o.words(strconv.FormatInt(o.Min, 10)) + " to " + o.words(strconv.FormatInt(o.Max, 10))
	switch {
	case o.Powers:
		return "a power of two, " + text
	case o.Multiple > 1:
		return "a multiple of " + o.words(strconv.FormatInt(o.Multiple, 10)) + ", " + text
	}
	return text
}

// Wrong is the refusal of an option's value.
func Wrong(name, format string, args ...any) error {
	return &Error{Kind: WrongOption, What: name + ": " + fmt.Sprintf(format, args...)}
}

// DefaultOf is the default of an option where nothing else is chosen either, in the
// words of people; empty if it has none.
func DefaultOf(options []Option, name string) string {
	spec := Spec{Values: map[string]string{}}
	for _, o := range options {
		value := ""
		if o.Default != nil {
			value = o.Default(spec)
		}
		if spec.Values[o.Name] = value; o.Name == name {
			return o.words(value)
		}
	}
	return ""
}
