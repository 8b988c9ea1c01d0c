package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// What Windows says where a file system does not know a request.
const (
	errInvalidFunction = syscall.Errno(1)
	errNotSupported    = syscall.Errno(50)
)

// withoutRoot reports whether a file system does not know how a name is removed or changed
// by the handle of its folder, with the semantics of POSIX: FAT, some network shares, and
// Wine. There it is done by its path.
func withoutRoot(err error) bool {
	return errors.Is(err, errInvalidFunction) || errors.Is(err, errNotSupported)
}

// nonblock has no meaning here: pipes are no files of a folder.
const nonblock = 0

func fileID(f *os.File) (FileID, error) {
	var fi syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &fi); err != nil {
		return FileID{}, err
	}
	index := uint64(fi.FileIndexHigh)<<32 | uint64(fi.FileIndexLow)
	return FileID{uint64(fi.VolumeSerialNumber), index}, nil
}

// HostBytes can't be told here.
func HostBytes(fs.FileInfo) (n int64, known bool) { return 0, false }

// fileNames is how many names a file has.
func fileNames(f *os.File) int {
	var fi syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &fi); err != nil {
		return 1
	}
	return int(fi.NumberOfLinks)
}

// Writable can't tell before a file is made.
func (d *Folder) Writable() error { return nil }

// SyncDir has nothing to do: NTFS keeps its own journal of names.
func (d *Folder) SyncDir() error { return nil }
