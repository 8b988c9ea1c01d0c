package disk

import "platter/engine/store"

// Source is what a format opens: the file that the user named, and a way to
// the other files that the image names.
type Source struct {
	Path   string     // as the user named it
	Name   string     // base name, the name of the file in Places
	File   store.File // opened read-only
	Opener Opener
	Notes  []Finding // what detection found; the image lists it with its own findings

	Redundant bool // read by the second set of tables, where a file has two
}

// TwoSets is an ability of images that may have two sets of tables, which should say
// the same.
type TwoSets interface {
	// ReadsRedundant reports whether the disk is read by the second set: as the
	// source demanded, and a file has one.
	ReadsRedundant() bool
}

// Opener opens the other files of an image: extents and parents. It holds the
// rules for names that come out of an image: only regular files under the
// image's own folder, or where the user allowed it.
type Opener interface {
	// OpenFile opens a file named inside the image, read-only, and returns
	// its path relative to the image's folder. Names may use either slash.
	OpenFile(name string) (file store.File, rel string, err error)

	// OpenParent opens the image that a child names as its parent. The format
	// is the one that the child demands ("vhd", "vhdx", "vmdk"; a VHD chain may
	// also end in "raw"): no other is probed for. Depth and cycles are bounded:
	// a chain that breaks the bounds fails with [ErrChain].
	OpenParent(name, format string) (Image, error)
}

// Lister is an ability of openers that can tell what lies beside the image.
type Lister interface {
	// List gives the base names in the folder of the file that the opener
	// works for, sorted. OpenFile takes them.
	List() ([]string, error)
}

// Meter is an ability of an [Opener]. A layer may list thousands of lines, and
// hundreds of layers do not fit the memory that one of them may take: what they
// keep is counted across the chain.
type Meter interface {
	// Take counts n more lines or entries that a layer keeps in memory. It
	// fails with [ErrChain] when the layers of the chain have too many.
	Take(n int) error
}

// Forcer is an ability of openers whose user takes a parent of another identity.
type Forcer interface {
	// Forced reports whether the file that has a parent's name is to be the parent
	// where none has its identity.
	Forced() bool
}

// Passer is an ability of openers that know of merges which are not at their end.
type Passer interface {
	// Passing reports whether such a merge is about to give a parent, which has one mark
	// of its content, the other one that a layer above expects already.
	Passing(found, expected string) bool
}

// Chooser is an ability of openers whose user can name the parent.
type Chooser interface {
	// Chosen reports whether OpenParent opens what the user has named,
	// whatever the image asks for.
	Chosen() bool
}
