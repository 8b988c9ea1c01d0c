package vmdk_test

import (
	"bytes"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestCutStream cuts a stream at each sector, and within some: what is left of it can be
// read by its markers, what is not fails, and nothing reads as zeros that the stream may
// have had.
func TestCutStream(t *testing.T) {
	whole := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
	want := content(grains(), diskSectors*sector)
	for size := int64(len(whole.b)) - 1; size > whole.grain[0]; size -= sector/2 + 1 {
		img := openMem(t, map[string][]byte{"d.vmdk": whole.b[:size]}, "d.vmdk")
		b := make([]byte, sector)
		for g := int64(0); g < diskSectors/grainSectors; g += 1 {
			_, err := img.ReadAt(b, g*grainBytes)
			if err == nil && !bytes.Equal(b, want[g*grainBytes:][:sector]) {
				t.Fatalf("cut at %d: grain %d reads as %q...", size, g, b[:8])
			}
			at, stored := whole.grain[g]
			if stored && at+sector <= size && size < whole.grain[639] && err != nil && g != lastBefore(whole, size) {
				t.Errorf("cut at %d: grain %d: %v", size, g, err)
			}
		}
		if !hasError(t, img, "S1") {
			t.Errorf("cut at %d: no error S1", size)
		}
		enginetest.Regions(t, img)
	}
}

// lastBefore is the last grain that starts before a byte.
func lastBefore(f *built, size int64) int64 {
	last := int64(-1)
	for g, at := range f.grain {
		if at < size && (last < 0 || at > f.grain[last]) {
			last = g
		}
	}
	return last
}

// TestCutStreamSaysWhere is what is said of a cut inside a grain, wherever one looks.
func TestCutStreamSaysWhere(t *testing.T) {
	f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
	files := map[string][]byte{"d.vmdk": f.b[:f.grain[512]+30]}
	const words = "inside the grain of sector 8192; 4 grains up to there can be read"
	img := openMem(t, files, "d.vmdk")
	if _, err := img.ReadAt(make([]byte, 1), 512*grainBytes); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("read: %v", err)
	}
	if said := findingsOf(t, img, "S1"); len(said) != 1 || !strings.Contains(said[0].Text, words) {
		t.Errorf("check: %v", said)
	}
	if img.Info().Refused != nil {
		t.Errorf("refused: %v", img.Info().Refused)
	}
}

// findingsOf are those of the check with a code.
func findingsOf(t *testing.T, img disk.Image, code string) (list []disk.Finding) {
	t.Helper()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Code == "vmdk/"+code {
			list = append(list, f)
		}
	}
	return list
}

// TestFooterFurtherUp puts something after the end of a stream: the footer is found, and
// what follows is told, for all distances.
func TestFooterFurtherUp(t *testing.T) {
	for _, n := range []int{1, 511, 512, 513, 1024, 5000, 100 << 10} {
		f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
		f.b = append(f.b, append(packedGrain(5*grainSectors, grains()[3]), bytes.Repeat([]byte("tail"), n)...)[:n]...)
		img := openMem(t, map[string][]byte{"d.vmdk": f.b}, "d.vmdk")
		if got := diskOf(t, img); !bytes.Equal(got, content(grains(), diskSectors*sector)) {
			t.Errorf("%d bytes after the end: the disk is another one", n)
		}
		if len(findingsOf(t, img, "S8")) == 0 || hasError(t, img, "S1") {
			t.Errorf("%d bytes after the end: %v", n, findingsOf(t, img, "S8"))
		}
	}
}

// TestMovedStream puts bytes into the text of a stream, so that all that follows moves.
func TestMovedStream(t *testing.T) {
	f := stream(text("streamOptimized", `RDONLY 10240 SPARSE "d.vmdk"`), grains())
	for _, n := range []int{1, 5, 200, 300, 511} {
		b := append(append(bytes.Clone(f.b[:700]), make([]byte, n)...), f.b[700:]...)
		img := openMem(t, map[string][]byte{"d.vmdk": b}, "d.vmdk")
		if !hasError(t, img, "H15") {
			t.Errorf("%d bytes: no error H15", n)
		}
		for g := range grains() {
			if _, err := img.ReadAt(make([]byte, grainBytes), g*grainBytes); err == nil {
				t.Errorf("%d bytes: grain %d can be read", n, g)
			}
		}
	}
}
