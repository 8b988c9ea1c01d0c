package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCompactKeepsFreedContent: a damaged state makes a freed block of one that is stored.
// What lies in its place is given up with --discard only.
func TestCompactKeepsFreedContent(t *testing.T) {
	const bat, block = 3 << 20, 1 << 20
	image := filepath.Join(t.TempDir(), "disk.vhdx")
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, bytes.Repeat([]byte("what the disk holds\n"), 3*block/20), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "create", image, "32M", "--block-size", "1M")
	done(t, "write", image, "--offset", "0", "--from", data)
	whole, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []byte{1, 3, 5} {
		damaged := bytes.Clone(whole)
		damaged[bat+8] = state
		if err := os.WriteFile(image, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"compact", image}, {"compact", "--dry-run", image}} {
			if code, out, _ := run(t, args...); code == 0 {
				t.Errorf("state %d, %v: not refused: %s", state, args[1:], out)
			}
		}
		if is, err := os.ReadFile(image); err != nil || !bytes.Equal(is, damaged) {
			t.Errorf("state %d: the file was changed, %v", state, err)
		}
		done(t, "compact", "--discard", image)
		if is, err := os.Stat(image); err != nil || is.Size() != int64(len(whole))-block {
			t.Errorf("state %d: not compacted with --discard, %v", state, err)
		}
	}
}
