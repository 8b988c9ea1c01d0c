package edit_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
)

// A write to sectors that are not stored is one change, with the block and all
// that names it; undone, nothing is left of it.
func TestWriteStoresWhatWasNot(t *testing.T) {
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		t.Run(name, func(t *testing.T) {
			path, before := sampleFile(t, name)
			if err := os.WriteFile(path, before, 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := edit.Open(t.Context(), path, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			want, off := unstored(t, s)
			data := bytes.Repeat([]byte("new "), 300)
			copy(want[off:], data)
			if _, err := s.Write(t.Context(), "write", off, data); err != nil {
				t.Fatal(err)
			}
			diskIs(t, s, want)
			if _, err := s.Undo(); err != nil || len(s.Plan()) != 0 {
				t.Fatalf("undone: %d steps, %v", len(s.Plan()), err)
			}
			if _, err := s.Redo(); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(path); !bytes.Equal(got, before) {
				t.Fatal("the file has changed before the commit")
			}
			if err := s.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			again, err := edit.Open(t.Context(), path, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			diskIs(t, again, want)
		})
	}
}

// unstored is the disk, and where sectors begin that are not stored.
func unstored(t *testing.T, s *edit.Session) (content []byte, off int64) {
	t.Helper()
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	content = make([]byte, img.Info().VirtualSize)
	if _, err := img.ReadAt(content, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	for span, err := range img.Map(0, int64(len(content))) {
		if err != nil {
			t.Fatal(err)
		}
		if span.State == disk.Unallocated && span.Length > 10_000 {
			return content, span.Start + 700
		}
	}
	t.Fatal("the sample stores everything")
	return nil, 0
}

// diskIs holds the disk against what it should be, and demands that nothing is
// wrong with the image.
func diskIs(t *testing.T, s *edit.Session, want []byte) {
	t.Helper()
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := img.ReadAt(got, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the disk is not what was written")
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity == disk.SeverityError {
			t.Errorf("%s %s %v", f.Code, f.Text, err)
		}
	}
}
