package enginetest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Sample is a line of the corpus's manifest.
type Sample struct {
	Name        string // path in the corpus, without .gz
	Format      string // vhd, vhdx, vmdk
	Subformat   string
	VirtualSize int64  // bytes; 0 if the image must be refused
	SHA256      string // of the whole virtual disk; "-" if the image must be refused
	Parent      string // path in the corpus, "-" for none
	Traits      string
}

// Manifest lists the corpus's images of a format ("" for all). The test is
// skipped where there is no corpus.
func Manifest(t testing.TB, format string) []Sample {
	t.Helper()
	f, err := os.Open(filepath.Join(corpusRoot(t), "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []Sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		col := strings.Split(lines.Text(), "\t")
		if len(col) < 12 || col[0] == "file" || format != "" && col[1] != format {
			continue
		}
		size, _ := strconv.ParseInt(col[4], 10, 64) // "-" for images to be refused
		list = append(list, Sample{strings.TrimSuffix(col[0], ".gz"), col[1], col[2], size, col[5], strings.TrimSuffix(col[7], ".gz"), col[11]})
	}
	if err := lines.Err(); err != nil || len(list) == 0 {
		t.Fatalf("manifest has %d images of format %q: %v", len(list), format, err)
	}
	return list
}

// Corpus is the path on the host of an image of the corpus, unpacked, with the
// other files of its folder beside it. Nobody may write to them: see [Copy].
// The test is skipped where there is no corpus.
func Corpus(t testing.TB, name string) string {
	t.Helper()
	name = strings.TrimSuffix(name, ".gz")
	folder := filepath.Join(corpusRoot(t), filepath.FromSlash(filepath.Dir(name)))
	unpacked, err := unpackFolder(folder, filepath.FromSlash(filepath.Dir(name)))
	if err != nil {
		t.Fatalf("unpack corpus folder %s: %v", folder, err)
	}
	path := filepath.Join(unpacked, filepath.Base(name))
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Copy copies a file of the host, sparsely, into a folder of the test's own,
// where it may be damaged.
func Copy(t testing.TB, path string) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := writeSparse(to, in); err != nil {
		t.Fatal(err)
	}
	return to
}

// corpusRoot finds ../shared/corpus beside the folder of go.mod.
func corpusRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	root := filepath.Join(filepath.Dir(dir), "shared", "corpus")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no corpus beside the repository")
	}
	return root
}

var unpacking sync.Mutex

// unpackFolder unpacks once and for all tests: packages run side by side, so
// each file appears under its name only when it is whole.
func unpackFolder(folder, rel string) (string, error) {
	unpacking.Lock()
	defer unpacking.Unlock()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	to := filepath.Join(cache, "platter-test-corpus", rel)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			if err := unpack(filepath.Join(folder, e.Name()), to); err != nil {
				return "", fmt.Errorf("%s: %w", e.Name(), err)
			}
		}
	}
	return to, nil
}

// unpack leaves a file alone that was unpacked from the same original.
func unpack(from, toDir string) error {
	origin, err := os.Stat(from)
	if err != nil {
		return err
	}
	to := filepath.Join(toDir, strings.TrimSuffix(filepath.Base(from), ".gz"))
	stamp := []byte(fmt.Sprintf("%d %d", origin.Size(), origin.ModTime().UnixNano()))
	stampFile := filepath.Join(toDir, "."+filepath.Base(to)+".stamp")
	if have, err := os.ReadFile(stampFile); err == nil && bytes.Equal(have, stamp) {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	var content io.Reader = in
	if strings.HasSuffix(from, ".gz") {
		if content, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	half := fmt.Sprintf("%s.%d.part", to, os.Getpid())
	defer os.Remove(half)
	if err := writeSparse(half, content); err != nil {
		return err
	}
	if err := os.Rename(half, to); err != nil {
		return err
	}
	return os.WriteFile(stampFile, stamp, 0o644)
}

// writeSparse leaves holes where the content is zero.
func writeSparse(path string, content io.Reader) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	buf, zero := make([]byte, 64<<10), make([]byte, 64<<10)
	var pos int64
	for {
		n, err := io.ReadFull(content, buf)
		if n > 0 && !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := out.WriteAt(buf[:n], pos); err != nil {
				return err
			}
		}
		pos += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := out.Truncate(pos); err != nil {
		return err
	}
	return out.Close()
}
