package edit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// rawSession opens a session over a file of n bytes as a raw disk.
func rawSession(t *testing.T, n int) (*edit.Session, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0x50}, n), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := edit.Open(t.Context(), path, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

func content(t *testing.T, s *edit.Session, n int) []byte {
	t.Helper()
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	if _, err := img.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func fileSum(t *testing.T, path string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// stageDisk stages bytes through the virtual disk, as the Sectors screen does.
func stageDisk(s *edit.Session, off int64, data []byte) error {
	edits, err := s.Place(off, int64(len(data)))
	if err != nil {
		return err
	}
	for i := range edits {
		data = data[copy(edits[i].Data, data):]
	}
	return s.Stage("overwrite", edits...)
}

// TestSessionAgreesWithModel walks at random through edits, undos, redos and
// commits and compares with two byte slices: what is seen and what is on disk.
func TestSessionAgreesWithModel(t *testing.T) {
	const size = 4096
	s, path := rawSession(t, size)
	rnd := rand.New(rand.NewPCG(3, 4))
	seen := [][]byte{bytes.Repeat([]byte{0x50}, size)}
	at := 0
	steps := 3000
	if enginetest.Full() {
		steps = 10000
	}
	for range steps {
		switch op := rnd.IntN(10); {
		case op < 5:
			off := rnd.IntN(size - 16)
			data := make([]byte, 1+rnd.IntN(16))
			for i := range data {
				data[i] = byte(rnd.IntN(3))
			}
			next := bytes.Clone(seen[at])
			copy(next[off:], data)
			if err := stageDisk(s, int64(off), data); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(next, seen[at]) {
				seen = append(seen[:at+1], next)
				at++
			}
		case op < 7:
			if _, err := s.Undo(); errors.Is(err, store.ErrNothing) != (at == 0) {
				t.Fatalf("undo with %d changes: %v", at, err)
			}
			at = max(at-1, 0)
		case op < 9:
			if _, err := s.Redo(); errors.Is(err, store.ErrNothing) != (at == len(seen)-1) {
				t.Fatalf("redo: %v", err)
			}
			at = min(at+1, len(seen)-1)
		default:
			if err := s.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if onDisk, err := os.ReadFile(path); err != nil || !bytes.Equal(onDisk, seen[at]) {
				t.Fatalf("the file is not what was committed: %v", err)
			}
		}
		if got := content(t, s, size); !bytes.Equal(got, seen[at]) {
			t.Fatal("the image as staged is not the model")
		}
	}
}

func TestStagingLeavesTheFileAlone(t *testing.T) {
	s, path := rawSession(t, 4096)
	sum := fileSum(t, path)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := stageDisk(s, 100, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writable(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || fileSum(t, path) != sum || !after.ModTime().Equal(before.ModTime()) {
		t.Error("staging changed the file or its time")
	}
	plan := s.Plan()
	if len(plan) != 1 || string(plan[0].New) != "new" || plan[0].Offset != 100 || s.Staged() != 1 {
		t.Errorf("plan %+v", plan)
	}
}

func TestRedoNamesTheChange(t *testing.T) {
	s, _ := rawSession(t, 512)
	for _, title := range []string{"first", "second"} {
		if err := s.Stage(title, disk.Edit{File: "disk.img", Offset: 0, Data: []byte(title)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, step := range []func() (string, error){s.Undo, s.Undo, s.Redo, s.Redo} {
		title, err := step()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, title)
	}
	want := []string{"second", "first", "first", "second"}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("undo, undo, redo, redo name %q, want %q", got, want)
		}
	}
}

func TestEditsStayInside(t *testing.T) {
	s, _ := rawSession(t, 512)
	for _, off := range []int64{-1, 510, 513, 1 << 62} {
		err := s.Stage("past the end", disk.Edit{File: "disk.img", Offset: off, Data: []byte("long")})
		if !errors.Is(err, disk.ErrOutOfRange) {
			t.Errorf("an edit at %d: %v", off, err)
		}
	}
	if _, err := s.Place(510, 4); !errors.Is(err, disk.ErrOutOfRange) {
		t.Errorf("a place past the end: %v", err)
	}
	if s.Staged() != 0 {
		t.Error("a refused edit left something staged")
	}
}

// TestKeptChangesComeBack saves what is staged and loads it in another
// session, unless the file has changed meanwhile.
func TestKeptChangesComeBack(t *testing.T) {
	s, path := rawSession(t, 4096)
	for _, text := range []string{"first", "second"} {
		if err := s.Stage(text, disk.Edit{File: "disk.img", Offset: int64(len(text)) * 100, Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	want := content(t, s, 4096)
	var kept bytes.Buffer
	if err := s.Save(&kept); err != nil {
		t.Fatal(err)
	}
	again := resume(t, path)
	if _, err := again.Load(t.Context(), bytes.NewReader(kept.Bytes())); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content(t, again, 4096), want) || again.Staged() != 2 {
		t.Errorf("%d changes came back", again.Staged())
	}
	one, err := s.Key()
	if err != nil {
		t.Fatal(err)
	}
	if two, err := again.Key(); err != nil || one != two {
		t.Errorf("the same file is called %q and %q: %v", one, two, err)
	}
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := resume(t, path).Load(t.Context(), bytes.NewReader(kept.Bytes())); err != nil || l != (disk.Loaded{Aside: 2}) {
		t.Errorf("changes to other bytes are loaded: %+v, %v", l, err)
	}
}

func resume(t *testing.T, path string) *edit.Session {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestCoveredChangesDoNotCount(t *testing.T) {
	s, _ := rawSession(t, 512)
	for range 3 {
		if err := s.Stage("again", disk.Edit{File: "disk.img", Data: []byte{byte(s.Generation())}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Staged(); n != 1 {
		t.Errorf("%d changes would be written, want the last one", n)
	}
	if err := s.Revert("revert", decode.Place{File: "disk.img", Length: 1}); err != nil {
		t.Fatal(err)
	}
	if n := s.Staged(); n != 0 {
		t.Errorf("%d changes would be written of bytes that are as on disk", n)
	}
}

// TestDirtyLogGuardsSectors holds that sectors of an image whose log is still
// to be replayed are not edited: the replay would undo it.
func TestDirtyLogGuardsSectors(t *testing.T) {
	path := enginetest.Copy(t, enginetest.Corpus(t, "vhdx/qemu-iotest-dirtylog-10G-4M.vhdx"))
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Place(0, 512); !errors.Is(err, disk.ErrReadOnly) {
		t.Errorf("a place: %v", err)
	}
	if warnings, err := s.Writable(t.Context()); err != nil || len(warnings) == 0 {
		t.Errorf("warnings %q, %v", warnings, err)
	}
}

// TestSplitVHDIsNotEdited stages a byte in the first file of a set.
func TestSplitVHDIsNotEdited(t *testing.T) {
	img, err := engine.Open(t.Context(), "sample:vhd", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(img.Files()[0].Data, 0, img.Info().FileSize))
	if err := errors.Join(err, img.Close()); err != nil {
		t.Fatal(err)
	}
	half := len(b) / 2
	path := filepath.Join(t.TempDir(), "set.vhd")
	for name, part := range map[string][]byte{path: b[:half], strings.TrimSuffix(path, "hd") + "01": b[half:]} {
		if err := os.WriteFile(name, part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Stage("a byte", disk.Edit{File: "set.vhd", Offset: 100, Data: []byte{1}}); !errors.Is(err, disk.ErrReadOnly) {
		t.Errorf("staging gives %v", err)
	}
	if _, err := s.Writable(t.Context()); !errors.Is(err, disk.ErrReadOnly) {
		t.Errorf("asked whether it can be written: %v", err)
	}
	if s.Staged() != 0 {
		t.Error("something is staged")
	}
}

// TestRepairThatFails stages nothing where a repair fails, or changes no byte.
func TestRepairThatFails(t *testing.T) {
	s, path := rawSession(t, 1024)
	torn := errors.New("the copy is torn too")
	for want, b := range map[error]byte{torn: 1, nil: 0x50} {
		err := s.Repair(t.Context(), "repair", disk.Repair{Apply: func(_ context.Context, to store.FS) error {
			f, err := to.OpenWrite(filepath.Base(path))
			if err == nil {
				_, err = f.WriteAt([]byte{b}, 7)
			}
			return errors.Join(err, want)
		}})
		if err == nil || !errors.Is(err, want) && want != nil || s.Staged() > 0 {
			t.Errorf("%v, want %v; %d changes are staged", err, want, s.Staged())
		}
	}
}

// TestWritableTellsOfOtherNames has an image with a second name.
func TestWritableTellsOfOtherNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := errors.Join(os.WriteFile(path, make([]byte, 512), 0o600), os.Link(path, path+".second")); err != nil {
		t.Fatal(err)
	}
	s, err := edit.Open(t.Context(), path, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if told, err := s.Writable(t.Context()); err != nil || len(told) != 1 || !strings.Contains(told[0], "has 2 names") {
		t.Errorf("told %q, %v", told, err)
	}
}
