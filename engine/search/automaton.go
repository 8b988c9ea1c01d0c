package search

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// automaton runs through bytes and tells where a match of an expression may
// end. It takes conditions such as "end of line" as always true, so that it
// finds too many ends rather than too few. States come into being when they
// are first needed. It belongs to one goroutine.
type automaton struct {
	x       *expression
	states  []state
	index   map[string]int32
	steps   []int32    // by state and class; 0 where not known yet
	idle    [256]bool  // bytes that start no match, or lead back to the start
	blurred bool       // the start may be in the midst of a match
	closed  bool       // no match begins but at the first byte
	at      int32      // the state at the end that was found last
	under   *automaton // a closed one, for settled
	marked  []int      // the round in which an instruction was last added
	round   int
}

// state is a set of instructions that wait for the next byte.
type state struct {
	waits []uint32
	ends  bool // a match may end here
}

// maxStates bounds the automaton's memory; when there are more it starts again.
const maxStates = 4096

// start is the state before the first byte; state 0 does not exist.
const start = 1

func newAutomaton(x *expression) *automaton {
	a := &automaton{x: x, marked: make([]int, len(x.prog.Inst))}
	a.reset()
	for c, class := range x.classes {
		a.idle[c] = a.learn(start, int32(class)) == start
	}
	a.blurred = a.returns()
	return a
}

// returns reports whether a match that is under way may wait for what waits at its
// start too, so that the two states can be one.
func (a *automaton) returns() bool {
	first := a.states[start].waits
	a.round++ // each instruction is entered once in all
	reached := state{waits: slices.Clone(first)}
	for i := 0; i < len(reached.waits); i++ {
		behind := len(reached.waits)
		reached = a.enter(reached, a.x.prog.Inst[reached.waits[i]].Out)
		for _, pc := range reached.waits[behind:] {
			if slices.Contains(first, pc) {
				return true
			}
		}
	}
	return false
}

func (a *automaton) reset() {
	a.states, a.index, a.steps = make([]state, 1), map[string]int32{}, make([]int32, len(a.x.class))
	a.round++
	a.add(a.enter(state{}, uint32(a.x.prog.Start)))
}

// next runs from pos and returns the end of the first match that may be
// there, the offset of the byte behind it. If there is none it gives up behind
// near as soon as no match is under way, and returns how far it came.
func (a *automaton) next(b []byte, pos, near int) (end int, ok bool) {
	at, width := int32(start), int32(len(a.x.class))
	for i := pos; i < len(b); i++ {
		if at == start {
			if i = a.skip(b, i); i > near || i == len(b) {
				return i, false
			}
		}
		class := int32(a.x.classes[b[i]])
		to := a.steps[at*width+class]
		if to == 0 {
			to = a.learn(at, class)
		}
		if a.states[to].ends {
			a.at = to
			return i + 1, true
		}
		at = to
	}
	return len(b), false
}

// settled goes on from the end that next found up to where no match is under way
// any more that began in front of that end: it returns the offset of the first
// byte that none of them can have. It reports false if that lies behind limit.
func (a *automaton) settled(b []byte, end, limit int) (at int, ok bool) {
	if a.under == nil {
		a.under = &automaton{x: a.x, closed: true, marked: make([]int, len(a.marked))}
		a.under.reset()
	}
	u, width := a.under, int32(len(a.x.class))
	from := u.add(state{waits: slices.Clone(a.states[a.at].waits)})
	for i := end; i < limit; i++ {
		if len(u.states[from].waits) == 0 {
			return i, true
		}
		class := int32(a.x.classes[b[i]])
		to := u.steps[from*width+class]
		if to == 0 {
			to = u.learn(from, class)
		}
		from = to
	}
	return 0, false
}

// skip passes the bytes that start no match.
func (a *automaton) skip(b []byte, i int) int {
	for ; len(b)-i >= 4; i += 4 {
		if q := b[i : i+4 : i+4]; !(a.idle[q[0]] && a.idle[q[1]] && a.idle[q[2]] && a.idle[q[3]]) {
			break
		}
	}
	for i < len(b) && a.idle[b[i]] {
		i++
	}
	return i
}

// learn works out where a class of bytes leads from a state.
func (a *automaton) learn(from, class int32) int32 {
	a.round++
	var s state
	for _, pc := range a.states[from].waits {
		if in := &a.x.prog.Inst[pc]; in.MatchRune(rune(a.x.class[class])) {
			s = a.enter(s, in.Out)
		}
	}
	if !a.closed {
		s = a.enter(s, uint32(a.x.prog.Start)) // a match may start anywhere
	}
	if len(a.states) >= maxStates {
		a.reset()
		return a.add(s)
	}
	to := a.add(s)
	a.steps[from*int32(len(a.x.class))+class] = to
	return to
}

// enter adds to the state what an instruction leads to without a byte.
func (a *automaton) enter(s state, pc uint32) state {
	if a.marked[pc] == a.round {
		return s
	}
	a.marked[pc] = a.round
	switch in := &a.x.prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return a.enter(a.enter(s, in.Out), in.Arg)
	case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
		return a.enter(s, in.Out)
	case syntax.InstMatch:
		s.ends = true
	case syntax.InstFail:
	default:
		s.waits = append(s.waits, pc)
	}
	return s
}

// add finds the state, or makes it one of the automaton's.
func (a *automaton) add(s state) int32 {
	slices.Sort(s.waits)
	key := make([]byte, 1, 1+4*len(s.waits))
	if s.ends {
		key[0] = 1
	}
	for _, pc := range s.waits {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if i, ok := a.index[string(key)]; ok {
		return i
	}
	i := int32(len(a.states))
	a.index[string(key)] = i
	a.states = append(a.states, s)
	a.steps = append(a.steps, make([]int32, len(a.x.class))...)
	return i
}
