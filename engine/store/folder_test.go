package store_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"platter/engine/store"
)

// put writes files below dir, making folders as needed.
func put(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("content of "+name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func openImage(t *testing.T, path string) (*store.Folder, string, store.File) {
	t.Helper()
	d, name, f, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); d.Close() })
	return d, name, f
}

func content(t *testing.T, f store.File) string {
	t.Helper()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return string(b)
}

func TestOpenImageLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.vhd")
	path := filepath.Join(dir, "a.vhd")
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	_, name, f := openImage(t, path)
	if name != "a.vhd" || content(t, f) != "content of a.vhd" {
		t.Errorf("opened %q with %q", name, content(t, f))
	}
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
	if err := f.Truncate(0); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("truncate: %v", err)
	}
	fi, err := os.Stat(path)
	if err != nil || !fi.ModTime().Equal(old) || fi.Size() != 16 {
		t.Errorf("after opening: %v %d bytes, %v", fi.ModTime(), fi.Size(), err)
	}
}

func TestOpenImageRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, _, _, err := store.OpenImage(dir); !errors.Is(err, store.ErrNotRegular) {
		t.Errorf("a folder: %v", err)
	}
	if _, _, _, err := store.OpenImage(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, _, err := store.OpenImage(os.DevNull); !errors.Is(err, store.ErrNotRegular) {
		t.Errorf("a device: %v", err)
	}
}

func TestFolderContains(t *testing.T) {
	top := t.TempDir()
	put(t, top, "vm/a.vmdk", "vm/sub/s1.vmdk", "secret.txt")
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(top, "vm", name)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	link("../secret.txt", "out")
	link(filepath.Join(top, "vm", "a.vmdk"), "absolute")
	link("..", "up")
	link("sub/s1.vmdk", "in")
	d, _, _ := openImage(t, filepath.Join(top, "vm", "a.vmdk"))
	tests := []struct {
		name string
		err  error
	}{
		{"sub/s1.vmdk", nil},
		{"in", nil},
		{"out", store.ErrOutside},
		{"absolute", store.ErrOutside},
		{"up/secret.txt", store.ErrOutside},
		{"../secret.txt", store.ErrOutside},
		{filepath.ToSlash(top) + "/secret.txt", store.ErrOutside},
		{"sub", store.ErrNotRegular},
		{".", store.ErrNotRegular},
		{"", store.ErrBadName},
		{"none", fs.ErrNotExist},
	}
	for _, test := range tests {
		f, err := d.Open(test.name)
		if !errors.Is(err, test.err) || test.err == nil && err != nil {
			t.Errorf("open %q: %v, want %v", test.name, err, test.err)
		}
		if err == nil {
			f.Close()
		}
	}
	for _, name := range []string{"../x", "up/x"} {
		if f, err := d.Create(name); !errors.Is(err, store.ErrOutside) {
			t.Errorf("create %q: %v, %v", name, f, err)
		}
	}
	if err := d.Remove("up/secret.txt"); !errors.Is(err, store.ErrOutside) {
		t.Errorf("remove: %v", err)
	}
	if err := d.Rename("a.vmdk", "../b.vmdk"); !errors.Is(err, store.ErrOutside) {
		t.Errorf("rename: %v", err)
	}
}

func TestOpenImageThroughLink(t *testing.T) {
	top := t.TempDir()
	put(t, top, "real/a.vmdk", "real/b.vmdk", "shown/b.vmdk")
	if err := os.Symlink("../real/a.vmdk", filepath.Join(top, "shown", "link.vmdk")); err != nil {
		t.Skip("no links here:", err)
	}
	d, name, _ := openImage(t, filepath.Join(top, "shown", "link.vmdk"))
	if name != "a.vmdk" || filepath.Base(d.Dir()) != "real" {
		t.Errorf("opened %q in %s", name, d.Dir())
	}
	f, err := d.Open("b.vmdk")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := content(t, f); got != "content of real/b.vmdk" {
		t.Errorf("neighbour holds %q", got)
	}
}

func TestAllow(t *testing.T) {
	top := t.TempDir()
	put(t, top, "vm/a.vhd", "vm/near.vhd", "base/b.vhd", "base/near.vhd", "base/deep/c.vhd", "other/d.vhd")
	d, _, _ := openImage(t, filepath.Join(top, "vm", "a.vhd"))
	if err := d.Allow(filepath.Join(top, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("allowing what is not there: %v", err)
	}
	if err := d.Allow(filepath.Join(top, "base")); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(top)
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.ToSlash(real)
	tests := []struct {
		claimed, want string
		err           error
	}{
		{"near.vhd", "near.vhd", nil},
		{"b.vhd", root + "/base/b.vhd", nil},
		{`..\base\b.vhd`, root + "/base/b.vhd", nil},
		{"../base/deep/c.vhd", root + "/base/deep/c.vhd", nil},
		{root + "/base/b.vhd", root + "/base/b.vhd", nil},
		{`X:\old\place\b.vhd`, root + "/base/b.vhd", nil},
		{"nowhere.vhd", "nowhere.vhd", nil},
		{"c.vhd", "c.vhd", nil},
		{root + "/other/d.vhd", "", store.ErrOutside},
		{"../base/../other/d.vhd", "", store.ErrOutside},
		{root + "/base", "", store.ErrOutside},
	}
	for _, test := range tests {
		got, err := d.Resolve("a.vhd", test.claimed)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Resolve(%q) = %q, %v; want %q, %v", test.claimed, got, err, test.want, test.err)
		}
	}
	f, err := d.Open(root + "/base/deep/c.vhd")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if content(t, f) != "content of base/deep/c.vhd" {
		t.Errorf("it holds %q", content(t, f))
	}
	if _, err := d.Open(root + "/other/d.vhd"); !errors.Is(err, store.ErrOutside) {
		t.Errorf("outside: %v", err)
	}
	if err := d.Remove(root + "/base/b.vhd"); !errors.Is(err, store.ErrOutside) {
		t.Errorf("removing where only reading is allowed: %v", err)
	}
}

func TestFolderWrites(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a")
	d, _, _ := openImage(t, filepath.Join(dir, "a"))
	f, err := d.Create("new.vhd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("abc"), 2); err != nil {
		t.Error(err)
	}
	if err := errors.Join(f.Truncate(4), f.Sync(), f.Close(), d.SyncDir()); err != nil {
		t.Error(err)
	}
	if _, err := d.Create("new.vhd"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating it twice: %v", err)
	}
	if err := d.Rename("new.vhd", "newer.vhd"); err != nil {
		t.Error(err)
	}
	g, err := d.OpenWrite("newer.vhd")
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, g); got != "\x00\x00ab" {
		t.Errorf("content %q", got)
	}
	g.Close()
	info, err := d.Stat("newer.vhd")
	if err != nil || info.Size != 4 || !info.Regular || info.ModTime.IsZero() {
		t.Errorf("stat: %+v, %v", info, err)
	}
	if names, err := d.ReadDir("."); err != nil || !slices.Equal(names, []string{"a", "newer.vhd"}) {
		t.Errorf("folder holds %q, %v", names, err)
	}
	if err := d.Remove("newer.vhd"); err != nil {
		t.Error(err)
	}
	if err := d.Remove("newer.vhd"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `remove "newer.vhd": `) {
		t.Errorf("removing it twice: %v", err)
	}
}

func TestFileID(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "b")
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "same")); err != nil {
		t.Skip("no links here:", err)
	}
	d, _, _ := openImage(t, filepath.Join(dir, "a"))
	ids := map[string]store.FileID{}
	for _, name := range []string{"a", "b", "same"} {
		f, err := d.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if ids[name], err = f.ID(); err != nil {
			t.Error(err)
		}
		f.Close()
	}
	if ids["a"] != ids["same"] || ids["a"] == ids["b"] || ids["a"].String() == ids["b"].String() {
		t.Errorf("identities: %v", ids)
	}
}

// TestHostNextData holds on every host: where holes are not known, all is data.
func TestHostNextData(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a")
	d, _, _ := openImage(t, filepath.Join(dir, "a"))
	f, err := d.Create("sparse")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size, at = 16 << 20, 8 << 20
	if _, err := f.WriteAt([]byte("data"), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	found, off := false, int64(0)
	for off < size {
		r, err := store.NextData(f, off, size)
		if err == io.EOF {
			break
		}
		if err != nil || r.Offset < off || r.Length <= 0 || r.End() > size {
			t.Fatalf("after %d: %+v, %v", off, r, err)
		}
		found = found || r.Offset <= at && at < r.End()
		off = r.End()
	}
	if !found {
		t.Error("the data lies in a hole")
	}
}
