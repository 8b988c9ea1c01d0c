//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// withoutRoot is never needed here.
func withoutRoot(error) bool { return false }

// nonblock keeps open(2) from waiting for the other end of a pipe.
const nonblock = syscall.O_NONBLOCK

func fileID(f *os.File) (FileID, error) {
	fi, err := f.Stat()
	if err != nil {
		return FileID{}, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return FileID{}, errors.New("no inode number")
	}
	return FileID{uint64(st.Dev), uint64(st.Ino)}, nil
}

// HostBytes is how much room a file takes on the host, in bytes.
func HostBytes(fi fs.FileInfo) (n int64, known bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int64(st.Blocks) * 512, true
}

// fileNames is how many names a file has.
func fileNames(f *os.File) int {
	fi, err := f.Stat()
	if err != nil {
		return 1
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return int(st.Nlink)
}

// Writable fails where no file can be made in the folder, without trying.
func (d *Folder) Writable() error {
	return nameErr("make a file in", d.dir, syscall.Access(d.dir, 2|1)) // W_OK, X_OK
}

// SyncDir makes what was created, removed and renamed durable.
func (d *Folder) SyncDir() error {
	p, err := d.place(".")
	if err != nil {
		return nameErr("sync", d.dir, err)
	}
	f, err := p.open(os.O_RDONLY)
	if err != nil {
		return nameErr("sync", d.dir, err)
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) { // file systems without the notion
		err = nil
	}
	return nameErr("sync", d.dir, err)
}
