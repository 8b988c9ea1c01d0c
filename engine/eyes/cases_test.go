package eyes_test

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/enginetest"
)

// TestFieldCases holds the policies against the programs on images that people brought.
func TestFieldCases(t *testing.T) {
	if !enginetest.Full() {
		t.Skip("the gate has a part of the corpus instead")
	}
	folders, _ := filepath.Glob("../../../shared/cases/*/*")
	if len(folders) == 0 {
		t.Skip("no cases beside the repository")
	}
	w := newWitnesses(t)
	var n tally
	for _, folder := range folders {
		to := filepath.Join(t.TempDir(), filepath.Base(folder))
		unpackCase(t, folder, to)
		_ = filepath.WalkDir(to, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				if format := engine.Recognise(path); format != "" {
					w.hold(t, &n, path, format, filepath.Base(folder)+"/"+filepath.Base(path))
				}
			}
			return nil
		})
	}
	t.Logf("%d images, %d answers of programs, %d equal, %d of them a disk; %d too large", n.images, n.answers, n.equal, n.read, n.large)
}

// unpackCase unpacks the files of a case.
func unpackCase(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(from, "*.gz"))
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".tar.gz") {
			untar(t, z, to)
		} else {
			sparse(t, filepath.Join(to, strings.TrimSuffix(filepath.Base(name), ".gz")), z)
		}
		f.Close()
	}
}

func untar(t *testing.T, r io.Reader, to string) {
	t.Helper()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg && filepath.IsLocal(h.Name) {
			path := filepath.Join(to, h.Name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			sparse(t, path, tr)
		}
	}
}

// sparse writes a file with holes where it is zero.
func sparse(t *testing.T, path string, r io.Reader) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 64<<10)
	size := int64(0)
	for {
		n, err := io.ReadFull(r, b)
		if strings.Trim(string(b[:n]), "\x00") != "" {
			if _, err := f.WriteAt(b[:n], size); err != nil {
				t.Fatal(err)
			}
		}
		size += int64(n)
		if err != nil {
			break
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
}
