package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/transfer"
)

// pattern is a disk with data, short and long zeros, and a tail that fills no block.
func pattern(seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 3))
	b := make([]byte, 3<<20+8<<10)
	for off := 0; off < len(b); {
		n := 1 + rnd.IntN(150_000)
		part := b[off:min(off+n, len(b))]
		switch rnd.IntN(4) {
		case 0, 1:
			for i := range part {
				part[i] = byte(rnd.Uint32())
			}
		case 2:
			part[0], part[len(part)/2] = 1, 2
		}
		off += n + rnd.IntN(200_000)
	}
	b[len(b)-1] = 0xEE
	return b
}

// rawOf is a raw disk of these bytes.
func rawOf(t *testing.T, b []byte) disk.Image {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.raw")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return openAs(t, path, "raw")
}

func openAs(t *testing.T, path, format string) disk.Image {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// wish is the usual way to convert.
func wish(opt engine.CreateOptions) engine.ConvertOptions {
	return engine.ConvertOptions{CreateOptions: opt, Length: -1, ZeroUnit: 4096}
}

// convertKinds are the kinds of the matrix, and streams.
func convertKinds() []matrixKind {
	return append(matrixKinds(), matrixKind{"vmdk streamOptimized", "vmdk", values("type", "streamOptimized"), nil, 64 << 10, 0, allPrograms &^ enginetest.QEMUWrites, ""})
}

// convert makes an image of the kind, of a disk; a child stores what differs from a parent
// in which every byte is the kind's.
func (k matrixKind) convert(t *testing.T, src disk.Image, size int64) (string, transfer.Converted) {
	t.Helper()
	dir := t.TempDir()
	opt := engine.CreateOptions{Values: k.base}
	path := filepath.Join(dir, "base."+k.format)
	if k.top != nil {
		k.make(t, filepath.Join(dir, "other."+k.format), size)
		others, _ := filepath.Glob(filepath.Join(dir, "other*"))
		for _, o := range others {
			os.Remove(o)
		}
		opt, path = engine.CreateOptions{Values: k.top, Parent: path}, filepath.Join(dir, "child."+k.format)
	}
	done, err := engine.Convert(t.Context(), src, path, wish(opt))
	if err != nil {
		t.Fatalf("to %s: %v", k.name, err)
	}
	return path, done
}

// TestConvertMatrix converts every kind to every kind. The first source's targets are read
// by all who know them.
func TestConvertMatrix(t *testing.T) {
	want := pattern(1)
	first := rawOf(t, want)
	all := convertKinds()
	for i, k := range all {
		path, _ := k.convert(t, first, int64(len(want)))
		enginetest.Foreign{Name: k.name, Format: qemuFormats[k.format], Size: int64(len(want)), Block: k.block, Witnesses: k.known, Read: readIn}.Agree(t, path, want, "converted")
		src := openAs(t, path, "")
		targets := slices.Clone(all)
		if !enginetest.Full() { // each pair of neighbours at least, and all pairs in three runs
			third := enginetest.Third(uint64(i))
			targets = slices.DeleteFunc(targets, func(matrixKind) bool { return !third() })
		}
		for _, to := range targets {
			t.Run(k.name+" to "+to.name, func(t *testing.T) {
				path, _ := to.convert(t, src, int64(len(want)))
				img := whole(t, path)
				defer img.Close()
				sameDisk(t, img, want)
			})
		}
	}
}

// sameDisk compares a disk with bytes, byte by byte.
func sameDisk(t *testing.T, img disk.Image, want []byte) {
	t.Helper()
	enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
}

// TestConvertParts converts parts of a disk, to smaller and larger ones.
func TestConvertParts(t *testing.T) {
	want := pattern(2)
	src := rawOf(t, want)
	for _, c := range []struct {
		start, length, size int64
	}{{0, -1, 0}, {512, 1 << 20, 0}, {3<<20 + 512, -1, 0}, {1 << 20, 512, 64 << 10}, {1000 * 512, 777 * 512, 5 << 20}} {
		for _, name := range []string{"d.vhd", "d.vhdx", "d.vmdk", "d.raw"} {
			opt := wish(engine.CreateOptions{Verify: true})
			opt.Start, opt.Length = c.start, c.length
			if c.size > 0 {
				opt.Values = values("size", fmt.Sprint(c.size))
			}
			path := filepath.Join(t.TempDir(), name)
			if _, err := engine.Convert(t.Context(), src, path, opt); err != nil {
				t.Fatalf("%s, %+v: %v", name, c, err)
			}
			part := want[c.start:]
			if c.length >= 0 {
				part = part[:c.length]
			}
			part = append(slices.Clone(part), make([]byte, max(c.size-int64(len(part)), 0))...)
			sameDisk(t, openAs(t, path, engine.FormatOf(path)), part)
		}
	}
}

// TestConvertSmaller holds that nothing but zeros is left out unless that is wanted.
func TestConvertSmaller(t *testing.T) {
	want := pattern(3)
	clear(want[2<<20:])
	want[2<<20] = 1
	src := rawOf(t, want)
	for size, fits := range map[int64]bool{1 << 20: false, 2 << 20: false, 2<<20 + 512: true} {
		path := filepath.Join(t.TempDir(), "d.vhdx")
		opt := wish(engine.CreateOptions{Values: values("size", fmt.Sprint(size))})
		_, err := engine.Convert(t.Context(), src, path, opt)
		var r *disk.Refusal
		if fits != (err == nil) || !fits && (!errors.As(err, &r) || r.Reason != disk.RefusedLoss) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if fits {
			continue
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d bytes: something was made", size)
		}
		opt.Discard = true
		if _, err := engine.Convert(t.Context(), src, path, opt); err != nil {
			t.Errorf("%d bytes, discard: %v", size, err)
		}
		sameDisk(t, openAs(t, path, ""), want[:size])
	}
}

// stores is how many bytes of its disk an image stores itself.
func stores(t *testing.T, img disk.Image) int64 {
	t.Helper()
	n := int64(0)
	for s, err := range disk.MapOwn(img, 0, img.Info().VirtualSize) {
		if err != nil {
			t.Fatal(err)
		}
		if s.State == disk.Data {
			n += s.Length
		}
	}
	return n
}

// TestConvertZeroUnit holds what is stored of zeros: C2 of the peers' cases.
func TestConvertZeroUnit(t *testing.T) {
	want := make([]byte, 4<<20)
	for at := 1 << 20; at < 2<<20; at += 8 << 10 {
		want[at] = 1 // islands of 1 KiB, so to say
	}
	src := rawOf(t, want)
	for _, c := range []struct {
		unit   int64
		stored int64
		name   string
	}{{0, 4 << 20, "d.vmdk"}, {0, 4 << 20, "d.vhd"}, {0, 4 << 20, "d.vhdx"}, {4096, 1 << 20, "d.vmdk"}, {512, 1 << 20, "d.vmdk"}} {
		path := filepath.Join(t.TempDir(), c.name)
		opt := wish(engine.CreateOptions{})
		opt.ZeroUnit = c.unit
		done, err := engine.Convert(t.Context(), src, path, opt)
		if err != nil {
			t.Fatal(err)
		}
		img := openAs(t, path, "")
		sameDisk(t, img, want)
		if got := stores(t, img); got != c.stored {
			t.Errorf("%s, unit %d: %d bytes are stored, expected %d", c.name, c.unit, got, c.stored)
		}
		if islands := int64(128) * c.unit; c.unit > 0 && done.Counts.Stored != islands {
			t.Errorf("%s, unit %d: %d bytes are said to be stored, expected %d", c.name, c.unit, done.Counts.Stored, islands)
		}
	}
}

// TestConvertOnto holds that a child stores what differs, and nothing else: C5.
func TestConvertOnto(t *testing.T) {
	for _, format := range []string{"vhd", "vhdx", "vmdk"} {
		dir := t.TempDir()
		base, child := filepath.Join(dir, "base."+format), filepath.Join(dir, "child."+format)
		old := pattern(4)
		if _, err := engine.Convert(t.Context(), rawOf(t, old), base, wish(engine.CreateOptions{})); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(old)
		copy(want[1<<20:], "other")
		clear(want[2<<20 : 2<<20+70_000])
		if format != "vmdk" { // whose layers are all of one size
			want = append(want, make([]byte, 1<<20)...)
		}
		done, err := engine.Convert(t.Context(), rawOf(t, want), child, wish(engine.CreateOptions{Parent: base, Verify: true}))
		if err != nil {
			t.Fatal(err)
		}
		img := whole(t, child)
		sameDisk(t, img, want)
		img.Close()
		if written := done.Wrote; written == 0 || written > 100_000 {
			t.Errorf("%s: %d bytes were written", format, written)
		}
		fi, _ := os.Stat(child)
		if limit := int64(9 << 20); fi.Size() > limit {
			t.Errorf("%s: the child has %d bytes", format, fi.Size())
		}
	}
}

// TestConvertInto writes into disks that hold something else: C3.
func TestConvertInto(t *testing.T) {
	want := pattern(5)
	src := rawOf(t, want)
	for _, k := range matrixKinds() {
		path := filepath.Join(t.TempDir(), "target."+k.format)
		size := int64(4 << 20)
		if k.top != nil {
			continue
		}
		if _, err := engine.Create(t.Context(), path, engine.CreateOptions{Values: with(k.base, "size", fmt.Sprint(size))}); err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			onHost(t, path, disk.WriteOptions{}, func(w disk.Writer) error {
				if _, err := w.WriteAt(bytes.Repeat([]byte{byte(round + 1)}, 700_000), int64(round)*size/2); err != nil {
					return err
				}
				_, err := engine.Into(t.Context(), src, w, wish(engine.CreateOptions{}))
				return err
			})
			img := whole(t, path)
			sameDisk(t, img, append(slices.Clone(want), make([]byte, size-int64(len(want)))...))
			img.Close()
		}
	}
	small := filepath.Join(t.TempDir(), "small.vhdx")
	if _, err := engine.Create(t.Context(), small, engine.CreateOptions{Values: values("size", "1M")}); err != nil {
		t.Fatal(err)
	}
	err := tryOnHost(t.Context(), small, disk.WriteOptions{}, func(w disk.Writer) error {
		_, err := engine.Into(t.Context(), src, w, wish(engine.CreateOptions{}))
		return err
	})
	var r *disk.Refusal
	if !errors.As(err, &r) || r.Reason != disk.RefusedLoss {
		t.Errorf("into a smaller one: %v", err)
	}
}

// TestConvertJobs holds that the output does not depend on the number of workers, nor on
// whether it goes to a file or a pipe.
func TestConvertJobs(t *testing.T) {
	src := rawOf(t, pattern(6))
	for _, k := range []struct{ format, kind string }{{"vmdk", "streamOptimized"}, {"vhd", "fixed"}, {"raw", ""}} {
		var first []byte
		for width := 1; width < 4; width++ {
			dir := t.TempDir()
			opt := wish(engine.CreateOptions{Format: k.format, Values: values("seed", "x", "type", k.kind)})
			if k.format == "raw" {
				opt.Values = nil
			}
			opt.Width = width
			if _, err := engine.Convert(t.Context(), src, filepath.Join(dir, "d"), opt); err != nil {
				t.Fatal(err)
			}
			made, err := os.ReadFile(filepath.Join(dir, "d"))
			if err != nil {
				t.Fatal(err)
			}
			var piped bytes.Buffer
			if _, err := engine.Pipe(t.Context(), src, &piped, "d", opt); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = made
			}
			if !bytes.Equal(made, first) || !bytes.Equal(piped.Bytes(), first) {
				t.Errorf("%s: %d workers make another file", k.format, width)
			}
		}
	}
	_, err := engine.Pipe(t.Context(), src, &bytes.Buffer{}, "d", wish(engine.CreateOptions{Format: "vhdx"}))
	if !errors.Is(err, disk.ErrWrongOption) {
		t.Errorf("a VHDX to a pipe: %v", err)
	}
}

// failingReads is a disk of which some sectors can't be read.
type failingReads struct {
	disk.Image
	bad []int64
}

func (f failingReads) ReadAt(p []byte, off int64) (int, error) {
	for _, b := range f.bad {
		if off <= b && b < off+int64(len(p)) {
			n, _ := f.Image.ReadAt(p[:b-off], off)
			return n, errors.New("the medium is damaged")
		}
	}
	return f.Image.ReadAt(p, off)
}

// TestConvertSalvage holds that what can't be read fails, or is told to the byte.
func TestConvertSalvage(t *testing.T) {
	want := bytes.Repeat([]byte{7}, 3<<20)
	src := failingReads{rawOf(t, want), []int64{512, 1024, 1<<20 + 5*512, 3<<20 - 512}}
	for _, name := range []string{"d.vmdk", "d.vhd", "d.vhdx", "d.raw"} {
		path := filepath.Join(t.TempDir(), name)
		opt := wish(engine.CreateOptions{Verify: true})
		if _, err := engine.Convert(t.Context(), src, path, opt); err == nil {
			t.Errorf("%s: nothing failed", name)
		}
		if list, _ := os.ReadDir(filepath.Dir(path)); len(list) > 0 {
			t.Errorf("%s: %s was left behind", name, list[0].Name())
		}
		opt.Salvage = true
		var taken bytes.Buffer
		opt.Taken = func(b []byte) { taken.Write(b) }
		done, err := engine.Convert(t.Context(), src, path, opt)
		if err != nil {
			t.Fatal(err)
		}
		rest := slices.Clone(want)
		for _, b := range src.bad {
			clear(rest[b : b+512])
		}
		sameDisk(t, openAs(t, path, engine.FormatOf(path)), rest)
		if !bytes.Equal(taken.Bytes(), rest) {
			t.Errorf("%s: other bytes were hashed", name)
		}
		if got := fmt.Sprint(done.Lost, done.Gone); got != "[{512 1024} {1051136 512} {3145216 512}] 2048" {
			t.Errorf("%s: lost %s", name, got)
		}
	}
}

// TestConvertRefuses holds what is never made.
func TestConvertRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "d-flat.vmdk")
	if err := os.WriteFile(path, pattern(7), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	src := openAs(t, path, "raw")
	link := filepath.Join(dir, "link.raw")
	if err := os.Link(path, link); err != nil {
		t.Skip("no second names here")
	}
	linked := contents(t, dir)
	for name, opt := range map[string]engine.CreateOptions{
		"d-flat.vmdk": {Replace: true}, "link.raw": {Replace: true}, "d.vmdk": {Replace: true, Values: values("type", "monolithicFlat")},
	} {
		if _, err := engine.Convert(t.Context(), src, filepath.Join(dir, name), wish(opt)); !errors.Is(err, disk.ErrWrongOption) {
			t.Errorf("%s: %v", name, err)
		}
		if got := contents(t, dir); got != linked {
			t.Fatalf("%s: the folder is another one:\n%s%s", name, linked, got)
		}
	}
	os.Remove(link)
	if _, err := engine.Convert(t.Context(), src, filepath.Join(dir, "new.vhdx"), wish(engine.CreateOptions{DryRun: true})); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	opt := wish(engine.CreateOptions{Progress: func(int64, int64) { cancel() }})
	if _, err := engine.Convert(ctx, src, filepath.Join(dir, "new.vhdx"), opt); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if got := contents(t, dir); got != before {
		t.Errorf("the folder is another one:\n%s%s", before, got)
	}
}

// TestDigests holds the hashes of a content in passing, holes included.
func TestDigests(t *testing.T) {
	d, err := transfer.NewDigests([]string{"sha1", "MD5"})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5<<20)
	b[4<<20] = 1
	opt := wish(engine.CreateOptions{})
	opt.Taken = func(b []byte) { d.Write(b) }
	if _, err := engine.Convert(t.Context(), rawOf(t, b), filepath.Join(t.TempDir(), "d.vhd"), opt); err != nil {
		t.Fatal(err)
	}
	want, _ := transfer.NewDigests([]string{"md5", "sha1"})
	want.Write(b)
	if got := d.Sums(); !slices.Equal(got, want.Sums()) || got[0].Algorithm != "md5" {
		t.Errorf("%v, expected %v", got, want.Sums())
	}
	if _, err := transfer.NewDigests([]string{"crc"}); err == nil {
		t.Error("crc is taken for a hash")
	}
}
