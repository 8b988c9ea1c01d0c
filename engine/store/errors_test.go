package store_test

import (
	"testing"

	"platter/engine/store"
)

// TestNameErrorShowsTheName holds that a path of Windows reads as it is, and
// that no control byte of a name gets through.
func TestNameErrorShowsTheName(t *testing.T) {
	for name, want := range map[string]string{
		`C:\vhd\x.vhd`: `resolve "C:\vhd\x.vhd": path leaves the image's folder`,
		"a\x1b[31m":    `resolve "a\x1b[31m": path leaves the image's folder`,
	} {
		err := &store.NameError{Op: "resolve", Name: name, Err: store.ErrOutside}
		if err.Error() != want {
			t.Errorf("%s, want %s", err, want)
		}
	}
}
