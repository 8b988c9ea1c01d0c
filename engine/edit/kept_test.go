package edit_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
)

// patchFile writes to a file as another program would.
func patchFile(t *testing.T, path string, off int64, b ...byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// saved is what Save writes.
func saved(t *testing.T, s *edit.Session) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestKeptChangesThatFit has another program write where one of three changes goes: the two
// others are staged again, and the third can be looked at, staged over what is there now, or
// thrown away, in a later session too.
func TestKeptChangesThatFit(t *testing.T) {
	s, path := rawSession(t, 4096)
	for i, text := range []string{"first", "second", "third"} {
		if err := s.Stage(text, disk.Edit{File: "disk.img", Offset: int64(i) * 1000, Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	kept := saved(t, s)
	patchFile(t, path, 1002, 'X')
	again := resume(t, path)
	if l, err := again.Load(t.Context(), bytes.NewReader(kept)); err != nil || l != (disk.Loaded{Staged: 2, Aside: 1}) {
		t.Fatalf("%+v, %v", l, err)
	}
	later := resume(t, path)
	if l, err := later.Load(t.Context(), bytes.NewReader(saved(t, again))); err != nil || l != (disk.Loaded{Staged: 2, Aside: 1}) {
		t.Fatalf("once more: %+v, %v", l, err)
	}
	list := later.Conflicts()
	if len(list) != 1 || list[0].Title != "second" || len(list[0].Parts) != 1 {
		t.Fatalf("%+v", list)
	}
	if p := list[0].Parts[0]; p.Place.Offset != 1000 || string(p.Was) != "PPPPPP" || string(p.Now) != "PPXPPP" || string(p.New) != "second" {
		t.Errorf("%+v", p)
	}
	if err := later.StageConflict(t.Context(), 0); err != nil || len(later.Conflicts()) != 0 || later.Staged() != 3 {
		t.Errorf("%v, %d staged", err, later.Staged())
	}
	if !bytes.Equal(content(t, later, 4096), content(t, s, 4096)) {
		t.Error("staged over what is there now it is something else")
	}
	if err := again.DropConflict(0); err != nil || len(again.Conflicts()) != 0 {
		t.Error(err)
	}
	if err := again.DropConflict(0); err == nil {
		t.Error("nothing was thrown away, and no error")
	}
}

// TestKeptChangesOfTheDiskGoElsewhere has another program take the room that a staged write
// had chosen for a new block: the write is made again, and both are there.
func TestKeptChangesOfTheDiskGoElsewhere(t *testing.T) {
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		path := sampleOnDisk(t, name)
		one, two := openEdit(t, path), openEdit(t, path)
		if err := storeAt(t, one, 0x500000, "mine, in a new block"); err != nil {
			t.Fatal(err)
		}
		kept := saved(t, one)
		if err := storeAt(t, two, 0xa00000, "theirs, in another"); err != nil {
			t.Fatal(err)
		}
		if err := two.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := openEdit(t, path)
		if l, err := again.Load(t.Context(), bytes.NewReader(kept)); err != nil || l != (disk.Loaded{Staged: 1}) {
			t.Fatalf("%s: %+v, %v", name, l, err)
		}
		if err := again.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		img, err := engine.Open(t.Context(), path, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for off, want := range map[int64]string{0x500000: "mine, in a new block", 0xa00000: "theirs, in another"} {
			if got, err := io.ReadAll(io.NewSectionReader(img, off, int64(len(want)))); err != nil || string(got) != want {
				t.Errorf("%s at 0x%x: %q, %v", name, off, got, err)
			}
		}
		for f, err := range img.Check(t.Context()) {
			if err != nil || f.Severity >= disk.SeverityWarning {
				t.Errorf("%s: %s, %v", name, f.Text, err)
			}
		}
		img.Close()
	}
}

// TestKeptChangeOfContentThatChanged sets a change of the disk aside where the disk holds
// something else by now.
func TestKeptChangeOfContentThatChanged(t *testing.T) {
	path := sampleOnDisk(t, "vhdx")
	one, two := openEdit(t, path), openEdit(t, path)
	if err := storeAt(t, one, 0x500000, "mine"); err != nil {
		t.Fatal(err)
	}
	kept := saved(t, one)
	if err := storeAt(t, two, 0x500002, "theirs"); err != nil {
		t.Fatal(err)
	}
	if err := two.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := openEdit(t, path)
	if l, err := again.Load(t.Context(), bytes.NewReader(kept)); err != nil || l != (disk.Loaded{Aside: 1}) {
		t.Fatalf("%+v, %v", l, err)
	}
	p := again.Conflicts()[0].Parts[0]
	if p.Place.File != disk.VirtualDisk || string(p.Now) != "\x00\x00th" || string(p.New) != "mine" {
		t.Errorf("%+v", p)
	}
}

// TestKeptTextIsNotTrusted cuts and changes what was saved.
func TestKeptTextIsNotTrusted(t *testing.T) {
	s, path := rawSession(t, 4096)
	if err := s.Stage("first", disk.Edit{File: "disk.img", Offset: 7, Data: []byte("first")}); err != nil {
		t.Fatal(err)
	}
	kept := saved(t, s)
	for n := range kept {
		broken := bytes.Clone(kept)
		broken[n] ^= 1
		for _, text := range [][]byte{kept[:n], broken} {
			again := resume(t, path)
			if l, err := again.Load(t.Context(), bytes.NewReader(text)); err == nil || l.Staged > 0 {
				t.Fatalf("byte %d: %+v, %v", n, l, err)
			}
			again.Close()
		}
	}
}

func openEdit(t *testing.T, path string) *edit.Session {
	t.Helper()
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// storeAt stages a text on the virtual disk.
func storeAt(t *testing.T, s *edit.Session, off int64, text string) error {
	t.Helper()
	_, err := s.Store(t.Context(), text, disk.Edit{Offset: off, Data: []byte(text)})
	return err
}

// sampleOnDisk writes a built-in sample to a folder.
func sampleOnDisk(t *testing.T, name string) string {
	t.Helper()
	s, err := edit.Open(t.Context(), "sample:"+name, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	path, err := s.Copy(t.Context(), filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
