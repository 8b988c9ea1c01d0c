package edit_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/store"
)

// TestExplain carries the steps out that are told of a write to each kind: they alone make
// the file hold what was to be written, the image is in order afterwards, and until then
// nothing has changed.
func TestExplain(t *testing.T) {
	const off, size = 3<<20 - 300, 8 << 20
	data := bytes.Repeat([]byte{0x5A}, 2000)
	for _, kind := range []struct{ format, typ string }{{"vhd", "fixed"}, {"vhd", "dynamic"}, {"vhdx", "fixed"}, {"vhdx", "dynamic"}, {"vmdk", "monolithicSparse"}, {"vmdk", "monolithicFlat"}} {
		t.Run(kind.format+" "+kind.typ, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d."+kind.format)
			opt := engine.CreateOptions{Values: map[string]string{disk.OptionSize: "8M", disk.OptionType: kind.typ}}
			if _, err := engine.Create(t.Context(), path, opt); err != nil {
				t.Fatal(err)
			}
			s, err := edit.Open(t.Context(), path, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e, err := s.Explain(t.Context(), disk.WriteOptions{Renew: true}, func(_ context.Context, w disk.Writer) error {
				_, err := w.WriteAt(data, off)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file has changed, or %v", err)
			}
			effects := 0
			for _, step := range e.Steps {
				effects += len(e.Effects(step).List)
				if kind.typ == "monolithicSparse" && !step.Sync && !step.Resizes() && step.Why == "" {
					t.Errorf("no reason for the %d bytes at 0x%x", len(step.New), step.Offset)
				}
			}
			if err := e.Close(); err != nil || effects == 0 || !e.Steps[len(e.Steps)-1].Sync {
				t.Errorf("%d effects, the last step is %+v, %v", effects, e.Steps[len(e.Steps)-1], err)
			}
			for _, step := range e.Steps {
				take(t, filepath.Dir(path), step)
			}
			holds(t, path, data, off, size)
		})
	}
}

// take carries a step out on the host's file.
func take(t *testing.T, dir string, step store.Taken) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, step.File), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	switch {
	case step.Sync:
	case step.Resizes():
		err = f.Truncate(step.SizeAfter)
	default:
		old := make([]byte, len(step.Old))
		if _, err := f.ReadAt(old, step.Offset); err != nil || !bytes.Equal(old, step.Old) {
			t.Errorf("the old bytes at 0x%x are not those that were told, or %v", step.Offset, err)
		}
		_, err = f.WriteAt(step.New, step.Offset)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// holds checks that the disk of an image is zeros but for some data, and the image in order.
func holds(t *testing.T, path string, data []byte, off, size int64) {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	got, want := make([]byte, size), make([]byte, size)
	copy(want[off:], data)
	if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the disk does not hold what was written, or %v", err)
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity > disk.SeverityInfo {
			t.Errorf("%s %s %v", f.Code, f.Text, err)
		}
	}
}
