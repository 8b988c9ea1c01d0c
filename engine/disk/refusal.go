package disk

import (
	"fmt"

	"platter/decode"
)

// Reason is why something is not done that could be done: a word that scripts match.
type Reason string

// The reasons.
const (
	RefusedExists    Reason = "exists"    // a file has the name already
	RefusedChildren  Reason = "children"  // other images are based on this one
	RefusedLink      Reason = "link"      // the parent is not the one that the image was made on
	RefusedDirty     Reason = "dirty"     // a log has to be replayed first
	RefusedUntrusted Reason = "untrusted" // an error was found in what places the disk
	RefusedLimit     Reason = "limit"     // more than the format, or a program, can hold
	RefusedSpace     Reason = "space"     // there is not enough free space
	RefusedLocked    Reason = "locked"    // another program has the file open for writing
	RefusedChanged   Reason = "changed"   // another program has changed the file meanwhile
	RefusedConfirm   Reason = "confirm"   // nobody has said yes
	RefusedLoss      Reason = "loss"      // content would be gone that is nowhere else
	RefusedSiblings  Reason = "siblings"  // other images are based on a layer that would change
	RefusedStream    Reason = "stream"    // the new content does not fit where a compressed grain lies
)

// Refusal is the error of what leaves everything unchanged because of a state of the
// files that somebody has to settle, or to accept, first.
type Refusal struct {
	Reason Reason
	Where  []decode.Place // the evidence: structures, or whole files
	Err    error          // what was found, and what to do
}

// Error is the text of the cause.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Refuse makes a Refusal of an [Error] of a kind; it is said to be at the first place.
func Refuse(reason Reason, kind ErrorKind, where []decode.Place, format string, args ...any) *Refusal {
	e := &Error{Kind: kind, What: fmt.Sprintf(format, args...)}
	if len(where) > 0 {
		e.At = where[0]
	}
	return &Refusal{reason, where, e}
}
