package eyes_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/decode"
	"platter/engine"
	"platter/engine/enginetest"
)

// kind is a kind of image that is damaged.
type kind struct {
	format string
	values map[string]string
	file   string // that is damaged; empty: the image itself
}

var kinds = []kind{
	{"vhd", map[string]string{"type": "dynamic", "block-size": "512K"}, ""},
	{"vhd", map[string]string{"type": "dynamic", "geometry": "max"}, ""},
	{"vhd", map[string]string{"type": "dynamic", "creator": "win "}, ""},
	{"vhd", map[string]string{"type": "fixed"}, ""},
	{"vhdx", map[string]string{"block-size": "1M"}, ""},
	{"vhdx", map[string]string{"block-size": "1M", "type": "fixed"}, ""},
	{"vhdx", map[string]string{"block-size": "2M", "sector": "4096"}, ""},
	{"vmdk", map[string]string{}, ""},
	{"vmdk", map[string]string{"zeroed-grains": "yes"}, ""},
	{"vmdk", map[string]string{"type": "streamOptimized"}, ""},
	{"vmdk", map[string]string{"type": "twoGbMaxExtentSparse", "split": "4M"}, "disk-s002.vmdk"},
	{"vmdk", map[string]string{"type": "monolithicFlat"}, ""},
}

// content is a disk with data, short and long zeros, and an end that fills no block.
func content(seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, 6<<20+64<<10)
	for off := 0; off < len(b); off += 64 << 10 {
		if rnd.IntN(3) == 0 {
			for i := off; i < min(off+(1+rnd.IntN(100))*512, len(b)); i++ {
				b[i] = byte(rnd.Uint32())
			}
		}
	}
	return b
}

// build makes an image of a kind that holds the content, and gives its path.
func (k kind) build(t testing.TB, dir string, number int) string {
	t.Helper()
	raw := filepath.Join(dir, fmt.Sprintf("k%d.raw", number))
	if err := os.WriteFile(raw, content(uint64(number)), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := engine.Open(t.Context(), raw, engine.Options{Format: "raw"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	folder := filepath.Join(dir, fmt.Sprintf("k%d", number))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "disk."+k.format)
	values := map[string]string{"seed": fmt.Sprint(number)}
	for n, v := range k.values {
		values[n] = v
	}
	opt := engine.ConvertOptions{CreateOptions: engine.CreateOptions{Format: k.format, Values: values}, Length: -1, ZeroUnit: 4096}
	if _, err := engine.Convert(t.Context(), src, path, opt); err != nil {
		t.Fatalf("%v: %v", k, err)
	}
	return path
}

// site is a field that can be damaged, with its record.
type site struct {
	field  *decode.Field
	at     decode.Place
	record decode.Place
}

// sites lists the fields of an image's structures in one file.
func sites(t testing.TB, path, format, file string) []site {
	t.Helper()
	img, err := engine.Open(t.Context(), path, engine.Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	var list []site
	var visit func(n decode.Node, depth int)
	visit = func(n decode.Node, depth int) {
		if n.Field != nil && n.Place.Length > 0 && n.Record.Length > 0 && n.Record.Length <= 64<<10 && (n.Place.File == filepath.Base(path) && file == "" || n.Place.File == file) {
			list = append(list, site{n.Field, n.Place, n.Record})
		}
		for i := range min(n.Len(), 40) {
			if depth < 9 {
				visit(n.Child(i), depth+1)
			}
		}
	}
	visit(img.Tree(), 0)
	return list
}

// damage writes a wrong value into a field, or cuts or lengthens the file, and says what it
// did. Half of the records get their checksum right again, so that the value is believed.
func damage(t testing.TB, rnd *rand.Rand, path string, list []site) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	switch rnd.IntN(12) {
	case 0:
		n := info.Size() - int64(1+rnd.IntN(5))*512*int64(1+rnd.IntN(2000))
		if rnd.IntN(4) == 0 {
			n += int64(rnd.IntN(512))
		}
		if err := f.Truncate(max(0, n)); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("cut to %d of %d", max(0, n), info.Size())
	case 1:
		b := make([]byte, 1+rnd.IntN(3000))
		if rnd.IntN(2) == 0 {
			b = make([]byte, 512*(1+rnd.IntN(4)))
		}
		if _, err := f.WriteAt(b, info.Size()); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d zeros appended", len(b))
	}
	if len(list) == 0 {
		return spoilText(t, rnd, path)
	}
	s := list[rnd.IntN(len(list))]
	b := make([]byte, s.at.Length)
	if _, err := f.ReadAt(b, s.at.Offset); err != nil {
		t.Fatal(err)
	}
	old := fmt.Sprintf("%x", b)
	spoil(rnd, b)
	if _, err := f.WriteAt(b, s.at.Offset); err != nil {
		t.Fatal(err)
	}
	sealed := rnd.IntN(3) > 0 && !s.field.IsSum()
	if sealed {
		rec := make([]byte, s.record.Length)
		if n, _ := f.ReadAt(rec, s.record.Offset); n == len(rec) {
			s.field.Layout().Seal(rec)
			if _, err := f.WriteAt(rec, s.record.Offset); err != nil {
				t.Fatal(err)
			}
		}
	}
	return fmt.Sprintf("%s.%s at 0x%x from %.40s to %.40x, sealed %v", s.field.Layout().Name(), s.field.Name(), s.at.Offset, old, b, sealed)
}

// spoilText takes a line out of a descriptor, doubles one or changes a letter.
func spoilText(t testing.TB, rnd *rand.Rand, path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	i := rnd.IntN(len(lines))
	what := fmt.Sprintf("line %d %q", i, lines[i])
	switch rnd.IntN(4) {
	case 0:
		lines[i], what = "", what+" taken out"
	case 1:
		lines[i], what = lines[i]+lines[i], what+" twice"
	default:
		if letters := []byte(lines[i]); len(letters) > 1 {
			at := rnd.IntN(len(letters))
			letters[at] = "0189 =\"#Aafx\t\n"[rnd.IntN(14)]
			lines[i], what = string(letters), fmt.Sprintf("%s is now %q", what, letters)
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return what
}

func spoil(rnd *rand.Rand, b []byte) {
	i := rnd.IntN(len(b))
	switch rnd.IntN(7) {
	case 0:
		clear(b)
	case 1:
		for i := range b {
			b[i] = 0xFF
		}
	case 2:
		b[i] ^= 1 << rnd.IntN(8)
	case 3:
		b[i]++
	case 4:
		b[i]--
	case 5:
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
	case 6:
		b[len(b)-1] = byte(rnd.Uint32())
	}
}

// TestDamagedImages holds the policies against the programs on images that are damaged in
// one place each.
func TestDamagedImages(t *testing.T) {
	w := newWitnesses(t)
	dir := t.TempDir()
	var n tally
	each := enginetest.Scale(1, 70)
	for number, k := range kinds {
		path := k.build(t, dir, number)
		list := sites(t, path, k.format, k.file)
		for i := range each {
			rnd := rand.New(rand.NewPCG(uint64(number), uint64(i)))
			victim := path
			if k.file != "" {
				victim = filepath.Join(filepath.Dir(path), k.file)
			}
			whole, err := os.ReadFile(victim)
			if err != nil {
				t.Fatal(err)
			}
			what := damage(t, rnd, victim, list)
			w.hold(t, &n, path, k.format, fmt.Sprintf("%v %d: %s", k, i, what))
			if err := os.WriteFile(victim, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d images, %d answers of programs, %d equal, %d of them a disk", n.images, n.answers, n.equal, n.read)
}
