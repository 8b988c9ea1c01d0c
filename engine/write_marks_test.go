package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode/vhd"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
	tib = int64(1) << 40
)

// onHost writes an image of the host.
func onHost(t testing.TB, path string, how disk.WriteOptions, do func(disk.Writer) error) {
	t.Helper()
	if err := tryOnHost(t.Context(), path, how, do); err != nil {
		t.Fatal(err)
	}
}

func tryOnHost(ctx context.Context, path string, how disk.WriteOptions, do func(disk.Writer) error) error {
	folder, name, f, err := store.OpenImage(path)
	if err != nil {
		return err
	}
	f.Close()
	defer folder.Close()
	w, err := engine.WriteIn(ctx, folder, name, path, engine.Options{}, how)
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.Close(ctx))
}

// whole opens an image of the host, and demands that it is whole.
func whole(t testing.TB, path string) disk.Image {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	enginetest.Clean(t, img, disk.SeverityError)
	return img
}

// patch is a range of a disk that holds one byte all over.
type patch struct {
	off, n int64
	b      byte
}

// across are patches on both sides of a mark, of odd lengths, with zeros on the mark
// that are stored over what was there.
func across(mark int64) []patch {
	return []patch{{mark - 2*mib - 300, 2*mib + 300, 0xA1}, {mark, 3*mib + 700, 0xB2}, {mark - 1000, 3000, 0xC3}, {mark - 600, 1200, 0}}
}

// put writes patches.
func put(t testing.TB, path string, list []patch) {
	t.Helper()
	onHost(t, path, disk.WriteOptions{Ahead: 4 << 20}, func(w disk.Writer) error {
		for _, p := range list {
			var err error
			if p.b == 0 {
				err = w.Zero(t.Context(), p.off, p.n)
			} else {
				_, err = w.WriteAt(bytes.Repeat([]byte{p.b}, int(p.n)), p.off)
			}
			if err != nil {
				return fmt.Errorf("%d bytes at 0x%x: %w", p.n, p.off, err)
			}
		}
		return nil
	})
}

// seen are the patches of a disk as they are after all were written, cut where a later
// one lies, with the zeros around.
func seen(list []patch) []patch {
	from, end := list[0].off-8192, list[1].off+list[1].n+8192
	b := make([]byte, end-from)
	for _, p := range list {
		copy(b[p.off-from:], bytes.Repeat([]byte{p.b}, int(p.n)))
	}
	var out []patch
	for at := range b {
		if n := len(out); n > 0 && out[n-1].b == b[at] {
			out[n-1].n++
		} else {
			out = append(out, patch{from + int64(at), 1, b[at]})
		}
	}
	return out
}

// holds reads patches back by us, and by QEMU where it knows the kind by a name.
func holds(t testing.TB, path, qemu string, list []patch) {
	t.Helper()
	img := whole(t, path)
	args := []string{"-r", "-f", qemu}
	for _, p := range seen(list) {
		if p.off+p.n > img.Info().VirtualSize {
			p.n = img.Info().VirtualSize - p.off
		}
		b := make([]byte, p.n)
		if n, err := img.ReadAt(b, p.off); n < len(b) || bytes.Count(b, []byte{p.b}) < len(b) {
			t.Fatalf("%d bytes at 0x%x are not all %02x (read %d, %v)", p.n, p.off, p.b, n, err)
		}
		args = append(args, "-c", fmt.Sprintf("read -P %d %d %d", p.b, p.off, p.n))
	}
	if _, err := exec.LookPath("qemu-io"); err != nil || qemu == "" {
		return
	}
	if out := enginetest.Run(t, "qemu-io", append(args, path)...); strings.Contains(out, "failed") {
		t.Errorf("QEMU reads something else:\n%s", out)
	}
}

// TestWritesAcrossMarksOfTheDisk writes across 2 GiB, 4 GiB, and where a kind is large
// enough 1 and 2 TiB of the disk: W9 of the peers' cases.
func TestWritesAcrossMarksOfTheDisk(t *testing.T) {
	for _, c := range []struct {
		k     kindMade
		marks []int64
	}{
		{kindMade{"vhd", values("size", "1025G", "type", "fixed")}, []int64{2 * gib, 4 * gib, tib}},
		{kindMade{"vhd", values("size", "1025G")}, []int64{2 * gib, 4 * gib, tib}},
		{kindMade{"vhdx", values("size", "3T", "type", "fixed")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vhdx", values("size", "3T")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vhdx", values("size", "3T", "block-size", "1M")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vhdx", values("size", "3T", "sector", "4096", "block-size", "256M")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vmdk", values("size", "1025G", "block-size", "1M")}, []int64{2 * gib, 4 * gib, tib}},
		{kindMade{"vmdk", values("size", "3T", "type", "monolithicFlat")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vmdk", values("size", "3T", "type", "vmfs")}, []int64{2 * gib, 4 * gib, 2 * tib}},
		{kindMade{"vmdk", values("size", "5G", "type", "twoGbMaxExtentFlat")}, []int64{2 * gib, 4 * gib}},
		{kindMade{"vmdk", values("size", "5G", "type", "twoGbMaxExtentSparse")}, []int64{2 * gib, 4 * gib}},
	} {
		t.Run(c.k.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d."+c.k.format)
			create(t, path, engine.CreateOptions{Values: c.k.opt}).Close()
			qemu := qemuFormats[c.k.format]
			if c.k.opt["sector"] == "4096" {
				qemu = "" // it knows no such sectors
			}
			for _, mark := range c.marks {
				put(t, path, across(mark))
			}
			for _, mark := range c.marks {
				holds(t, path, qemu, across(mark))
			}
		})
	}
}

// lengthened makes a file so long that what it gets next lies before a mark and past it.
// The rest of it is a hole.
func lengthened(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if strings.HasSuffix(path, ".vhd") {
		err = moveFooter(f, size)
	} else {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// moveFooter puts the footer of a VHD, which has a copy at its start, at the new end.
func moveFooter(f *os.File, end int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	footer := make([]byte, vhd.FooterSize)
	if _, err := f.ReadAt(footer, 0); err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, vhd.FooterSize), info.Size()-vhd.FooterSize)
	_, err2 := f.WriteAt(footer, end)
	return errors.Join(err, err2)
}

// TestFilesGrowAcrossMarks has files grow across 2 GiB, 4 GiB and 1 TiB of their length:
// W9 and W20 of the peers' cases. Past 1 TiB an entry of a VHD's or VMDK's table has
// its highest bit set.
func TestFilesGrowAcrossMarks(t *testing.T) {
	for _, c := range []struct {
		k    kindMade
		file string // what grows
	}{
		{kindMade{"vhd", values("size", "64M")}, "d.vhd"},
		{kindMade{"vhdx", values("size", "64M", "block-size", "1M")}, "d.vhdx"},
		{kindMade{"vmdk", values("size", "64M")}, "d.vmdk"},
		{kindMade{"vmdk", values("size", "64M", "type", "twoGbMaxExtentSparse")}, "d-s001.vmdk"},
	} {
		for _, mark := range []int64{2 * gib, 4 * gib, tib} {
			t.Run(fmt.Sprint(c.k, mark), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "d."+c.k.format)
				create(t, path, engine.CreateOptions{Values: c.k.opt}).Close()
				lengthened(t, filepath.Join(dir, c.file), mark-3*mib)
				put(t, path, across(16*mib))
				holds(t, path, qemuFormats[c.k.format], across(16*mib))
				bothSides(t, path, mark)
			})
		}
	}
}

// bothSides holds that data is stored before the mark and past it.
func bothSides(t testing.TB, path string, mark int64) {
	t.Helper()
	img := whole(t, path)
	var before, past bool
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			t.Fatal(err)
		}
		if s.State == disk.Data && s.Layer == 0 {
			before, past = before || s.Offset < mark, past || s.Offset+s.Length > mark
		}
	}
	if !before || !past {
		t.Errorf("the test is worth nothing: data before 0x%x: %t, past it: %t", mark, before, past)
	}
}

// TestChildrenGrowAcrossMarks does the same with children, whose tables are others.
func TestChildrenGrowAcrossMarks(t *testing.T) {
	for _, c := range []struct {
		k    kindMade
		file string
	}{
		{kindMade{"vhd", values("size", "64M")}, "c.vhd"},
		{kindMade{"vhdx", values("size", "64M", "block-size", "1M")}, "c.vhdx"},
		{kindMade{"vmdk", values("size", "64M")}, "c.vmdk"},
		{kindMade{"vmdk", values("size", "64M", "type", "vmfs")}, "c-delta.vmdk"},
	} {
		for _, mark := range []int64{2 * gib, 4 * gib, tib} {
			t.Run(fmt.Sprint(c.k, mark), func(t *testing.T) {
				dir := t.TempDir()
				path, parent := filepath.Join(dir, "c."+c.k.format), filepath.Join(dir, "p."+c.k.format)
				create(t, parent, engine.CreateOptions{Values: c.k.opt}).Close()
				create(t, path, engine.CreateOptions{Parent: parent}).Close()
				lengthened(t, filepath.Join(dir, c.file), mark-3*mib)
				put(t, path, across(16*mib))
				qemu := ""
				if c.k.format == "vmdk" {
					qemu = "vmdk" // QEMU reads no other children
				}
				holds(t, path, qemu, across(16*mib))
				bothSides(t, path, mark)
			})
		}
	}
}

// TestFullFiles holds that what no entry of a table could name is refused, and that the
// image is whole afterwards.
func TestFullFiles(t *testing.T) {
	for _, k := range []kindMade{{"vhd", values("size", "64M")}, {"vmdk", values("size", "64M")}} {
		t.Run(k.format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d."+k.format)
			create(t, path, engine.CreateOptions{Values: k.opt}).Close()
			lengthened(t, path, 2*tib-3*mib)
			err := tryOnHost(t.Context(), path, disk.WriteOptions{}, func(w disk.Writer) error {
				if _, err := w.WriteAt([]byte{1}, 0); err != nil {
					t.Errorf("there is room for one block: %v", err)
				}
				_, err := w.WriteAt(make([]byte, 16*mib), 8*mib)
				return err
			})
			if !errors.Is(err, disk.ErrOutOfRange) || !strings.Contains(err.Error(), "the file is full") {
				t.Errorf("past what a table can name: %v", err)
			}
			b := make([]byte, 2)
			if _, err := whole(t, path).ReadAt(b, 0); err != nil || b[0] != 1 || b[1] != 0 {
				t.Errorf("what was stored before is %x, %v", b, err)
			}
		})
	}
}
