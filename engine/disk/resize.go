package disk

import (
	"context"
	"strconv"

	"platter/decode"
	"platter/engine/store"
)

// NewSize is the size that a disk shall get, in bytes, with the geometry to name
// ([OptionGeometry]).
type NewSize struct {
	Size     int64
	Geometry string
}

// Spec is the wish as the options of a maker know it.
func (n NewSize) Spec() Spec {
	return Spec{Values: map[string]string{OptionSize: strconv.FormatInt(n.Size, 10), OptionGeometry: n.Geometry}}
}

// Resizing is how the disk of an image gets another size where it lies, in three parts.
// Between them, and within the first and the last, the image is whole: it has the old size
// until the second part is done, which is done as a whole or not at all.
type Resizing struct {
	Before, After int64     // size of the disk
	Moved         int64     // blocks (grains) that lay in the way of a table
	Needs         int64     // bytes that the files grow by, at most, apart from holes
	Warnings      []Finding // what the user should know
	Identity      string    // what is renewed, in the format's words; empty for nothing

	// Dropped is what a disk that shrinks loses without harm: bytes that an earlier try
	// has left there.
	Dropped []store.Range

	// Fresh are the ranges of files that a fixed or flat disk gains, whose room can be
	// taken at once.
	Fresh []decode.Place

	New []NewFile // to be made before all else, and removed again if the disk stays as it is

	Stages []Stage // what has to be moved before; each leaves the disk as it was

	Prepare Step // goes straight to the files, to what nothing refers to; durable at its end. Nil: nothing
	Switch  Step // the structures: all or nothing. Nil: there are none
	Finish  Step // gives back what nothing refers to any more. Nil: nothing

	Late bool // the disk has its new size only after Finish, which then is one operation
}

// Stage is a part of a [Resizing] that leaves the disk as it was: Prepare goes straight to
// the files, to what nothing refers to, and is durable at its end; Switch is done as a whole
// or not at all.
type Stage struct{ Prepare, Switch Step }

// Resizer finds out how the disk of an image can get another size in place. What can't be
// done in place is an [Error] of kind Unsupported, or a [Refusal].
type Resizer func(ctx context.Context, img Image, to NewSize) (Resizing, error)

// Copied is the refusal of what can be had only by a new file.
func Copied(at decode.Place, format string, args ...any) error {
	return Errorf(Unsupported, at, format+": --out makes a new image of that size", args...)
}

// Durably makes what a step writes to a file durable.
func Durably(file string, step Step) Step {
	return Steps(step, func(_ context.Context, to store.FS) error {
		return edit(to, file, func(f store.File) error { return f.Sync() })
	})
}

// NewFile is a further file that a larger disk needs. Make makes it, whole and durable;
// one that is there already and is the same stays.
type NewFile struct {
	Name string
	Size int64
	Make Step
}
