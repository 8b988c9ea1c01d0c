package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/views"
	"platter/views/hexpane"
)

// resolved is where an expression leads.
type resolved struct {
	image disk.Image
	spot  views.Spot
	err   error
}

// resolve finds out where an expression leads, in the background: names need
// the tree.
func (m *model) resolve(text string) tea.Cmd {
	img, here := m.image, views.Spot{}
	for i := range m.views {
		if t, ok := m.traveller(i); ok {
			here = t.Here()
			break
		}
	}
	return func() tea.Msg {
		spot, err := locate(img, here, text)
		return resolved{img, spot, err}
	}
}

func (m *model) resolved(msg resolved) tea.Cmd {
	switch {
	case msg.image != m.image:
		return nil
	case msg.err != nil:
		m.say(msg.err.Error(), true)
		return nil
	}
	return m.jump(msg.spot)
}

// locate reads an expression: an offset in the present file, or the name of a
// structure or field.
func locate(img disk.Image, here views.Spot, text string) (views.Spot, error) {
	i := slices.IndexFunc(img.Files(), func(f disk.File) bool { return f.Name == here.Place.File })
	if i < 0 {
		i = 0
	}
	if files := img.Files(); i < len(files) {
		off, ok, err := offset(text, here.Place.Offset, files[i].Size)
		if err != nil {
			return views.Spot{}, err
		}
		if ok {
			return views.Spot{Place: decode.Place{File: files[i].Name, Offset: off}}, nil
		}
	}
	if path, n, ok := findName(img.Tree(), text); ok {
		return views.Spot{Place: n.Place, Path: path}, nil
	}
	return views.Spot{}, fmt.Errorf("%q is no offset, and no structure or field has this name", text)
}

// offset reads an offset in bytes: 0x1f00, 8000, 8k, 100s, sec 5; end-512;
// +0x200, -8k and sec+3 from here. It reports false for what is none.
func offset(text string, here, size int64) (int64, bool, error) {
	t := strings.ToLower(strings.TrimSpace(text))
	t = strings.TrimSpace(strings.TrimPrefix(t, "file:"))
	base, unit, sign := int64(0), uint64(1), int64(1)
	if rest, ok := strings.CutPrefix(t, "end"); ok {
		if rest == "" {
			return max(size-1, 0), true, nil
		}
		t, base = strings.TrimSpace(rest), size
	} else if rest, ok := strings.CutPrefix(t, "sec"); ok {
		t, unit = strings.TrimSpace(rest), hexpane.SectorSize
	}
	if t != "" && (t[0] == '+' || t[0] == '-') {
		if base == 0 {
			base = here
		}
		if t[0] == '-' {
			sign = -1
		}
		t = t[1:]
	}
	n, err := decode.ParseSize(strings.TrimSpace(t))
	if err != nil || t == "" || !unicode.IsDigit(rune(strings.TrimSpace(t)[0])) {
		return 0, false, nil
	}
	return place(base, sign, n, unit, size)
}

var errOutside = errors.New("outside the file")

func place(base, sign int64, n, unit uint64, size int64) (int64, bool, error) {
	outside := func() (int64, bool, error) {
		return 0, false, fmt.Errorf("%w, which has %d bytes", errOutside, size)
	}
	if n > uint64(1<<62)/unit {
		return outside()
	}
	off := base + sign*int64(n*unit)
	if off < 0 || off >= max(size, 1) {
		return outside()
	}
	return off, true, nil
}

// Bounds on how much of a tree is searched for a name.
const (
	nameDepth    = 4
	nameChildren = 256
	nameNodes    = 8192
)

// seen is a node that the search came by.
type seen struct {
	path []int
	node decode.Node
}

// below lists the nodes under a node, level by level, as far as they are few.
func below(root decode.Node, depth, limit int) []seen {
	list := []seen{{nil, root}}
	for i := 0; i < len(list) && len(list) < limit; i++ {
		s := list[i]
		if len(s.path) >= depth || s.node.Len() > nameChildren {
			continue
		}
		for c := range s.node.Len() {
			list = append(list, seen{append(slices.Clone(s.path), c), s.node.Child(c)})
		}
	}
	return list
}

// findName finds a node by its name, or by names with dots between them, each
// below the one before: "header 2", "hdr2.log_offset", "bat 12".
func findName(root decode.Node, text string) ([]int, decode.Node, bool) {
	at := seen{[]int{}, root}
	for i, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '/' }) {
		next, ok := best(at, part, i == 0)
		if !ok {
			return nil, decode.Node{}, false
		}
		at = next
	}
	return at.path, at.node, len(at.path) > 0
}

// best is the node below at whose name fits a word best; the first of equals.
func best(at seen, word string, anywhere bool) (seen, bool) {
	depth := 2
	if anywhere {
		depth = nameDepth
	}
	list := below(at.node, depth, nameNodes)[1:]
	score, found := 0, seen{}
	consider := func(s seen, n int) {
		if n > score {
			score, found = n, s
		}
	}
	name, number := splitNumber(word)
	for _, s := range list {
		consider(s, likeness(normal(word), normal(s.node.Name)))
		if child, ok := element(s, name, number); ok {
			consider(child, 2)
		}
	}
	found.path = append(slices.Clone(at.path), found.path...)
	return found, score > 0
}

// element is child number n of a long list: "bat 12", "grain table[7]".
func element(s seen, name string, number int) (seen, bool) {
	if name == "" || number < 0 || number >= s.node.Len() || likeness(normal(name), normal(s.node.Name)) < 3 {
		return seen{}, false
	}
	return seen{append(slices.Clone(s.path), number), s.node.Child(number)}, true
}

// splitNumber parts a number from the end of a word: "bat[12]" is "bat", 12.
func splitNumber(word string) (string, int) {
	word = strings.TrimRight(word, "] ")
	name := strings.TrimRightFunc(word, unicode.IsDigit)
	n, err := strconv.Atoi(word[len(name):])
	if err != nil {
		return "", -1
	}
	return strings.TrimRight(name, "[ "), n
}

// normal is a name without case, blanks and signs.
func normal(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// likeness is how well a typed name fits: 4 the same, 3 how it begins, 1 an
// abbreviation with the same first letter and all digits; 0 not at all.
func likeness(typed, name string) int {
	switch {
	case typed == "" || name == "":
		return 0
	case typed == name:
		return 4
	case strings.HasPrefix(name, typed):
		return 3
	case typed[0] == name[0] && abbreviates(typed, name):
		return 1
	}
	return 0
}

func abbreviates(typed, name string) bool {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return r
			}
			return -1
		}, s)
	}
	if digits(typed) != digits(name) {
		return false
	}
	rest := []rune(typed)
	for _, r := range name {
		if len(rest) > 0 && rest[0] == r {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

// nodeNames lists what a prompt can complete: structures, and their fields.
func nodeNames(root decode.Node) []string {
	var out []string
	for _, s := range below(root, 3, 1024)[1:] {
		name := decode.Printable(s.node.Name)
		if s.node.Field != nil {
			parent := root
			for _, i := range s.path[:len(s.path)-1] {
				parent = parent.Child(i)
			}
			name = decode.Printable(parent.Name) + "." + name
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
