package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// values are options from name and value in turn.
func values(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// with adds to options.
func with(opt map[string]string, pairs ...string) map[string]string {
	m := values(pairs...)
	for k, v := range opt {
		m[k] = v
	}
	return m
}

// kindMade is a kind of image that stands alone.
type kindMade struct {
	format string
	opt    map[string]string
}

func (k kindMade) String() string {
	return strings.TrimSpace(k.format + " " + strings.Trim(fmt.Sprint(k.opt), "map[]"))
}

// kindsMade are all kinds, with every option somewhere.
func kindsMade() []kindMade {
	return []kindMade{
		{"vhd", values()}, {"vhd", values("type", "fixed")}, {"vhd", values("block-size", "512K")}, {"vhd", values("profile", "hyper-v", "creator", "win ")},
		{"vhd", values("geometry", "max")}, {"vhd", values("type", "fixed", "preallocate", "full")}, {"vhd", values("profile", "azure")},
		{"vhdx", values()}, {"vhdx", values("type", "fixed")}, {"vhdx", values("block-size", "1M", "log-size", "3M")}, {"vhdx", values("sector", "4096")},
		{"vhdx", values("sector", "512/512", "type", "fixed", "block-size", "256M")}, {"vhdx", values("type", "fixed", "preallocate", "reserve")},
		{"vmdk", values()}, {"vmdk", values("type", "MonolithicFlat")}, {"vmdk", values("type", "twoGbMaxExtentSparse", "split", "10M")},
		{"vmdk", values("type", "twoGbMaxExtentFlat", "split", "10M")}, {"vmdk", values("type", "streamOptimized")}, {"vmdk", values("type", "vmfs")},
		{"vmdk", values("zeroed-grains", "yes", "adapter", "ide", "hw-version", "10")}, {"vmdk", values("block-size", "1M", "ddb", "comment=x\nddb.deletable=true")},
		{"vmdk", values("sector", "512/4096", "geometry", "80/16/63", "adapter", "legacyESX")},
		{"raw", values()},
	}
}

// create makes an image in a folder and opens it.
func create(t *testing.T, path string, opt engine.CreateOptions) disk.Image {
	t.Helper()
	if _, err := engine.Create(t.Context(), path, opt); err != nil {
		t.Fatal(err)
	}
	img, err := engine.Open(t.Context(), path, engine.Options{Parent: opt.Parent, Format: opt.Format})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// TestCreate makes every kind: the size is exact, the disk reads as zeros, the check
// finds nothing.
func TestCreate(t *testing.T) {
	const size = 40<<20 + 4096
	for _, k := range kindsMade() {
		t.Run(k.String(), func(t *testing.T) {
			img := create(t, filepath.Join(t.TempDir(), "d."+k.format), engine.CreateOptions{Format: k.format, Values: with(k.opt, "size", fmt.Sprint(size))})
			want := int64(size)
			if k.opt["profile"] == disk.ProfileAzure {
				want = 41 << 20
			}
			if info := img.Info(); info.VirtualSize != want || info.Refused != nil {
				t.Errorf("%d bytes, %v", info.VirtualSize, info.Refused)
			}
			if k.format == "raw" {
				return
			}
			enginetest.Conform(t, img)
			enginetest.Clean(t, img, disk.SeverityWarning)
			allZero(t, img)
		})
	}
}

func allZero(t *testing.T, img disk.Image) {
	t.Helper()
	b := make([]byte, 1<<20)
	for off := int64(0); off < img.Info().VirtualSize; off += int64(len(b)) {
		n, err := img.ReadAt(b[:min(int64(len(b)), img.Info().VirtualSize-off)], off)
		if err != nil || bytes.Count(b[:n], []byte{0}) != n {
			t.Fatalf("the megabyte at 0x%x is not zero, or %v", off, err)
		}
	}
}

// TestCreateOddSizes holds sizes of every shape: N4 and N15 of the peers' cases.
func TestCreateOddSizes(t *testing.T) {
	const mib = 1 << 20
	for _, name := range []string{"d.vhd", "d.vhdx", "d.vmdk"} {
		for _, size := range []int64{512, 1024, 65536 - 512, 65536, mib - 512, mib, 2*mib - 512, 2 * mib, 2*mib + 512, 4*mib + 3*512, 16*mib - 512, 32 * mib, 33 * mib, 1<<30 + 512, 1<<30 + mib} {
			img := create(t, filepath.Join(t.TempDir(), name), engine.CreateOptions{Values: values("size", fmt.Sprint(size))})
			if got := img.Info().VirtualSize; got != size {
				t.Errorf("%s of %d: %d", name, size, got)
			}
			enginetest.Clean(t, img, disk.SeverityWarning)
		}
	}
}

// TestCreateRefuses holds that a wrong wish leaves nothing behind, and that a limit is
// named: N2, N5, N10 of the peers' cases.
func TestCreateRefuses(t *testing.T) {
	wrong, limit := disk.ErrWrongOption, disk.ErrLimit
	for _, c := range []struct {
		name string
		opt  map[string]string
		want error
		says string
	}{
		{"d.vhd", values(), wrong, "how large"},
		{"d.vhd", values("size", "0"), wrong, "0 bytes"},
		{"d.vhd", values("size", "2041G"), limit, "2040G"},
		{"d.vhd", values("size", "1G", "block-size", "3M"), wrong, "a power of two, 4K to 256M"},
		{"d.vhd", values("size", "2000G", "block-size", "4K"), limit, "with blocks of 4K"},
		{"d.vhd", values("size", "1G", "sector", "4096"), wrong, "512 bytes only"},
		{"d.vhd", values("size", "1G", "type", "differencing"), wrong, "needs a parent"},
		{"d.vhd", values("size", "1G", "type", "fixed", "block-size", "2M"), wrong, "no blocks"},
		{"d.vhd", values("size", "1M", "geometry", "1024/16/63"), wrong, "more than the disk's"},
		{"d.vhd", values("size", "1M", "creator", "platter"), wrong, "at most 4"},
		{"d.vhd", values("size", "1M", "preallocate", "full"), wrong, "only a fixed"},
		{"d.vhd", values("size", "1M", "log-size", "1M"), wrong, "no such option"},
		{"d.vhd", values("size", "1M", "profile", "azure", "type", "dynamic"), limit, "Azure takes fixed"},
		{"d.vhd", values("size", "1M", "profile", "azure"), limit, "20 MiB"},
		{"d.vhdx", values("size", "1M", "profile", "vmware"), limit, "VMware opens no VHDX"},
		{"d.vhdx", values("size", "64T", "round", "65T"), limit, "64T"},
		{"d.vhdx", values("size", "64T", "sector", "4096", "block-size", "512M"), limit, "1M to 256M"},
		{"d.vhdx", values("size", "9223372036854775808"), limit, "64T"},
		{"d.vhdx", values("size", "9223372036854775296"), limit, "64T"},
		{"d.vhdx", values("size", "18446744073709551104"), limit, "64T"},
		{"d.vhdx", values("size", "99999999999999999999"), limit, "64 bits"},
		{"d.vhdx", values("size", "1G", "block-size", "1234567"), wrong, "power of two"},
		{"d.vhdx", values("size", "1G", "block-size", "128"), limit, "power of two"},
		{"d.vhdx", values("size", "1G", "block-size", "0"), wrong, "power of two"},
		{"d.vhdx", values("size", "1G", "log-size", "1234567"), wrong, "multiple of 1M"},
		{"d.vhdx", values("size", "1G", "log-size", "128"), wrong, "multiple of 1M"},
		{"d.vhdx", values("size", "1G", "log-size", "4G"), limit, "4095M"},
		{"d.vhdx", values("size", "1G", "log-size", "0"), limit, "multiple of 1M"},
		{"d.vmdk", values("size", "3T"), limit, "2T"},
		{"d.vmdk", values("size", "63T", "type", "vmfs"), limit, "62T"},
		{"d.vmdk", values("size", "1G", "adapter", "foo"), wrong, "lsilogic"},
		{"d.vmdk", values("size", "1G", "adapter", "IDE"), wrong, "lsilogic"},
		{"d.vmdk", values("size", "1G", "adapter", "legacyesx"), wrong, "legacyESX"},
		{"d.vmdk", values("size", "1G", "adapter", "pvscsi"), wrong, "VMware itself writes lsilogic"},
		{"d.vmdk", values("size", "1G", "type", "monolithicFlat", "zeroed-grains", "yes"), wrong, "marked as zeros"},
		{"d.vmdk", values("size", "1G", "type", "vmfsSparse"), wrong, "needs a parent"},
		{"d.vmdk", values("size", "1G", "split", "1G"), wrong, "not split"},
		{"d.vmdk", values("size", "1G", "ddb", "x"), wrong, "KEY=VALUE"},
		{"d.vmdk", values("size", "1G", "ddb", `x=a"b`), wrong, "quotes"},
		{"d.vmdk", values("size", "60T", "type", "twoGbMaxExtentFlat", "split", "1M"), limit, "too many"},
		{`d".vmdk`, values("size", "1G"), wrong, "quotes"},
		{"d.vmdk", values("size", "1G", "profile", "virtualbox", "zeroed-grains", "yes"), limit, "versions 1 and 3"},
		{"d.xyz", values("size", "1G"), wrong, "one of vhdx, vmdk, vhd, raw"},
		{"d.vhd", values("size", "1G", "id", "x"), wrong, "UUID"},
		{"d.vhd", values("size", "1G", "time", "yesterday"), wrong, "2026-01-31T12:00:00Z"},
	} {
		dir := t.TempDir()
		_, err := engine.Create(t.Context(), filepath.Join(dir, c.name), engine.CreateOptions{Values: c.opt})
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %v: %v", c.name, c.opt, err)
		}
		if list, _ := os.ReadDir(dir); len(list) != 0 {
			t.Errorf("%s %v leaves %v", c.name, c.opt, list)
		}
	}
}

// TestCreateBesideAJournal holds that a new image does not inherit the journal of
// another one of its name.
func TestCreateBesideAJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.vhd")
	opt := engine.CreateOptions{Values: values("size", "1M")}
	if err := os.WriteFile(store.JournalName(path), []byte("of an image that is gone"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Create(t.Context(), path, opt); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "d.vhd.platter-journal") {
		t.Errorf("without leave: %v", err)
	}
	opt.Replace = true
	if _, err := engine.Create(t.Context(), path, opt); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(store.JournalName(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}

// TestCreateKeeps holds that nothing is replaced or left behind unasked.
func TestCreateKeeps(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.vhd")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	opt := engine.CreateOptions{Values: values("size", "1M")}
	if _, err := engine.Create(t.Context(), path, opt); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file has become %q", b)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	opt.Replace = true
	if _, err := engine.Create(stopped, path, opt); err == nil {
		t.Error("made although it was stopped")
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file has become %q", b)
	}
	leftover := filepath.Join(dir, ".a.vhd.platter-tmp-1")
	os.WriteFile(leftover, nil, 0o600)
	if made, err := engine.Create(t.Context(), filepath.Join(dir, "b.vhd"), opt); err != nil || len(made.Warnings) > 0 {
		t.Error(err, made.Warnings)
	}
	opt.Replace, opt.DryRun = true, true
	if made, err := engine.Create(t.Context(), path, opt); err != nil || made.Info.VirtualSize != 1<<20 || len(made.Layout) < 4 {
		t.Error(err, made)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("a dry run has written: %q", b)
	}
	opt.DryRun = false
	if _, err := engine.Create(t.Context(), path, opt); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 2 {
		t.Errorf("the folder holds %v", list)
	}
	if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Parent: path, Replace: true}); !errors.Is(err, disk.ErrWrongOption) {
		t.Errorf("a child in the place of its parent: %v", err)
	}
}

// TestCreateTwice holds that a seed makes two runs equal byte for byte: N17.
func TestCreateTwice(t *testing.T) {
	for _, k := range kindsMade() {
		digest := func(seed string) string {
			dir := t.TempDir()
			opt := with(k.opt, "size", "21M")
			if k.format != "raw" {
				opt = with(opt, "seed", seed)
			}
			if _, err := engine.Create(t.Context(), filepath.Join(dir, "d."+k.format), engine.CreateOptions{Format: k.format, Values: opt}); err != nil {
				t.Fatal(err)
			}
			return contents(t, dir)
		}
		first := digest("a")
		if first != digest("a") {
			t.Errorf("%s: two runs differ", k)
		}
		if k.format != "raw" && first == digest("b") {
			t.Errorf("%s: another seed makes the same", k)
		}
	}
}

// contents are the digests of all that a folder holds; holes count by their place.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		folder, _, f, err := store.OpenImage(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		size, _ := f.Size()
		h := sha256.New()
		for off := int64(0); ; {
			r, err := store.NextData(f, off, size)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%d %d ", r.Offset, r.Length)
			io.Copy(h, io.NewSectionReader(f, r.Offset, r.Length))
			off = r.End()
		}
		fmt.Fprintf(&b, "%s %d %x\n", e.Name(), size, h.Sum(nil))
		f.Close()
		folder.Close()
	}
	return b.String()
}

// TestCreateGiants makes the largest disks: quickly, and in little memory.
func TestCreateGiants(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  map[string]string
	}{
		{"d.vhd", values("size", "2040G")},
		{"d.vhdx", values("size", "64T")},
		{"d.vhdx", values("size", "64T", "block-size", "1M")},
		{"d.vmdk", values("size", "2T")},
		{"d.vmdk", values("size", "2T", "type", "streamOptimized")},
		{"d.vmdk", values("size", "62T", "type", "vmfs")},
		{"d.vmdk", values("size", "62T", "type", "monolithicFlat")},
	} {
		start := time.Now()
		opt := engine.CreateOptions{Values: c.opt, DryRun: strings.HasPrefix(c.opt["size"], "62")} // few file systems have such files
		made, err := engine.Create(t.Context(), filepath.Join(t.TempDir(), c.name), opt)
		if err != nil {
			t.Fatalf("%s %v: %v", c.name, c.opt, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s %v takes %s", c.name, c.opt, took)
		}
		if made.Info.Refused != nil {
			t.Error(made.Info.Refused)
		}
	}
}

// TestCreateTargets holds the FS in which files are all or nothing against a folder.
func TestCreateTargets(t *testing.T) {
	files := store.NewMem()
	files.PutFile("a", []byte("old"))
	to := &store.Target{FS: files}
	if _, err := to.Create("a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	f, err := to.Create("b")
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("new"), 0)
	f.Close()
	if _, err := files.Stat("b"); err == nil {
		t.Error("the file has its name before it is published")
	}
	files.PutFile("b", []byte("somebody was faster"))
	if err := to.Publish(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("published over a file: %v", err)
	}
	if names, _ := files.ReadDir("."); len(names) != 2 {
		t.Errorf("%q are left", names)
	}
}
