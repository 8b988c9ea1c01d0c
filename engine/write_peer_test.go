package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"platter/decode/vhd"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// What QEMU 7.2 does wrong when it writes, done by us. Each test says what QEMU does.

// shows expects a disk that holds patches, and zeros everywhere else.
func shows(t *testing.T, path string, size int64, list ...patch) {
	t.Helper()
	img := whole(t, path)
	if got := img.Info().VirtualSize; got != size {
		t.Fatalf("the disk has %d bytes, expected %d", got, size)
	}
	const piece = 1 << 20
	b := make([]byte, piece)
	for off := int64(0); off < size; off += piece {
		p := b[:min(piece, size-off)]
		if n, err := img.ReadAt(p, off); n < len(p) {
			t.Fatal(err)
		}
		want := make([]byte, len(p))
		for _, x := range list {
			for at := max(x.off, off); at < min(x.off+x.n, off+int64(len(p))); at++ {
				want[at-off] = x.b
			}
		}
		if !bytes.Equal(p, want) {
			t.Fatalf("the megabyte at 0x%x is not as it was written", off)
		}
	}
}

// TestQEMUBugH1StaleFooter writes the first block of an empty VHD whose footer lies some
// way after the table, as Microsoft's do. QEMU puts the block where the table ends: the
// guest sees the old footer. W7 of the peers' cases.
func TestQEMUBugH1StaleFooter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vhd")
	create(t, path, engine.CreateOptions{Values: values("size", "64M")}).Close()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	if err := errors.Join(moveFooter(f, info.Size()-vhd.FooterSize+3584), f.Close()); err != nil {
		t.Fatal(err)
	}
	put(t, path, []patch{{mib, 512, 0x11}})
	shows(t, path, 64*mib, patch{mib, 512, 0x11})
}

// TestQEMUBugH1InCorpus does the same with the images that Hyper-V and Disk2vhd made.
func TestQEMUBugH1InCorpus(t *testing.T) {
	for _, name := range []string{"vhd/qemu-hyperv2012r2-dynamic.vhd", "vhd/qemu-d2v-zerofilled.vhd"} {
		t.Run(name, func(t *testing.T) {
			path := enginetest.Copy(t, enginetest.Corpus(t, name))
			size := whole(t, path).Info().VirtualSize
			put(t, path, []patch{{mib, 512, 0x11}, {size - 512, 512, 0x12}})
			stray := whole(t, path)
			for s, err := range stray.Map(0, size) {
				if err != nil {
					t.Fatal(err)
				}
				if s.State != disk.Data {
					continue
				}
				b := make([]byte, s.Length)
				if n, err := stray.ReadAt(b, s.Start); n < len(b) {
					t.Fatal(err)
				}
				if at := bytes.Index(b, []byte("conectix")); at >= 0 {
					t.Errorf("the disk shows a footer at 0x%x", s.Start+int64(at))
				}
			}
			holdsAt(t, stray, patch{mib, 512, 0x11}, patch{size - 512, 512, 0x12})
		})
	}
}

func holdsAt(t testing.TB, r io.ReaderAt, list ...patch) {
	t.Helper()
	for _, p := range list {
		b := make([]byte, p.n)
		if n, err := r.ReadAt(b, p.off); n < len(b) || bytes.Count(b, []byte{p.b}) < len(b) {
			t.Errorf("%d bytes at 0x%x are not all %02x: %v", p.n, p.off, p.b, err)
		}
	}
}

// TestQEMUBugH2ChildWithoutParent opens children that can't find their parents, for
// reading and for writing. QEMU takes a differencing VHD for one that stands alone, and
// converts it with zeros for all that the parent holds. C9 of the peers' cases.
func TestQEMUBugH2ChildWithoutParent(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir := t.TempDir()
		parent, child := filepath.Join(dir, "p."+format), filepath.Join(dir, "c."+format)
		create(t, parent, engine.CreateOptions{Values: values("size", "8M")}).Close()
		put(t, parent, []patch{{0, 8 * mib, 0x77}})
		create(t, child, engine.CreateOptions{Parent: parent}).Close()
		put(t, child, []patch{{mib, 512, 0x11}})
		shows(t, child, 8*mib, patch{0, 8 * mib, 0x77}, patch{mib, 512, 0x11})
		before := fileHash(t, child)
		if err := os.Remove(parent); err != nil {
			t.Fatal(err)
		}
		img, err := engine.Open(t.Context(), child, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := img.ReadAt(make([]byte, 512), 0); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %d bytes of the parent's are read without it", format, n)
		}
		img.Close()
		err = tryOnHost(t.Context(), child, disk.WriteOptions{}, func(w disk.Writer) error { _, err := w.WriteAt([]byte{1}, 0); return err })
		if err == nil || fileHash(t, child) != before {
			t.Errorf("%s: written without its parent: %v", format, err)
		}
	}
}

func fileHash(t testing.TB, path string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// TestQEMUBugH3SizeByGeometry makes a VHD of 100 MiB. QEMU rounds it up to 104865792 bytes,
// what whole cylinders hold; ours is exact by everybody's rule.
func TestQEMUBugH3SizeByGeometry(t *testing.T) {
	for _, kind := range []string{"dynamic", "fixed"} {
		path := filepath.Join(t.TempDir(), "e.vhd")
		create(t, path, engine.CreateOptions{Values: values("size", "100M", "type", kind)}).Close()
		put(t, path, []patch{{100*mib - 512, 512, 0x22}})
		shows(t, path, 100*mib, patch{100*mib - 512, 512, 0x22})
		var info struct {
			Size int64 `json:"virtual-size"`
		}
		if err := json.Unmarshal([]byte(enginetest.Run(t, "qemu-img", "info", "--output", "json", "-f", "vpc", path)), &info); err != nil || info.Size != 100*mib {
			t.Errorf("%s: QEMU sees %d bytes, %v", kind, info.Size, err)
		}
	}
}

// TestQEMUBugX3FixedGrows writes into a fixed VHDX, which has all its room: the file stays as
// long as it is, whoever writes. QEMU's own fixed images have a table of zero blocks, and
// grow. N7 of the peers' cases.
func TestQEMUBugX3FixedGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.vhdx")
	create(t, path, engine.CreateOptions{Values: values("size", "16M", "type", "fixed")}).Close()
	length := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := length()
	put(t, path, []patch{{0, 4096, 1}, {16*mib - 4096, 4096, 2}, {8 * mib, mib, 0}})
	if got := length(); got != before {
		t.Errorf("our writes have made the file %d bytes long, it had %d", got, before)
	}
	enginetest.Run(t, "qemu-io", "-f", "vhdx", "-c", "write -P 3 4M 64k", path)
	if got := length(); got != before {
		t.Errorf("QEMU's writes have made the file %d bytes long, it had %d", got, before)
	}
	shows(t, path, 16*mib, patch{0, 4096, 1}, patch{16*mib - 4096, 4096, 2}, patch{4 * mib, 64 << 10, 3})
}

// TestQEMUBugV1HeaderOverwritten writes a grain whose table does not exist yet: in a redo log,
// and in a stream with a footer. QEMU takes the missing table's sector, 0, for its place,
// and writes over the header. W10 and W19 of the peers' cases.
func TestQEMUBugV1HeaderOverwritten(t *testing.T) {
	dir := t.TempDir()
	parent, child := filepath.Join(dir, "p.vmdk"), filepath.Join(dir, "c.vmdk")
	create(t, parent, engine.CreateOptions{Values: values("size", "64M", "type", "vmfs")}).Close()
	create(t, child, engine.CreateOptions{Parent: parent}).Close()
	list := []patch{{48 * mib, 64 << 10, 0x33}, {64*mib - 512, 512, 0x34}}
	put(t, child, list)
	shows(t, child, 64*mib, list...)
	begins(t, filepath.Join(dir, "c-delta.vmdk"), "COWD")

	path := filepath.Join(dir, "s.vmdk")
	create(t, path, engine.CreateOptions{Values: values("size", "64M", "type", "streamOptimized")}).Close()
	afterStream(t, path, 48*mib)
}

// TestQEMUBugV1InCorpus does the same with the stream that QEMU destroys.
func TestQEMUBugV1InCorpus(t *testing.T) {
	afterStream(t, enginetest.Copy(t, enginetest.Corpus(t, "vmdk/qemu-iotest-version3.vmdk")), 8*gib)
}

// afterStream writes a grain of a stream: that is done rightly or refused.
func afterStream(t *testing.T, path string, off int64) {
	t.Helper()
	before := fileHash(t, path)
	data := bytes.Repeat([]byte{0x33}, 64<<10)
	err := tryOnHost(t.Context(), path, disk.WriteOptions{}, func(w disk.Writer) error { _, err := w.WriteAt(data, off); return err })
	if err != nil && fileHash(t, path) != before {
		t.Errorf("%s: refused, and changed: %v", path, err)
	}
	if err == nil {
		holdsAt(t, whole(t, path), patch{off, 64 << 10, 0x33})
	}
	begins(t, path, "KDMV")
	if _, lacking := exec.LookPath("7z"); lacking == nil {
		enginetest.Run(t, "7z", "t", path)
	}
}

func begins(t testing.TB, path, magic string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, len(magic))
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != magic {
		t.Errorf("%s begins with %q, %v", path, b, err)
	}
}
