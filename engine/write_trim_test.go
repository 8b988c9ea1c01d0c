package engine_test

import (
	"testing"

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
