package foreign

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// numbered is the name of a piece of a file that was cut: what it is a piece of, a
// dot, and at least two digits.
var numbered = regexp.MustCompile(`^(.+)\.([0-9]{2,9})$`)

// Pieces are the files that a file was cut into.
type Pieces struct {
	First string // the name of the first one that is there
	Next  string // the name of the one that follows; empty if there is none
}

// PieceOf reports whether a file is one of several pieces that lie beside each
// other, as tools cut files that are too large: x.vmdk.000000000, x.vmdk.000000001.
func PieceOf(src disk.Source) (Pieces, bool) {
	name := path.Base(src.Name)
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return Pieces{}, false
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return Pieces{}, false
	}
	beside := beside(src)
	numbered := func(n int) string { return fmt.Sprintf("%s.%0*d", m[1], len(m[2]), n) }
	p := Pieces{First: name}
	if next := numbered(n + 1); slices.Contains(beside, next) && !whole(src, next) {
		p.Next = next
	}
	for n > 0 && slices.Contains(beside, numbered(n-1)) {
		n--
		p.First = numbered(n)
	}
	return p, p.First != name || p.Next != ""
}

// whole reports whether a file beside this one is an image itself: backups that
// are numbered are no pieces.
func whole(src disk.Source, name string) bool {
	other, _, err := src.Opener.OpenFile(name)
	if err != nil {
		return false
	}
	defer other.Close()
	b := make([]byte, unpackedBytes)
	n, _ := other.ReadAt(b, 0)
	return image(b[:n]) != ""
}

// beside are the names of the files that lie beside one.
func beside(src disk.Source) []string {
	l, ok := src.Opener.(disk.Lister)
	if !ok {
		return nil
	}
	names, err := l.List()
	if err != nil {
		return nil
	}
	return names
}

// roles are the endings that VMware gives to files which a descriptor names.
var roles = []struct{ ending, what string }{
	{"-flat", "the extent of a disk without a header"},
	{"-rdm", "the map of a raw device"},
	{"-rdmp", "the map of a raw device"},
	{"-delta", "a layer of a disk"},
	{"-sesparse", "a layer of a disk"},
	{"-ctk", "the list of changed blocks that backups use"},
}

// flatPiece is the name of a piece of a disk that is split into flat files.
var flatPiece = regexp.MustCompile(`-f[0-9]{3}$`)

// neighbour recognises a file by its name and by what lies beside it.
func (f *file) neighbour() (Content, bool) {
	if p, ok := PieceOf(f.src); ok && p.First != path.Base(f.src.Name) {
		return Content{What: "by its name a later piece of " + decode.InQuotes(p.First), Advice: "join the pieces in their order, then open the whole"}, true
	}
	name := path.Base(f.src.Name)
	stem := strings.TrimSuffix(name, path.Ext(name))
	if !strings.EqualFold(path.Ext(name), ".vmdk") {
		return Content{}, false
	}
	if at := flatPiece.FindStringIndex(stem); at != nil {
		return f.partOf(stem[:at[0]], "an extent of a disk without a header")
	}
	for _, r := range roles {
		if base, ok := strings.CutSuffix(stem, r.ending); ok {
			return f.partOf(base, r.what)
		}
	}
	return f.lostDescriptor(stem)
}

// partOf names a file that the descriptor of the given name belongs to.
func (f *file) partOf(base, what string) (Content, bool) {
	if c, ok := f.plainDisk(); ok {
		what += ", and has " + c.What
	}
	descriptor := base + ".vmdk"
	if slices.Contains(beside(f.src), descriptor) {
		return Content{What: what, Advice: fmt.Sprintf("open its descriptor %s; --format raw shows this file alone", decode.InQuotes(descriptor))}, true
	}
	return Content{What: what, Advice: fmt.Sprintf("its descriptor, by its name %s, does not lie beside it: platter create makes one with --describe; --format raw shows this file alone", decode.InQuotes(descriptor))}, true
}

// lostDescriptor recognises a small file in whose place a descriptor would be.
func (f *file) lostDescriptor(stem string) (Content, bool) {
	flat := stem + "-flat.vmdk"
	if f.size > headBytes || !slices.Contains(beside(f.src), flat) {
		return Content{}, false
	}
	return Content{What: fmt.Sprintf("no descriptor, though %s beside it needs one by this name", decode.InQuotes(flat)),
		Advice: fmt.Sprintf("restore the descriptor from a backup, or make one with platter create %s --describe %s --force; --format raw reads the disk from that file", stem+".vmdk", flat)}, true
}
