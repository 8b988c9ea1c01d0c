package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// Witness is a program of somebody else that a kind of image is shown to. Not all
// of them know every kind: what they say of the others is no evidence.
type Witness uint8

// The witnesses.
const (
	QEMU       Witness = 1 << iota // qemu-img reads it
	QEMUWrites                     // qemu-io writes into it
	SevenZip                       // 7z reads it
	Libyal                         // vhdiinfo and vmdkinfo know its size
)

// Foreign is an image that is written by us and by qemu-io in turn, and read by all
// that know its kind.
type Foreign struct {
	Name      string                          // of the file, with the ending of its format
	Format    string                          // qemu's name of the format
	Make      func(t testing.TB, path string) // makes the image
	Size      int64
	Block     int64 // what the format gives back at once, in bytes
	Fill      byte  // what every byte of the disk holds at first, and the parent of a child; 0: there is none
	Witnesses Witness

	Write func(ctx context.Context, fs store.FS, name string) (disk.Writer, error)
	Read  func(ctx context.Context, o store.Opener, name string) (disk.Image, error)
}

// MadeByQEMU makes images with qemu-img.
func MadeByQEMU(format string, size int64, options string) func(testing.TB, string) {
	return func(t testing.TB, path string) {
		t.Helper()
		Run(t, "qemu-img", "create", "-q", "-f", format, "-o", options, path, fmt.Sprint(size))
	}
}

// turn brings an image to a state.
type turn struct {
	name  string
	whole bool // all who know the kind look at it, in a short run too; else the first of them
	do    func(f Foreign, t *testing.T, path string, want []byte, rnd *rand.Rand)
}

// matrix are the states in which everybody looks at an image that we made.
var matrix = []turn{
	{"as made", true, func(Foreign, *testing.T, string, []byte, *rand.Rand) {}},
	{"after random writes", false, Foreign.randomly},
	{"after zeros", false, Foreign.zeros},
	{"after its last sector", false, Foreign.lastSector},
	{"opened again and written", true, Foreign.randomly},
	{"after qemu-io", false, Foreign.theirs},
}

// inTurn are the states of an image that others made.
var inTurn = []turn{
	{"after qemu-io", false, Foreign.theirs},
	{"after ours on theirs", true, func(f Foreign, t *testing.T, path string, want []byte, rnd *rand.Rand) {
		f.randomly(t, path, want, rnd)
		f.zeros(t, path, want, rnd)
		f.lastSector(t, path, want, rnd)
	}},
	{"after qemu-io on ours", true, Foreign.theirs},
}

// Matrix takes an image that we make from state to state. In each of them who knows the
// kind must read the same disk, and find no fault: in a short run not all of them each
// time, but all of what we made last.
func Matrix(t *testing.T, f Foreign) {
	t.Helper()
	f.states(t, append(slices.Clone(matrix), inTurn[Scale(len(inTurn), 0):]...))
}

// Turns has an image that others make written by qemu-io and by us in turn.
func Turns(t *testing.T, f Foreign) {
	t.Helper()
	f.states(t, slices.Repeat(inTurn, Scale(1, 3)))
}

func (f Foreign) states(t *testing.T, list []turn) {
	t.Helper()
	path := filepath.Join(Scratch(t), f.Name)
	f.Make(t, path)
	want := bytes.Repeat([]byte{f.Fill}, int(f.Size))
	rnd := rand.New(rand.NewPCG(uint64(f.Size), 5))
	for _, s := range list {
		s.do(f, t, path, want, rnd)
		if s.whole || Full() {
			f.Agree(t, path, want, s.name)
		} else {
			f.first().Agree(t, path, want, s.name)
		}
	}
}

// first leaves the one of the witnesses that tells most.
func (f Foreign) first() Foreign {
	for _, w := range []Witness{QEMU, SevenZip, Libyal} {
		if f.Witnesses&w != 0 {
			f.Witnesses = w
			break
		}
	}
	return f
}

// Scratch is a folder for images that are synced often: in memory, where the system has
// such a place.
func Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "platter-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// ours opens the image with our writer.
func (f Foreign) ours(t *testing.T, path string, do func(w disk.Writer) error) {
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
	if err := do(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (f Foreign) randomly(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	f.ours(t, path, func(w disk.Writer) error {
		for range 8 {
			off, n := rnd.Int64N(f.Size-70_000), 1+rnd.Int64N(70_000)
			fillRandom(rnd, want[off:off+n])
			if _, err := w.WriteAt(want[off:off+n], off); err != nil {
				return err
			}
		}
		return nil
	})
}

// zeros zeroes parts of blocks, and whole ones: those that were written last among
// them, which lie at the end of the file. Others are trimmed.
func (f Foreign) zeros(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	f.ours(t, path, func(w disk.Writer) error {
		last := rnd.Int64N(f.Size/f.Block) * f.Block
		fillRandom(rnd, want[last:last+f.Block])
		if _, err := w.WriteAt(want[last:last+f.Block], last); err != nil {
			return err
		}
		for _, off := range []int64{rnd.Int64N(f.Size - 70_000), rnd.Int64N(f.Size - 70_000)} {
			clear(want[off : off+60_000])
			if err := w.Zero(t.Context(), off, 60_000); err != nil {
				return err
			}
		}
		clear(want[last : last+f.Block])
		if err := w.Zero(t.Context(), last, f.Block); err != nil {
			return err
		}
		trimmed := rnd.Int64N(f.Size/f.Block) * f.Block
		if err := w.Trim(t.Context(), trimmed, f.Block); err != nil {
			return err
		}
		if _, err := w.ReadAt(want[trimmed:trimmed+f.Block], trimmed); err != nil {
			return err
		}
		return f.reveals(t, w, want, rnd)
	})
}

// reveals has a child leave a block to its parent that it had zeroed or written.
func (f Foreign) reveals(t *testing.T, w disk.Writer, want []byte, rnd *rand.Rand) error {
	t.Helper()
	if f.Fill == 0 {
		return nil
	}
	off := rnd.Int64N(f.Size/f.Block) * f.Block
	if _, err := w.WriteAt(make([]byte, f.Block), off); err != nil {
		return err
	}
	copy(want[off:], bytes.Repeat([]byte{f.Fill}, int(f.Block)))
	return w.(disk.Revealer).Reveal(t.Context(), off, f.Block)
}

func (f Foreign) lastSector(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	f.ours(t, path, func(w disk.Writer) error {
		fillRandom(rnd, want[f.Size-512:])
		_, err := w.WriteAt(want[f.Size-512:], f.Size-512)
		return err
	})
}

func fillRandom(rnd *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
}

// theirs writes with qemu-io.
func (f Foreign) theirs(t *testing.T, path string, want []byte, rnd *rand.Rand) {
	t.Helper()
	if f.Witnesses&QEMUWrites == 0 {
		return
	}
	args := []string{"-f", f.Format}
	for range 5 {
		off, n := rnd.Int64N((f.Size-70_000)/512)*512, 512*(1+rnd.Int64N(100))
		b := byte(1 + rnd.IntN(255))
		copy(want[off:off+n], bytes.Repeat([]byte{b}, int(n)))
		args = append(args, "-c", fmt.Sprintf("write -q -P %d %d %d", b, off, n))
	}
	Run(t, "qemu-io", append(args, path)...)
}

// Agree holds what everybody reads against what was written, in a state of the image.
func (f Foreign) Agree(t *testing.T, path string, want []byte, state string) {
	t.Helper()
	if f.Witnesses&QEMU != 0 {
		f.agreesQEMU(t, path, want, state)
	}
	if f.Witnesses&SevenZip != 0 {
		var out bytes.Buffer
		RunTo(t, &out, "7z", "x", "-so", path)
		same(t, f.Name+" "+state+": 7-Zip", out.Bytes(), want)
	}
	if f.Witnesses&Libyal != 0 {
		tool := "vhdiinfo"
		if f.Format == "vmdk" {
			tool = "vmdkinfo"
		}
		if out := Run(t, tool, path); !strings.Contains(out, fmt.Sprintf("%d bytes", f.Size)) {
			t.Errorf("%s %s: %s sees another size:\n%s", f.Name, state, tool, out)
		}
	}
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	defer folder.Close()
	img := Bed{Image: name, Known: Leaks, Read: f.Read}.opened(t, folder, disk.SeverityWarning)
	defer img.Close()
	same(t, f.Name+" "+state+": we", wholeDisk(t, img), want)
}

// agreesQEMU asks it about the disk, which it converts as long as it is, and where it has
// an opinion about the tables.
func (f Foreign) agreesQEMU(t *testing.T, path string, want []byte, state string) {
	t.Helper()
	raw := path + ".raw"
	Run(t, "qemu-img", "convert", "-f", f.Format, "-O", "raw", path, raw)
	got, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	same(t, f.Name+" "+state+": QEMU", got, want)
	if f.Format != "vpc" {
		Run(t, "qemu-img", "check", "-q", "-f", f.Format, path)
	}
}

// same compares what somebody reads with what was written.
func same(t *testing.T, who string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	if len(got) != len(want) {
		t.Fatalf("%s read %d bytes, expected %d", who, len(got), len(want))
	}
	at := firstDifference(got, want)
	t.Fatalf("%s read %02x at byte %d, expected %02x", who, got[at], at, want[at])
}

// Leaks are the findings about room that nothing names any more: what was trimmed
// leaves it, and so do other programs.
var Leaks = []string{"vhd/V035", "vhdx/50", "vmdk/G12"}
