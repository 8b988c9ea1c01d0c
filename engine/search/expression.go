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

	// From the start of the text, or after one byte of context; to the end of
	// the text, or in front of one byte at least.
	find  [2][2]*regexp.Regexp // the leftmost match
	match [2][2]*regexp.Regexp // a match right there
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
	x.longest = min(most, maxPattern)
	x.classify()
	if p := required(tree); p.ok() {
		x.must, x.lead = []needle{p.needle()}, p.lead
		x.sets = gather(x.must)
	}
	for i, context := range []string{`\A`, `\A(?s:.)`} {
		for j, ahead := range []string{``, `(?s:.)`} {
			if x.find[i][j], err = regexp.Compile(context + `(?s:.*?)(` + source + `)` + ahead); err != nil {
				return nil, patternError(pattern, "%s", reason(err))
			}
			x.match[i][j] = regexp.MustCompile(context + `(` + source + `)` + ahead)
		}
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
	return x.find[0][0].MatchString(zeros)
}

// expressions finds the matches of the regular expression that start in
// [lo, hi), none overlapping the one before.
func (s *scanner) expressions(w *window, lo, hi int) ([]match, int) {
	x := s.m.expr
	end := int(min(int64(len(w.b)), w.to-w.base))
	part := s.seek(w.b[:end], lo)
	reach := x.longest + 1 // and a byte to look ahead at
	pos := max(lo, int(max(w.from-w.base, 0)))
	for floor, last := pos, -1; pos < hi; {
		if len(s.found) >= enough {
			return s.found, pos
		}
		near := part.next(pos)
		switch {
		case !part.known():
		case s.dfa.blurred && near != last: // the match may have begun where the automaton saw nothing
			pos = max(floor, near-x.lead)
		default:
			pos = max(pos, near-x.lead)
		}
		last = near
		tail, ok := s.dfa.next(w.b[:end], pos, near)
		if !ok {
			pos = max(pos+1, tail)
			continue
		}
		pos = max(pos, tail-x.longest)
		at, length, ok := s.leftmost(w.b[:end], pos, tail, min(end, tail+reach))
		switch {
		case !ok:
			pos = at
			floor = pos
			reach = min(2*reach, 16*(x.longest+1))
			continue
		case at >= hi:
			return s.found, hi
		default:
			s.found = append(s.found, match{at: at, length: length})
			pos = at + length
			floor = pos
		}
		reach = x.longest + 1
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

// next is where the part starts at or after pos, which may not go back;
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

// leftmost is exact where the automaton has found that a match may end at tail: if
// all that begin in front of that end soon after it, no more is looked at.
func (s *scanner) leftmost(b []byte, pos, tail, end int) (at, length int, ok bool) {
	if i, ok := s.dfa.settled(b, tail, end); ok {
		stop := min(i+1, len(b)) // and a byte to look ahead at
		at, length, ok = s.submatch(&s.m.expr.find, b, pos, stop, min(len(b)-stop, 1))
		switch {
		case !ok || at >= tail:
			return tail, 0, false
		case length <= s.m.expr.longest:
			return at, length, true
		}
	}
	return s.exact(b, pos, end)
}

// exact finds the leftmost match of b that is not too long, starts at pos or
// after it, and ends in front of end or with b: where b goes on, the byte after
// a match has a say in it. If there is none, no match starts in front of at.
func (s *scanner) exact(b []byte, pos, end int) (at, length int, ok bool) {
	x := s.m.expr
	for pos < end {
		at, length, ok = s.submatch(&x.find, b, pos, end, min(len(b)-end, 1))
		if !ok {
			break
		}
		stop := min(len(b), at+x.longest+1)
		if length <= x.longest && end >= stop { // it saw all that a match can reach
			return at, length, true
		}
		if _, length, ok = s.submatch(&x.match, b, at, stop, max(stop-at-x.longest, 0)); ok {
			return at, length, true
		}
		pos = at + 1
		end = min(end, pos+2*(x.longest+1))
	}
	if end == len(b) {
		return end, 0, false
	}
	return max(pos, end-x.longest), 0, false
}

// submatch is where one of the expressions matches b[pos:end], less the last
// byte if that is only to be looked at ahead.
func (s *scanner) submatch(by *[2][2]*regexp.Regexp, b []byte, pos, end, ahead int) (at, length int, ok bool) {
	context := min(pos, 1)
	text := s.characters(b[pos-context : end])
	loc := by[context][ahead].FindSubmatchIndex(text)
	if loc == nil {
		return 0, 0, false
	}
	return pos - context + bytesBefore(text, loc[2]), bytesBefore(text[loc[2]:], loc[3]-loc[2]), true
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
