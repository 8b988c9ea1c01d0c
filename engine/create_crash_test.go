package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/store/storetest"
	vhdwriter "platter/engine/vhd/writer"
	vhdxwriter "platter/engine/vhdx/writer"
	vmdkwriter "platter/engine/vmdk/writer"
)

// writers are the makers of all formats.
func writers() map[string]disk.Maker {
	return map[string]disk.Maker{"vhd": vhdwriter.Maker{}, "vhdx": vhdxwriter.Maker{}, "vmdk": vmdkwriter.Maker{}}
}

// makeIn makes an image of a kind in any FS, all or nothing.
func makeIn(t *testing.T, files store.FS, k kindMade, filling disk.Filling) error {
	t.Helper()
	return makeNamed(t, files, "d."+k.format, k, disk.Spec{Filling: filling})
}

// makeNamed makes an image with a name; the spec lacks the values only.
func makeNamed(t testing.TB, files store.FS, name string, k kindMade, spec disk.Spec) error {
	t.Helper()
	m := writers()[k.format]
	spec.Values = k.opt
	spec, _, err := disk.Resolve(m.Options(), spec)
	if err != nil {
		t.Fatal(err)
	}
	to := &store.Target{FS: files}
	if err := m.Make(t.Context(), to, name, spec); err != nil {
		return errors.Join(err, to.Discard())
	}
	return to.Publish()
}

// openIn opens the image that makeIn made.
func openIn(t *testing.T, files *store.Mem, name string) disk.Image {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	img, err := engine.OpenIn(t.Context(), files, name, f, name, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// crashed are the kinds that write in different ways; small, since every moment of them is
// looked at.
func crashed() []kindMade {
	return []kindMade{
		{"vhd", values("size", "1M")}, {"vhd", values("size", "1M", "type", "fixed")},
		{"vhdx", values("size", "1M", "block-size", "1M")}, {"vhdx", values("size", "1M", "type", "fixed", "block-size", "1M")},
		{"vmdk", values("size", "1M")}, {"vmdk", values("size", "3M", "type", "twoGbMaxExtentSparse", "split", "1M")},
		{"vmdk", values("size", "1M", "type", "monolithicFlat")}, {"vmdk", values("size", "1M", "type", "streamOptimized")},
	}
}

// sound reports whether a power cut left either nothing under the image's name, or all of
// the image.
func sound(t *testing.T, files *store.Mem, k kindMade) bool {
	t.Helper()
	if _, err := files.Stat("d." + k.format); err != nil {
		return true
	}
	img := openIn(t, files, "d."+k.format)
	defer img.Close()
	if img.Info().Refused != nil {
		return false
	}
	for f, err := range img.Check(t.Context()) {
		if err != nil || f.Severity > disk.SeverityInfo {
			return false
		}
	}
	return true
}

// TestCreateCrashes cuts the power at every moment of making an image: it is there as a
// whole or not at all. Each sync is needed for that.
func TestCreateCrashes(t *testing.T) {
	points := 0
	for _, k := range crashed() {
		files := storetest.New()
		trace := files.Record()
		if err := makeIn(t, files, k, nil); err != nil {
			t.Fatal(err)
		}
		for p, left := range trace.Crashes(8) {
			if points++; !sound(t, left, k) {
				t.Errorf("%s: torn at %s", k, p)
			}
		}
		// Without SyncDir nothing is torn, but what Create said it had made may be gone.
		for _, site := range trace.Sites() {
			torn := false
			for _, left := range trace.IgnoreSync(site).Crashes(8) {
				torn = torn || !sound(t, left, k)
			}
			if folder := strings.Contains(site, "(*Target).Publish"); torn == folder {
				t.Errorf("%s: without the sync at %s: torn %t", k, site, torn)
			}
		}
		last := map[bool]int{}
		for p, left := range trace.Crashes(8) {
			if p.Ops == files.Ops() {
				_, err := left.Stat("d." + k.format)
				last[err == nil]++
			}
		}
		if last[false] > 0 {
			t.Errorf("%s: it was made, and is gone after a power cut", k)
		}
	}
	t.Logf("%d crash points", points)
}

// TestCreateFails lets every operation fail in turn: a typed error, and nothing left.
func TestCreateFails(t *testing.T) {
	for _, k := range crashed() {
		whole := storetest.New()
		if err := makeIn(t, whole, k, nil); err != nil {
			t.Fatal(err)
		}
		for n := range whole.Ops() {
			for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
				files := storetest.New()
				files.FailAt(n+1, cause)
				if err := makeIn(t, files, k, nil); !errors.Is(err, cause) {
					t.Fatalf("%s, operation %d: %v", k, n+1, err)
				}
				names, _ := files.ReadDir(".")
				names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ".d") })
				if len(names) > 0 {
					t.Errorf("%s, operation %d leaves %q", k, n+1, names)
				}
			}
		}
	}
}

// written is what a guest might have written: the start and the end of the disk, borders of
// grains and tables, zeros that are written as such.
func written(size int64) *store.MemFile {
	f := store.NewMemFile(size)
	for _, off := range []int64{0, 65536 - 100, 1 << 20, 32<<20 - 1000, 33 << 20, size - 999} {
		b := make([]byte, 999)
		for i := range b {
			b[i] = byte(off>>16) + byte(i) | 1
		}
		f.WriteAt(b, off)
	}
	f.WriteAt([]byte{1}, 5<<20)
	f.WriteAt([]byte{0}, 5<<20)
	return f
}

// TestCreateFilled makes the kinds that can be made with content, and reads it back.
func TestCreateFilled(t *testing.T) {
	const size = 70<<20 + 512
	for _, k := range []kindMade{
		{"vhd", values("type", "fixed")}, {"vhdx", values("type", "fixed")}, {"vmdk", values()}, {"vmdk", values("block-size", "4K")},
		{"vmdk", values("type", "twoGbMaxExtentSparse", "split", "33M")}, {"vmdk", values("type", "twoGbMaxExtentFlat", "split", "33M")},
		{"vmdk", values("type", "monolithicFlat")}, {"vmdk", values("type", "streamOptimized")}, {"vmdk", values("type", "streamOptimized", "block-size", "1M")},
	} {
		t.Run(k.String(), func(t *testing.T) {
			k.opt = with(k.opt, "size", fmt.Sprint(size))
			want, files := written(size), store.NewMem()
			if err := makeIn(t, files, k, want); err != nil {
				t.Fatal(err)
			}
			img := openIn(t, files, "d."+k.format)
			defer img.Close()
			enginetest.CrossRead(t, img, want, size)
			least := disk.SeverityWarning
			if img.Info().BlockSize == 4<<10 {
				least = disk.SeverityError // not every program reads such grains
			}
			enginetest.Clean(t, img, least)
			stored := int64(0)
			for s, err := range img.Map(0, size) {
				if err != nil {
					t.Fatal(err)
				}
				if s.State == disk.Data {
					stored += s.Length
				}
			}
			if sparse := img.Info().BlockSize > 0 && k.format == "vmdk"; sparse && stored > 8*max(img.Info().BlockSize, 64<<10) {
				t.Errorf("%d bytes are stored", stored)
			}
		})
	}
}
