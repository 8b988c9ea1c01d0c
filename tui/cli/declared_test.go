package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// typers are the rooms of the engine that may type offsets and byte orders: the
// cache of pages reads entries for all formats, a search knows no structure, samples
// write a small FAT that nobody declares, and what NBD sends is no part of an image.
var typers = []string{"engine/pages", "engine/search", "engine/nbd", "engine/sample", "engine/enginetest"}

// TestOffsetsAreDeclaredOnce holds that where a field lies, how long it is and in
// which byte order is said in decode's tables and nowhere else in the engine.
func TestOffsetsAreDeclaredOnce(t *testing.T) {
	for _, s := range sources(t, parser.SkipObjectResolution) {
		if s.test || !strings.HasPrefix(s.pkg, "engine/") || slices.Contains(typers, s.pkg) {
			continue
		}
		for _, at := range typedOffsets(s.file) {
			t.Errorf("%s:%d types an offset, a length or a byte order: name the field in decode's table (decode.At, decode.In, EntryAt)", s.path, s.fset.Position(at).Line)
		}
	}
}

// TestTypedOffsetsAreFound plants each kind in a file, with what is no such
// thing beside it.
func TestTypedOffsetsAreFound(t *testing.T) {
	const planted = `package planted
func f() {
	v.place(at+28, n)                      // typed
	v.place(off, 4)                        // typed
	head(64, length)                       // typed
	s.file.place(t.off+4*i, 0)             // typed
	clear(h[40:60])                        // typed
	clear(h[at+12 : at+16])                // typed
	use(b[off:][:24])                      // typed
	e := binary.BigEndian.Uint32(b)        // typed
	put(binary.LittleEndian)               // typed
	v.place(0, 0)
	v.place(at, 1)
	v.place(at+bit/8, 1)
	v.place(start(b), roundUp(n, 4096))
	b = b[8:]
	string(b[:4])
	b[i*width:][:width]
	f.field(0, vmdk.HeaderMagic)
	binary.Write(w, order, x)
}`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "planted.go", planted, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]bool{}
	for _, at := range typedOffsets(file) {
		found[fset.Position(at).Line] = true
	}
	for i, line := range strings.Split(planted, "\n") {
		if want := strings.Contains(line, "// typed"); found[i+1] != want {
			t.Errorf("%q: found %v, want %v", strings.TrimSpace(line), found[i+1], want)
		}
	}
}

// typedOffsets lists where a file places something by numbers instead of by
// fields, or reads an integer by hand.
func typedOffsets(file *ast.File) (list []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		typed := false
		switch n := n.(type) {
		case *ast.CallExpr:
			typed = places(n) && (hasNumber(n.Args[0]) || hasNumber(n.Args[1]))
		case *ast.SliceExpr:
			inner, twice := n.X.(*ast.SliceExpr)
			typed = hasNumber(n.High) && (hasNumber(n.Low) || twice && inner.Low != nil)
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			typed = ok && x.Name == "binary" && (n.Sel.Name == "BigEndian" || n.Sel.Name == "LittleEndian")
		}
		if typed {
			list = append(list, n.Pos())
		}
		return true
	})
	return list
}

// places reports whether a call is one of place(off, n) or head(off, n).
func places(c *ast.CallExpr) bool {
	name := ""
	switch f := c.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return (name == "place" || name == "head") && len(c.Args) == 2
}

// hasNumber reports whether an expression has a number above 1 in it, but for
// what it gives to functions, and for divisors: a bit's byte lies at bit/8.
func hasNumber(e ast.Expr) (found bool) {
	if e == nil {
		return false
	}
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.INT {
			v, err := strconv.ParseUint(lit.Value, 0, 64)
			found = found || err != nil || v > 1
		}
		if b, ok := n.(*ast.BinaryExpr); ok && (b.Op == token.QUO || b.Op == token.REM) {
			found = found || hasNumber(b.X)
			return false
		}
		_, call := n.(*ast.CallExpr)
		return !call
	})
	return found
}
