package search_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/search"
)

func compile(t testing.TB, text string, p disk.Pattern) *search.Matcher {
	t.Helper()
	p.Text = text
	m, err := search.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func find(t *testing.T, target disk.Surface, m *search.Matcher, r disk.Stretch) []disk.Hit {
	t.Helper()
	var hits []disk.Hit
	for h, err := range search.Search(t.Context(), target, m, r, nil) {
		var partial *disk.Error
		if errors.As(err, &partial) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		hits = append(hits, h)
	}
	return hits
}

func memory(b []byte) disk.Surface {
	return disk.FileSurface(disk.File{Name: "f", Size: int64(len(b)), Data: bytes.NewReader(b)})
}

func words(hits []disk.Hit) string {
	var b strings.Builder
	for _, h := range hits {
		fmt.Fprintf(&b, "[%d+%d %s]", h.Place.Offset, h.Place.Length, h.Encoding)
	}
	return b.String()
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern string
		opt     disk.Pattern
		in      string
		want    string
	}{
		{"word", disk.Pattern{}, "a word, sword", "[2+4 ASCII][9+4 ASCII]"},
		{"aa", disk.Pattern{}, "aaaa", "[0+2 ASCII][1+2 ASCII][2+2 ASCII]"},
		{"Word", disk.Pattern{}, "a word", ""},
		{"Word", disk.Pattern{FoldCase: true}, "a wORd", "[2+4 ASCII]"},
		{"w", disk.Pattern{}, "..w\x00..\x00w", "[2+1 ASCII][2+2 UTF-16LE][6+2 UTF-16BE][7+1 ASCII]"},
		{"word", disk.Pattern{}, "xxw\x00o\x00r\x00d\x00", "[2+8 UTF-16LE]"},
		{"word", disk.Pattern{}, "\x00\x00w\x00o\x00r\x00d\x00", "[2+8 UTF-16LE]"},
		{"word", disk.Pattern{}, "\x00w\x00o\x00r\x00d\x00\x00", "[0+8 UTF-16BE]"},
		{"word", disk.Pattern{}, "x\x00w\x00o\x00r\x00d", "[1+8 UTF-16BE]"},
		{"WORD", disk.Pattern{FoldCase: true, Encodings: []string{"utf16-le"}}, "\x00w\x00o\x00R\x00d\x00", "[1+8 UTF-16LE]"},
		{"für", disk.Pattern{}, "f\xfcr f\x81r f\xc3\xbcr", "[0+3 CP1252][4+3 CP437][8+4 UTF-8]"},
		{"FÜR", disk.Pattern{FoldCase: true}, "f\xfcr f\x81r f\xc3\xbcr", "[0+3 CP1252][4+3 CP437][8+4 UTF-8]"},
		{"Ж", disk.Pattern{FoldCase: true, Encodings: []string{"utf8", "utf16be"}}, "\xd0\xb6\xd0\x96\x04\x36\x04\x16", "[0+2 UTF-8][2+2 UTF-8][4+2 UTF-16BE][6+2 UTF-16BE]"},
		{"р", disk.Pattern{FoldCase: true, Encodings: []string{"utf8"}}, "\xd1\x80\xd0\xa0\xd1\xa0\xd0\x80", "[0+2 UTF-8][2+2 UTF-8]"},
		{"テ", disk.Pattern{}, "\x83\x65", "[0+2 Shift-JIS]"},
		{"e8 ?? ?? 88 .. 3?", disk.Pattern{Reading: disk.AsHex}, "\xe8\x01\x02\x88\x00\x3f\xe8\x01\x02\x88\x00\x40", "[0+6 hex]"},
		{"0x0000 ffff", disk.Pattern{Reading: disk.AsHex}, "\x00\x00\x00\xff\xff", "[1+4 hex]"},
		{"?f ?", disk.Pattern{Reading: disk.AsHex}, "\x1f\x2f\x3f", "[0+2 hex][1+2 hex]"},
		{`p[ai]ss\d+`, disk.Pattern{Reading: disk.AsRegexp}, "pass12 piss3 poss4", "[0+6 regexp][7+5 regexp]"},
		{`P.SS`, disk.Pattern{Reading: disk.AsRegexp, FoldCase: true}, "pass p\nss", "[0+4 regexp]"},
		{`\xff\x00+`, disk.Pattern{Reading: disk.AsRegexp}, "a\xff\x00\x00b\xc3\xbf\x00", "[1+3 regexp]"},
		{`ü|[[:digit:]\]]`, disk.Pattern{Reading: disk.AsRegexp}, "\xc3\xbc 7]", "[0+2 regexp][3+1 regexp][4+1 regexp]"},
		{`^b\b`, disk.Pattern{Reading: disk.AsRegexp}, "b\nab\nb bb\nbb", "[0+1 regexp][5+1 regexp]"},
		{`\Qa.b`, disk.Pattern{Reading: disk.AsRegexp}, "aab a.b", "[4+3 regexp]"},
	}
	for _, tt := range tests {
		m := compile(t, tt.pattern, tt.opt)
		if got := words(find(t, memory([]byte(tt.in)), m, disk.Stretch{})); got != tt.want {
			t.Errorf("%q in %q: %s, want %s", tt.pattern, tt.in, got, tt.want)
		}
	}
}

func TestPatternsRefused(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		opt     disk.Pattern
		want    string
	}{
		{"", disk.Pattern{}, "some text"},
		{"é", disk.Pattern{Encodings: []string{"cp866"}}, "can't be expressed in cp866"},
		{"x", disk.Pattern{Encodings: []string{"klingon"}}, "expected one of UTF-8"},
		{strings.Repeat("x", 5000), disk.Pattern{}, "at most 4096"},
		{"e8 1", disk.Pattern{Reading: disk.AsHex}, "odd number"},
		{"zz", disk.Pattern{Reading: disk.AsHex}, "no byte in hex"},
		{"?? ..", disk.Pattern{Reading: disk.AsHex}, "no wildcard"},
		{"", disk.Pattern{Reading: disk.AsHex}, "no wildcard"},
		{"(", disk.Pattern{Reading: disk.AsRegexp}, "missing closing )"},
		{"a*", disk.Pattern{Reading: disk.AsRegexp}, "matches nothing"},
		{"[ä]", disk.Pattern{Reading: disk.AsRegexp}, "alternatives"},
		{"((a{100}){100}){100}", disk.Pattern{Reading: disk.AsRegexp}, "invalid repeat count"},
	} {
		tt.opt.Text = tt.pattern
		if _, err := search.Compile(tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: %v, want %q", tt.pattern, err, tt.want)
		}
	}
}

func TestContext(t *testing.T) {
	m := compile(t, "needle", disk.Pattern{})
	in := bytes.Repeat([]byte("."), 100)
	copy(in[50:], "needle")
	for _, tt := range []struct{ from, to, before, length int }{{0, 100, 32, 70}, {40, 60, 10, 20}, {50, 56, 0, 6}} {
		part := in[tt.from:tt.to]
		hits := find(t, memory(part), m, disk.Stretch{})
		if len(hits) != 1 || hits[0].Before != tt.before || len(hits[0].Context) != tt.length {
			t.Fatalf("%+v: %+v", tt, hits)
		}
		if h := hits[0]; !bytes.Equal(h.Context, part[int(h.Place.Offset)-h.Before:][:len(h.Context)]) {
			t.Errorf("context %q", h.Context)
		}
	}
}

// reference finds the needle in every allowed place, the plain way.
func reference(f *enginetest.Fake, needle []byte, r disk.Stretch) []int64 {
	var list []int64
	for at := r.From; at+int64(len(needle)) <= r.To; at++ {
		stored := false
		for k := at / f.Block; k <= (at+int64(len(needle))-1)/f.Block; k++ {
			stored = stored || f.States[k] == disk.Data
		}
		readable := true
		for k := at / f.Block; k <= (at+int64(len(needle))-1)/f.Block; k++ {
			readable = readable && f.States[k].Content() != disk.Lost
		}
		if stored && readable && bytes.Equal(f.Content[at:at+int64(len(needle))], needle) {
			list = append(list, at)
		}
	}
	return list
}

// TestSearchAgreesWithTheNaiveOne plants needles in disks whose blocks are
// scattered, missing, or zero, across all borders.
func TestSearchAgreesWithTheNaiveOne(t *testing.T) {
	for seed := range uint64(80) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		block := int64(512) << rnd.IntN(12) // up to 1 MiB: more than one chunk
		f := enginetest.NewFake(rnd, 1+int(min(3<<20/block, 40)), block, disk.Data, disk.Data, disk.Zero, disk.Unallocated, disk.Missing)
		needle := make([]byte, 1+rnd.IntN(24))
		for i := range needle {
			needle[i] = byte(rnd.Uint32N(256) * rnd.Uint32N(2)) // some zeros
		}
		size := int64(len(f.Content))
		for range 40 {
			at := rnd.Int64N(size)
			if rnd.IntN(2) == 0 { // around a border
				at = max(0, at/block*block-rnd.Int64N(int64(len(needle))+1))
			}
			f.Write(at, needle[:min(int64(len(needle)), size-at)])
		}
		r := disk.Stretch{To: size}
		if rnd.IntN(2) == 0 {
			r.From, r.To = rnd.Int64N(size), 1+rnd.Int64N(size)
		}
		m := compile(t, fmt.Sprintf("%x", needle), disk.Pattern{Reading: disk.AsHex})
		want := reference(f, needle, r)
		if got := offsets(find(t, disk.DiskSurface(f), m, r)); !slices.Equal(got, want) {
			t.Fatalf("seed %d: block %d, needle %x, range %+v:\ngot  %v\nwant %v", seed, block, needle, r, got, want)
		}
		r.Backwards = true
		slices.Reverse(want)
		if got := offsets(find(t, disk.DiskSurface(f), m, r)); !slices.Equal(got, want) {
			t.Fatalf("seed %d backwards: block %d, needle %x, range %+v:\ngot  %v\nwant %v", seed, block, needle, r, got, want)
		}
	}
}

func offsets(hits []disk.Hit) []int64 {
	var list []int64
	for _, h := range hits {
		list = append(list, h.Place.Offset)
	}
	return list
}

// TestTextAgreesWithTheNaiveOne looks for all encodings, cases folded, in
// bytes that are likely to hold them.
func TestTextAgreesWithTheNaiveOne(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		in := make([]byte, 200_000)
		for i := range in {
			in[i] = "aAbB\x00"[rnd.IntN(5)]
		}
		text := []string{"ab", "aba", "bbab", "a"}[rnd.IntN(4)]
		var want []int64
		wide := ""
		for _, c := range text {
			wide += string(c) + "\x00"
		}
		for at := range in {
			for _, spelled := range []string{text, wide} {
				if end := at + len(spelled); end <= len(in) && strings.EqualFold(string(in[at:end]), spelled) {
					want = append(want, int64(at))
				}
			}
		}
		m := compile(t, text, disk.Pattern{FoldCase: true, Encodings: []string{"ascii", "utf-16le"}})
		if got := offsets(find(t, memory(in), m, disk.Stretch{})); !slices.Equal(got, want) {
			t.Fatalf("%q: %d hits, want %d", text, len(got), len(want))
		}
	}
}

// TestExpressionAgreesWithGo compares with Go's engine over the whole content.
func TestExpressionAgreesWithGo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	rounds, most := 1, 1<<16
	if enginetest.Full() {
		rounds, most = 2, 1<<20
	}
	for _, expr := range []string{`ab+c`, `a.?b|ca`, `(?i)x[yz]{2,5}\b`, `^a[^b]*b`, `c$`, `\x80.{3}\xff`, `(aab|ab)+?c`, `[a-c]{7}`, `a(b|c\n)*a`, `\Bab`, `(^|b)xa[xY]`, `b?xYa`, `(\b|x)y\s`, `(^|\n)[xy]*Zab`} {
		m := compile(t, expr, disk.Pattern{Reading: disk.AsRegexp})
		for range rounds {
			in := make([]byte, 1<<20+rnd.IntN(most))
			for i := range in {
				in[i] = "abcxyYZ\n \x80\xff"[rnd.IntN(11)]
			}
			var text []byte
			for _, c := range in {
				text = utf8.AppendRune(text, rune(c))
			}
			var want []int64
			at, done := int64(0), 0
			for _, loc := range regexp.MustCompile("(?m:"+expr+")").FindAllIndex(text, -1) {
				at += int64(utf8.RuneCount(text[done:loc[0]]))
				done = loc[0]
				want = append(want, at)
			}
			if got := offsets(find(t, memory(in), m, disk.Stretch{})); !slices.Equal(got, want) {
				t.Fatalf("%s: %d hits, want %d; first difference %v", expr, len(got), len(want), different(got, want))
			}
		}
	}
}

// TestExpressionOfLongRuns does not take the place where a match gets too long
// for the end of a line, of a word or of the file.
func TestExpressionOfLongRuns(t *testing.T) {
	longest := strings.Repeat("x{512}", 8)
	for _, tt := range []struct {
		pattern string
		length  int
		behind  string
		want    string
	}{
		{`x+$`, 5000, "y", ""},
		{`x+\b`, 5000, "y", ""},
		{`x+$`, 300_000, "y", ""},
		{`x+$`, 4096, "\n", "[0+4096 regexp]"},
		{`x+$`, 4096, "", "[0+4096 regexp]"},
		{`x+$`, 4097, "", "[1+4096 regexp]"},
		{`x+$`, 5000, "\ny", "[904+4096 regexp]"},
		{`x+\b`, 5000, " y", "[904+4096 regexp]"},
		{`\bx+y`, 5000, "y", ""},
		{longest + `$`, 4096, "y", ""},
		{longest + `\B`, 4096, "y", "[0+4096 regexp]"},
		{`x+`, 5000, "y", "[0+4096 regexp][4096+904 regexp]"},
	} {
		in := append(bytes.Repeat([]byte("x"), tt.length), tt.behind...)
		m := compile(t, tt.pattern, disk.Pattern{Reading: disk.AsRegexp})
		if got := words(find(t, memory(in), m, disk.Stretch{})); got != tt.want {
			t.Errorf("%s in %d x and %q: %s, want %s", tt.pattern, tt.length, tt.behind, got, tt.want)
		}
	}
}

// TestExpressionBackwards finds what can't overlap alike from both ends.
func TestExpressionBackwards(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	in := make([]byte, 1<<20)
	for i := range in {
		in[i] = "abcxyYZ\n \x80\xff"[rnd.IntN(11)]
	}
	for _, expr := range []string{`ab+c`, `^a[^b\n]b`, `c$`, `\x80[abc]{3}\xff`} {
		m := compile(t, expr, disk.Pattern{Reading: disk.AsRegexp})
		want := offsets(find(t, memory(in), m, disk.Stretch{From: 777}))
		slices.Reverse(want)
		if got := offsets(find(t, memory(in), m, disk.Stretch{From: 777, Backwards: true})); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %d hits, want %d; first difference %v", expr, len(got), len(want), different(got, want))
		}
	}
}

func different(a, b []int64) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%d: 0x%x, want 0x%x", i, a[i], b[i])
		}
	}
	return "at the end"
}

func TestSearchTellsWhatItCouldNotRead(t *testing.T) {
	f := enginetest.NewFake(rand.New(rand.NewPCG(1, 1)), 8, 4096, disk.Data)
	f.States[3], f.States[4] = disk.Missing, disk.FromParent
	f.Write(2*4096+4000, []byte("needle"))
	f.Write(5*4096, []byte("needle"))
	m := compile(t, "needle", disk.Pattern{})
	var got []string
	for h, err := range search.Search(t.Context(), disk.DiskSurface(f), m, disk.Stretch{}, nil) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, fmt.Sprintf("0x%x", h.Place.Offset))
	}
	want := []string{"0x2fa0", "search: 0x3000 to 0x5000 of the virtual disk can't be read and was not searched", "0x5000"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestSearchOfAFileThatShrank(t *testing.T) {
	b := bytes.Repeat([]byte("needle.."), 1000)
	target := disk.FileSurface(disk.File{Name: "f", Size: 9000, Data: bytes.NewReader(b)})
	hits, errs := 0, ""
	for _, err := range search.Search(t.Context(), target, compile(t, "needle", disk.Pattern{}), disk.Stretch{}, nil) {
		if err != nil {
			errs += err.Error()
			continue
		}
		hits++
	}
	if hits != 1000 || !strings.Contains(errs, "0x1f40 to 0x2328 of the file f can't be read") {
		t.Errorf("%d hits, errors %s", hits, errs)
	}
}

func TestSearchManyHits(t *testing.T) {
	b := make([]byte, 3<<20)
	n := int64(0)
	for h, err := range search.Search(t.Context(), memory(b), compile(t, "00", disk.Pattern{Reading: disk.AsHex}), disk.Stretch{}, nil) {
		if err != nil || h.Place.Offset != n {
			t.Fatalf("hit %d at %d: %v", n, h.Place.Offset, err)
		}
		n++
	}
	if n != int64(len(b)) {
		t.Errorf("%d hits", n)
	}
}

func TestSearchStopsAndReports(t *testing.T) {
	b := make([]byte, 64<<20)
	copy(b[40<<20:], "needle")
	m := compile(t, "needle", disk.Pattern{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range search.Search(ctx, memory(b), m, disk.Stretch{}, func(at, of int64) {
		if of != 64<<20 {
			t.Errorf("progress of %d", of)
		}
		if at > 8<<20 {
			cancel()
		}
	}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled search ends with %v", last)
	}
	var end int64
	for range search.Search(t.Context(), memory(b), m, disk.Stretch{From: 1 << 20}, func(at, _ int64) { end = at }) {
	}
	if end != 63<<20 {
		t.Errorf("progress ends at %d", end)
	}
}

// giant is a disk of 64 TiB with 64 KiB of data.
type giant struct {
	*enginetest.Fake
	at   int64
	read *atomic.Int64
}

const giantSize = 64 << 40

func (g giant) Info() disk.Info { return disk.Info{VirtualSize: giantSize} }

func (g giant) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		end := off + n
		for _, s := range []disk.Span{{Start: 0, Length: g.at, State: disk.Unallocated}, {Start: g.at, Length: 64 << 10}, {Start: g.at + 64<<10, Length: giantSize - g.at - 64<<10, State: disk.Zero}} {
			from, to := max(s.Start, off), min(s.Start+s.Length, end)
			if s.Start, s.Length = from, to-from; from < to && !yield(s, nil) {
				return
			}
		}
	}
}

func (g giant) ReadAt(b []byte, off int64) (int, error) {
	g.read.Add(int64(len(b)))
	clear(b)
	for i := range b {
		if at := off + int64(i) - g.at; at >= 0 && at < 64<<10 {
			b[i] = g.Content[at]
		}
	}
	return len(b), nil
}

func TestSearchOfAGiantReadsItsData(t *testing.T) {
	for _, back := range []bool{false, true} {
		g := giant{enginetest.NewFake(rand.New(rand.NewPCG(2, 2)), 1, 64<<10, disk.Data), 40<<40 + 12345, new(atomic.Int64)}
		g.Write(777, []byte("needle"))
		hits := find(t, disk.DiskSurface(g), compile(t, "needle", disk.Pattern{}), disk.Stretch{Backwards: back})
		if len(hits) != 1 || hits[0].Place.Offset != g.at+777 || g.read.Load() > 1<<20 {
			t.Errorf("backwards %v: %d bytes read, %s", back, g.read.Load(), words(hits))
		}
	}
}

// FuzzCompile: whatever the pattern, its hits lie in the range, in order.
func FuzzCompile(f *testing.F) {
	for _, p := range []string{"password", "e8 ?? 4?", `(a|b)+c\x80`, "[[:alpha:]]", "\xff\u00df\u212a"} {
		for mode := range byte(6) {
			f.Add(p, mode)
		}
	}
	in := []byte("pass\x00w\x00o\x00rd abcabc \xe8\x01\x42 \xff\xc3\x9f\xe2\x84\xaaK\n\n")
	f.Fuzz(func(t *testing.T, pattern string, mode byte) {
		m, err := search.Compile(disk.Pattern{Text: pattern, Reading: []disk.Reading{disk.AsText, disk.AsHex, disk.AsRegexp}[mode%3], FoldCase: mode%6 > 2})
		if err != nil {
			if decode.Printable(err.Error()) != err.Error() {
				t.Errorf("%q is not safe to print", err)
			}
			return
		}
		last := int64(-1)
		for _, h := range find(t, memory(in), m, disk.Stretch{}) {
			if h.Place.Length <= 0 || h.Place.Offset < last || h.Place.Offset+h.Place.Length > int64(len(in)) || h.Place.Length > 4096 {
				t.Errorf("%q: hit %+v behind %d", pattern, h, last)
			}
			last = h.Place.Offset
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 1))
	random, text, zeros := make([]byte, 64<<20), make([]byte, 64<<20), make([]byte, 64<<20)
	for i := range random {
		random[i] = byte(rnd.Uint32())
		text[i] = "the quick brown fox jumps over a lazy dog again\n"[i%48]
	}
	for _, data := range []struct {
		name string
		b    []byte
	}{{"random", random}, {"text", text}, {"zeros", zeros}} {
		for _, p := range []struct {
			name, pattern string
			opt           disk.Pattern
		}{
			{"text", "password", disk.Pattern{}},
			{"fold", "password", disk.Pattern{FoldCase: true}},
			{"hex", "e8 ?? ?? 88 .. 30", disk.Pattern{Reading: disk.AsHex}},
			{"regexp", `[0-9]{3}-[0-9]{2}-[0-9]{4}`, disk.Pattern{Reading: disk.AsRegexp}},
		} {
			m := compile(b, p.pattern, p.opt)
			b.Run(data.name+"/"+p.name, func(b *testing.B) {
				b.SetBytes(int64(len(data.b)))
				for b.Loop() {
					for range search.Search(b.Context(), memory(data.b), m, disk.Stretch{}, nil) {
					}
				}
			})
		}
	}
}
