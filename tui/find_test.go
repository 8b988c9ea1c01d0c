package tui_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine"
	"platter/engine/disk"
	"platter/engine/transfer"
	"platter/tui"
	"platter/views/viewtest"
)

func init() {
	for name, t := range map[string]tea.KeyType{
		"ctrl+n": tea.KeyCtrlN, "ctrl+p": tea.KeyCtrlP, "delete": tea.KeyDelete, "shift+right": tea.KeyShiftRight,
	} {
		special[name] = tea.KeyMsg{Type: t}
	}
	for _, r := range "xturcsb" {
		special["alt+"+string(r)] = tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: true}
	}
}

// notebook is a story with a clipboard and a place for notes.
type notebook struct {
	*story
	copied string
	kept   []tui.Note
	image  disk.Image
}

func (d *notebook) Load(disk.Info) ([]tui.Note, error) { return slices.Clone(d.kept), nil }

func (d *notebook) Save(_ disk.Info, list []tui.Note) error {
	d.kept = list
	return nil
}

// atDesk opens a built-in sample.
func atDesk(t *testing.T, sample string, kept ...tui.Note) *notebook {
	t.Helper()
	path := engine.SamplePrefix + sample
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &notebook{image: img, kept: kept}
	d.story = tell(t, tui.Config{Image: img, Path: path, Notes: d, Copy: func(text string) (string, error) {
		d.copied = text
		return "", nil
	}}, 120, 40)
	return d
}

func TestSearchOnTheDisk(t *testing.T) {
	s := atDesk(t, "vhdx").keys("6", "/").expect("search the virtual disk for text")
	s.keys("FAT16", "enter").expect("\"FAT16\" in the virtual disk", "hit", "complete", "FAT16")
	s.keys("enter").expect("[6 Sectors]", "FAT16").keys("n").expect("hit").keys("ctrl+n").expect("as", "offset").keys("esc").not("context")
	s.keys("/", "nothing like it", "enter").expect("nothing was found in", "in either case").keys("esc", "n").expect("0 hits, complete")
}

func TestSearchPromptTurns(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", "/").expect("search sample.vhdx for text")
	if s.keys("tab").expect("search the virtual disk for text"); s.quit {
		t.Fatal("quits")
	}
	s.keys("tab", "alt+x").expect("for hex").keys("alt+u").expect("for UTF-16LE in either case").keys("alt+c").expect("UTF-16LE as typed")
	s.keys("alt+r").expect("for regexp").keys("a(").expect("missing closing").keys("enter").expect("search sample.vhdx")
	s.keys("backspace", "backspace", "alt+x", "alt+c", "68 65 61 6?", "enter").expect(`"68 65 61 6?" in sample.vhdx`, "2 hits, complete", "0x10000", "0x20000")
	s.keys("j", "enter").expect("[2 Structure]", "header 2", "sample.vhdx 0x20000")
	s.keys("N").expect("hit 1 of 2 hits, complete").keys("N").expect("wrapped").keys("[").expect("sample.vhdx 0x0")
}

func TestSearchBackwards(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", ":", "hdr2.signature", "enter", "/", "alt+x", "alt+b").expect("search sample.vhdx backwards for hex")
	s.keys("68 65 61 64", "enter").expect(`"68 65 61 64" in sample.vhdx, backwards from 0x20000`, "1 hit, complete", "0x10000  ")
	s.keys("esc", ":", "end-1", "enter", "/", "alt+b", "68 65 61 64", "enter").expect("2 hits, complete").keys("enter").expect("header 2.Signature")
	s.keys("n").expect("hit 2 of 2 hits", "header 1.Signature").keys("N").expect("hit 1 of 2 hits", "header 2.Signature")
}

func TestSearchInTheSelection(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", "/", "alt+s").expect("no selection: v makes one", "search sample.vhdx for text").keys("esc")
	s.keys(":", "hdr2.signature", "enter", "tab", "v", "shift+right", "shift+right", "shift+right", "/", "alt+s").expect("search the selection for text")
	s.keys("head", "enter").expect(`"head" in sample.vhdx, in 4 bytes at 0x20000`, "1 hit, complete", "0x20000").keys("esc")
	s.keys("/", "alt+s", "alt+b", "ead", "enter").expect("backwards in 4 bytes", "1 hit, complete", "0x20001").keys("esc")
	s.keys("/", "alt+s", "heade", "enter").expect("nothing was found").keys("esc")
	s.keys("/", "alt+s").expect("search the selection").keys("alt+s").expect("search sample.vhdx").keys("alt+s", "tab").not("the selection for")
}

func TestHelpOfPrompts(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", "/", "f1").expect("Keys: Search prompt", "alt+b", "nearest hit before it comes first", "alt+s", "regular expression")
	s.keys("esc").expect("search sample.vhdx for text").keys("FAT", "f1", "esc").expect("text as typed: FAT").keys("esc", ":", "f1").expect("Keys: Prompt", "Complete the name")
	s.keys("esc", "esc").not("go to:")
}

func TestSearchThisAndMarks(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", ":", "hdr1.signature", "enter", "*").expect(`"68 65 61 64" in sample.vhdx`, "2 hits").keys("esc")
	s.keys(".").expect("0x20000").keys(",").expect("0x10000").keys(",").expect("no further mark")
}

// TestUTF16Hits shows text in UTF-16 as text.
func TestUTF16Hits(t *testing.T) {
	h := disk.Hit{Place: decode.Place{Length: 4}, Encoding: "UTF-16LE", Before: 3, Context: []byte("\x01x\x00p\x00w\x00\x1b\x00!\x00")}
	if a, b, c := h.Parts(); a != "x" || b != "pw" || c != ".!" {
		t.Errorf("%q %q %q", a, b, c)
	}
	h = disk.Hit{Place: decode.Place{Length: 90}, Encoding: "hex", Before: 1, Context: []byte("a\x1bb\u202e")}
	if a, b, c := h.Parts(); a != "a" || b != ".b..." || c != "" {
		t.Errorf("%q %q %q", a, b, c)
	}
}

func TestPalette(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", "ctrl+p").expect("Commands: Structure tree", "type to find").keys("secnd copy").expect("Go to the second copy")
	s.send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys("screen-6", "enter").expect("[6 Sectors]")
	s.keys("ctrl+p", "zzzz").expect("nothing matches").keys("enter", "esc").not("nothing matches").keys("esc").not("Commands")
	s.keys("ctrl+p", "qq", "esc", "esc").not("Commands:")
	if s.quit {
		t.Error("typing q in the palette quits")
	}
}

func TestCopy(t *testing.T) {
	d := atDesk(t, "vhdx")
	d.keys("2", ":", "hdr1.signature", "enter", "y").expect("copied 4 bytes at sample.vhdx @0x10000: 68 65 61 64")
	if d.copied != "68 65 61 64" {
		t.Errorf("copied %q", d.copied)
	}
	d.keys("Y").expect("Copy 4 bytes", "base64", "aGVhZA==", "takes 16 bytes").keys("command", "enter").expect("as command line")
	if want := "platter read sample:vhdx --file --offset 0x10000 --length 4"; d.copied != want {
		t.Errorf("copied %q", d.copied)
	}
	d.keys("Y", "guid", "enter").expect("takes 16 bytes").keys("Y", "value", "enter")
	if d.copied != `"head"` {
		t.Errorf("copied %q", d.copied)
	}
	d.keys("tab", "v", "shift+right", "y").expect("copied 2 bytes")
	d.keys("6", "y").expect("copied 440 bytes at virtual 0x0")
}

func TestHash(t *testing.T) {
	d := atDesk(t, "vhdx")
	sum := sha256.New()
	if err := transfer.Disk(t.Context(), d.image, 0, d.image.Info().VirtualSize, func(b []byte) error { _, err := sum.Write(b); return err }); err != nil {
		t.Fatal(err)
	}
	d.keys("#").expect("Hash", "virtual disk", "file sample.vhdx").keys("virtual disk", "enter").expect("SHA-256", fmt.Sprintf("%x", sum.Sum(nil)), "MD5")
	if d.keys("y"); d.copied != fmt.Sprintf("%x", sum.Sum(nil)) {
		t.Errorf("copied %q", d.copied)
	}
	if d.keys("Y"); strings.Count(d.copied, "\n") != 2 {
		t.Errorf("copied %q", d.copied)
	}
}

func TestSave(t *testing.T) {
	t.Chdir(t.TempDir())
	d := atDesk(t, "vhdx")
	d.keys("2", ":", "hdr1.signature", "enter", "S").expect("Save to a file", "header 1", "Signature", "partition 1").keys("header 1", "enter")
	d.expect("save header 1 to: ", "sample-vhdx-header-1-0x10000.bin").keys("enter").expect("saved 4096 bytes")
	got, err := os.ReadFile("sample-vhdx-header-1-0x10000.bin")
	if err != nil || len(got) != 4096 || !bytes.HasPrefix(got, []byte("head")) {
		t.Fatalf("%d bytes: %v", len(got), err)
	}
	if err := os.WriteFile("there", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := func() {
		d.keys("S", "header 1", "enter").send(tea.KeyMsg{Type: tea.KeyCtrlU})
		d.keys("there", "enter")
	}
	again()
	if d.expect("The file exists", "keep there as it is").keys("enter", "esc"); read(t, "there") != "old" {
		t.Error("the file is overwritten")
	}
	again()
	if d.keys("overwrite", "enter").expect("saved 4096"); read(t, "there") != string(got) {
		t.Error("the file is not overwritten")
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	d.keys("S", "header 1", "enter").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	d.keys("folder", "enter").expect("is not a regular file")
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSaveSparesTheImage tries to overwrite the image with a part of itself.
func TestSaveSparesTheImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.img")
	data := bytes.Repeat([]byte("data"), 1024)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := engine.Open(t.Context(), path, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := tell(t, tui.Config{Image: img, Path: path}, 160, 40)
	s.keys("S", "file", "enter").send(tea.KeyMsg{Type: tea.KeyCtrlU})
	s.keys(path, "enter").expect("is a file of an open image")
	if read(t, path) != string(data) {
		t.Error("the image has changed")
	}
}

func TestAddresses(t *testing.T) {
	s := atDesk(t, "vhd").keys("6", ":", "part1+0x1fe", "enter").expect("LBA").keys("X")
	s.expect("Addresses of virtual", "partition 1", "BAT[0]", "stored", "in one line").keys("j", "enter").expect("[6 Sectors]")
	s.keys(":", "part1+0x1fe", "enter", "x", "x").expect("[2 Structure]", "virtual 0x", "->")
	s.keys("x").expect("[6 Sectors]", "virtual 0x", "BAT[0]").keys("[").expect("[2 Structure]")
	s.keys("&").expect("What points at", "BAT.entry 0").keys("enter").expect("[2 Structure]", "entry")
	s.keys(":", "0", "enter", "x").expect("no byte of the virtual disk")
}

func TestGoToEverywhere(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2")
	for _, tt := range []struct{ typed, want string }{
		{"lba 1", "LBA 1"}, {"virt:0x200", "LBA 1"}, {"part1", "0x0"}, {"file:0x10000", "header 1"}, {"hdr2.checksum", "header 2.Checksum"},
		{"bat 0", "0"}, {"end-512", "0x"},
	} {
		s.keys(":", tt.typed, "enter").expect(tt.want).not(`"` + tt.typed)
	}
	s.keys("2", ":", "hdr1.ch").expect("hdr1.checksum").keys("tab").expect("go to: hdr1.checksum").keys("enter").expect("header 1.Checksum")
}

func TestCompareTwin(t *testing.T) {
	s := atDesk(t, "vhdx").keys("2", ":", "hdr1.sequence_number", "enter", "=").expect("header 1 and its second copy", "sample.vhdx @0x20000", "2 fields, 5 bytes differ", "!  SequenceNumber", "   Signature", "same", "+0x8")
	s.keys("enter").expect("header 1").keys(":", "identifier", "enter", "=").expect("has no second copy")
}

func TestBookmarksAndNotes(t *testing.T) {
	d := atDesk(t, "vhdx")
	d.keys("2", ":", "hdr1.checksum", "enter", "tab", "m").expect("bookmarked sample.vhdx @0x10004", "00010000#").keys("j", "k", "h", "l").expect("# bookmark")
	d.keys(":", "hdr2.checksum", "enter", ";").expect("note on 4 bytes").keys("looks \u202eodd", "enter").expect("00020000;", "; looks odd")
	if len(d.kept) != 2 {
		t.Fatalf("kept %v", d.kept)
	}
	d.keys("'").expect("Bookmarks and notes", ";  sample.vhdx", "looks odd").keys("enter").expect("header 1.Checksum").keys("m").expect("bookmark removed")
	d.keys("'", "d").expect("There are none").keys("esc")
	if len(d.kept) != 0 {
		t.Errorf("kept %v", d.kept)
	}
	d = atDesk(t, "vhdx", tui.Note{Place: decode.Place{File: disk.VirtualDisk, Offset: 16, Length: 1}, Text: "first"})
	d.keys("6", ":", "virt:16", "enter", "l", "h").expect("; first")
}

func TestFindNeedsSomething(t *testing.T) {
	s := tell(t, tui.Config{}, 80, 24)
	for _, k := range []string{"/", "n", "#", "'", ":"} {
		s.keys(k).expect("open an image first")
	}
	s = atDesk(t, "vhdx").story
	s.keys("n").expect("no search yet").keys("1", "?").expect("/ ", "Search for text").keys("esc", "esc")
	s.keys("1", "y").not("copied")
}

// TestStoppedSearch stops a search that runs.
func TestStoppedSearch(t *testing.T) {
	s := atDesk(t, "vhdx")
	_, cmd := s.m.Update(special["esc"])
	s.run(cmd)
	s.keys("6", "/", "FAT")
	_, cmd = s.m.Update(special["enter"])
	s.expect("searching", "esc stops")
	s.keys("esc", "esc").expect("stopped searching")
	s.run(cmd)
	s.keys("ctrl+n").expect("stopped").not("complete")
}

func TestFindGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		d := atDesk(t, "vhdx")
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		golden := func(screen string) {
			viewtest.Golden(t, fmt.Sprintf("%s-%dx%d", screen, size[0], size[1]), d.m.View(), size[0]-1, size[1])
		}
		d.keys("6", "/", "FAT")
		golden("search")
		d.keys("enter")
		golden("hits")
		d.keys("enter", "ctrl+p")
		golden("palette")
		d.keys("esc", "X")
		golden("trail")
		d.keys("esc", "2", ":", "hdr1.checksum", "enter", "=")
		golden("compare")
		d.keys("esc", "Y")
		golden("copy-as")
	}
}

// TestLongPatterns pastes more than the engine searches for, and more than the
// prompt takes.
func TestLongPatterns(t *testing.T) {
	s := withImage(t).keys("/")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(strings.Repeat("A", 5000) + "B"), Paste: true})
	s.keys("enter").expect("expected at most 4096").keys("esc", "/")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(strings.Repeat("A", 16<<10+1)), Paste: true})
	s.expect("no more than 16384 characters fit").keys("x", "enter").expect("0 hits, complete")
}
