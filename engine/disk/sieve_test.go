package disk_test

import (
	"io"
	"iter"
	"math/rand/v2"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// mosaic is a disk whose blocks lie anywhere in a file of the host.
type mosaic struct {
	disk.Image
	file   disk.File
	block  int64
	places []int64 // of each block in the file
	parent disk.Image
	dirty  bool
}

func (m *mosaic) Info() disk.Info    { return disk.Info{Dirty: m.dirty} }
func (m *mosaic) Files() []disk.File { return []disk.File{m.file} }
func (m *mosaic) Parent() disk.Image { return m.parent }

func (m *mosaic) Map(off, n int64) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		for at := off; at < off+n; {
			b, in := at/m.block, at%m.block
			length := min(m.block-in, off+n-at)
			s := disk.Span{Start: at, Length: length, State: disk.Data, File: m.file.Name, Offset: m.places[b] + in}
			if m.parent != nil && b%2 == 1 {
				s.Layer = 1
			}
			if !yield(s, nil) {
				return
			}
			at += length
		}
	}
}

// sparseFile is a file of size bytes with data in some places.
func sparseFile(t *testing.T, r *rand.Rand, size int64) *store.MemFile {
	t.Helper()
	f := store.NewMemFile(size)
	for range 40 {
		b := make([]byte, 1+r.IntN(8000))
		for i := range b {
			b[i] = byte(1 + r.IntN(255))
		}
		if _, err := f.WriteAt(b, r.Int64N(size-8000)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// TestSparseRuns: what is said to be zeros is, and nothing is left out, whatever the
// order of the blocks in the file, through two layers with files of one name.
func TestSparseRuns(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		const blocks, block = 64, 64 << 10
		layers := [2]*mosaic{}
		for i := range layers {
			f := sparseFile(t, r, blocks*block)
			layers[i] = &mosaic{file: disk.File{Name: "a", Size: blocks * block, Data: f}, block: block}
			for _, b := range r.Perm(blocks) {
				layers[i].places = append(layers[i].places, int64(b)*block)
			}
		}
		if layers[1].places = layers[0].places; seed%2 == 0 {
			layers[0].parent = layers[1]
		}
		off := r.Int64N(blocks * block)
		end, zeros := off, int64(0)
		for run, err := range disk.SparseRuns(t.Context(), layers[0], off, blocks*block-off) {
			if err != nil || run.Start != end {
				t.Fatalf("seed %d: run at %d after %d, %v", seed, run.Start, end, err)
			}
			if end = run.End(); run.Content != disk.Zeros {
				continue
			}
			zeros += run.Length
			for s := range layers[0].Map(run.Start, run.Length) {
				b := make([]byte, s.Length)
				if _, err := layers[s.Layer].file.Data.ReadAt(b, s.Offset); err != nil {
					t.Fatal(err)
				}
				for _, c := range b {
					if c != 0 {
						t.Fatalf("seed %d: byte 0x%x in %+v is called zero", seed, c, s)
					}
				}
			}
		}
		if end != blocks*block || zeros == 0 {
			t.Fatalf("seed %d: the runs end at %d, %d bytes of zeros", seed, end, zeros)
		}
	}
}

// TestSparseRunsOfWhatIsNotThere: the end of a file that was cut after it was opened is no
// hole, nor are holes under a log that is replayed in memory.
func TestSparseRunsOfWhatIsNotThere(t *testing.T) {
	f := store.NewMemFile(1 << 20)
	if _, err := f.WriteAt([]byte("data"), 4096); err != nil {
		t.Fatal(err)
	}
	img := &mosaic{file: disk.File{Name: "a", Size: 1 << 20, Data: f}, block: 1 << 20, places: []int64{0}}
	contents := func() (list []disk.Content) {
		for r, err := range disk.SparseRuns(t.Context(), img, 0, 1<<20) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r.Content)
		}
		return list
	}
	if got := contents(); len(got) < 2 || got[len(got)-1] != disk.Zeros {
		t.Errorf("a file with a hole at its end: %v", got)
	}
	if img.dirty = true; len(contents()) != 1 {
		t.Errorf("under a log: %v, want one run of data", contents())
	}
	img.dirty = false
	if err := f.Truncate(8192); err != nil {
		t.Fatal(err)
	}
	if got := contents(); got[len(got)-1] != disk.Stored {
		t.Errorf("a file that was cut: %v, want data at the end, which reading says is missing", got)
	}
	if _, err := f.ReadAt(make([]byte, 1), 8192); err != io.EOF {
		t.Errorf("read past the end: %v", err)
	}
}
