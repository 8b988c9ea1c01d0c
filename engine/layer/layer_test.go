package layer_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"testing"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/layer"
	"platter/engine/store"
)

// unit is how many bytes of a fake layer have one state.
const unit = 16

// fake is a layer of units of a random state each. Data lie in its file in
// reverse order, so that no two units are neighbours there.
type fake struct {
	name    string
	states  []disk.State
	refused error
	shared  int
	errors  []disk.Finding
}

func (f *fake) size() int64 { return int64(len(f.states)) * unit }

// at is the content of a byte: it tells of the layer too.
func (f *fake) at(off int64) byte { return byte(off*7) + byte(len(f.name))*31 + 1 }

func (f *fake) Refused() error  { return f.refused }
func (f *fake) Share(depth int) { f.shared = depth }

// Absent knows only every third unit.
func (f *fake) Absent(off, limit int64) (int64, bool) {
	i := off / unit
	if i%3 != 0 || f.states[i] != disk.FromParent {
		return limit, false
	}
	return min(limit, (i+1)*unit), true
}

func (f *fake) Run(off, limit int64) (layer.Run, error) {
	i := off / unit
	r := layer.Run{Start: off, End: min(limit, (i+1)*unit), State: f.states[i], Offset: -1}
	if r.State == disk.Data {
		r.Offset, r.File = f.stored(off), f.name
	}
	for ; r.State != disk.Data && r.End < limit && f.states[r.End/unit] == r.State; r.End = min(limit, r.End+unit) {
	}
	r.Decide(i, i, uint64(r.State))
	return r, nil
}

// stored is where a byte of the disk lies in the file.
func (f *fake) stored(off int64) int64 { return f.size() - off/unit*unit + off%unit }

func (f *fake) Fill(p []byte, r layer.Run) (int, error) {
	for i := range p {
		p[i] = f.at(r.Start + int64(i))
	}
	return len(p), nil
}

func (f *fake) Lost(r layer.Run) error {
	return disk.Errorf(disk.Damaged, decode.Place{File: f.name}, "byte %d is %s", r.Start, r.State)
}

func (f *fake) Cursor(int) layer.Cursor { return f }

func (f *fake) Next(off, limit int64, r *layer.Run) (err error) {
	*r, err = f.Run(off, limit)
	return err
}

func (f *fake) Trail(via []disk.Via, off int64, r *layer.Run) ([]disk.Via, error) {
	return append(via, disk.Via{Table: f.name, Index: off / unit, Raw: r.Via[0].Raw}), nil
}

func (f *fake) Errors(_ context.Context, left *int) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		for _, e := range f.errors {
			if *left--; !yield(e, nil) {
				return
			}
		}
	}
}

// image is the little of an image that a stack asks of a parent.
type image struct {
	disk.Image
	info  disk.Info
	close func() error
}

func (i image) Info() disk.Info    { return i.info }
func (i image) Files() []disk.File { return []disk.File{{Name: i.info.Path}} }
func (i image) Close() error {
	if i.close == nil {
		return nil
	}
	return i.close()
}

// pile stacks layers, the first on top.
func pile(t *testing.T, layers ...*fake) *layer.Stack {
	t.Helper()
	var below *layer.Stack
	for i := len(layers) - 1; i >= 0; i-- {
		s := layer.New(layers[i], layers[i].name, layers[i].size())
		if below != nil {
			if err := s.Over(image{}, below); err != nil {
				t.Fatal(err)
			}
		}
		below = &s
	}
	return below
}

// random makes a chain of depth layers of different sizes.
func random(rnd *rand.Rand, depth int) []*fake {
	states := []disk.State{disk.Data, disk.Zero, disk.Unmapped, disk.Missing, disk.FromParent, disk.FromParent, disk.FromParent, disk.FromParent}
	var list []*fake
	for i := range depth {
		f := &fake{name: fmt.Sprintf("%0*d", i+1, i), states: make([]disk.State, 20+rnd.IntN(30))}
		for n := range f.states {
			f.states[n] = states[rnd.IntN(len(states))]
		}
		list = append(list, f)
	}
	return list
}

// answer is the layer that decides about a byte, and how, by the rule itself.
func answer(layers []*fake, off int64) (int, disk.State) {
	for i, f := range layers {
		if off >= f.size() {
			return i, disk.Unallocated
		}
		if s := f.states[off/unit]; s != disk.FromParent {
			return i, s
		}
	}
	return len(layers) - 1, disk.FromParent
}

// TestRandomStacks holds reads and maps of random chains against the rule.
func TestRandomStacks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 1))
	for range 300 {
		layers := random(rnd, 1+rnd.IntN(6))
		s, size := pile(t, layers...), layers[0].size()
		if s.Depth() != len(layers) || s.Last() != layer.Layer(layers[len(layers)-1]) || layers[0].shared != len(layers) {
			t.Fatalf("%d layers, shared by %d, want %d", s.Depth(), layers[0].shared, len(layers))
		}
		for range 20 {
			off := rnd.Int64N(size)
			reads(t, s, layers, off, 1+rnd.Int64N(size-off))
		}
		off := rnd.Int64N(size)
		maps(t, s.Map(0, size), layers, 0, size)
		maps(t, s.Map(off, size), layers, off, size)
		maps(t, s.MapOwn(0, size), layers[:1], 0, size)
	}
}

// reads reads n bytes, and expects an error at the first that has none.
func reads(t *testing.T, s *layer.Stack, layers []*fake, off, n int64) {
	t.Helper()
	p := make([]byte, n)
	got, err := s.ReadAt(p, off)
	for i := range n {
		l, state := answer(layers, off+i)
		want := byte(0)
		switch {
		case state.Content() == disk.Lost:
			if int64(got) != i || !errors.Is(err, disk.ErrDamaged) {
				t.Fatalf("read %d bytes of [%d,+%d), %v, want an error at %d", got, off, n, err, off+i)
			}
			return
		case state == disk.Data:
			want = layers[l].at(off + i)
		}
		if int64(got) <= i || p[i] != want {
			t.Fatalf("byte %d is %d, want %d of layer %d; %d bytes, %v", off+i, p[i], want, l, got, err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// maps expects spans without holes that say of each byte what the rule says.
func maps(t *testing.T, spans iter.Seq2[disk.Span, error], layers []*fake, off, end int64) {
	t.Helper()
	for s, err := range spans {
		if err != nil || s.Start != off || s.Length <= 0 {
			t.Fatalf("span %+v, %v, want one at %d", s, err, off)
		}
		for i := range s.Length {
			l, state := answer(layers, off+i)
			if s.Layer != l || s.State != state {
				t.Fatalf("byte %d: span %+v, want %s of layer %d", off+i, s, state, l)
			}
			if state == disk.Data && (s.File != layers[l].name || s.Offset+i != layers[l].stored(off+i)) {
				t.Fatalf("byte %d: span %+v, want 0x%x", off+i, s, layers[l].stored(off+i))
			}
		}
		for i, v := range s.Via {
			if v.Layer != i || v.Index != off/unit {
				t.Fatalf("span %+v: via %+v", s, v)
			}
		}
		off += s.Length
	}
	if off != end {
		t.Fatalf("the map ends at %d, want %d", off, end)
	}
}

// TestDepth refuses a chain that is too long, and a parent that can't be read.
func TestDepth(t *testing.T) {
	one := func() layer.Stack {
		return layer.New(&fake{name: "x", states: make([]disk.State, 1)}, "x", unit)
	}
	below := one()
	for range layer.MaxDepth - 1 {
		s := one()
		if err := s.Over(image{}, &below); err != nil {
			t.Fatal(err)
		}
		below = s
	}
	s := one()
	if err := s.Over(image{}, &below); !errors.Is(err, disk.ErrChain) || s.Depth() != 1 {
		t.Errorf("%d layers: %v", layer.MaxDepth+1, err)
	}
	cause := disk.Errorf(disk.Damaged, decode.Place{}, "the deepest")
	err := s.Over(image{info: disk.Info{Refused: &disk.Error{What: "above", Err: cause}}}, &below)
	if err == nil || err.Error() != "the parent can't be read: the deepest" || s.Depth() != 1 {
		t.Errorf("a parent that is refused: %v", err)
	}
}

// TestRefused reads and maps nothing of a disk that can't be read.
func TestRefused(t *testing.T) {
	f := &fake{name: "x", states: make([]disk.State, 4), refused: errors.New("no")}
	s := pile(t, f)
	if n, err := s.ReadAt(make([]byte, 8), 0); n != 0 || err != f.refused {
		t.Errorf("%d bytes, %v", n, err)
	}
	for _, err := range s.Map(0, 8) {
		if err != f.refused {
			t.Error(err)
		}
	}
}

// TestRawBottom has a raw disk below the last layer.
func TestRawBottom(t *testing.T) {
	raw := enginetest.NewFake(rand.New(rand.NewPCG(1, 1)), 8, unit, disk.Data)
	top := &fake{name: "top", states: make([]disk.State, 10)}
	for i := range top.states {
		top.states[i] = disk.FromParent
	}
	top.states[2] = disk.Data
	s := layer.New(top, top.name, top.size())
	if err := s.Over(raw, nil); err != nil || s.Depth() != 2 {
		t.Fatal(err)
	}
	p := make([]byte, top.size())
	if n, err := s.ReadAt(p, 0); n != len(p) || err != nil {
		t.Fatal(n, err)
	}
	for i, b := range p {
		want := byte(0)
		switch {
		case i/unit == 2:
			want = top.at(int64(i))
		case i < len(raw.Content):
			want = raw.Content[i]
		}
		if b != want {
			t.Fatalf("byte %d is %d, want %d", i, b, want)
		}
	}
	for sp, err := range s.Map(0, top.size()) {
		if err != nil || (sp.Layer == 0) != (sp.Start == 2*unit) {
			t.Errorf("span %+v, %v", sp, err)
		}
	}
}

// TestFirstErrors tells of each layer below the first error that is not told of
// by the image itself.
func TestFirstErrors(t *testing.T) {
	bad := func(code string, s disk.Severity) disk.Finding { return disk.Finding{Code: code, Severity: s} }
	layers := random(rand.New(rand.NewPCG(1, 2)), 4)
	layers[0].errors = []disk.Finding{bad("own", disk.SeverityError)}
	layers[1].errors = []disk.Finding{bad("a", disk.SeverityWarning), bad("told", disk.SeverityError)}
	layers[2].errors = []disk.Finding{bad("told", disk.SeverityError), bad("b", disk.SeverityError), bad("c", disk.SeverityError)}
	left, got := 100, ""
	for b, err := range pile(t, layers...).FirstErrors(t.Context(), &left, "told") {
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprint(b.Depth, b.Name, b.First.Code, " ")
	}
	if got != "2002b " || left != 96 {
		t.Errorf("%q, %d left", got, left)
	}
}

// opener has files by name: errors, or images.
type opener map[string]any

func (o opener) OpenFile(name string) (store.File, string, error) {
	return nil, "", fs.ErrNotExist
}

func (o opener) OpenParent(name, _ string) (disk.Image, error) {
	switch x := o[name].(type) {
	case disk.Image:
		return x, nil
	case error:
		return nil, x
	}
	return nil, fs.ErrNotExist
}

// TestFindParent takes the first image that fits, closes those that do not, and
// tells the failure that says most.
func TestFindParent(t *testing.T) {
	closed := 0
	other := image{info: disk.Info{ID: "other"}, close: func() error { closed++; return nil }}
	right := image{info: disk.Info{ID: "right"}}
	broken, cycle := errors.New("broken"), disk.Errorf(disk.BadChain, decode.Place{}, "a cycle")
	fits := func(img disk.Image, _ string) error {
		if img.Info().ID != "right" {
			return layer.OtherDisk("it is %s", img.Info().ID)
		}
		return nil
	}
	for _, c := range []struct {
		files opener
		names []string
		want  string
		fault string
	}{
		{opener{"b": right}, []string{"a", "b", "c"}, "right", ""},
		{opener{"a": other, "b": right}, []string{"a", "b"}, "right", ""},
		{opener{"b": broken}, []string{"a", "b"}, "", `"b": broken`},
		{opener{"b": other, "c": broken}, []string{"b", "c"}, "", `"b": it is other`},
		{opener{"b": cycle, "c": other}, []string{"b", "c"}, "", `"b": a cycle`},
		{opener{"a": fmt.Errorf("a: %w", store.ErrOutside)}, []string{"a", "b"}, "", `"b": file does not exist`},
		{opener{"": right}, nil, "right", ""},
		{opener{}, nil, "", layer.ErrNoName.Error()},
	} {
		parent, tries, err := layer.FindParent(t.Context(), layer.Search{Opener: c.files, Names: c.names, Fits: fits})
		switch {
		case c.want == "" && (parent != nil || err == nil || err.Error() != c.fault):
			t.Errorf("%v: %v, %v, want %s", c.files, parent, err, c.fault)
		case c.want != "" && (err != nil || parent.Info().ID != c.want):
			t.Errorf("%v: %v, %v", c.files, parent, err)
		case c.want != "" && len(c.names) > 0 && tries.Fate("b") != "found, used":
			t.Errorf("%v: %s", c.files, tries.Fate("b"))
		}
	}
	if closed != 4 {
		t.Errorf("%d images were closed, want 4", closed)
	}
}
