package disk

import (
	"errors"
	"fmt"
	"strings"

	"platter/decode"
)

// ErrorKind says what sort of failure an [Error] is; match it with errors.Is
// against the Err variables.
type ErrorKind uint8

// The kinds of failure.
const (
	NotThisFormat ErrorKind = iota + 1
	Damaged
	Unsupported
	OutOfRange
	ReadOnly
	NotFound
	BadChain    // parents that come back to themselves, or too many of them
	WrongOption // a value that no image can be made with
	Limit       // more than a format can hold
)

var kindNames = [...]string{"", "not this format", "damaged", "not supported", "out of range", "read-only", "missing", "bad chain of parents", "wrong option", "over a limit"}

// String words the kind.
func (k ErrorKind) String() string { return kindNames[k] }

// The sentinels that errors.Is matches an [Error] of the same kind with.
var (
	ErrNotThisFormat = &Error{Kind: NotThisFormat}
	ErrDamaged       = &Error{Kind: Damaged}
	ErrUnsupported   = &Error{Kind: Unsupported}
	ErrOutOfRange    = &Error{Kind: OutOfRange}
	ErrReadOnly      = &Error{Kind: ReadOnly}
	ErrMissing       = &Error{Kind: NotFound}
	ErrChain         = &Error{Kind: BadChain}
	ErrWrongOption   = &Error{Kind: WrongOption}
	ErrLimit         = &Error{Kind: Limit}
)

// Error is every failure of the engine: what was found, where, what was
// expected and what to do about it. Its text is safe to print: what comes
// from the image is escaped.
type Error struct {
	Kind ErrorKind
	Op   string       // what was being done: "open", "read"; may be empty
	At   decode.Place // where it was found; the zero Place if nowhere
	What string       // structure, field, both values, in words
	Err  error        // the cause; may be nil
}

// Error words the failure from outside in, with its place.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	if e.At.File != "" {
		fmt.Fprintf(&b, "%s at 0x%x: ", decode.Printable(e.At.File), e.At.Offset)
	}
	if e.What != "" {
		b.WriteString(decode.Printable(e.What))
	} else {
		b.WriteString(e.Kind.String())
	}
	if e.Err != nil {
		b.WriteString(": " + decode.Printable(e.Err.Error()))
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches errors of the same kind.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Kind == e.Kind && t.What == "" && t.Err == nil
}

// Errorf makes an Error without a cause.
func Errorf(kind ErrorKind, at decode.Place, format string, args ...any) *Error {
	return &Error{Kind: kind, At: at, What: fmt.Sprintf(format, args...)}
}
