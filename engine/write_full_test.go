package engine_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// hostPage is how much room a file system gives at once.
const hostPage = 4096

// narrow is a file system that has room for so many pages more.
type narrow struct {
	*store.Mem
	pages int
	held  map[string]map[int64]bool // the pages of each file that are no holes
}

func newNarrow(t testing.TB, files *store.Mem, pages int) *narrow {
	t.Helper()
	n := &narrow{files, pages, map[string]map[int64]bool{}}
	for _, name := range names(t, files) {
		f, err := files.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		n.held[name] = map[int64]bool{}
		for off := int64(0); ; {
			r, err := f.NextData(off)
			if err != nil {
				break
			}
			for off = r.Offset; off < r.End(); off += hostPage {
				n.held[name][off/hostPage] = true
			}
		}
	}
	return n
}

// OpenWrite opens a file whose holes take room when they are written.
func (n *narrow) OpenWrite(name string) (store.File, error) {
	f, err := n.Mem.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	return &narrowFile{f.(*store.MemFile), n, n.held[name]}, nil
}

type narrowFile struct {
	*store.MemFile
	of   *narrow
	held map[int64]bool
}

// take gives room to the pages of a range, up to the first for which there is none.
func (f *narrowFile) take(off, n int64) (lacking int64, full bool) {
	for page := off / hostPage; page*hostPage < off+n; page++ {
		switch {
		case f.held[page]:
			continue
		case f.of.pages == 0:
			return page * hostPage, true
		}
		f.of.pages--
		f.held[page] = true
	}
	return 0, false
}

// WriteAt writes what there is room for, and does not tell how much that is.
func (f *narrowFile) WriteAt(p []byte, off int64) (int, error) {
	if at, full := f.take(off, int64(len(p))); full {
		if at > off {
			f.MemFile.WriteAt(p[:at-off], off)
		}
		return 0, syscall.ENOSPC
	}
	return f.MemFile.WriteAt(p, off)
}

// Reserve takes room and writes nothing.
func (f *narrowFile) Reserve(off, n int64) error {
	if _, full := f.take(off, n); full {
		return syscall.ENOSPC
	}
	return f.MemFile.Reserve(off, n)
}

// Truncate gives pages back.
func (f *narrowFile) Truncate(size int64) error {
	for page := range f.held {
		if page*hostPage >= size {
			delete(f.held, page)
			f.of.pages++
		}
	}
	return f.MemFile.Truncate(size)
}

// fillUp writes pieces, at each place of a disk one, until there is no room.
func fillUp(t *testing.T, l layered, files store.FS, name string, places []int64, piece []byte) (done []int64, err error) {
	t.Helper()
	w, err := writeIn(l.how)(t.Context(), files, name)
	if err != nil {
		return nil, err
	}
	for _, at := range places {
		if _, err = w.WriteAt(piece, at); err != nil {
			break
		}
		done = append(done, at)
	}
	if e := w.Close(t.Context()); e != nil && len(done) > 0 {
		t.Errorf("closing after %v: %v", err, e)
	}
	return done, err
}

// TestFullDisk lets the host's disk be full after each number of pages: what was written
// before that is on disk, every other sector is as it was or as it was to be, the image is
// whole, and no room is left behind that nothing names.
func TestFullDisk(t *testing.T) {
	const length = 6000
	piece := bytes.Repeat([]byte{0x5A}, length)
	for _, l := range append(alone(), chains()...) {
		t.Run(l.name, func(t *testing.T) {
			bed := l.made(t)
			old, fulls := content(t, bed, nil), 0
			var places []int64
			for at := int64(1000); at+length <= int64(len(old)); at += max(l.block/2, length) + 1000 {
				places = append(places, at)
			}
			slices.Reverse(places[len(places)/2:])
			for pages := 0; pages < 40; pages += enginetest.Scale(3, 1) {
				files := store.NewMem()
				for name, f := range bed.Files {
					files.Put(name, f.Clone())
				}
				done, err := fillUp(t, l, newNarrow(t, files, pages), bed.Image, places, piece)
				if err == nil {
					break
				}
				if fulls++; !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("room for %d pages: %v", pages, err)
				}
				holdsOldOrNew(t, old, content(t, bed, files), done, places, piece)
			}
			t.Logf("full %d times", fulls)
			if fulls == 0 {
				t.Error("there was always room")
			}
		})
	}
}

// content is what the disk of a bed's image holds, in its own files or in others. They
// must be in order.
func content(t *testing.T, b enginetest.Bed, files *store.Mem) []byte {
	t.Helper()
	if files == nil {
		files = store.NewMem()
		for name, f := range b.Files {
			files.Put(name, f.Clone())
		}
	}
	img, err := readIn(t.Context(), files, b.Image)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for f, err := range img.Check(t.Context()) {
		leak := slices.Contains(enginetest.Leaks, f.Code)
		if err != nil || leak || f.Severity > disk.SeverityInfo && !slices.Contains(b.Known, f.Code) {
			t.Errorf("%s %s %v", f.Code, f.Text, err)
		}
	}
	p := make([]byte, img.Info().VirtualSize)
	if _, err := img.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return p
}

// holdsOldOrNew checks each sector of a disk: pieces at some places were written, at the
// others they may be.
func holdsOldOrNew(t *testing.T, old, is []byte, done, places []int64, piece []byte) {
	t.Helper()
	want, all := bytes.Clone(old), bytes.Clone(old)
	for i, at := range places {
		copy(all[at:], piece)
		if i < len(done) {
			copy(want[at:], piece)
		}
	}
	for at := 0; at < len(want); at += 512 {
		end := min(at+512, len(want))
		if got := is[at:end]; !bytes.Equal(got, want[at:end]) && !bytes.Equal(got, all[at:end]) {
			t.Fatalf("sector %d holds %x..., expected %x...", at/512, got[:8], want[at:][:8])
		}
	}
}
