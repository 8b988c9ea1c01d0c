package store

import (
	"path"
	"strings"
	"sync"
	"unicode"
)

// Listing is an Opener that lists each folder once: an image may name thousands of
// files that are not there, and each is looked for in any case. It is for one opening
// of an image: what comes into a folder later is not found in another case of letters.
type Listing struct {
	Opener
	mu   sync.Mutex
	dirs map[string]listed
}

// listed is a folder's content.
type listed struct {
	exact  map[string]bool
	folded map[string]string // the first name of each, by its letters without case
	err    error
}

// NewListing is a listing of the folders of o.
func NewListing(o Opener) *Listing { return &Listing{Opener: o, dirs: map[string]listed{}} }

// find looks for a base name in a folder, exact if possible, else in any case.
func (l *Listing) find(dir, base string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.dirs[dir]
	if !ok {
		d = listed{exact: map[string]bool{}, folded: map[string]string{}}
		var names []string
		names, d.err = l.ReadDir(dir)
		for _, n := range names {
			d.exact[n] = true
			if key := folded(n); d.folded[key] == "" {
				d.folded[key] = n
			}
		}
		l.dirs[dir] = d
	}
	switch found := d.folded[folded(base)]; {
	case d.err != nil:
		return "", d.err
	case d.exact[base]:
		return path.Join(dir, base), nil
	case found != "":
		return path.Join(dir, found), nil
	}
	return "", notExist
}

// folded is the same for two names that differ in the case of letters only, in the
// way of [strings.EqualFold].
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}
