package store

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// maxName bounds a path found in an image; no format holds a longer one.
const maxName = 32 << 10

// claim is a path found in an image, understood but not yet trusted.
type claim struct {
	path     string // slash-separated
	absolute bool
	drive    bool // absolute with a drive letter
}

// parseClaim sorts a path found in an image by kind. Both slashes separate,
// since images travel between systems. Network names and device names are
// refused here, whatever the host would make of them.
func parseClaim(claimed string) (claim, error) {
	if claimed == "" || len(claimed) > maxName || strings.ContainsRune(claimed, 0) {
		return claim{}, ErrBadName
	}
	p := strings.ReplaceAll(claimed, `\`, "/")
	if rest, ok := cutFold(p, "file:///"); ok {
		p = "/" + rest
		if hasDrive(rest) {
			p = rest
		}
	}
	if rest, ok := cutFold(p, "//?/"); ok && !isUNC(rest) {
		if !hasDrive(rest) {
			return claim{}, ErrOutside
		}
		p = rest
	}
	switch {
	case strings.HasPrefix(p, "//./"):
		return claim{}, ErrNotRegular
	case strings.HasPrefix(p, "//"), hasScheme(p):
		return claim{}, ErrNetworkName
	case hasDrive(p):
		return claim{path: p, absolute: true, drive: true}, streamless(p[2:])
	}
	return claim{path: p, absolute: p[0] == '/'}, streamless(p)
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func isUNC(p string) bool {
	_, ok := cutFold(p, "UNC/")
	return ok
}

func hasDrive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && isLetter(p[0])
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hasScheme tells "smb://host" from a path; a drive letter alone is no scheme.
func hasScheme(p string) bool {
	scheme, _, found := strings.Cut(p, "://")
	if !found || len(scheme) < 2 || !isLetter(scheme[0]) {
		return false
	}
	return !strings.ContainsFunc(scheme, func(r rune) bool {
		return !(r < 0x80 && (isLetter(byte(r)) || r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.'))
	})
}

// streamless refuses a colon where it opens another stream of the same file.
func streamless(p string) error {
	if runtime.GOOS == "windows" && strings.Contains(p, ":") {
		return ErrBadName
	}
	return nil
}

// join places a relative claim beside the file that made it.
func (c claim) join(from string) string { return path.Join(path.Dir(from), c.path) }

// base is the last element, as a fallback where the whole path may not be followed.
func (c claim) base() string { return path.Base(c.path) }

// inside tells whether a cleaned name stays below the folder it is relative to.
func inside(name string) bool {
	return name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name) &&
		filepath.IsLocal(filepath.FromSlash(name))
}

// resolveInside is Resolve for a folder without further allowed ones.
func resolveInside(from, claimed string) (string, error) {
	c, err := parseClaim(claimed)
	switch {
	case err != nil:
		return "", nameErr("resolve", claimed, err)
	case c.absolute || !inside(c.join(from)):
		return "", nameErr("resolve", claimed, ErrOutside)
	}
	return c.join(from), nil
}

// Find looks in a folder for a base name, exact if possible, else in any case:
// images come from systems that do not tell "BASE.VHD" from "base.vhd". Of a
// path it takes the last element. A folder that is not there is looked for in
// the same way. No match is fs.ErrNotExist.
func Find(o Opener, dir, claimed string) (string, error) {
	base := claimed[strings.LastIndexAny(claimed, `/\`)+1:]
	name, err := o.Resolve(path.Join(dir, "."), base)
	if err != nil {
		return "", err
	}
	found, err := findIn(o, dir, base)
	if errors.Is(err, fs.ErrNotExist) && path.Dir(dir) != dir {
		if dir, err = findFolder(o, dir); err == nil {
			found, err = findIn(o, dir, base)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", nameErr("find", name, notExist)
	}
	return found, err
}

// findIn looks for a base name in a folder that is there.
func findIn(o Opener, dir, base string) (string, error) {
	l, ok := o.(*Listing)
	if !ok {
		l = NewListing(o)
	}
	return l.find(dir, base)
}

// maxFolders bounds the folders that are gone through to one whose name
// differs in case: an image may name thousands of files in thousands of folders.
const maxFolders = 32

// findFolder finds a folder below the image's own, each part of its path in any
// case, from the top down.
func findFolder(o Opener, dir string) (string, error) {
	parts := strings.Split(path.Clean(dir), "/")
	if len(parts) > maxFolders {
		return "", notExist
	}
	at := "."
	for _, part := range parts {
		next, err := findIn(o, at, part)
		if err != nil {
			return "", err
		}
		at = next
	}
	return at, nil
}
