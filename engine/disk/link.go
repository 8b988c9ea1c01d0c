package disk

import (
	"errors"
	"io/fs"
	"iter"

	"platter/decode"
)

// Linked is an ability of images that can be children: they tell how they are
// tied to their parent, and why that holds or not.
type Linked interface {
	Link() LinkInfo
}

// Layered is an ability of images that can be children: they tell what they
// store themselves without asking the layers below, of which there may be many.
type Layered interface {
	// MapOwn is Map of this layer alone; what it leaves to a parent is
	// FromParent.
	MapOwn(off, n int64) iter.Seq2[Span, error]
}

// MapOwn maps what a layer stores itself. Of images that are never children
// that is all.
func MapOwn(img Image, off, n int64) iter.Seq2[Span, error] {
	if l, ok := img.(Layered); ok {
		return l.MapOwn(off, n)
	}
	return img.Map(off, n)
}

// LinkInfo is what a child knows of its parent, and what was found. Strings
// are as found in the image, not escaped.
type LinkInfo struct {
	Term   string     // the format's word for a parent's identity; empty: the image has no parent
	Wanted []string   // the identities that the child accepts; none: it does not say
	Found  string     // that of the file that was found last; empty: none was
	Names  []LinkName // under which the parent was looked for, in the order of trying
	Fault  error      // why the parent can't be used; nil if it is
	Forced error      // why it should not be used, where the user takes it all the same, see [Forcer]
}

// LinkName is a name of the parent and what became of it.
type LinkName struct {
	Label string // where the name stands: "relative_path", "parentFileNameHint"
	Name  string
	Fate  string // printable
}

// inFolder is the label of names that the image does not hold.
const inFolder = "in this folder"

// Stored reports whether the image holds the name itself.
func (n LinkName) Stored() bool { return n.Label != inFolder }

// Tries are the names under which a parent was looked for.
type Tries []Try

// Try is one of them, and why it led to no parent; nil if it did.
type Try struct {
	Name string
	Err  error
}

// ErrOtherDisk is why a file is passed over that has another identity than the
// parent.
var ErrOtherDisk = errors.New("another disk: not the identity that is expected")

// Add takes a try in.
func (t *Tries) Add(name string, err error) { *t = append(*t, Try{name, err}) }

// Fate says what became of a name.
func (t Tries) Fate(name string) string {
	for _, try := range t {
		if try.Name != name {
			continue
		}
		switch {
		case try.Err == nil:
			return "found, used"
		case errors.Is(try.Err, fs.ErrNotExist):
			return "not there"
		case errors.Is(try.Err, ErrOtherDisk):
			return ErrOtherDisk.Error()
		}
		return decode.Printable(innermost(try.Err).Error())
	}
	if len(t) > 0 && t[len(t)-1].Err == nil {
		return "not needed"
	}
	return "not tried"
}

// innermost is the cause that an error wraps.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// Rest lists the tries whose names are not in a list: those that follow from others, of
// files in the child's folder.
func (t Tries) Rest(names []LinkName) []LinkName {
	known := map[string]bool{}
	for _, n := range names {
		known[n.Name] = true
	}
	for _, try := range t {
		if !known[try.Name] {
			known[try.Name] = true
			names = append(names, LinkName{inFolder, try.Name, t.Fate(try.Name)})
		}
	}
	return names
}

// ByHand words the names of a parent that the user has named, see [Chooser]:
// whatever the image says was not followed then.
func ByHand(o Opener, names []LinkName) []LinkName {
	if c, ok := o.(Chooser); !ok || !c.Chosen() {
		return names
	}
	for i := range names {
		names[i].Fate = "not tried: the parent was named by hand"
	}
	return names
}
