package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// owner is a file that a commit writes to, as its journal names it.
type owner struct {
	name string // empty for the image's own
	id   FileID
}

// is reports whether it is a file of that identity. The image's own lies in the folder
// of the journal, so that the inode suffices: after a restart the device may have
// another number.
func (o owner) is(id FileID) bool {
	return o.id.Inode == id.Inode && (o.name == "" || o.id.Device == id.Device)
}

// owners are the files of a journal. They stand before its steps: a journal is known
// by them wherever it lies and whatever its files are called.
type owners []owner

// maxOwners bounds the files of a journal: no disk of 62 TiB has more extents.
const maxOwners = 1 << 16

// owners tells the files of a plan apart for good.
func (ts targets) owners(image string) (owners, error) {
	var list owners
	for _, t := range ts {
		id, err := t.ID()
		if err != nil {
			return nil, err
		}
		o := owner{t.name, id}
		if o.name == image {
			o.name = ""
		}
		list = append(list, o)
	}
	return list, nil
}

func (list owners) put(w *recordWriter) {
	w.number(uint64(len(list)))
	for _, o := range list {
		w.number(uint64(len(o.name)))
		w.bytes([]byte(o.name))
		w.number(o.id.Device)
		w.number(o.id.Inode)
	}
}

func (list *owners) get(r *recordReader) {
	n := r.number()
	if n > maxOwners && r.err == nil {
		r.err = ErrDamaged
	}
	for ; n > 0 && r.err == nil; n-- {
		o := owner{name: string(r.text(maxText))}
		o.id.Device, o.id.Inode = r.number(), r.number()
		*list = append(*list, o)
	}
}

// exclude reports whether a journal that speaks of its image's own file means another
// one than that which is called image here.
func (list owners) exclude(in Opener, image string) (bool, error) {
	f, err := in.Open(image)
	if err != nil {
		return false, err
	}
	defer f.Close()
	id, err := f.ID()
	for _, o := range list {
		if o.name == "" {
			return !o.is(id), err
		}
	}
	return false, err
}

// copied reports whether a journal that names an image by another identity lies beside
// a file of its image's name: the pair was copied, and the journal is that file's, which
// may be torn as the first one was.
func (list owners) copied(in Opener, image string) bool {
	other, err := list.exclude(in, image)
	return err == nil && other
}

// Found is a journal in an image's folder.
type Found struct {
	Name  string // of the journal
	Image string // beside which it lies
	// Own is set if the file that is looked for is the journal's image under another
	// name, Part if it is another of the files that the commit was to write to. Else the
	// journal is somebody else's.
	Own, Part bool
}

const (
	journalSuffix = ".platter-journal"
	// maxJournals bounds how many journals of a folder are looked into.
	maxJournals = 64
	// maxOwnersRead bounds how much of one is read to find out whose it is, in bytes.
	maxOwnersRead = 1 << 20
)

// FindJournals looks through the folder of an image for journals besides the one that
// has its name. Those that are about the image's file are found by its identity.
func FindJournals(o Opener, image string, id FileID) []Found {
	dir := path.Dir(image)
	names, err := o.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []Found
	for _, n := range names {
		base, ok := strings.CutSuffix(n, journalSuffix)
		if !ok || base == path.Base(image) || base == "" {
			continue
		}
		if len(list) == maxJournals {
			break
		}
		f := Found{Name: path.Join(dir, n), Image: path.Join(dir, base)}
		journal := ownersOf(o, f.Name)
		for _, owner := range journal {
			if owner.is(id) && !journal.copied(o, f.Image) {
				f.Own, f.Part = owner.name == "", owner.name != ""
				break
			}
		}
		list = append(list, f)
	}
	return list
}

// ownersOf reads who a journal belongs to; nobody if it was not written to its end.
func ownersOf(o Opener, name string) owners {
	f, err := o.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, len(journalMagic))
	if n, _ := f.ReadAt(head, 0); n < len(head) || !bytes.Equal(head, []byte(journalMagic)) {
		return nil
	}
	var list owners
	r := newRecordReader(io.NewSectionReader(f, int64(len(head)), maxOwnersRead), maxOwnersRead)
	list.get(r)
	return list
}

// journalFor is the journal that speaks of an image: the one beside it, or else the one
// that has another name of its file. Without one it is fs.ErrNotExist.
func journalFor(o Opener, image string) (string, error) {
	name := JournalName(image)
	if _, err := o.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return name, err
	}
	f, err := o.Open(image)
	if err != nil {
		return "", err
	}
	defer f.Close()
	id, err := f.ID()
	if err != nil {
		return "", err
	}
	for _, found := range FindJournals(o, image, id) {
		if found.Own {
			return found.Name, nil
		}
	}
	return "", nameErr("open", name, fs.ErrNotExist)
}
