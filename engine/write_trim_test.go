package engine_test

import (
	"bytes"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/store"
)

// TestGivenUpAtTheEnd writes blocks at the end of the file and gives them up: the file is
// as long as before. QEMU would show what lies after the last block of a VHD in the
// next one that it allocates. Z1 of the peers' cases.
func TestGivenUpAtTheEnd(t *testing.T) {
	for _, l := range alone() {
		for _, how := range []string{"zeroed", "trimmed"} {
			files, name := store.NewMem(), "base."+l.format
			l.layer(t, files, name, "")
			l.write(t, files, name, func(w disk.Writer) error { _, err := w.WriteAt([]byte{1}, 0); return err })
			before := lengths(t, files)
			l.write(t, files, name, func(w disk.Writer) error {
				off, n := l.block, 3*l.block
				if _, err := w.WriteAt(make([]byte, n), off); err != nil {
					return err
				}
				if err := w.Sync(t.Context()); err != nil {
					return err
				}
				if how == "trimmed" {
					return w.Trim(t.Context(), off, n)
				}
				return w.Zero(t.Context(), off, n)
			})
			if after := lengths(t, files); after != before {
				t.Errorf("%s, %s: the files have %d bytes, before %d", l.name, how, after, before)
			}
		}
	}
}

// TestCheckAfterTrimming gives up blocks in the middle of the file: a check has nothing to
// warn of, since what lay there is zeros, and the rest of the disk is as it was.
func TestCheckAfterTrimming(t *testing.T) {
	for _, l := range alone() {
		for _, how := range []string{"zeroed", "trimmed"} {
			files, name := store.NewMem(), "base."+l.format
			l.layer(t, files, name, "")
			l.write(t, files, name, func(w disk.Writer) error {
				_, err := w.WriteAt(bytes.Repeat([]byte{0xA5}, int(4*l.block)), 0)
				return err
			})
			left := 2 * l.block
			l.write(t, files, name, func(w disk.Writer) error {
				if how == "zeroed" {
					return w.Zero(t.Context(), l.block, 2*l.block)
				}
				if k, ok := w.(disk.Keeper); ok && k.Keeps() != "" {
					left = 4 * l.block
				}
				return w.Trim(t.Context(), l.block, 2*l.block)
			})
			img, err := engine.OpenIn(t.Context(), files, name, opened(t, files, name), name, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			for f, err := range img.Check(t.Context()) {
				if err != nil || f.Severity >= disk.SeverityWarning && f.Code != "vhd/V027" { // the size of the bed's blocks
					t.Errorf("%s, %s: %v, %s: %s", l.name, how, err, f.Code, f.Text)
				}
			}
			got := make([]byte, 4*l.block)
			if _, err := img.ReadAt(got, 0); err != nil {
				t.Fatal(err)
			}
			if kept := bytes.Count(got, []byte{0xA5}); kept != int(left) {
				t.Errorf("%s, %s: %d bytes of the disk are as they were, not %d", l.name, how, kept, left)
			}
		}
	}
}

func opened(t *testing.T, files *store.Mem, name string) store.File {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lengths is how long all files are together.
func lengths(t testing.TB, files *store.Mem) (sum int64) {
	t.Helper()
	for _, name := range names(t, files) {
		info, err := files.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size
	}
	return sum
}
