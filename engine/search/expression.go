package search

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"platter/decode"
)

// expression is a regular expression over bytes. Go's engine, which reads
// characters, sees each byte as the character of the same number. It is exact
// but slow, so an automaton first tells where a match may end.
type expression struct {
	prog    *syntax.Prog
	classes [256]byte // bytes that no part of the expression tells apart
	class   []byte    // one byte of each class
	longest int
	must    []needle // a part of every match; none if no part is known
	sets    []set
	lead    int // the greatest number of bytes of a match in front of it

	find  [2]*regexp.Regexp // the leftmost match: from the start of the text, or behind one byte of context
	match [2]*regexp.Regexp // a match right there
}

// maxProgram bounds the size of the compiled expression.
const maxProgram = 20_000

func compileExpression(pattern string, fold bool) (*expression, error) {
	spelled, err := spellBytes(pattern)
	if err != nil {
		return nil, err
	}
	flags := syntax.Perl &^ syntax.OneLine
	if fold {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse(spelled, flags)
	if err != nil {
		return nil, patternError(pattern, "%s", reason(err))
	}
	source := "(?:" + tree.String() + ")"
	tree = tree.Simplify()
	if least, _ := lengths(tree); least == 0 {
		return nil, patternError(pattern, "matches nothing at all, everywhere")
	}
	x := &expression{}
	if x.prog, err = syntax.Compile(tree); err != nil || len(x.prog.Inst) > maxProgram {
		return nil, patternError(pattern, "too large")
	}
	_, most := lengths(tree)
	x.longest = min(most, maxPattern-1)
	x.classify()
	if p := required(tree); p.ok() {
		x.must, x.lead = []needle{p.needle()}, p.lead
		x.sets = gather(x.must)
	}
	for i, context := range []string{`\A`, `\A(?s:.)`} {
		if x.find[i], err = regexp.Compile(context + `(?s:.*?)(` + source + `)`); err != nil {
			return nil, patternError(pattern, "%s", reason(err))
		}
		x.match[i] = regexp.MustCompile(context + `(` + source + `)`)
	}
	return x, nil
}

func reason(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%s: %q", e.Code, decode.Printable(e.Expr))
	}
	return decode.Printable(err.Error())
}

// spellBytes replaces characters beyond ASCII by their bytes in UTF-8.
func spellBytes(pattern string) (string, error) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		switch {
		case r == '\\' && i+1 < len(pattern) && pattern[i+1] < utf8.RuneSelf:
			n = 2
		case r == '[' && !inClass:
			inClass = true
			// A bracket right at the start of a class is a member of it.
			for n < len(pattern)-i && (pattern[i+n] == '^' && n == 1 || pattern[i+n] == ']') {
				n++
			}
		case r == '[' && strings.HasPrefix(pattern[i:], "[:"):
			if end := strings.Index(pattern[i:], ":]"); end > 0 {
				n = end + 2
			}
		case r == ']':
			inClass = false
		}
		part := pattern[i : i+n]
		i += n
		if isASCII(part) {
			b.WriteString(part)
			continue
		}
		if inClass {
			return "", patternError(pattern, "%q in a class: write alternatives, (a|b)", decode.Printable(part))
		}
		b.WriteString("(?:")
		for _, c := range []byte(part) {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		b.WriteString(")")
	}
	return b.String(), nil
}

// lengths are the least and the greatest number of bytes that match.
func lengths(re *syntax.Regexp) (least, most int) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune), len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, 1
	case syntax.OpCapture:
		return lengths(re.Sub[0])
	case syntax.OpStar:
		return 0, maxPattern
	case syntax.OpPlus:
		least, _ = lengths(re.Sub[0])
		return least, maxPattern
	case syntax.OpQuest:
		_, most = lengths(re.Sub[0])
		return 0, most
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l, m := lengths(sub)
			least, most = min(least+l, maxPattern), min(most+m, maxPattern)
		}
	case syntax.OpAlternate:
		least, most = lengths(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			l, m := lengths(sub)
			least, most = min(least, l), max(most, m)
		}
	}
	return least, most
}

// classify finds the bytes that the expression never tells apart.
func (x *expression) classify() {
	index := map[string]byte{}
	for c := range 256 {
		var told strings.Builder
		for i := range x.prog.Inst {
			if in := &x.prog.Inst[i]; consumes(in) {
				fmt.Fprint(&told, in.MatchRune(rune(c)))
			}
		}
		k, ok := index[told.String()]
		if !ok {
			k = byte(len(x.class))
			index[told.String()] = k
			x.class = append(x.class, byte(c))
		}
		x.classes[c] = k
	}
}

func consumes(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

func (x *expression) matchesZero() bool {
	zeros := strings.Repeat("\x00", min(x.longest, maxPattern))
	return x.find[0].MatchString(zeros)
}

// expressions finds the matches of the regular expression that start in
// [lo, hi), none overlapping the one before.
func (s *scanner) expressions(w *window, lo, hi int) ([]match, int) {
	x := s.m.expr
	end := int(min(int64(len(w.b)), w.to-w.base))
	part := s.seek(w.b[:end], lo)
	for pos := max(lo, int(max(w.from-w.base, 0))); pos < hi; {
		if len(s.found) >= enough {
			return s.found, pos
		}
		near := part.next(pos)
		if part.known() {
			pos = max(pos, near-x.lead)
		}
		tail, ok := s.dfa.next(w.b[:end], pos, near)
		if !ok {
			pos = max(pos+1, tail)
			continue
		}
		pos = max(pos, tail-x.longest)
		at, length, ok := s.exact(w.b[:end], pos, min(end, tail+x.longest+1))
		switch {
		case !ok:
			pos = tail
		case at >= hi:
			return s.found, hi
		default:
			s.found = append(s.found, match{at: at, length: length})
			pos = at + length
		}
	}
	return s.found, hi
}

// seeker finds the part that every match has.
type seeker struct {
	b    []byte
	part *needle // nil: none is known, it may be anywhere
	at   int     // where in the part the hunted values are
	hunt hunt
	last int // where the part was found last
}

func (s *scanner) seek(b []byte, lo int) seeker {
	x := s.m.expr
	k := seeker{b: b, last: -1}
	if s.plan(x.sets, len(x.must), b[min(lo, len(b)):]); len(s.passes) > 0 {
		p := s.passes[0]
		k.part, k.at, k.hunt = &x.must[0], p.members[0].at, newHunt(b, p.values)
	}
	return k
}

func (k *seeker) known() bool { return k.part != nil }

// next is where the part starts at or behind pos, which may not go back;
// len(b) if it is nowhere.
func (k *seeker) next(pos int) int {
	if !k.known() {
		return len(k.b)
	}
	if k.last >= pos {
		return k.last
	}
	i := k.hunt.next(pos + k.at)
	for i < len(k.b) && !k.part.at(k.b, i-k.at) {
		i = k.hunt.next(i + 1)
	}
	if k.last = len(k.b); i < len(k.b) {
		k.last = i - k.at
	}
	return k.last
}

// exact finds the leftmost match of b that is not too long and starts in
// [pos, end).
func (s *scanner) exact(b []byte, pos, end int) (at, length int, ok bool) {
	x := s.m.expr
	for pos < end {
		context := min(pos, 1)
		text := s.characters(b[pos-context : end])
		loc := x.find[context].FindSubmatchIndex(text)
		if loc == nil {
			return 0, 0, false
		}
		at = pos - context + bytesBefore(text, loc[2])
		context = min(at, 1)
		// One byte more than can match, for what looks ahead.
		text = s.characters(b[at-context : min(len(b), at+x.longest+1)])
		if loc = x.match[context].FindSubmatchIndex(text); loc != nil {
			return at, bytesBefore(text, loc[3]) - context, true
		}
		pos = at + 1
	}
	return 0, 0, false
}

// characters spells each byte as the character of the same number.
func (s *scanner) characters(b []byte) []byte {
	s.latin = s.latin[:0]
	for _, c := range b {
		s.latin = utf8.AppendRune(s.latin, rune(c))
	}
	return s.latin
}

// bytesBefore counts the characters before i.
func bytesBefore(text []byte, i int) int {
	return utf8.RuneCount(text[:i])
}
