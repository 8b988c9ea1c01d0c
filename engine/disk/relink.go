package disk

import "platter/decode"

// Relink says what a child shall say of its parent from now on.
type Relink struct {
	Base     *Base // the parent; nil: there is none any more, and what is not stored reads as zeros
	Names    bool  // store its names, in place of all others
	Identity bool  // store its identity as it is now, in place of the one that is wanted so far
}

// Relinker makes the change of a child's metadata that a Relink asks for. The child's own
// content, and the mark by which its own children know that, stay. It fails where the
// child can't be tied to that parent; that its names find no room shows when the
// repair is applied.
type Relinker func(img Image, to Relink) (Repair, error)

// NoChild is the error of changing the parent of an image that has none.
func NoChild(path string) error {
	return Errorf(Unsupported, placeOf(path), "the image has no parent: only a differencing image can be merged or rebased")
}

// OtherFormat is the error of taking an image of another format for the parent.
func OtherFormat(child, parent Info) error {
	return Errorf(BadChain, placeOf(parent.Path), "it is a disk of the format %s: the parent of a %s must be a %s", parent.Format, child.Format, child.Format)
}

// NoRoomForNames is the error of names of a parent that do not fit where they have to be.
func NoRoomForNames(where decode.Place, in string, need, have int64) error {
	return Refuse(RefusedLimit, Limit, []decode.Place{where}, "with the path of the parent %s needs %d bytes, there is room for %d: give the parent a shorter path", in, need, have)
}

func placeOf(path string) decode.Place { return decode.Place{File: path} }
