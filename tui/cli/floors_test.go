package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors are the rooms of the program. A package imports packages of lower
// floors only; those on one floor never import each other. The longest prefix
// of a package's path decides.
var floors = map[string]int{
	"decode": 0, "keymap": 0, "tui/quiet": 0,
	"decode/": 1, "engine/store": 1, "views/theme": 1,
	"views/grid": 2, "engine/disk": 2, "decode/reference": 2, "engine/pages": 2,
	"views/hexgrid": 3, "tui/wire": 3, "engine/foreign": 3, "engine/guest": 3, "engine/layer": 3, "engine/nbd": 3, "engine/space": 3, "engine/transfer": 3,
	"engine/": 4, // the formats read and checked; search, locate, compare, eyes
	"views":   5, "engine/vhd/writer": 5, "engine/vhdx/writer": 5, "engine/vmdk/writer": 5, "engine/raw/writer": 5,
	"views/widget/": 6, "engine/sample": 6, "engine/damage": 6, "tui/lessons": 6,
	"views/": 7, "engine": 7,
	"tui": 8, "engine/edit": 8,
	"tui/cli": 9, "tui/cli/shot": 9,
	"": 10,
}

// forTests are packages that only tests import.
var forTests = []string{"decode/decodetest", "engine/enginetest", "engine/store/storetest", "tui/wire/wiretest", "views/viewtest"}

// terminal packages appear in the rooms that paint, and nowhere else.
var terminal = []string{"github.com/charmbracelet/bubbletea", "github.com/charmbracelet/lipgloss", "github.com/charmbracelet/bubbles"}

// root is the module's folder.
const root = "../.."

// source is a Go file of the module, parsed.
type source struct {
	path string // with slashes, from the root
	pkg  string // its package's path in the module, "" for the root
	test bool
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T, mode parser.Mode) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go"):
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, p, nil, mode)
		if err != nil {
			return err
		}
		if p, err = filepath.Rel(root, p); err != nil {
			return err
		}
		p = filepath.ToSlash(p)
		pkg := path.Dir(p)
		if pkg == "." {
			pkg = ""
		}
		list = append(list, source{p, pkg, strings.HasSuffix(p, "_test.go"), file, fset})
		return nil
	})
	if err != nil || len(list) < 10 {
		t.Fatalf("%d Go files: %v", len(list), err)
	}
	return list
}

func floor(pkg string) (int, bool) {
	f, ok := floors[pkg]
	for dir := pkg; !ok && strings.Contains(dir, "/"); {
		dir = path.Dir(dir)
		f, ok = floors[dir+"/"]
	}
	return f, ok
}

func isForTests(pkg string) bool {
	for _, p := range forTests {
		if pkg == p {
			return true
		}
	}
	return false
}

func TestFloors(t *testing.T) {
	for _, s := range sources(t, parser.ImportsOnly) {
		own, ok := floor(s.pkg)
		if !ok && !isForTests(s.pkg) {
			t.Errorf("%s: package %q has no floor", s.path, s.pkg)
			continue
		}
		for _, imp := range s.file.Imports {
			to, _ := strconv.Unquote(imp.Path.Value)
			pkg, ours := strings.CutPrefix(to, "platter/")
			switch {
			case !ours:
				if isTerminal(to) && s.pkg != "tui" && !strings.HasPrefix(s.pkg, "views") && !s.test {
					t.Errorf("%s imports %s: only tui and views know the terminal", s.path, to)
				}
			case s.test || isForTests(s.pkg):
			case isForTests(pkg):
				t.Errorf("%s imports %s, which is for tests", s.path, pkg)
			default:
				if f, _ := floor(pkg); f >= own && pkg != s.pkg {
					t.Errorf("%s, floor %d, imports %s of floor %d", s.path, own, pkg, f)
				}
			}
		}
	}
}

func isTerminal(pkg string) bool {
	for _, p := range terminal {
		if pkg == p || strings.HasPrefix(pkg, p+"/") {
			return true
		}
	}
	return false
}

// TestPlainTwinsKnowNoTerminal holds that the reports, which run in pipes, do
// not load what asks the terminal questions.
func TestPlainTwinsKnowNoTerminal(t *testing.T) {
	for _, s := range sources(t, parser.ImportsOnly) {
		for _, imp := range s.file.Imports {
			to, _ := strconv.Unquote(imp.Path.Value)
			if s.pkg == "views/report" && (isTerminal(to) || to == "platter/views" || strings.HasPrefix(to, "platter/tui")) {
				t.Errorf("%s imports %s", s.path, to)
			}
		}
	}
}

// TestViewsKnowNoFormat holds that screens and reports see images through the
// contract only.
func TestViewsKnowNoFormat(t *testing.T) {
	hidden := []string{"engine", "engine/vhd", "engine/vhdx", "engine/vmdk", "engine/raw", "engine/guest", "engine/sample", "engine/edit"}
	for _, s := range sources(t, parser.ImportsOnly) {
		if s.test || s.pkg != "tui" && !strings.HasPrefix(s.pkg, "views") {
			continue
		}
		for _, imp := range s.file.Imports {
			to, _ := strconv.Unquote(imp.Path.Value)
			for _, pkg := range hidden {
				if to == "platter/"+pkg {
					t.Errorf("%s imports %s", s.path, to)
				}
			}
		}
	}
}

// TestExportedNamesAreDocumented reads every declaration that another package
// can see.
func TestExportedNamesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t, parser.ParseComments) {
		if s.test {
			continue
		}
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no comment", s.path, name)
			}
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %q has no comment", pkg)
		}
	}
}

// undocumented lists the exported names of a declaration that no comment
// explains: neither their own, nor one on their group.
func undocumented(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					if n.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// exportedReceiver reports whether a function, or the type that a method
// belongs to, can be named elsewhere. The methods of hidden types are
// documented where the interface is that they satisfy.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch e := typ.(type) {
		case *ast.StarExpr:
			typ = e.X
		case *ast.IndexExpr:
			typ = e.X
		case *ast.IndexListExpr:
			typ = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return true
		}
	}
}
