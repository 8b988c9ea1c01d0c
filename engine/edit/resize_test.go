package edit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	rawwriter "platter/engine/raw/writer"
	"platter/engine/store"
	"platter/engine/store/storetest"
	vhdwriter "platter/engine/vhd/writer"
	vhdxwriter "platter/engine/vhdx/writer"
	vmdkwriter "platter/engine/vmdk/writer"
)

// Cases of other programs' resizing, by their numbers in the list of peers' tests:
//
//	R1  TestResizeInPlace
//	R2  TestShrinkLosesNothing, TestResizeVerb of tui/cli (without the flag: 2)
//	R3  TestResizeInPlace (the kinds that have something in the way), TestVHDTableMovesBlocks
//	R4  TestResizeInPlace: all sizes but one
//	R5  TestResizeToTheLargest
//	R6  TestResizeInPlace, TestResizeOfACutVHDX: each image has bytes past the end of its disk
//	R7  TestResizeEndsChangeTracking

// sized is an image whose disk is to get another size. Seeds of content: each block has
// some.
type sized struct {
	name   string
	format string
	opt    string // of the maker, "key=value" with blanks between them
	size   int64
	to     []int64
}

// resized are the kinds that grow in ways of their own. The power is cut
// on the way to the last size of a kind.
func resized() []sized {
	const k, m = int64(1 << 10), int64(1 << 20)
	return []sized{
		{"raw", "raw", "", 70*k + 512, []int64{71 * k, 200 * k}},
		{"vhd fixed", "vhd", "type=fixed", 70 * k, []int64{70*k + 512, 200 * k}},
		{"vhd", "vhd", "block-size=64K", 150 * k, []int64{150*k + 512, 192*k + 512, 192 * k, 5 * 64 * k}},
		{"vhd with blocks in the way", "vhd", "block-size=4K", 125 * 4 * k, []int64{126 * 4 * k, 300*4*k + 512, 128 * 4 * k}},
		{"vhdx", "vhdx", "block-size=1M", 2*m + 70*k, []int64{2*m + 70*k + 512, 3*m + 512, 3 * m, 6 * m}},
		{"vhdx of 4096", "vhdx", "block-size=1M sector=4096", 2*m + 72*k, []int64{3*m + 4*k}},
		{"vhdx fixed", "vhdx", "type=fixed block-size=1M", m + 70*k, []int64{m + 71*k, 4 * m}},
		{"vhdx with a new table", "vhdx", "block-size=1M", m + 70*k, []int64{200 << 30}},
		{"vmdk sparse", "vmdk", "", 150 * k, []int64{150*k + 512, 160 * k, 160*k + 512, 20 * m}},
		{"vmdk split sparse", "vmdk", "type=twoGbMaxExtentSparse split=1M block-size=8K", m + 70*k, []int64{m + 71*k, 2*m + 512, 3*m + 512}},
		{"vmdk flat", "vmdk", "type=monolithicFlat", 70 * k, []int64{70*k + 512, 200 * k}},
		{"vmdk vmfs", "vmdk", "type=vmfs", 70 * k, []int64{70*k + 512, 200 * k}},
		{"vmdk split flat", "vmdk", "type=twoGbMaxExtentFlat split=1M", m + 70*k, []int64{m + 71*k, 3*m + 512, 2*m + 70*k}},
	}
}

var makersOf = map[string]disk.Maker{"raw": rawwriter.Maker{}, "vhd": vhdwriter.Maker{}, "vhdx": vhdxwriter.Maker{}, "vmdk": vmdkwriter.Maker{}}

// options are those of the kind.
func (k sized) options() engine.Options { return engine.Options{Format: k.format} }

// image is the name of the image.
func (k sized) image() string { return "d." + k.format }

// made makes the image with content, and with bytes past the end of its disk in its last
// block. It returns what the disk holds.
func (k sized) made(t testing.TB, files store.FS) []byte {
	t.Helper()
	spec := disk.Spec{Values: map[string]string{disk.OptionSize: strconv.FormatInt(k.size, 10)}}
	for _, o := range bytes.Fields([]byte(k.opt)) {
		name, value, _ := bytes.Cut(o, []byte("="))
		spec.Values[string(name)] = string(value)
	}
	maker := makersOf[k.format]
	spec, _, err := disk.Resolve(maker.Options(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := maker.Make(t.Context(), files, k.image(), spec); err != nil {
		t.Fatal(err)
	}
	content := enginetest.Step{Seed: 7, N: k.size}.Data()
	clear(content[len(content)/4 : len(content)/2]) // some blocks are not stored
	w, err := engine.WriteIn(t.Context(), files, k.image(), k.image(), k.options(), disk.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.WriteAt(content[:len(content)/4], 0)
	_, err2 := w.WriteAt(content[len(content)/2:], k.size/2)
	if err := errors.Join(err, err2, w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	k.dirty(t, files)
	return content
}

// dirty fills the rest of the last block, which no disk shows.
func (k sized) dirty(t testing.TB, files store.FS) {
	t.Helper()
	img := k.open(t, files)
	defer img.Close()
	unit := img.Info().BlockSize
	if unit == 0 || k.size%unit == 0 {
		return
	}
	for span, err := range img.Map(k.size-1, 1) {
		if err != nil || span.State != disk.Data {
			t.Fatalf("the last byte is not stored: %v %v", span, err)
		}
		f, err := files.OpenWrite(span.File)
		if err != nil {
			t.Fatal(err)
		}
		rest := unit - k.size%unit
		if size, _ := f.Size(); span.Offset+1+rest > size {
			rest = size - span.Offset - 1
		}
		if _, err := f.WriteAt(bytes.Repeat([]byte{0xBD}, int(rest)), span.Offset+1); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func (k sized) open(t testing.TB, files store.Opener) disk.Image {
	t.Helper()
	f, err := files.Open(k.image())
	if err != nil {
		t.Fatal(err)
	}
	img, err := engine.OpenIn(t.Context(), files, k.image(), f, k.image(), k.options())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// resize gives the disk another size.
func (k sized) resize(ctx context.Context, files store.FS, how edit.Sizing) error {
	s, err := edit.OpenIn(ctx, files, k.image(), k.options())
	if err != nil {
		return err
	}
	defer s.Close()
	if how.Geometry == "" {
		how.Geometry = "auto"
	}
	img, err := s.Image()
	if err != nil || img.Info().VirtualSize == how.Size {
		return err
	}
	plan, err := s.Resize(ctx, how)
	if err != nil {
		return err
	}
	return plan.CarryOut(ctx)
}

// sizedAs is a disk of some bytes: what it had before, and zeros.
type sizedAs struct {
	content []byte
	size    int64
}

// holds is where a disk holds something else.
func (w sizedAs) holds(t testing.TB, img disk.Image) error {
	if size := img.Info().VirtualSize; size != w.size {
		return fmt.Errorf("the disk has %d bytes", size)
	}
	got := make([]byte, min(w.size, int64(len(w.content))))
	if n, err := img.ReadAt(got, 0); n < len(got) {
		return err
	}
	for i := range got {
		if got[i] != w.content[i] {
			return fmt.Errorf("byte 0x%x of the disk of %d bytes is %02x, expected %02x", i, w.size, got[i], w.content[i])
		}
	}
	for r, err := range disk.Runs(t.Context(), img, int64(len(got)), w.size-int64(len(got))) {
		if err != nil {
			return err
		}
		for off := r.Start; r.Content != disk.Zeros && off < r.Start+r.Length; off += int64(len(got)) {
			b := make([]byte, min(int64(len(got)), r.Start+r.Length-off))
			if n, err := img.ReadAt(b, off); n < len(b) {
				return err
			}
			if i := bytes.IndexFunc(b, func(c rune) bool { return c != 0 }); i >= 0 {
				return fmt.Errorf("byte 0x%x of the disk of %d bytes is %02x, expected zeros past its old end", off+int64(i), w.size, b[i])
			}
		}
	}
	return nil
}

// fault is what is wrong with an image whose disk should be one of some.
func (k sized) fault(t testing.TB, files store.Opener, least disk.Severity, want ...sizedAs) error {
	t.Helper()
	img := k.open(t, files)
	defer img.Close()
	if err := img.Info().Refused; err != nil {
		return err
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity >= least && f.Code != "vhd/V027" { // unusual blocks
			return fmt.Errorf("%s %s: %v", f.Code, f.Text, err)
		}
	}
	var wrong []error
	for _, w := range want {
		err := w.holds(t, img)
		if err == nil {
			return nil
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// TestResizeInPlace lets disks grow by a sector, to the end of a block, past it, and by
// several: what they gain is zeros, though there were other bytes in the last block; what
// they had stays. A dry run changes nothing.
func TestResizeInPlace(t *testing.T) {
	for _, k := range resized() {
		for _, to := range k.to {
			files := storetest.New()
			content := k.made(t, files)
			s, err := edit.OpenIn(t.Context(), files, k.image(), k.options())
			if err != nil {
				t.Fatal(err)
			}
			plan, err := s.Resize(t.Context(), edit.Sizing{NewSize: disk.NewSize{Size: to, Geometry: "auto"}})
			if err != nil {
				t.Fatalf("%s to %d: %v", k.name, to, err)
			}
			before := files.Ops()
			would, err := plan.Rehearse(t.Context())
			if err != nil || len(would) == 0 {
				t.Errorf("%s to %d: rehearsed: %v %v", k.name, to, would, err)
			}
			if files.Ops() != before {
				t.Errorf("%s: the rehearsal writes", k.name)
			}
			if err := plan.CarryOut(t.Context()); err != nil {
				t.Fatalf("%s to %d: %v", k.name, to, err)
			}
			s.Close()
			if err := k.fault(t, files, disk.SeverityWarning, sizedAs{content, to}); err != nil {
				t.Errorf("%s to %d: %v", k.name, to, err)
			}
			for _, f := range would {
				if info, err := files.Stat(f.Name); err != nil || info.Size != f.After {
					t.Errorf("%s to %d: %s has %d bytes, the rehearsal said %d: %v", k.name, to, f.Name, info.Size, f.After, err)
				}
			}
		}
	}
}

// settled follows a journal, if there is one.
func settled(t testing.TB, files *store.Mem, image string, forward bool) {
	t.Helper()
	if !store.HasJournal(files, image) {
		return
	}
	j, err := store.ReadJournal(files, image)
	if err == nil {
		var names []string
		for _, s := range j.Steps {
			names = append(names, s.File)
		}
		j.Allow(names...)
		roll := j.RollBack
		if forward {
			roll = j.RollForward
		}
		err = roll(files)
	}
	if errors.Is(err, store.ErrTorn) {
		j, err = store.ReadJournal(files, image)
		if j != nil {
			err = j.RollBack(files)
		}
	}
	if err != nil {
		t.Fatalf("recover: %v", err)
	}
}

// TestResizeCrashes cuts the power after each operation, and finishes or undoes what the
// journal says: the disk has its old or its new size, with the right content, and the same
// command gives it the new one.
func TestResizeCrashes(t *testing.T) {
	points := 0
	for _, k := range resized() {
		for _, to := range k.to[len(k.to)-enginetest.Scale(1, len(k.to)):] {
			files := storetest.New()
			content := k.made(t, files)
			trace := files.Record()
			how := edit.Sizing{NewSize: disk.NewSize{Size: to}}
			if err := k.resize(t.Context(), files, how); err != nil {
				t.Fatal(err)
			}
			for p, left := range trace.Crashes(enginetest.Scale(1, 16)) {
				points++
				settled(t, left, k.image(), p.Ops%2 == 0)
				if err := k.fault(t, left, disk.SeverityError, sizedAs{content, k.size}, sizedAs{content, to}); err != nil {
					t.Fatalf("%s to %d, %v: %v", k.name, to, p, err)
				}
				if err := k.resize(t.Context(), left, how); err != nil {
					t.Fatalf("%s to %d, %v, again: %v", k.name, to, p, err)
				}
				if err := k.fault(t, left, disk.SeverityError, sizedAs{content, to}); err != nil {
					t.Fatalf("%s to %d, %v, again: %v", k.name, to, p, err)
				}
			}
		}
	}
	t.Logf("%d points", points)
}

// TestFailingResizes has each operation fail, as on a full disk or a bad one: it is said,
// and the disk has one of its sizes.
func TestFailingResizes(t *testing.T) {
	for _, k := range resized() {
		to := k.to[len(k.to)-1]
		how := edit.Sizing{NewSize: disk.NewSize{Size: to}}
		files := storetest.New()
		content := k.made(t, files)
		trace := files.Record()
		if err := k.resize(t.Context(), files, how); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= trace.Len(); n += enginetest.Scale(3, 1) {
			for i, cause := range []error{syscall.ENOSPC, syscall.EIO} {
				if n%2 == i && !enginetest.Full() {
					continue
				}
				files := storetest.New()
				k.made(t, files)
				before, _ := files.ReadDir(".")
				files.FailAt(n, cause)
				err := k.resize(t.Context(), files, how)
				if !errors.Is(err, cause) {
					t.Fatalf("%s: operation %d fails with %v, but it was said: %v", k.name, n, cause, err)
				}
				left := files.Clone()
				now, _ := left.ReadDir(".")
				settled(t, left, k.image(), false)
				if err := k.fault(t, left, disk.SeverityError, sizedAs{content, k.size}, sizedAs{content, to}); err != nil {
					t.Fatalf("%s: operation %d fails with %v: %v", k.name, n, cause, err)
				}
				if img := k.open(t, left); img.Info().VirtualSize == k.size && len(now) > len(before) && !store.HasJournal(files, k.image()) {
					t.Errorf("%s: operation %d fails with %v: %q are left", k.name, n, cause, now)
				}
			}
		}
	}
}

// shrinkable are the kinds that become smaller in place.
func shrinkable() []sized {
	const k = int64(1 << 10)
	return []sized{
		{"raw", "raw", "", 200 * k, []int64{100*k + 512}},
		{"vhd fixed", "vhd", "type=fixed", 200 * k, []int64{100*k + 512}},
		{"vhd", "vhd", "block-size=4K", 300 * 4 * k, []int64{100*4*k + 512}},
		{"vhdx", "vhdx", "block-size=1M", 5 << 20, []int64{2<<20 + 512}},
		{"vhdx fixed", "vhdx", "type=fixed block-size=1M", 5 << 20, []int64{2<<20 + 512}},
	}
}

// TestShrinkLosesNothing holds that a smaller disk is refused while anything but zeros lies
// past its end, and that it is had with leave to lose that; a power cut leaves one of the two.
func TestShrinkLosesNothing(t *testing.T) {
	for _, k := range shrinkable() {
		to := k.to[0]
		files := storetest.New()
		content := k.made(t, files)
		how := edit.Sizing{NewSize: disk.NewSize{Size: to}}
		before := files.Ops()
		var refused *disk.Refusal
		if err := k.resize(t.Context(), files, how); !errors.As(err, &refused) || refused.Reason != disk.RefusedLoss {
			t.Fatalf("%s: %v", k.name, err)
		}
		if files.Ops() != before {
			t.Errorf("%s: the refusal writes", k.name)
		}
		trace := files.Record()
		how.Discard = true
		if err := k.resize(t.Context(), files, how); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		if err := k.fault(t, files, disk.SeverityWarning, sizedAs{content, to}); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		for p, left := range trace.Crashes(enginetest.Scale(1, 16)) {
			settled(t, left, k.image(), p.Ops%2 == 0)
			if err := k.fault(t, left, disk.SeverityError, sizedAs{footed(k, left, content, to), k.size}, sizedAs{content, to}); err != nil {
				t.Fatalf("%s, %v: %v", k.name, p, err)
			}
			if err := k.resize(t.Context(), left, how); err != nil {
				t.Fatalf("%s, %v, again: %v", k.name, p, err)
			}
			if err := k.fault(t, left, disk.SeverityError, sizedAs{content, to}); err != nil {
				t.Fatalf("%s, %v, again: %v", k.name, p, err)
			}
		}
	}
}

// footed is the old content, with the new footer of a fixed VHD where the power went before
// the file was cut off after it: what is given up holds it.
func footed(k sized, files store.Opener, content []byte, to int64) []byte {
	f, err := files.Open(k.image())
	b := make([]byte, 512)
	if err != nil || k.name != "vhd fixed" {
		return content
	}
	if _, err := f.ReadAt(b, to); err != nil || !bytes.HasPrefix(b, []byte("conectix")) {
		return content
	}
	content = bytes.Clone(content)
	copy(content[to:], b)
	return content
}

// TestShrinkOfZeros needs no leave: zeros are no loss. A disk of which an earlier try was
// cut short can be had too.
func TestShrinkOfZeros(t *testing.T) {
	for _, k := range shrinkable() {
		to := k.to[0]
		files := storetest.New()
		content := k.made(t, files)
		w, err := engine.WriteIn(t.Context(), files, k.image(), k.image(), k.options(), disk.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Zero(t.Context(), to, k.size-to), w.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		trace := files.Record()
		how := edit.Sizing{NewSize: disk.NewSize{Size: to}}
		if err := k.resize(t.Context(), files, how); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		for p, left := range trace.Crashes(2) {
			settled(t, left, k.image(), p.Ops%2 == 0)
			if err := k.resize(t.Context(), left, how); err != nil {
				t.Fatalf("%s, %v, again: %v", k.name, p, err)
			}
			if err := k.fault(t, left, disk.SeverityError, sizedAs{content, to}); err != nil {
				t.Fatalf("%s, %v, again: %v", k.name, p, err)
			}
		}
	}
}

// TestResizeToTheLargest lets disks grow as far as their formats go, the table of a VHDX into
// a region of its own: quickly, and in little memory.
func TestResizeToTheLargest(t *testing.T) {
	for _, k := range []sized{
		{"vhdx", "vhdx", "block-size=1M", 1 << 20, []int64{64 << 40}},
		{"vhdx of large blocks", "vhdx", "", 33 << 20, []int64{64 << 40}},
		{"vhd", "vhd", "", 1 << 20, []int64{2040 << 30}},
	} {
		files := store.NewMem()
		content := k.made(t, files)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := k.resize(t.Context(), files, edit.Sizing{NewSize: disk.NewSize{Size: k.to[0]}}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 128<<20 {
			t.Errorf("%s: %d MiB were allocated", k.name, took>>20)
		}
		img := k.open(t, files)
		got := make([]byte, len(content))
		if n, err := img.ReadAt(got, 0); n < len(got) || !bytes.Equal(got, content) || img.Info().VirtualSize != k.to[0] {
			t.Errorf("%s: a disk of %d bytes: %v", k.name, img.Info().VirtualSize, err)
		}
	}
}

// TestResizeOfACutVHDX lets a disk grow whose file ends within its last block, as far as the
// disk needs it: what comes after is no room for a new table.
func TestResizeOfACutVHDX(t *testing.T) {
	k := sized{"vhdx", "vhdx", "block-size=2M", 4<<20 + 70<<10, nil}
	for _, to := range []int64{8 << 20, 400 << 30} {
		files := store.NewMem()
		content := k.made(t, files)
		for span, err := range k.open(t, files).Map(k.size-1, 1) {
			f, err2 := files.OpenWrite(span.File)
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			if err := f.Truncate(span.Offset + 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.resize(t.Context(), files, edit.Sizing{NewSize: disk.NewSize{Size: to}}); err != nil {
			t.Fatal(err)
		}
		if err := k.fault(t, files, disk.SeverityError, sizedAs{content, to}); err != nil {
			t.Errorf("to %d: %v", to, err)
		}
		w, err := engine.WriteIn(t.Context(), files, k.image(), k.image(), k.options(), disk.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.WriteAt(bytes.Repeat([]byte{1}, 1<<20), k.size) // into the rest of that block
		if err := errors.Join(err, w.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := k.fault(t, files, disk.SeverityError, sizedAs{append(content, bytes.Repeat([]byte{1}, 1<<20)...), to}); err != nil {
			t.Errorf("to %d, written to: %v", to, err)
		}
	}
}
