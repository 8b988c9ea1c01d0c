package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// What may be wrong with a name or a file. All are matched with errors.Is and
// arrive inside a NameError.
var (
	// ErrOutside: the path leaves the image's folder and the folders the user allowed.
	ErrOutside = errors.New("path leaves the image's folder")
	// ErrNetworkName: the path names another machine; it is never followed.
	ErrNetworkName = errors.New("path names a network location")
	// ErrNotRegular: a folder, pipe, socket or device where a file must be.
	ErrNotRegular = errors.New("not a regular file")
	// ErrBadName: empty, or with bytes that no file name holds.
	ErrBadName = errors.New("not a usable file name")
	// ErrLink: a symbolic link where a file is to be written.
	ErrLink = errors.New("a symbolic link: only the file itself can be written to")
	// ErrUnknown: this system can't tell.
	ErrUnknown = errors.New("this system can't tell")
	// ErrTooLong: the file system has no files of that length.
	ErrTooLong = errors.New("the file system here can't hold a file of that length")
	// ErrReadOnly: the file was opened for reading, or can only be read.
	ErrReadOnly = errors.New("opened read-only")
)

// What may keep a Workspace from staging or committing.
var (
	// ErrNames: a change can't make, remove or rename files, only change those there are.
	ErrNames = errors.New("a change can't make, remove or rename files")
	// ErrBusy: another change or a commit is under way.
	ErrBusy = errors.New("another change is under way")
	// ErrTooMuch: more bytes than a workspace holds in memory.
	ErrTooMuch = errors.New("too many bytes to stage")
	// ErrForgotten: a rehearsal keeps what was written for a while only.
	ErrForgotten = errors.New("what a dry run wrote there is not kept any more: so much can't be tried in memory")
	// ErrEntangled: the change can't be dropped, a later one builds on it.
	ErrEntangled = errors.New("a later change touches the same bytes")
	// ErrFixed: the change can't be moved in the history, or the one next to it can't.
	ErrFixed = errors.New("only staged changes that were never on disk, and drop none, change places")
	// ErrNothing: there is nothing to undo or to redo.
	ErrNothing = errors.New("nothing there")
	// ErrChanged: the file on disk is not the one that was read.
	ErrChanged = errors.New("the file was changed since, by platter or another program")
	// ErrWritten: what was saved to be staged again is on disk: a commit was stopped only
	// after it had written everything.
	ErrWritten = errors.New("the changes are in the file already")
	// ErrPartly: a part of it is: a commit was stopped while it wrote.
	ErrPartly = errors.New("an earlier write of these changes was interrupted: a part of them is in the file")
	// ErrVerify: what was read back after writing is not what was written.
	ErrVerify = errors.New("read back differs from what was written")
)

// NameError says what failed on which file. The text quotes the name, so that
// no control byte in it reaches a terminal.
type NameError struct {
	Op   string // "open", "resolve", ...
	Name string // as asked for, unquoted
	Err  error
}

// Error is "op \"name\": cause".
func (e *NameError) Error() string {
	name := strings.ReplaceAll(strconv.Quote(e.Name), `\\`, `\`) // Windows paths are for people to read
	return fmt.Sprintf("%s %s: %v", e.Op, name, e.Err)
}

// Unwrap gives the cause.
func (e *NameError) Unwrap() error { return e.Err }

// nameErr wraps err, taking the cause out of the standard library's errors:
// they print names as they are.
func nameErr(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &NameError{op, name, bare(err)}
}

func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	if err.Error() == "path escapes from parent" { // os.Root does not export it
		return ErrOutside
	}
	return err
}
