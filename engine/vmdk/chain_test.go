package vmdk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vmdk"
)

// childText is the descriptor of a delta.
func childText(createType, extent, cid, parentCID, hint string) string {
	s := text(createType, extent, "parentCID="+parentCID, "parentFileNameHint=\""+hint+"\"")
	return strings.Replace(strings.Replace(s, "CID=12345678", "CID="+cid, 1), "12345678\"", cid+"\"", 1)
}

// chainFiles is a chain of depth children over a base, with every kind of
// delta in turn, and what its disk holds.
func chainFiles(depth int, plain bool) (map[string][]byte, []byte) {
	const size = diskSectors * sector
	want := content(grains(), size)
	files := map[string][]byte{"l0.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "l0.vmdk"`), grains()).b}
	cid := "12345678"
	for d := 1; d <= depth; d++ {
		name, own := fmt.Sprintf("l%d", d), fmt.Sprintf("%08x", d)
		fill := func(n int) []byte { return bytes.Repeat([]byte{byte(d)}, n) }
		link := func(createType, extent string) []byte {
			return []byte(childText(createType, extent, own, cid, fmt.Sprintf("l%d.vmdk", d-1)))
		}
		put := func(grain int64, size int) map[int64][]byte {
			copy(want[grain*int64(size):], fill(size))
			return map[int64][]byte{grain: fill(size)}
		}
		extent := fmt.Sprintf(`RW 10240 %%s "%s-x.vmdk"`, name)
		switch {
		case d%3 == 1 || plain:
			files[name+".vmdk"] = hosted(string(link("monolithicSparse", fmt.Sprintf(`RW 10240 SPARSE "%s.vmdk"`, name))), put(int64(d%640), grainBytes)).b
		case d%3 == 2:
			files[name+".vmdk"] = link("vmfsSparse", fmt.Sprintf(extent, "VMFSSPARSE"))
			files[name+"-x.vmdk"] = cowd(put(int64(d*7), sector)).b
		default:
			files[name+".vmdk"] = link("seSparse", fmt.Sprintf(extent, "SESPARSE"))
			files[name+"-x.vmdk"] = seSparse(put(int64(d), 4096)).b
		}
		cid = own
	}
	return files, want
}

func TestChain(t *testing.T) {
	files, want := chainFiles(7, false)
	img := openMem(t, files, "l7.vmdk")
	if err := img.Info().Refused; err != nil {
		t.Fatal(err)
	}
	enginetest.Conform(t, img)
	enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
	enginetest.Clean(t, img, disk.SeverityWarning)
	layers := 0
	for p := img; p != nil; p = p.Parent() {
		layers++
	}
	if layers != 8 {
		t.Errorf("%d layers, want 8", layers)
	}
	for s := range img.Map(14*sector, sector) {
		// Written by layer 2, over which five others say nothing.
		if s.Layer != 5 || s.File != "l2-x.vmdk" || len(s.Via) < 7 || s.Via[len(s.Via)-1].Layer != 5 {
			t.Errorf("span %+v", s)
		}
	}
}

func TestDeepChain(t *testing.T) {
	files, want := chainFiles(256, true)
	img := openMem(t, files, "l255.vmdk")
	got := make([]byte, grainBytes)
	for _, grain := range []int64{0, 1, 255, 639} {
		if _, err := img.ReadAt(got, grain*grainBytes); err != nil || !bytes.Equal(got, want[grain*grainBytes:][:grainBytes]) {
			t.Errorf("grain %d of 255 layers: %v", grain, err)
		}
	}
	// One more is too deep: the lowest layers are not reached.
	img = openMem(t, files, "l256.vmdk")
	if _, err := img.ReadAt(got, 639*grainBytes); err == nil || !strings.Contains(err.Error(), "more than 256") {
		t.Errorf("257 layers: %v", err)
	}
	expect(t, img, "vmdk/L1", disk.SeverityError)
}

// TestOrphans opens children whose parent is missing, does not fit, is damaged
// or is the child itself: their own grains can be read, nothing else.
func TestOrphans(t *testing.T) {
	own := map[int64][]byte{3: grains()[3]}
	child := func(hint string) []byte {
		return hosted(childText("monolithicSparse", `RW 10240 SPARSE "c.vmdk"`, "00000001", "12345678", hint), own).b
	}
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b
	other := bytes.Replace(base, []byte("CID=12345678"), []byte("CID=12345679"), 1)
	broken := bytes.Clone(base)
	broken[20] = 3
	for name, c := range map[string]struct {
		hint  string
		files map[string][]byte
		code  string
		want  string
	}{
		"missing":  {"gone.vmdk", nil, "vmdk/L1", "gone.vmdk"},
		"unnamed":  {"", nil, "vmdk/D4", "does not name the parent"},
		"mismatch": {"base.vmdk", map[string][]byte{"base.vmdk": other}, "vmdk/L2", "12345679"},
		"damaged":  {"base.vmdk", map[string][]byte{"base.vmdk": broken}, "vmdk/L7", "power of two"},
		"itself":   {"c.vmdk", nil, "vmdk/L1", "comes back to this file"},
		"outside":  {"../../base.vmdk", nil, "vmdk/L1", "which is missing"}, // nor does the name alone lead to one
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"c.vmdk": child(c.hint)}
			for n, b := range c.files {
				files[n] = b
			}
			img := openMem(t, files, "c.vmdk")
			if err := img.Info().Refused; err != nil {
				t.Fatal(err)
			}
			enginetest.Conform(t, img)
			got := make([]byte, grainBytes)
			if _, err := img.ReadAt(got, 3*grainBytes); err != nil || !bytes.Equal(got, own[3]) {
				t.Errorf("own grain: %v", err)
			}
			_, err := img.ReadAt(got, 4*grainBytes)
			if !errors.Is(err, disk.ErrMissing) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the parent's grain: %v, want %q", err, c.want)
			}
			expect(t, img, c.code, disk.SeverityError)
		})
	}
}

// TestParentPlaces finds the parent where VMware looks for it.
func TestParentPlaces(t *testing.T) {
	base := hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b
	for _, c := range [][2]string{
		{"base.vmdk", "base.vmdk"},
		{`C:\\VMs\\base.vmdk`, "base.vmdk"},
		{"/vmfs/volumes/ds/vm/base.vmdk", "base.vmdk"},
		{"../old/base.vmdk", "old/base.vmdk"},
		{"sub/base.vmdk", "sub/base.vmdk"},
	} {
		files := map[string][]byte{
			"c.vmdk": hosted(childText("monolithicSparse", `RW 10240 SPARSE "c.vmdk"`, "00000001", "12345678", c[0]), nil).b,
			c[1]:     base,
		}
		img := openMem(t, files, "c.vmdk")
		if img.Parent() == nil {
			t.Errorf("%s is not found at %s: %v", c[0], c[1], img.Info().Findings)
		}
	}
}

// TestLargerChild reads zeros past the parent's end.
func TestLargerChild(t *testing.T) {
	d := childText("custom", "RW 10240 SPARSE \"x.vmdk\"\nRW 10240 SPARSE \"y.vmdk\"", "00000001", "12345678", "base.vmdk")
	files := map[string][]byte{
		"c.vmdk": []byte(d), "x.vmdk": hosted("", nil).b, "y.vmdk": hosted("", map[int64][]byte{7: grains()[3]}).b,
		"base.vmdk": hosted(text("monolithicSparse", `RW 10240 SPARSE "base.vmdk"`), grains()).b,
	}
	img := openMem(t, files, "c.vmdk")
	want := make([]byte, 2*diskSectors*sector)
	copy(want, content(grains(), diskSectors*sector))
	copy(want[diskSectors*sector+7*grainBytes:], grains()[3])
	enginetest.Conform(t, img)
	enginetest.CrossRead(t, img, bytes.NewReader(want), int64(len(want)))
	expect(t, img, "vmdk/L3", disk.SeverityWarning)
}

// expect looks for a finding.
func expect(t *testing.T, img disk.Image, code string, severity disk.Severity) {
	t.Helper()
	for f, err := range img.Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Code == code && f.Severity == severity {
			return
		}
	}
	t.Errorf("no finding %s of severity %s", code, severity)
}

// TestReadAllocates holds random reads through a chain to the promise that
// they make no garbage.
func TestReadAllocates(t *testing.T) {
	files, _ := chainFiles(32, true)
	img := openMem(t, files, "l32.vmdk")
	buf := make([]byte, 4096)
	rnd := rand.New(rand.NewPCG(1, 1))
	read := func() {
		if _, err := img.ReadAt(buf, rnd.Int64N(diskSectors*sector-4096)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3000 {
		read()
	}
	if n := testing.AllocsPerRun(1000, read); n > 0 {
		t.Errorf("%.1f allocations a read", n)
	}
}

// BenchmarkRandomRead compares reads of 4 KiB through a chain with those of
// the base alone, on the host's files.
func BenchmarkRandomRead(b *testing.B) {
	dir := b.TempDir()
	base := map[int64][]byte{}
	for i := range int64(640) {
		base[i] = grains()[3]
	}
	files, _ := chainFiles(32, true)
	files["l0.vmdk"] = hosted(text("monolithicSparse", `RW 10240 SPARSE "l0.vmdk"`), base).b
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, depth := range []int{0, 32} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			img := open(b, filepath.Join(dir, fmt.Sprintf("l%d.vmdk", depth)))
			enginetest.RandomReads(b, img, diskSectors*sector)
		})
	}
}

// TestParentTime compares the times of the host's files.
func TestParentTime(t *testing.T) {
	dir := t.TempDir()
	files, _ := chainFiles(1, true)
	now := time.Now()
	for name, b := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now); err != nil {
			t.Fatal(err)
		}
	}
	child := filepath.Join(dir, "l1.vmdk")
	enginetest.Clean(t, open(t, child), disk.SeverityWarning)
	if err := os.Chtimes(filepath.Join(dir, "l0.vmdk"), now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	expect(t, open(t, child), "vmdk/L4", disk.SeverityWarning)
}

// TestSiblings finds the other children of a parent, but no strangers.
func TestSiblings(t *testing.T) {
	files, _ := chainFiles(1, true)
	files["mine.vmdk"] = hosted(childText("monolithicSparse", `RW 10240 SPARSE "mine.vmdk"`, "00000002", "12345678", `C:\\vm\\L0.vmdk`), nil).b
	files["stranger.vmdk"] = hosted(childText("monolithicSparse", `RW 10240 SPARSE "stranger.vmdk"`, "00000003", "12345678", "other.vmdk"), nil).b
	files["former.vmdk"] = hosted(childText("monolithicSparse", `RW 10240 SPARSE "former.vmdk"`, "00000004", "ffffffff", "l0.vmdk"), nil).b
	files["no.vmdk"] = []byte("no image at all")
	var got []string
	for f, err := range openMem(t, files, "l1.vmdk").Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Severity >= disk.SeverityWarning {
			got = append(got, f.Code+" "+f.Text)
		}
	}
	if len(got) != 1 || !strings.HasPrefix(got[0], "vmdk/L4 another image of the folder has") || !strings.Contains(got[0], "mine.vmdk") {
		t.Errorf("found %q", got)
	}
	for _, f := range openMem(t, files, "l1.vmdk").Info().Findings {
		if f.Code == "vmdk/L4" {
			t.Error("opening an image goes through its folder")
		}
	}
}

// TestErrorsBelow reports the first error of each damaged layer, once, however
// deep it lies.
func TestErrorsBelow(t *testing.T) {
	files, _ := chainFiles(4, true)
	binary.LittleEndian.PutUint32(files["l2.vmdk"][30*sector:], 1<<30)    // the directory
	binary.LittleEndian.PutUint32(files["l0.vmdk"][31*sector+40:], 1<<30) // the first table
	files["l3.vmdk"][72] = 1                                              // a warning, which is that layer's alone
	var got []string
	for f, err := range openMem(t, files, "l4.vmdk").Check(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Severity >= disk.SeverityWarning {
			got = append(got, fmt.Sprintf("%s %s in %s", f.Code, f.Text, f.Where[1].File))
		}
	}
	if len(got) != 2 {
		t.Fatalf("found %q", got)
	}
	for i, want := range []string{`L6 the layer "l2.vmdk", 2 below this one, has errors; the first one is G2: GD entry 0`, `L6 the layer "l0.vmdk", 4 below this one, has errors; the first one is G5:`} {
		if !strings.HasPrefix(got[i], "vmdk/"+want) {
			t.Errorf("%q, want %q", got[i], want)
		}
	}
}

// unreadable is a file whose bytes from some byte on can't be read.
type unreadable struct {
	store.File
	from int64
}

func (u *unreadable) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > u.from {
		return 0, errors.New("the medium is broken")
	}
	return u.File.ReadAt(p, off)
}

// brokenParent opens the same source as the parent, whatever its name.
type brokenParent struct {
	disk.Opener
	t   *testing.T
	src disk.Source
}

func (b brokenParent) OpenParent(string, string) (disk.Image, error) {
	return vmdk.Open(b.t.Context(), b.src)
}

// TestUnreadableLayer does not take a layer whose tables can't be read for one
// without errors: the check ends with the reason.
func TestUnreadableLayer(t *testing.T) {
	files, _ := chainFiles(1, true)
	base, child := enginetest.Memory(t, folder(files), "l0.vmdk", formats), enginetest.Memory(t, folder(files), "l1.vmdk", formats)
	file := &unreadable{base.File, 1 << 40}
	base.File = file
	child.Opener = brokenParent{child.Opener, t, base}
	img := openSource(t, child)
	file.from = 32 * sector // inside the first table
	var failed error
	for _, err := range img.Check(t.Context()) {
		if err != nil {
			failed = err
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "the medium is broken") {
		t.Errorf("the check ends with %v", failed)
	}
}
