package engine_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/sample"
	"platter/engine/store"
)

// TestRepairsKeepWhatWasUsed damages each table, header and bitmap of the samples in
// turn. A disk that reads otherwise then comes with a finding. What is offered first, and what is offered without a risk, changes no byte that
// the whole image used for data.
func TestRepairsKeepWhatWasUsed(t *testing.T) {
	tried := 0
	for _, name := range []string{"vhd", "vhdx", "vmdk"} {
		file, whole := samplesBytes(t, name)
		path := filepath.Join(t.TempDir(), file)
		var used, structures []disk.Region
		var want []byte
		withImage(t, path, whole, func(img disk.Image) {
			want = make([]byte, img.Info().VirtualSize)
			if n, err := img.ReadAt(want, 0); n < len(want) {
				t.Fatal(err)
			}
			for r, err := range img.Regions(t.Context()) {
				switch {
				case err != nil:
					t.Fatal(err)
				case r.Kind == disk.KindPayload:
					used = append(used, r)
				case r.Kind == disk.KindTable || r.Kind == disk.KindHeader || r.Kind == disk.KindBitmap:
					structures = append(structures, r)
				}
			}
		})
		for _, s := range structures {
			for i, spoil := range []func(b []byte){func(b []byte) { clear(b) }, func(b []byte) { copy(b, bytes.Repeat([]byte{0xFF}, len(b))) }, func(b []byte) { copy(b[3:], b) }} {
				b := bytes.Clone(whole)
				spoil(b[s.Offset : s.Offset+min(s.Length, 4096)])
				withImage(t, path, b, func(img disk.Image) {
					what := fmt.Sprintf("%s: %s damaged (%d)", name, s.Name, i)
					tried += keepsUsed(t, what, img, path, b, used)
					isTold(t, what, img, want)
				})
			}
		}
	}
	if tried == 0 {
		t.Error("nothing was offered")
	}
}

// isTold demands a finding of severity warning at least where the disk reads otherwise
// than it did, without an error.
func isTold(t *testing.T, what string, img disk.Image, want []byte) {
	t.Helper()
	differs, got := int64(-1), make([]byte, 4096)
	for off := int64(0); off < int64(len(want)) && off < img.Info().VirtualSize && differs < 0; off += int64(len(got)) {
		if n, err := img.ReadAt(got, off); err == nil && !bytes.Equal(got[:n], want[off:][:n]) {
			differs = off
		}
	}
	if differs < 0 {
		return
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity >= disk.SeverityWarning {
			return
		}
	}
	t.Errorf("%s: the disk is another one at 0x%x, and nothing is found", what, differs)
}

// samplesBytes is the file of a sample.
func samplesBytes(t *testing.T, name string) (file string, b []byte) {
	t.Helper()
	s, ok := sample.Named(name)
	if !ok {
		t.Fatalf("no sample %s", name)
	}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.Open(s.File)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b = make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return s.File, b
}

// withImage opens an image of these bytes, if it is one.
func withImage(t *testing.T, path string, b []byte, use func(disk.Image)) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		return
	}
	defer img.Close()
	use(img)
}

// keepsUsed carries out what is offered and compares the bytes that were used.
func keepsUsed(t *testing.T, what string, img disk.Image, path string, b []byte, used []disk.Region) (n int) {
	t.Helper()
	folder, name, f, err := store.OpenImage(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	defer folder.Close()
	ws := store.NewWorkspace(folder, name)
	defer ws.Close()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list, _ := engine.Repairs(t.Context(), img, f)
		for i, r := range list {
			if i > 0 && r.Risk != "" {
				continue
			}
			n++
			if err := ws.Do(r.Title, func(tx *store.Tx) error { return r.Apply(t.Context(), tx) }); err != nil {
				t.Fatalf("%s: %q fails: %v", what, r.Title, err)
			}
			if at := firstChange(t, ws, name, b, used); at >= 0 {
				t.Errorf("%s: %s offers %q, risk %q, which changes data at 0x%x", what, f.Code, r.Title, r.Risk, at)
			}
			for len(ws.Plan()) > 0 {
				if err := ws.Undo(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return n
}

// firstChange is the first byte of data that is another one than before, or -1.
func firstChange(t *testing.T, ws *store.Workspace, name string, b []byte, used []disk.Region) int64 {
	t.Helper()
	f, err := ws.Snapshot().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, r := range used {
		now := make([]byte, r.Length)
		f.ReadAt(now, r.Offset) // what is cut off is not there
		if want := b[r.Offset : r.Offset+r.Length]; !bytes.Equal(now, want) {
			for i := range now {
				if now[i] != want[i] {
					return r.Offset + int64(i)
				}
			}
		}
	}
	return -1
}
