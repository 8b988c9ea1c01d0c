package edit_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"platter/decode/vhdx"
	"platter/engine"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// renewable writes a sample to disk and opens it for editing.
func renewable(t *testing.T, name string) (*edit.Session, string) {
	t.Helper()
	path, content := sampleFile(t, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := edit.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

// renew has the mark of the content renewed and tells whether anything was staged.
func renew(t *testing.T, s *edit.Session) bool {
	t.Helper()
	before := len(s.Plan())
	title, err := s.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if grew := len(s.Plan()) > before; grew != (title != "") {
		t.Fatalf("title %q, but the plan grew: %t", title, grew)
	}
	return title != ""
}

func TestContentIsMarkedOnceASession(t *testing.T) {
	for _, name := range []string{"vhdx", "vmdk"} {
		s, path := renewable(t, name)
		if !renew(t, s) || renew(t, s) {
			t.Errorf("%s: expected one new mark", name)
		}
		if _, err := s.Undo(); err != nil {
			t.Fatal(err)
		}
		if !renew(t, s) {
			t.Errorf("%s: the mark was undone, but no new one comes with the next edit", name)
		}
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if renew(t, s) {
			t.Errorf("%s: a second mark after the commit", name)
		}
		enginetest.Run(t, "qemu-img", "check", path)
	}
}

func TestDroppedMarkStaysDropped(t *testing.T) {
	s, _ := renewable(t, "vhdx")
	renew(t, s)
	if err := s.Drop(s.History()[0].ID); err != nil {
		t.Fatal(err)
	}
	if renew(t, s) {
		t.Error("the user dropped the mark, and it came back")
	}
	if got := s.History()[0].State; got != store.Dropped {
		t.Errorf("the mark is %s", got)
	}
}

// TestUndoneMarkIsNotKept undoes a mark that is on disk: what is edited then has
// to get another one than the first content has.
func TestUndoneMarkIsNotKept(t *testing.T) {
	s, path := renewable(t, "vhdx")
	marks := func() []string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for i := range 2 {
			h, _ := vhdx.HeaderTable.Of(b[vhdx.HeaderOffset(i):])
			list = append(list, vhdx.HeaderDataGUID.Get(h).String())
		}
		return list
	}
	edit := func(b byte) {
		t.Helper()
		_, err := s.Renew(t.Context())
		parts, placed := s.Place(0, 1)
		if err := errors.Join(err, placed); err != nil {
			t.Fatal(err)
		}
		parts[0].Data[0] = b
		if err := errors.Join(s.Stage("edit", parts...), s.Commit(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	before := marks()
	edit(0x11)
	for range 2 {
		if _, err := s.Undo(); err != nil {
			t.Fatal(err)
		}
	}
	edit(0x22)
	for i, mark := range marks() {
		if slices.Contains(before, mark) {
			t.Errorf("header %d has the mark that the first content had", i+1)
		}
	}
}

func TestNoMarkWhereTheFormatHasNone(t *testing.T) {
	if s, _ := renewable(t, "vhd"); renew(t, s) {
		t.Error("a VHD has no mark of its content")
	}
}

func TestContentIsMarkedAgainOnDemand(t *testing.T) {
	s, _ := renewable(t, "vhdx")
	again := func(want bool, when string) {
		t.Helper()
		title, err := s.RenewAgain(t.Context())
		if err != nil || want != (title != "") {
			t.Errorf("%s: title %q, %v", when, title, err)
		}
	}
	again(true, "at first")
	again(false, "while one is staged")
	if err := s.Drop(s.History()[0].ID); err != nil {
		t.Fatal(err)
	}
	again(true, "after it was dropped")
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if renew(t, s) {
		t.Error("a mark comes by itself after one was written")
	}
	again(true, "after one was written")
}
