package edit

import (
	"errors"
	"io/fs"
	"path/filepath"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// jobFile is a job that is being done, locked until it is closed.
type jobFile struct {
	store.File
	folder folder
	name   string
}

// beginJob lays a job beside an image, durable, or opens the one that lies there.
func beginJob(j store.Job, in folder, image, path string, resumed bool) (*jobFile, error) {
	name := store.JobName(image)
	if resumed {
		f, err := in.OpenWrite(name)
		if err != nil {
			return nil, err
		}
		return &jobFile{f, in, name}, nil
	}
	f, err := in.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return nil, &disk.Error{Kind: disk.ReadOnly, At: decode.Place{File: name}, What: "another merge of this image has begun meanwhile", Err: err}
	}
	if err != nil {
		return nil, err
	}
	_, err = f.WriteAt([]byte(j.From(filepath.Dir(path)).Text()), 0)
	if err = errors.Join(err, f.Sync(), in.SyncDir()); err != nil {
		return nil, errors.Join(err, f.Close(), in.Remove(name))
	}
	return &jobFile{f, in, name}, nil
}

// done notes that all but the removal of files is done.
func (f *jobFile) done() error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(store.JobDone), size); err != nil {
		return err
	}
	return f.Sync()
}

// drop removes the job.
func (f *jobFile) drop() error {
	return errors.Join(f.Close(), f.folder.Remove(f.name), f.folder.SyncDir())
}
