package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// throughJournal has a disk written as one change, all or nothing.
func throughJournal(t *testing.T, path string, do func(disk.Writer) error) error {
	t.Helper()
	folder, name, file, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	ws := store.NewWorkspace(folder, name)
	defer folder.Close()
	defer ws.Close()
	err = ws.Do("write", func(tx *store.Tx) error {
		w, err := engine.WriteIn(t.Context(), tx, name, path, engine.Options{}, disk.WriteOptions{})
		if err != nil {
			return err
		}
		return errors.Join(do(w), w.Close(context.WithoutCancel(t.Context())))
	})
	if err != nil {
		return err
	}
	return ws.Commit(t.Context())
}

// TestMatrixStreams takes streams from state to state as far as they can be written: made
// empty, made from content, a grain compressed again where it lies, and what does not fit
// refused with nothing changed. QEMU and 7-Zip read the same each time.
func TestMatrixStreams(t *testing.T) {
	for _, tool := range []string{"qemu-img", "7z", "vmdkinfo"} {
		enginetest.Tool(t, tool)
	}
	const size = 11 << 20
	for _, grain := range []int64{64 << 10, 8 << 10} {
		t.Run(fmt.Sprint(grain), func(t *testing.T) {
			t.Parallel()
			dir := enginetest.Scratch(t)
			made := func(name string) enginetest.Foreign {
				return enginetest.Foreign{Name: name, Format: "vmdk", Size: size, Block: grain, Witnesses: allPrograms &^ enginetest.QEMUWrites, Read: readIn}
			}
			opt := values("type", "streamOptimized", "size", fmt.Sprint(size), "block-size", fmt.Sprint(grain))
			empty := filepath.Join(dir, "empty.vmdk")
			create(t, empty, engine.CreateOptions{Values: opt}).Close()
			made("empty").Agree(t, empty, make([]byte, size), "as made")
			refuses(t, empty, 3<<20, bytes.Repeat([]byte{1}, 512))

			want := streamContent(size)
			full := streamOf(t, dir, opt, want)
			made("full").Agree(t, full, want, "made from content")
			rewritesInPlace(t, full, want)
			made("full").Agree(t, full, want, "after grains that fit")
			noise := make([]byte, grain)
			fillNoise(noise)
			refuses(t, full, 1<<20, noise)
			refuses(t, full, size-grain, noise[:512]) // a grain that is not stored
		})
	}
}

// streamContent is text that leaves a grain room to become another one, in the first part
// of the disk.
func streamContent(size int) []byte {
	b := make([]byte, size)
	rnd := rand.New(rand.NewPCG(3, 4))
	for at := range 5 << 20 {
		b[at] = "0123456789abcdef"[rnd.IntN(16)]
	}
	return b
}

func fillNoise(b []byte) {
	rand.NewChaCha8([32]byte{9}).Read(b)
}

// streamOf makes a stream of a content, in one pass.
func streamOf(t *testing.T, dir string, opt map[string]string, want []byte) string {
	t.Helper()
	path := filepath.Join(dir, "d.vmdk")
	files, _, err := store.OpenTarget(path)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	content := store.NewMemFile(int64(len(want)))
	if _, err := content.WriteAt(want, 0); err != nil {
		t.Fatal(err)
	}
	if err := makeIn(t, files, kindMade{"vmdk", opt}, content); err != nil {
		t.Fatal(err)
	}
	return path
}

// rewritesInPlace writes a sector in several grains, across two of them, and the last sector of what is
// stored. The file keeps its length.
func rewritesInPlace(t *testing.T, path string, want []byte) {
	t.Helper()
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int{700, 1<<20 + 65536 - 256, 5<<20 - 512} {
		data := bytes.Repeat([]byte("a"), 512) // which takes less room than what was there
		copy(want[off:], data)
		if err := throughJournal(t, path, func(w disk.Writer) error { _, err := w.WriteAt(data, int64(off)); return err }); err != nil {
			t.Fatalf("%d: %v", off, err)
		}
	}
	if after, err := os.Stat(path); err != nil || after.Size() != before.Size() {
		t.Errorf("the file has %d bytes, before %d, %v", after.Size(), before.Size(), err)
	}
}

// refuses holds that a write is refused, straight and as a change, with nothing changed.
func refuses(t *testing.T, path string, off int64, data []byte) {
	t.Helper()
	before := fileHash(t, path)
	do := func(w disk.Writer) error { _, err := w.WriteAt(data, off); return err }
	for _, err := range []error{throughJournal(t, path, do), tryOnHost(t.Context(), path, disk.WriteOptions{}, do)} {
		var r *disk.Refusal
		if !errors.As(err, &r) || r.Reason != disk.RefusedStream {
			t.Errorf("%s: a write of %d bytes at %d: %v", path, len(data), off, err)
		}
	}
	if fileHash(t, path) != before {
		t.Errorf("%s: refused, and changed", path)
	}
}
