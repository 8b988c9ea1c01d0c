package engine_test

import (
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// countedFS counts what is read of files that are open for writing.
type countedFS struct {
	store.FS
	reads int
}

func (c *countedFS) OpenWrite(name string) (store.File, error) {
	f, err := c.FS.OpenWrite(name)
	return countedFile{f, c}, err
}

type countedFile struct {
	store.File
	by *countedFS
}

func (f countedFile) ReadAt(p []byte, off int64) (int, error) {
	f.by.reads++
	return f.File.ReadAt(p, off)
}

// TestLongZero makes a whole disk of which nothing is stored read as zeros: that looks
// at each page of the tables once, not at each block.
func TestLongZero(t *testing.T) {
	for name, most := range map[string]int{"a.vhd": 500, "a.vhdx": 300, "a.vmdk": 16000} {
		path := filepath.Join(t.TempDir(), name)
		values := map[string]string{disk.OptionSize: "100G"}
		if name == "a.vhdx" {
			values[disk.OptionBlockSize] = "1M"
		}
		if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: values}); err != nil {
			t.Fatal(err)
		}
		folder, name, f, err := store.OpenImage(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		files := &countedFS{FS: folder}
		w, err := engine.WriteIn(t.Context(), files, name, path, engine.Options{}, disk.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, do := range []string{"zero", "trim"} {
			files.reads = 0
			if do == "zero" {
				err = w.Zero(t.Context(), 0, w.Size())
			} else {
				err = w.Trim(t.Context(), 0, w.Size())
			}
			if err != nil || files.reads > most {
				t.Errorf("%s: %s reads the file %d times, at most %d are needed, %v", name, do, files.reads, most, err)
			}
		}
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
		folder.Close()
	}
}
