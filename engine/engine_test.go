package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/sample"
	"platter/engine/store"
)

// child is a VMDK that takes all it has from a parent.
func child(parent string) string {
	return fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=00000001\ncreateType=\"monolithicSparse\"\nparentFileNameHint=%q\n\nRW 2048 ZERO\n", parent)
}

const base = "# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\ncreateType=\"custom\"\n\nRW 2048 ZERO\n"

// folder makes files on the host.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string, opt engine.Options) disk.Image {
	t.Helper()
	img, err := engine.Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := img.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return img
}

// layers counts an image and those below it.
func layers(img disk.Image) int {
	n := 0
	for ; img != nil; img = img.Parent() {
		n++
	}
	return n
}

// said is all that opening says against the layers of an image.
func said(img disk.Image) string {
	var b strings.Builder
	for ; img != nil; img = img.Parent() {
		for _, f := range img.Info().Findings {
			fmt.Fprintf(&b, "%s %s %s\n", f.Code, f.Text, f.Detail)
		}
	}
	return b.String()
}

func TestParentsAreFound(t *testing.T) {
	dir := folder(t, map[string]string{
		"base.vmdk": base, "Upper.VMDK": base, "sub/low.vmdk": base,
		"same.vmdk": child("base.vmdk"), "case.vmdk": child("upper.vmdk"), "below.vmdk": child(`sub\low.vmdk`),
		"dot.vmdk": child(`.\base.vmdk`), "twice.vmdk": child("same.vmdk"),
		"cased.vmdk": child(`Sub\LOW.vmdk`),
	})
	for name, want := range map[string]int{"base.vmdk": 1, "same.vmdk": 2, "case.vmdk": 2, "below.vmdk": 2, "dot.vmdk": 2, "twice.vmdk": 3, "cased.vmdk": 2} {
		img := open(t, filepath.Join(dir, name), engine.Options{})
		if n := layers(img); n != want {
			t.Errorf("%s has %d layers, want %d\n%s", name, n, want, said(img))
		}
	}
}

func TestParentsOutsideNeedConsent(t *testing.T) {
	other := folder(t, map[string]string{"base.vmdk": base, "mid.vmdk": child("base.vmdk")})
	dir := folder(t, map[string]string{
		"up.vmdk": child("../base.vmdk"), "far.vmdk": child(filepath.ToSlash(filepath.Join(other, "mid.vmdk"))), "gone.vmdk": child("nowhere.vmdk"),
		"unnamed.vmdk": strings.Replace(child(""), "parentFileNameHint=\"\"\n", "", 1),
	})
	for _, name := range []string{"up.vmdk", "far.vmdk", "gone.vmdk", "unnamed.vmdk"} {
		img := open(t, filepath.Join(dir, name), engine.Options{})
		if layers(img) != 1 || said(img) == "" {
			t.Errorf("%s has %d layers without consent, and says %q", name, layers(img), said(img))
		}
	}
	if img := open(t, filepath.Join(dir, "far.vmdk"), engine.Options{Allow: []string{other}}); layers(img) != 3 {
		t.Errorf("an allowed folder gives %d layers\n%s", layers(img), said(img))
	}
	given := open(t, filepath.Join(dir, "gone.vmdk"), engine.Options{Parent: filepath.Join(other, "mid.vmdk")})
	if layers(given) != 3 {
		t.Errorf("a given parent gives %d layers\n%s", layers(given), said(given))
	}
	if img := open(t, filepath.Join(dir, "unnamed.vmdk"), engine.Options{Parent: filepath.Join(other, "mid.vmdk")}); layers(img) != 3 {
		t.Errorf("a given parent that the image does not name gives %d layers\n%s", layers(img), said(img))
	}
	for _, n := range given.(disk.Linked).Link().Names {
		if !strings.Contains(n.Fate, "by hand") {
			t.Errorf("with a given parent %q is %q", n.Name, n.Fate)
		}
	}
	if name := given.Parent().Files()[0].Name; name != filepath.ToSlash(filepath.Join(realPath(t, other), "mid.vmdk")) {
		t.Errorf("a parent elsewhere is called %q", name)
	}
	if _, err := engine.Open(t.Context(), filepath.Join(dir, "up.vmdk"), engine.Options{Allow: []string{filepath.Join(dir, "absent")}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("allowing a folder that is not there: %v", err)
	}
}

func realPath(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

func TestChainsEnd(t *testing.T) {
	dir := folder(t, map[string]string{"a.vmdk": child("b.vmdk"), "b.vmdk": child("a.vmdk"), "self.vmdk": child("self.vmdk")})
	for name, most := range map[string]int{"a.vmdk": 2, "self.vmdk": 1} {
		img := open(t, filepath.Join(dir, name), engine.Options{})
		if n := layers(img); n > most || !strings.Contains(said(img), "comes back") {
			t.Errorf("%s has %d layers and says %q", name, n, said(img))
		}
	}
	if runtime.GOOS != "windows" { // where links need a privilege
		link := filepath.Join(dir, "link.vmdk")
		if err := os.Symlink("c.vmdk", link); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "c.vmdk"), []byte(child("link.vmdk")), 0o600); err != nil {
			t.Fatal(err)
		}
		if img := open(t, link, engine.Options{}); layers(img) != 1 || !strings.Contains(said(img), "comes back") {
			t.Errorf("a link to itself has %d layers and says %q", layers(img), said(img))
		}
	}
	long := map[string]string{"000.vmdk": base}
	for i := 1; i < 300; i++ {
		long[fmt.Sprintf("%03d.vmdk", i)] = child(fmt.Sprintf("%03d.vmdk", i-1))
	}
	dir = folder(t, long)
	if n := layers(open(t, filepath.Join(dir, "255.vmdk"), engine.Options{})); n != engine.MaxDepth {
		t.Errorf("a chain of 256 has %d layers", n)
	}
	if img := open(t, filepath.Join(dir, "299.vmdk"), engine.Options{}); layers(img) > engine.MaxDepth || !strings.Contains(said(img), "256") {
		t.Errorf("a chain of 300 has %d layers and says %q", layers(img), said(img))
	}
}

// TestChainsOfManyLines has layers that each list as many lines as one may: what
// all of them keep in memory is bounded, and so is how many files they open.
func TestChainsOfManyLines(t *testing.T) {
	const layersThere, lines = 8, 15_000
	long := map[string]string{"0.vmdk": base}
	for i := 1; i < layersThere; i++ {
		long[fmt.Sprintf("%d.vmdk", i)] = child(fmt.Sprintf("%d.vmdk", i-1)) + strings.Repeat("RW 1 ZERO\n", lines)
	}
	img := open(t, filepath.Join(folder(t, long), "7.vmdk"), engine.Options{})
	if n := layers(img); n < 2 || n*lines > 100_000 || !strings.Contains(said(img), "lines together") {
		t.Errorf("%d layers of %d lines, and it says %q", n, lines, said(img))
	}
}

// footed is some content with the footer of a fixed VHD after it.
func footed(t *testing.T, start []byte) string {
	t.Helper()
	vhd := fixedVHD(t)
	copy(vhd, start)
	path := filepath.Join(t.TempDir(), "both.img")
	if err := os.WriteFile(path, vhd, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fixedVHD makes a fixed VHD out of the dynamic sample: its footer after an
// empty disk.
func fixedVHD(t *testing.T) []byte {
	t.Helper()
	footer := sampleBytes(t, "vhd")[:512]
	footer[60+3] = 2 // disk type fixed
	for i := range 8 {
		footer[16+i] = 0xFF // no further structure
	}
	clear(footer[64:68])
	var sum uint32
	for _, c := range footer {
		sum += uint32(c)
	}
	for i := range 4 {
		footer[64+i] = byte(^sum >> (24 - 8*i))
	}
	size := 0
	for _, c := range footer[48:56] {
		size = size<<8 | int(c)
	}
	return append(make([]byte, size), footer...)
}

func sampleBytes(t *testing.T, name string) []byte {
	t.Helper()
	s, ok := sample.Named(name)
	if !ok {
		t.Fatalf("no sample %q", name)
	}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	return fileBytes(t, files, s.File)
}

func fileBytes(t *testing.T, files store.Opener, name string) []byte {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDetection(t *testing.T) {
	tests := []struct {
		name, path, format string
		ambiguous          bool
	}{
		{"fixed VHD", footed(t, nil), "vhd", false},
		{"descriptor under a VHD footer", footed(t, []byte(base)), "vmdk", true},
		{"sparse extent under a VHD footer", footed(t, sampleBytes(t, "vmdk")), "vmdk", true},
		{"VHDX under a VHD footer", footed(t, sampleBytes(t, "vhdx")), "vhdx", true},
		{"nothing", footedless(t, make([]byte, 4096)), "unknown", false},
		{"an empty file", footedless(t, nil), "unknown", false},
	}
	for _, test := range tests {
		img := open(t, test.path, engine.Options{})
		info := img.Info()
		if info.Format != test.format {
			t.Errorf("%s is %s, want %s", test.name, info.Format, test.format)
		}
		if got := strings.Contains(said(img), engine.CodeAmbiguous); got != test.ambiguous {
			t.Errorf("%s: ambiguous %v, want %v\n%s", test.name, got, test.ambiguous, said(img))
		}
		if info.Format == "unknown" && info.Readable() {
			t.Errorf("%s is readable", test.name)
		}
	}
	asked := open(t, footed(t, []byte(base)), engine.Options{Format: "vhd"})
	if info := asked.Info(); info.Format != "vhd" || !info.Readable() {
		t.Errorf("what is asked for as vhd opens as %s: %v", info.Format, info.Refused)
	}
	if _, err := engine.Open(t.Context(), footedless(t, make([]byte, 4096)), engine.Options{Format: "vhd"}); !errors.Is(err, disk.ErrNotThisFormat) {
		t.Errorf("an empty file opened as vhd: %v", err)
	}
}

func footedless(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSecondTablesAreDemanded asks for the second set of tables of images with and without.
func TestSecondTablesAreDemanded(t *testing.T) {
	for _, s := range sample.All() {
		img, err := engine.Open(t.Context(), engine.SamplePrefix+s.Name, engine.Options{Redundant: true})
		if err == nil {
			img.Close()
		}
		if (err == nil) != (s.Name == "vmdk") {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestSamplesOpen(t *testing.T) {
	for _, s := range sample.All() {
		info := open(t, engine.SamplePrefix+s.Name, engine.Options{}).Info()
		harmed := s.Name == "dirty" || s.Name == "damaged"
		if !info.Readable() || (len(info.Findings) > 0) != harmed || info.Path != engine.SamplePrefix+s.Name {
			t.Errorf("%s: %+v", s.Name, info)
		}
	}
	if _, err := engine.Open(t.Context(), engine.SamplePrefix+"none", engine.Options{}); err == nil || !strings.Contains(err.Error(), "vhdx") {
		t.Errorf("an absent sample: %v", err)
	}
}

// TestChainSample reads each layer of the chain: a README of its own, and what the base
// alone holds.
func TestChainSample(t *testing.T) {
	img, told := open(t, "sample:chain", engine.Options{}), []string{"the second checkpoint", "the first checkpoint", "the base of the chain"}
	for _, want := range told {
		if img == nil {
			t.Fatalf("there is no layer with %q", want)
		}
		content := make([]byte, img.Info().VirtualSize)
		if _, err := img.ReadAt(content, 0); err != nil {
			t.Fatal(err)
		}
		for _, word := range append([]string{"This file lies near the end"}, told...) {
			if bytes.Contains(content, []byte(word)) != (word == want || strings.HasPrefix(word, "This")) {
				t.Errorf("layer with %q: %q is there, or is not", want, word)
			}
		}
		for f, err := range img.Check(t.Context()) {
			if err != nil || f.Severity > disk.SeverityInfo {
				t.Errorf("%v, %v", f, err)
			}
		}
		img = img.Parent()
	}
}

// TestInterruptedWriteIsReported opens an image beside which the journal of a
// commit lies.
func TestInterruptedWriteIsReported(t *testing.T) {
	for _, torn := range []bool{false, true} {
		fs := store.NewMem()
		fs.PutFile("disk.img", make([]byte, 512))
		if torn {
			fs.PutFile(store.JournalName("disk.img"), []byte("anything"))
		}
		f, err := fs.Open("disk.img")
		if err != nil {
			t.Fatal(err)
		}
		img, err := engine.OpenIn(t.Context(), fs, "disk.img", f, "disk.img", engine.Options{Format: "raw"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(said(img), engine.CodeInterrupted); got != torn {
			t.Errorf("with a journal %t: reported %t", torn, got)
		}
	}
}

// TestPieceIsReported opens an image whose name says that it was cut into pieces.
func TestPieceIsReported(t *testing.T) {
	for _, second := range []string{"", "the rest of it"} {
		fs := store.NewMem()
		fs.PutFile("d.vhd.00", sampleBytes(t, "vhd"))
		if second != "" {
			fs.PutFile("d.vhd.01", []byte(second))
		}
		f, err := fs.Open("d.vhd.00")
		if err != nil {
			t.Fatal(err)
		}
		img, err := engine.OpenIn(t.Context(), fs, "d.vhd.00", f, "d.vhd.00", engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(said(img), engine.CodePiece); got != (second != "") {
			t.Errorf("beside %q: reported %t", second, got)
		}
		img.Close()
	}
}
