package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"

	"platter/engine/store"
)

func TestResolve(t *testing.T) {
	mem := store.NewMem()
	tests := []struct {
		from, claimed, want string
		err                 error
	}{
		{"disk.vmdk", "disk-s001.vmdk", "disk-s001.vmdk", nil},
		{"disk.vmdk", `.\base.vhd`, "base.vhd", nil},
		{"disk.vmdk", `sub\dir\base.vhd`, "sub/dir/base.vhd", nil},
		{"sub/child.vhd", `..\base.vhd`, "base.vhd", nil},
		{"sub/child.vhd", "base.vhd", "sub/base.vhd", nil},
		{"disk.vmdk", "sub/../base.vhd", "base.vhd", nil},
		{"disk.vmdk", "a..b", "a..b", nil},
		{"disk.vmdk", "nbd-file:x://y", "nbd-file:x:/y", nil},
		{"disk.vmdk", "..", "", store.ErrOutside},
		{"disk.vmdk", "../base.vhd", "", store.ErrOutside},
		{"disk.vmdk", `sub\..\..\base.vhd`, "", store.ErrOutside},
		{"sub/child.vhd", "../../base.vhd", "", store.ErrOutside},
		{"disk.vmdk", "/etc/passwd", "", store.ErrOutside},
		{"disk.vmdk", `\etc\passwd`, "", store.ErrOutside},
		{"disk.vmdk", `C:\vm\base.vhd`, "", store.ErrOutside},
		{"disk.vmdk", `C:base.vhd`, "", store.ErrOutside},
		{"disk.vmdk", `\\?\C:\vm\base.vhd`, "", store.ErrOutside},
		{"disk.vmdk", `\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\base.vhd`, "", store.ErrOutside},
		{"disk.vmdk", "file:///C:/vm/base.vhd", "", store.ErrOutside},
		{"disk.vmdk", "file:///vm/base.vhd", "", store.ErrOutside},
		{"disk.vmdk", "file://server/base.vhd", "", store.ErrNetworkName},
		{"disk.vmdk", `\\server\share\base.vhd`, "", store.ErrNetworkName},
		{"disk.vmdk", "//server/share/base.vhd", "", store.ErrNetworkName},
		{"disk.vmdk", `\\?\UNC\server\share\base.vhd`, "", store.ErrNetworkName},
		{"disk.vmdk", `\\?\unc\server\share\base.vhd`, "", store.ErrNetworkName},
		{"disk.vmdk", "SMB://server/base.vhd", "", store.ErrNetworkName},
		{"disk.vmdk", "nbd+unix://x", "", store.ErrNetworkName},
		{"disk.vmdk", `\\.\PhysicalDrive0`, "", store.ErrNotRegular},
		{"disk.vmdk", "", "", store.ErrBadName},
		{"disk.vmdk", "a\x00b", "", store.ErrBadName},
		{"disk.vmdk", strings.Repeat("a", 40000), "", store.ErrBadName},
	}
	for _, test := range tests {
		got, err := mem.Resolve(test.from, test.claimed)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Resolve(%q, %q) = %q, %v; want %q, %v", test.from, test.claimed, got, err, test.want, test.err)
		}
	}
}

func TestNameErrorsAreQuoted(t *testing.T) {
	_, err := store.NewMem().Resolve("disk.vmdk", "../\x1b[2J\u202e")
	if want := `resolve "../\x1b[2J\u202e": path leaves the image's folder`; err.Error() != want {
		t.Errorf("got %s, want %s", err, want)
	}
}

func TestFind(t *testing.T) {
	mem := store.NewMem()
	for _, name := range []string{"Base.VHD", "base.vhd", "Other.vhd", "sub/Deep.vhd", "sub/Far/end.vhd"} {
		mem.PutFile(name, nil)
	}
	tests := []struct{ dir, claimed, want string }{
		{".", `C:\vm\base.vhd`, "base.vhd"},
		{".", "/x/Base.VHD", "Base.VHD"},
		{".", "BASE.vhd", "Base.VHD"},
		{".", "OTHER.VHD", "Other.vhd"},
		{"sub", "deep.vhd", "sub/Deep.vhd"},
		{"SUB", "deep.vhd", "sub/Deep.vhd"},
		{"Sub/far", "END.vhd", "sub/Far/end.vhd"},
	}
	for _, test := range tests {
		got, err := store.Find(mem, test.dir, test.claimed)
		if got != test.want || err != nil {
			t.Errorf("Find(%q, %q) = %q, %v; want %q", test.dir, test.claimed, got, err, test.want)
		}
	}
	if _, err := store.Find(mem, ".", "missing.vhd"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if got, err := store.Find(mem, "gone/sub", "Deep.vhd"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %q, %v", got, err)
	}
	for _, bad := range []string{"", "..", `C:\vm\`} {
		if got, err := store.Find(mem, ".", bad); err == nil {
			t.Errorf("Find(%q) = %q", bad, got)
		}
	}
}

// FuzzResolve: whatever an image claims, what comes out is a clean path that
// stays below the image's folder.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"a", "../a", `..\a`, "/a", `C:\a`, `\\s\a`, `\\?\C:\a`, "a/../../b", "file:///c:/a", "x://y", ".", "a/./b"} {
		f.Add("sub/child", seed)
	}
	f.Fuzz(func(t *testing.T, from, claimed string) {
		if !fs.ValidPath(from) {
			return
		}
		name, err := store.NewMem().Resolve(from, claimed)
		if err == nil && (path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../")) {
			t.Errorf("Resolve(%q, %q) = %q", from, claimed, name)
		}
	})
}

// TestListingListsOnce looks for many names with one look into the folder, in any
// case of letters, the exact one first.
func TestListingListsOnce(t *testing.T) {
	o := &listings{Mem: store.NewMem()}
	for _, n := range []string{"BASE.vhd", "base.VHD", "straße.vhd", "K.vmdk"} {
		o.PutFile(n, nil)
	}
	l := store.NewListing(o)
	for claimed, want := range map[string]string{"base.VHD": "base.VHD", "Base.vhd": "BASE.vhd", "STRAßE.vhd": "straße.vhd", "\u212a.vmdk": "K.vmdk", "x.vhd": ""} {
		if got, err := store.Find(l, ".", claimed); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", claimed, got, err)
		}
	}
	for i := range 1000 {
		if _, err := store.Find(l, ".", fmt.Sprint(i)); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if o.count != 1 {
		t.Errorf("%d folders listed", o.count)
	}
}

// TestFindBoundsTheFolders looks for thousands of names in folders that are not
// there: no more is listed for each than the first folder.
func TestFindBoundsTheFolders(t *testing.T) {
	o := &listings{Mem: store.NewMem()}
	o.PutFile("Sub/deep/B.vhd", nil)
	if name, err := store.Find(o, "sub/DEEP", "b.VHD"); err != nil || name != "Sub/deep/B.vhd" {
		t.Errorf("found %q, %v", name, err)
	}
	o.count = 0
	long := strings.Repeat("a/", 500) + "a"
	if _, err := store.Find(o, long, "x"); !errors.Is(err, fs.ErrNotExist) || o.count > 3 {
		t.Errorf("%d folders listed, %v", o.count, err)
	}
}

// listings counts how often a folder is listed.
type listings struct {
	*store.Mem
	count int
}

func (l *listings) ReadDir(dir string) ([]string, error) {
	l.count++
	return l.Mem.ReadDir(dir)
}
