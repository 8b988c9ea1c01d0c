package vmdk

import (
	"fmt"
	"path"
	"strings"

	"platter/decode/vmdk"
)

// Guess is an extent that a descriptor should have.
type Guess struct {
	Line    string // of the descriptor; empty if it has it
	Type    string
	Sectors uint64
}

// Guesses are the extents that the descriptor has lines for; where it has none,
// those that it would usually name.
func (t Text) Guesses() (list []Guess) {
	if len(t.Understood().Extents) > 0 {
		for _, l := range t.Extents() {
			list = append(list, Guess{"", l.Extent.Type, l.Extent.Sectors})
		}
		return list
	}
	name := path.Base(t.image.main.Name)
	if !t.image.separate {
		if t.image.main.sparse == nil || t.image.main.sparse.capacity() == 0 || !plain(name) {
			return nil
		}
		n := t.image.main.sparse.capacity()
		return []Guess{{fmt.Sprintf("RW %d %s %q", n, vmdk.TypeSparse, name), vmdk.TypeSparse, n}}
	}
	base := strings.TrimSuffix(name, path.Ext(name))
	for _, pattern := range []string{"-flat", "-f%03d", "-s%03d", "-delta", "-sesparse"} {
		if list = t.filesLike(base + pattern + ".vmdk"); len(list) > 0 {
			return list
		}
	}
	return nil
}

// canDescribe reports whether the descriptor can be rewritten.
func (t Text) canDescribe() bool { return !encrypted(t.Descriptor) && len(t.Guesses()) > 0 }

// maxGuessed bounds how many extents are looked for by their usual names.
const maxGuessed = 1000

// filesLike are the files whose names follow a pattern, which may count from 1.
func (t Text) filesLike(pattern string) (list []Guess) {
	if !plain(pattern) || t.image.src.Opener == nil {
		return nil
	}
	counted := strings.Contains(pattern, "%03d")
	for i := 1; i <= maxGuessed && (counted || i == 1); i++ {
		name := pattern
		if counted {
			name = fmt.Sprintf(pattern, i)
		}
		g := t.guess(name)
		if g.Sectors == 0 {
			break
		}
		list = append(list, g)
	}
	return list
}

// guess is the extent that a file can be; 0 sectors if there is none.
func (t Text) guess(name string) (none Guess) {
	handle, rel, err := t.image.src.Opener.OpenFile(name)
	if err != nil {
		return none
	}
	defer handle.Close()
	f, err := newFile(rel, handle)
	if err != nil {
		return none
	}
	b, err := f.head(0, vmdk.SniffSize)
	if err != nil {
		return none
	}
	kind := vmdk.Sniff(b)
	if kind == vmdk.KindNone {
		n := uint64(sectors(f.Size))
		return Guess{fmt.Sprintf("RW %d FLAT %q 0", n, name), vmdk.TypeFlat, n}
	}
	sparse, err := f.openSparse(kind)
	if err != nil || sparse.capacity() > maxSectors {
		return none
	}
	n, extentType := sparse.capacity(), typeOfKind(kind)
	return Guess{fmt.Sprintf("RW %d %s %q", n, extentType, name), extentType, n}
}
