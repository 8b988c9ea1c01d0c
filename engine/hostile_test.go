package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"platter/decode"
	"platter/decode/decodetest"
	"platter/decode/vhd"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/sample"
	"platter/engine/store"
)

// copied puts a sample's files where they can be damaged.
func copied(t testing.TB, s sample.Sample) (*store.Mem, map[string]*store.MemFile) {
	t.Helper()
	from, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	names, err := from.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	fs, files := store.NewMem(), map[string]*store.MemFile{}
	for _, name := range names {
		f, err := from.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		files[name] = fs.PutFile(name, readBytes(t, f, 0, size))
	}
	return fs, files
}

func readBytes(t testing.TB, r io.ReaderAt, off, n int64) []byte {
	t.Helper()
	b := make([]byte, n)
	got, err := r.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return b[:got]
}

// bound ends what a hostile image has brought to a hang. What takes long but
// comes to an end is no matter for a test that runs on busy machines.
const bound = time.Minute

// exercise does with an image what a person might do first, all of it bounded
// by what the file really holds.
func exercise(t testing.TB, fs store.Opener, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	file, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	img, err := engine.OpenIn(ctx, fs, name, file, name, engine.Options{})
	if err != nil {
		return
	}
	defer img.Close()
	info := img.Info()
	sparse := 0
	for range img.Map(0, info.VirtualSize) {
		if sparse++; sparse > 100_000 || ctx.Err() != nil {
			break
		}
	}
	buf := make([]byte, 64<<10)
	for _, off := range []int64{0, 4096, info.VirtualSize / 2, info.VirtualSize - 512, math.MaxInt64 - 512, -1} {
		if n, err := img.ReadAt(buf, off); n < len(buf) && err == nil {
			t.Fatalf("a short read of %d bytes at %d without an error", n, off)
		}
	}
	runs := 0
	for range disk.Runs(ctx, img, 0, info.VirtualSize) {
		if runs++; runs > 1000 {
			break
		}
	}
	covers(t, ctx, img)
	decodetest.Walk(t, img.Tree(), 3000)
	for range img.Check(ctx) {
		if ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		t.Fatalf("took longer than %s", bound)
	}
}

// covers checks that the regions add up, whatever the image claims.
func covers(t testing.TB, ctx context.Context, img disk.Image) {
	t.Helper()
	sum := map[string]int64{}
	for r, err := range img.Regions(ctx) {
		if err != nil {
			return
		}
		if r.Offset != sum[r.File] || r.Length <= 0 {
			t.Fatalf("region %+v follows byte %d", r, sum[r.File])
		}
		sum[r.File] += r.Length
	}
	for _, f := range img.Files() {
		if sum[f.Name] != f.Size {
			t.Fatalf("%s: regions cover %d bytes of %d", f.Name, sum[f.Name], f.Size)
		}
	}
}

// extremes are the values that break readers.
func extremes(bits int) []uint64 {
	top := uint64(1)<<(bits-1)<<1 - 1
	list := []uint64{0, 1, 2, 511, 513, 1 << 20, top, top - 1, top >> 1, top>>1 + 1, top / 512, top/512 + 1, top & 0x5555555555555555}
	for i, v := range list {
		list[i] = v & top
	}
	return list
}

// TestEveryFieldWithExtremeValues sets each field of each structure of each
// sample to each extreme value, with and without its checksum made right, and
// opens, reads, maps and checks the result: an error or a finding is fine, a
// panic, a hang or a hole in the layout is not. Of each field a third of the
// values is enough where the run is not the full one.
func TestEveryFieldWithExtremeValues(t *testing.T) {
	for _, s := range sample.All() {
		if s.Name == "damaged" || s.Name == "chain" && !enginetest.Full() {
			continue // the other ones have the same structures
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			fs, files := copied(t, s)
			file, err := fs.Open(s.File)
			if err != nil {
				t.Fatal(err)
			}
			img, err := engine.OpenIn(t.Context(), fs, s.File, file, s.File, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			seen := map[string]int{}
			fields(img.Tree(), func(n decode.Node) {
				key := fmt.Sprintf("%s.%s", n.Field.Layout().Name(), n.Name)
				if seen[key]++; seen[key] > 2 || testing.Short() && seen[key] > 1 {
					return
				}
				damageField(t, fs, s.File, files[n.Place.File], n)
			})
			if len(seen) == 0 && s.Name != "split" {
				t.Error("no field was found")
			}
		})
	}
}

// damageField sets one field to each extreme value in turn, and puts the old
// bytes back.
func damageField(t *testing.T, fs *store.Mem, name string, file *store.MemFile, n decode.Node) {
	t.Helper()
	_, bits := n.Field.Bits()
	layout := n.Field.Layout()
	picked := enginetest.Third(uint64(n.Place.Offset))
	before := readBytes(t, file, n.Record.Offset, max(n.Record.Length, 65536))
	for _, v := range extremes(bits) {
		for _, seal := range []bool{false, true} {
			rec := append([]byte(nil), before...)
			patch, err := n.Field.Parse(rec, fmt.Sprint(v))
			if err != nil || !picked() {
				continue
			}
			copy(rec[n.Field.Offset():], patch)
			if seal {
				layout.Seal(rec)
			}
			write(t, file, rec, n.Record.Offset)
			exercise(t, fs, name)
			if t.Failed() {
				t.Fatalf("with %s.%s at 0x%x set to 0x%x", layout.Name(), n.Name, n.Place.Offset, v)
			}
		}
	}
	write(t, file, before, n.Record.Offset)
}

func write(t *testing.T, file *store.MemFile, b []byte, off int64) {
	t.Helper()
	if _, err := file.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// fields visits the integer fields below a node, of large groups the first few.
func fields(n decode.Node, visit func(decode.Node)) {
	const many, few = 64, 4
	if n.Field != nil && n.Field.Kind() == decode.KindUint {
		visit(n)
	}
	count := n.Len()
	if count > many {
		count = few
	}
	for i := range count {
		fields(n.Child(i), visit)
	}
}

// TestClaimsBeyondTheFile has files of a few KiB whose headers claim disks, and
// extents, up to the last bit of their fields.
func TestClaimsBeyondTheFile(t *testing.T) {
	for _, claim := range append(extremes(64), extremes(63)...) {
		footer := vhd.FooterTable.Blank()
		vhd.FooterDataOffset.Put(footer, math.MaxUint64)
		vhd.FooterVersion.Put(footer, vhd.Version)
		vhd.FooterType.Put(footer, vhd.Fixed)
		vhd.FooterCurrentSize.Put(footer, claim)
		vhd.FooterTable.Seal(footer.Bytes())
		line := "# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\ncreateType=\"custom\"\n"
		for name, b := range map[string][]byte{
			"fixed.vhd":   append(make([]byte, 4096), footer.Bytes()...),
			"flat.vmdk":   fmt.Appendf([]byte(line), "RW %d FLAT \"some\" 0\n", claim),
			"offset.vmdk": fmt.Appendf([]byte(line), "RW 8 FLAT \"some\" %d\n", claim),
			"zero.vmdk":   fmt.Appendf([]byte(line), "RW 8 FLAT \"some\" 0\nRW %d ZERO\n", claim),
			"two.vmdk":    fmt.Appendf([]byte(line), "RW %d ZERO\nRW %d ZERO\n", claim, claim),
		} {
			fs := store.NewMem()
			fs.PutFile("some", make([]byte, 4096))
			fs.PutFile(name, b)
			if exercise(t, fs, name); t.Failed() {
				t.Fatalf("%s that claims 0x%x", name, claim)
			}
		}
	}
}

// FuzzOpen: any bytes at all, under each of the names an image may have.
func FuzzOpen(f *testing.F) {
	for _, s := range sample.All() {
		_, files := copied(f, s)
		for _, file := range files {
			size, err := file.Size()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(readBytes(f, file, 0, min(size, 4096)), readBytes(f, file, max(0, size-1024), 1024))
		}
	}
	f.Fuzz(func(t *testing.T, head, tail []byte) {
		fs := store.NewMem()
		file := fs.PutFile("image", append(append([]byte(nil), head...), tail...))
		if len(head) > 0 && head[0]%2 == 1 {
			if err := file.Truncate(int64(len(head))<<12 + int64(len(tail))); err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteAt(tail, int64(len(head))<<12); err != nil {
				t.Fatal(err)
			}
		}
		exercise(t, fs, "image")
	})
}
