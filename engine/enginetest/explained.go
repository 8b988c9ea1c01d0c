package enginetest

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateExplained = flag.Bool("update-explained", false, "rewrite the tables of what is said of each finding")

// Explained goes through the source of the format package in the working directory: every
// place that makes a finding, with its code, and the rules, with what they say of the code.
// Each condition that is used is explained, each that is explained is used, and no explanation
// is empty. What stands beside what is held in testdata/explained.golden: who adds a place that
// makes a finding reads there whether what is said of its code is true of it too.
func Explained(t *testing.T) {
	t.Helper()
	s := sites{rules: map[string]explanation{}, used: map[string][]string{}}
	s.read(t)
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(s.rules)) {
		r := s.rules[code]
		s.table(t, &b, code, r.text)
		for _, c := range slices.Sorted(maps.Keys(r.conditions)) {
			if len(s.used[code+":"+c]) == 0 {
				t.Errorf("nothing is found under %s:%s", code, c)
			}
			s.table(t, &b, code+":"+c, r.conditions[c])
		}
	}
	for used := range s.used {
		code, c, _ := strings.Cut(used, ":")
		if _, ok := s.rules[code].conditions[c]; c != "" && !ok {
			t.Errorf("%s is found, and not explained", used)
		}
	}
	const golden = "testdata/explained.golden"
	if *updateExplained {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != b.String() {
		t.Errorf("%s differs (%v): read what is said of the new place, and run the test with -update-explained", golden, err)
	}
}

// explanation is what a rule says.
type explanation struct {
	text       string
	conditions map[string]string
}

// sites are the places that make findings.
type sites struct {
	rules map[string]explanation
	used  map[string][]string // what is said where, by code and condition
}

// table writes what is said of a code or condition, and what is found under it.
func (s *sites) table(t *testing.T, b *strings.Builder, code, text string) {
	if text == "" {
		t.Errorf("nothing is said of %s", code)
	}
	fmt.Fprintf(b, "%s: %s\n", code, text)
	slices.Sort(s.used[code])
	for _, found := range s.used[code] {
		fmt.Fprintf(b, "\t%s\n", found)
	}
}

func (s *sites) read(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if name == "rules.go" {
			s.readRules(file)
		}
		files = append(files, file)
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				s.call(n)
			case *ast.BasicLit:
				if code := literal(n); strings.Contains(code, ":") {
					s.use(code, "...")
				}
			}
			return true
		})
	}
}

// readRules reads the literal of the rules.
func (s *sites) readRules(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		rule, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		fields, ok := rule.Value.(*ast.CompositeLit)
		if !ok || literal(rule.Key) == "" {
			return true
		}
		e := explanation{conditions: map[string]string{}}
		for _, f := range fields.Elts {
			f, ok := f.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch name, _ := f.Key.(*ast.Ident); name.Name {
			case "Detail":
				e.text = literal(f.Value)
			case "For":
				for _, c := range f.Value.(*ast.CompositeLit).Elts {
					c := c.(*ast.KeyValueExpr)
					e.conditions[literal(c.Key)] = literal(c.Value)
				}
			}
		}
		s.rules[literal(rule.Key)] = e
		return false
	})
}

// makers are the functions that make findings of a code.
var makers = []string{"add", "addAs", "error", "warn", "note", "found", "lost", "costing", "finding", "worded", "Finding"}

// call notes a call that makes a finding, with the words that follow the code.
func (s *sites) call(n *ast.CallExpr) {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	if !slices.Contains(makers, name) {
		return
	}
	for i, arg := range n.Args {
		if code := literal(arg); s.known(code) {
			words := "..."
			for _, later := range n.Args[i+1:] {
				if text := firstWords(later); text != "" {
					words = text
					break
				}
			}
			s.use(code, words)
			return
		}
	}
}

func (s *sites) known(code string) bool {
	base, _, _ := strings.Cut(code, ":")
	_, ok := s.rules[base]
	return ok
}

func (s *sites) use(code, words string) {
	if s.known(code) && !slices.Contains(s.used[code], words) {
		s.used[code] = append(s.used[code], words)
	}
}

// firstWords is the first literal text in an expression.
func firstWords(e ast.Expr) (text string) {
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && text == "" {
			text = literal(x)
		}
		return text == ""
	})
	return text
}

// literal is the text of a string literal; empty for anything else.
func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return text
}
