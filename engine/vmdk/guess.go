package vmdk

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// Guess is an extent that a descriptor should have.
type Guess struct {
	Line    string // of the descriptor; empty if it has it
	Name    string // of the file
	Type    string
	Sectors uint64
	Over    int64 // bytes of a flat file after them

	described bool // there is a descriptor inside
}

// Guesses are the extents that the descriptor has lines for; where it has none,
// those that it would usually name.
func (t Text) Guesses() (list []Guess) {
	if len(t.Understood().Extents) > 0 {
		for _, l := range t.Extents() {
			list = append(list, Guess{Name: l.Extent.Name, Type: l.Extent.Type, Sectors: l.Extent.Sectors})
		}
		return list
	}
	name := path.Base(t.image.main.Name)
	if !t.image.separate {
		if t.image.main.sparse == nil || t.image.main.sparse.capacity() == 0 || !plain(name) {
			return nil
		}
		n := t.image.main.sparse.capacity()
		return []Guess{{Line: fmt.Sprintf("RW %d %s %q", n, vmdk.TypeSparse, name), Name: name, Type: vmdk.TypeSparse, Sectors: n}}
	}
	base := strings.TrimSuffix(name, path.Ext(name))
	for _, pattern := range []string{"-flat", "-f%03d", "-s%03d", "-delta", "-sesparse"} {
		if list = filesLike(t.image.src.Opener, base+pattern+".vmdk"); len(list) > 0 {
			return list
		}
	}
	return nil
}

// canDescribe reports whether the descriptor can be rewritten.
func (t Text) canDescribe() bool { return !encrypted(t.Descriptor) && len(t.Guesses()) > 0 }

// Files opens files by their names, as [disk.Opener] does.
type Files interface {
	OpenFile(name string) (store.File, string, error)
}

// numbered is the name of a piece of a split disk: what is common to all, and a number.
var numbered = regexp.MustCompile(`^(.*-[fs])[0-9]{3,}(\.vmdk)$`)

// PiecesOf are the extents that a descriptor of a file has: the file, and where it is one
// of several numbered ones all of them (vmdk.md 2.4).
func PiecesOf(files Files, name string) ([]Guess, error) {
	list := []Guess{guess(files, name)}
	if m := numbered.FindStringSubmatch(name); m != nil {
		if all := filesLike(files, m[1]+"%03d"+m[2]); len(all) > 0 {
			list = all
		}
	}
	at := decode.Place{File: name}
	switch {
	case !plain(name):
		return nil, disk.Errorf(disk.Unsupported, at, "the name can't be written into a descriptor whatever its encoding: rename the file")
	case list[0].described:
		return nil, disk.Errorf(disk.NotThisFormat, at, "the file has a descriptor inside, or is one: it is opened by itself")
	case list[0].Sectors == 0:
		return nil, disk.Errorf(disk.NotThisFormat, at, "the file can't be the extent of a disk: it can't be read, or holds less than a sector")
	}
	return list, nil
}

// maxGuessed bounds how many extents are looked for by their usual names.
const maxGuessed = 1000

// filesLike are the files whose names follow a pattern, which may count from 1.
func filesLike(files Files, pattern string) (list []Guess) {
	if !plain(pattern) || files == nil {
		return nil
	}
	counted := strings.Contains(pattern, "%03d")
	for i := 1; i <= maxGuessed && (counted || i == 1); i++ {
		name := pattern
		if counted {
			name = fmt.Sprintf(pattern, i)
		}
		g := guess(files, name)
		if g.Sectors == 0 {
			break
		}
		list = append(list, g)
	}
	return list
}

// guess is the extent that a file can be; 0 sectors if there is none.
func guess(files Files, name string) (none Guess) {
	handle, rel, err := files.OpenFile(name)
	if err != nil {
		return none
	}
	defer handle.Close()
	f, err := newFile(rel, handle)
	if err != nil {
		return none
	}
	b, err := f.head(0, sniffBytes)
	if err != nil {
		return none
	}
	kind := kindOf(b)
	if kind == vmdk.KindNone {
		n := f.flatSectors()
		return Guess{fmt.Sprintf("RW %d %s %q 0", n, vmdk.TypeFlat, name), name, vmdk.TypeFlat, n, f.Size - int64(n)*vmdk.SectorSize, vmdk.IsDescriptor(b)}
	}
	sparse, err := f.openSparse(kind)
	if err != nil || sparse.capacity() > maxSectors {
		return none
	}
	n, extentType := sparse.capacity(), typeOfKind(kind)
	return Guess{fmt.Sprintf("RW %d %s %q", n, extentType, name), name, extentType, n, 0, sparse.text != nil}
}

// flatSectors is how many sectors a file without a header has. One that ends within a
// sector had something put after its end, and before that a size that people choose.
func (f *file) flatSectors() uint64 {
	const (
		unit  = 1 << 20
		added = 64 << 10 // at most, so that it is not the disk's own
	)
	if over := f.Size % unit; f.Size%vmdk.SectorSize != 0 && over < added && f.Size > unit {
		return uint64((f.Size - over) / vmdk.SectorSize)
	}
	return uint64(sectors(f.Size))
}
