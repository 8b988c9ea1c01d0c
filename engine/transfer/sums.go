package transfer

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Sum is a line of a list of digests: what is expected of what has a name.
type Sum struct {
	Digest
	Name string
}

// maxSums bounds how long a list of digests may be, in bytes.
const maxSums = 16 << 20

// ReadSums reads a list of digests as sha256sum and its like write it: a digest, a space,
// a space or a star, and a name; or, with --tag, "SHA256 (name) = digest". A digest
// without a tag is of the algorithm of its length; of two of the same length the one that is
// among those preferred, else SHA-256. Empty lines and those that begin with # say nothing;
// any other line is an error.
func ReadSums(r io.Reader, preferred []string) ([]Sum, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSums+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSums {
		return nil, fmt.Errorf("the list is longer than %d bytes: expected lines of a digest and a name", maxSums)
	}
	var list []Sum
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		s, ok := sumOf(line, preferred)
		if !ok {
			return nil, fmt.Errorf("line %d is no digest and name: expected lines as sha256sum writes them", number)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the list is empty: expected lines of a digest and a name")
	}
	return list, nil
}

// sumOf reads a line of a list.
func sumOf(line string, preferred []string) (Sum, bool) {
	escaped := strings.HasPrefix(line, `\`)
	line = strings.TrimPrefix(line, `\`)
	s, ok := tagged(line)
	if !ok {
		sum, rest, found := strings.Cut(line, " ")
		if !found || len(rest) < 2 || rest[0] != ' ' && rest[0] != '*' {
			return Sum{}, false
		}
		s = Sum{Digest{algorithmOf(sum, preferred), sum}, rest[1:]}
	}
	if escaped {
		s.Name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(s.Name)
	}
	s.Hex = strings.ToLower(s.Hex)
	return s, s.Algorithm != "" && digestLength(s.Algorithm) == len(s.Hex) && isHex(s.Hex)
}

// tagged reads a line of the form of --tag.
func tagged(line string) (Sum, bool) {
	tag, rest, ok := strings.Cut(line, " (")
	end := strings.LastIndex(rest, ") = ")
	if !ok || end < 0 || !known(tag) {
		return Sum{}, false
	}
	return Sum{Digest{strings.ToLower(tag), rest[end+4:]}, rest[:end]}, true
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// algorithmOf is the algorithm whose digests have that length; empty if there is none.
func algorithmOf(sum string, preferred []string) string {
	found := ""
	for _, a := range algorithms {
		if digestLength(a.name) != len(sum) {
			continue
		}
		for _, p := range preferred {
			if strings.EqualFold(p, a.name) {
				return a.name
			}
		}
		if found == "" {
			found = a.name
		}
	}
	return found
}

// digestLength is how many hex digits a digest has.
func digestLength(name string) int {
	for _, a := range algorithms {
		if a.name == name {
			return 2 * a.make().Size()
		}
	}
	return 0
}

// ByName puts together the digests of each name, in the order in which the names come.
func ByName(list []Sum) [][]Sum {
	var groups [][]Sum
	at := map[string]int{}
	for _, s := range list {
		i, seen := at[s.Name]
		if !seen {
			i = len(groups)
			at[s.Name], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// Asked lists the algorithms of digests.
func Asked(list []Sum) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Algorithm)
	}
	return names
}
