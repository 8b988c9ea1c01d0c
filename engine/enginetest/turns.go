package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// Foreign is an image that qemu-img makes, to be written by us and by qemu-io in
// turn.
type Foreign struct {
	Name   string   // of the file, with the ending of its format
	Format string   // qemu's name of the format
	Create []string // further arguments of qemu-img create
	Size   int64
	Unzip  bool // 7-Zip reads it right

	Write func(ctx context.Context, fs store.FS, name string) (disk.Writer, error)
	Read  func(ctx context.Context, o store.Opener, name string) (disk.Image, error)
}

// Turns has an image made and written by qemu and by us in turn. After each turn
// everybody must read the same disk.
func Turns(t *testing.T, f Foreign) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, f.Name)
	args := append([]string{"create", "-q", "-f", f.Format}, f.Create...)
	Run(t, "qemu-img", append(args, path, fmt.Sprint(f.Size))...)
	want := make([]byte, f.Size)
	rnd := rand.New(rand.NewPCG(uint64(f.Size), 5))
	for range Scale(1, 3) {
		f.ours(t, path, want, rnd)
		f.agree(t, path, want)
		f.theirs(t, path, want, rnd)
		f.agree(t, path, want)
	}
}

// ours writes with our writer, at the end of the disk too.
func (f Foreign) ours(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	defer folder.Close()
	w, err := f.Write(t.Context(), folder, name)
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		off, n := rnd.Int64N(f.Size-70_000), 1+rnd.Int64N(70_000)
		if rnd.IntN(4) == 0 {
			clear(want[off : off+n])
			err = w.Zero(t.Context(), off, n)
		} else {
			fillRandom(rnd, want[off:off+n])
			_, err = w.WriteAt(want[off:off+n], off)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fillRandom(rnd, want[f.Size-512:])
	if _, err := w.WriteAt(want[f.Size-512:], f.Size-512); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func fillRandom(rnd *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
}

// theirs writes with qemu-io.
func (f Foreign) theirs(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	args := []string{"-f", f.Format}
	for range 5 {
		off, n := rnd.Int64N((f.Size-70_000)/512)*512, 512*(1+rnd.Int64N(100))
		b := byte(1 + rnd.IntN(255))
		copy(want[off:off+n], bytes.Repeat([]byte{b}, int(n)))
		args = append(args, "-c", fmt.Sprintf("write -q -P %d %d %d", b, off, n))
	}
	Run(t, "qemu-io", append(args, path)...)
}

// agree holds what we, QEMU and 7-Zip read against what was written.
func (f Foreign) agree(t *testing.T, path string, want []byte) {
	t.Helper()
	raw := path + ".raw"
	Run(t, "qemu-img", "convert", "-f", f.Format, "-O", "raw", path, raw)
	if got, err := os.ReadFile(raw); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: QEMU reads another disk (%v)", f.Name, err)
	}
	if f.Format != "vpc" {
		Run(t, "qemu-img", "check", "-q", "-f", f.Format, path)
	}
	if f.Unzip {
		var out bytes.Buffer
		RunTo(t, &out, "7z", "x", "-so", path)
		if !bytes.Equal(out.Bytes(), want) {
			t.Fatalf("%s: 7-Zip reads another disk", f.Name)
		}
	}
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	defer folder.Close()
	img := Bed{Image: name, Read: f.Read}.opened(t, folder, disk.SeverityWarning)
	defer img.Close()
	if !bytes.Equal(wholeDisk(t, img), want) {
		t.Fatalf("%s: we read another disk", f.Name)
	}
}
