// Package decodetest holds the property test that every table of every format
// must pass, and the walk that every tree must survive. Only tests import it.
package decodetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"platter/decode"
)

// Tables checks what is promised for each declared structure: no gap and no
// overlap, every field documented, every structure with a reference; reading
// back what was written, in binary and as text; neighbouring bytes and bits
// untouched; and no panic on a record cut off anywhere.
func Tables(t *testing.T, layouts []*decode.Layout) {
	t.Helper()
	if len(layouts) == 0 {
		t.Fatal("no layouts")
	}
	seen := map[string]bool{}
	for _, l := range layouts {
		t.Run(l.Name(), func(t *testing.T) {
			if seen[l.Name()] {
				t.Errorf("two layouts are called %q", l.Name())
			}
			seen[l.Name()] = true
			described(t, l)
			covered(t, l)
			roundTrips(t, l)
			cutOff(t, l)
		})
	}
}

func described(t *testing.T, l *decode.Layout) {
	t.Helper()
	if len(l.Doc()) < 10 || l.Ref() == "" || l.Name() == "" {
		t.Errorf("structure %q: doc %q, reference %q", l.Name(), l.Doc(), l.Ref())
	}
	for _, f := range l.Fields() {
		if len(f.Doc()) < 10 || f.Name() == "" {
			t.Errorf("field %s.%s: doc %q", l.Name(), f.Name(), f.Doc())
		}
	}
}

// covered counts the bits: every bit of the structure belongs to one field,
// alternates aside.
func covered(t *testing.T, l *decode.Layout) {
	t.Helper()
	owner := make([]string, 8*l.Size())
	last := 0
	for _, f := range l.Fields() {
		if f.Offset() < last {
			t.Errorf("%s.%s at %d is declared after a field at %d", l.Name(), f.Name(), f.Offset(), last)
		}
		last = f.Offset()
		if f.Offset()+f.Size() > l.Size() {
			t.Fatalf("%s.%s ends at %d, the structure at %d", l.Name(), f.Name(), f.Offset()+f.Size(), l.Size())
		}
		if f.IsAlternate() {
			continue
		}
		for _, bit := range bitsOf(f) {
			if owner[bit] != "" {
				t.Fatalf("%s: byte %d bit %d belongs to %s and %s", l.Name(), bit/8, bit%8, owner[bit], f.Name())
			}
			owner[bit] = f.Name()
		}
	}
	for bit, name := range owner {
		if name == "" {
			t.Fatalf("%s: byte %d bit %d belongs to no field", l.Name(), bit/8, bit%8)
		}
	}
}

// bitsOf lists the record's bits that a field has, each as 8*byte + bit.
func bitsOf(f *decode.Field) []int {
	low, count := f.Bits()
	var bits []int
	for i := low; i < low+count; i++ {
		at := i / 8
		if f.Order() == decode.Big && count != 8*f.Size() {
			at = f.Size() - 1 - at
		}
		bits = append(bits, 8*(f.Offset()+at)+i%8)
	}
	return bits
}

func roundTrips(t *testing.T, l *decode.Layout) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(uint64(l.Size()), 7))
	for range 50 {
		rec := make([]byte, l.Size())
		for i := range rec {
			rec[i] = byte(rnd.Uint32())
		}
		for _, f := range l.Fields() {
			if f.Kind() != decode.KindArray {
				checkField(t, l, f, rec, rnd)
			}
		}
	}
	for _, f := range l.Fields() {
		if f.Kind() != decode.KindArray {
			checkField(t, l, f, l.Blank(), rnd)
		}
	}
}

// checkField parses a field's own text into another record and expects the
// same value there and nothing else changed.
func checkField(t *testing.T, l *decode.Layout, f *decode.Field, rec []byte, rnd *rand.Rand) {
	t.Helper()
	other := make([]byte, len(rec))
	for i := range other {
		other[i] = byte(rnd.Uint32())
	}
	text := f.Text(rec)
	patch, err := f.Parse(other, text)
	if err != nil {
		t.Fatalf("%s.%s: Parse(%q): %v", l.Name(), f.Name(), text, err)
	}
	after := bytes.Clone(other)
	copy(after[f.Offset():], patch)
	if got := f.Text(after); got != text {
		t.Fatalf("%s.%s: %q became %q", l.Name(), f.Name(), text, got)
	}
	own := map[int]bool{}
	for _, bit := range bitsOf(f) {
		own[bit] = true
	}
	for bit := range 8 * len(rec) {
		mask := byte(1) << (bit % 8)
		want := other[bit/8] & mask
		if own[bit] {
			want = rec[bit/8] & mask
		}
		if after[bit/8]&mask != want {
			t.Fatalf("%s.%s: setting %q gave byte %d bit %d a wrong value", l.Name(), f.Name(), text, bit/8, bit%8)
		}
	}
}

func cutOff(t *testing.T, l *decode.Layout) {
	t.Helper()
	rec := l.Blank()
	for n := 0; n <= len(rec); n += 1 + n/16 {
		Walk(t, l.Node(rec[:n], "f", 0), 10_000)
	}
}

// Walk visits the tree below a node, at most limit nodes and of large groups
// the first and last, and checks that every node has a name, a doc text, and
// a place that is no nonsense. It returns the number of nodes seen.
func Walk(t testing.TB, n decode.Node, limit int) int {
	t.Helper()
	seen := 0
	walk(t, n, 0, &seen, limit)
	return seen
}

func walk(t testing.TB, n decode.Node, depth int, seen *int, limit int) {
	t.Helper()
	*seen++
	if n.Name == "" || n.Place.Offset < 0 || n.Place.Length < 0 || n.Place.End() < n.Place.Offset {
		t.Fatalf("node %q has place %+v", n.Name, n.Place)
	}
	if n.Doc == "" {
		t.Fatalf("node %q at 0x%x has no doc text", n.Name, n.Place.Offset)
	}
	if depth > 32 {
		t.Fatal("the tree is deeper than 32")
	}
	const edge = 64
	for i := 0; i < n.Len() && *seen < limit; i++ {
		if i == edge && n.Len() > 2*edge {
			i = n.Len() - edge
		}
		walk(t, n.Child(i), depth+1, seen, limit)
	}
}

// Dump renders a tree as golden text: a line a node, indented, with offset,
// length, name, value and verdict; of large groups only the first few.
func Dump(n decode.Node) string {
	var b bytes.Buffer
	dump(&b, n, 0)
	return b.String()
}

func dump(b *bytes.Buffer, n decode.Node, depth int) {
	const first = 24
	line := fmt.Sprintf("%*s%s", 2*depth, "", n.Name)
	if n.Value != "" {
		line += " = " + short(n.Value)
	}
	fmt.Fprintf(b, "%-70s %s:0x%x+%d", decode.Printable(line), decode.Printable(n.Place.File), n.Place.Offset, n.Place.Length)
	if n.Mark != decode.Plain {
		fmt.Fprintf(b, " [%s]", n.Mark)
	}
	if n.Words != "" {
		fmt.Fprintf(b, " %s", decode.Printable(n.Words))
	}
	if n.Target != nil {
		fmt.Fprintf(b, " -> %s 0x%x", n.Target.What, n.Target.Place.Offset)
	}
	b.WriteByte('\n')
	for i := range n.Len() {
		if i == first {
			fmt.Fprintf(b, "%*s... %d more\n", 2*depth+2, "", n.Len()-first)
			return
		}
		dump(b, n.Child(i), depth+1)
	}
}

func short(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
