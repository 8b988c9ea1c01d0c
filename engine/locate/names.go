package locate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"platter/decode"
	"platter/engine/disk"
)

// shortNames are the words that people type for a structure's name.
var shortNames = map[string]string{
	"hdr": "header", "ftr": "footer", "rt": "regiontable", "region": "regiontable", "meta": "metadata",
	"desc": "descriptor", "gd": "graindirectory", "rgd": "redundantgraindirectory", "gt": "graintable", "dyn": "dynamicheader",
	"bat": "blockallocationtable", "ident": "fileidentifier", "loc": "locator", "mbr": "masterbootrecord", "gpt": "gptheader",
}

// plainName is a name without case, spaces and signs.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// typedName is how a node's name is typed: LogOffset becomes log_offset.
func typedName(s string) string {
	var b strings.Builder
	gap, lower := false, false
	for _, r := range s {
		word := unicode.IsLetter(r) || unicode.IsDigit(r)
		if word && b.Len() > 0 && (gap || lower && unicode.IsUpper(r)) {
			b.WriteByte('_')
		}
		if word {
			b.WriteRune(unicode.ToLower(r))
		}
		gap, lower = !word, word && !unicode.IsUpper(r)
	}
	return b.String()
}

// fit tells how well a node's name answers a word: better is less; 0 is not
// at all.
func fit(name, word string) int {
	plain, word := plainName(name), plainName(word)
	letters := strings.TrimRightFunc(word, unicode.IsDigit)
	long := shortNames[letters]
	if long != "" {
		long += word[len(letters):]
	}
	switch {
	case word == "" || plain == "":
		return 0
	case plain == word:
		return 1
	case plain == long:
		return 2
	case strings.HasPrefix(plain, word):
		return 3
	case long != "" && strings.HasPrefix(plain, long):
		return 4
	case hasWord(name, word) || long != "" && hasWord(name, long):
		return 5
	}
	return 0
}

// hasWord reports whether a later word of the name starts so.
func hasWord(name, word string) bool {
	typed := typedName(name)
	for i := range typed {
		if typed[i] == '_' && strings.HasPrefix(strings.ReplaceAll(typed[i:], "_", ""), word) {
			return true
		}
	}
	return false
}

// isFile reports whether a node stands for a whole file: it is called like
// one, and meant only by its whole name.
func isFile(n decode.Node) bool { return n.Name == n.Place.File }

// Bounds on the search for a name: it is made for structures, not for entries.
const (
	nameDepth = 6
	nameGroup = 1024
	nameNodes = 20_000
)

// named finds the node below root that the words lead to; file is preferred
// where several have it.
func named(root decode.Node, path, file string) (decode.Node, error) {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(words) == 0 {
		return decode.Node{}, fmt.Errorf("expected the name of a structure")
	}
	n := root
	for _, w := range words {
		next, err := step(n, w, file)
		if err != nil {
			return decode.Node{}, err
		}
		n = next
	}
	return n, nil
}

// step finds the node that a word names: a child by its number, or the
// nearest descendant whose name fits best.
func step(n decode.Node, word, file string) (decode.Node, error) {
	if i, err := strconv.Atoi(word); err == nil {
		if i < 0 || i >= n.Len() {
			return decode.Node{}, fmt.Errorf("%s has %d parts, no number %d", decode.Printable(n.Name), n.Len(), i)
		}
		return n.Child(i), nil
	}
	found := candidates(n, word)
	if mine := slices.DeleteFunc(slices.Clone(found), func(c decode.Node) bool { return c.Place.File != file }); len(mine) > 0 {
		found = mine
	}
	switch {
	case len(found) == 0 && n.Name == "":
		return decode.Node{}, fmt.Errorf("nothing is called %q", decode.Printable(word))
	case len(found) == 0:
		return decode.Node{}, fmt.Errorf("%s has nothing called %q", decode.Printable(n.Name), decode.Printable(word))
	case len(found) > 1:
		return decode.Node{}, &disk.Ambiguous{Word: word, Nodes: found}
	}
	return found[0], nil
}

// candidates lists the nodes that fit a word best on the first level that has
// any; the same place counts once.
func candidates(root decode.Node, word string) []decode.Node {
	level, visited := []decode.Node{root}, 0
	for depth := 0; depth < nameDepth && len(level) > 0; depth++ {
		var below, found []decode.Node
		best := 0
		for _, parent := range level {
			if parent.Len() > nameGroup {
				continue
			}
			for i := range parent.Len() {
				if visited++; visited > nameNodes {
					return found
				}
				c := parent.Child(i)
				if c.Len() > 0 {
					below = append(below, c)
				}
				switch f := fit(c.Name, word); {
				case f == 0 || best > 0 && f > best || f > 1 && isFile(c):
				case f == best:
					found = append(found, c)
				default:
					best, found = f, []decode.Node{c}
				}
			}
		}
		if len(found) > 0 {
			return slices.CompactFunc(found, func(a, b decode.Node) bool { return a.Place == b.Place })
		}
		level = below
	}
	return nil
}
