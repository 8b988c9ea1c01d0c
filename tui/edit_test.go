package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/edit"
	"platter/engine/enginetest"
	"platter/engine/sample"
	"platter/engine/store"
	"platter/tui"
	"platter/views/viewtest"
)

func init() {
	for name, t := range map[string]tea.KeyType{
		"left": tea.KeyLeft, "shift+tab": tea.KeyShiftTab, "right": tea.KeyRight, "ctrl+r": tea.KeyCtrlR, "ctrl+s": tea.KeyCtrlS, "ctrl+u": tea.KeyCtrlU,
	} {
		special[name] = tea.KeyMsg{Type: t}
	}
}

// bench is a story about a file on disk that can be changed.
type bench struct {
	*story
	path  string
	first []byte // the file before the story
	kept  bytes.Buffer
	clip  string // what was copied last

	session *edit.Session // of the image that was opened last
	broken  bool          // it fails at the next change
}

// onFile opens a sample that was written to disk.
func onFile(t *testing.T, name string, w, h int) *bench {
	t.Helper()
	return editFile(t, sampleFile(t, name), w, h)
}

// onFileWith edits a sample's file with settings of the test's own.
func onFileWith(t *testing.T, name string, set func(*tui.Config)) *bench {
	t.Helper()
	return editFile(t, sampleFile(t, name), 120, 40, set)
}

// sampleFile writes a sample's files to a folder.
func sampleFile(t *testing.T, name string) string {
	t.Helper()
	from, _ := sample.Named(name)
	files, err := from.Files()
	if err != nil {
		t.Fatal(err)
	}
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, n := range names {
		writeOut(t, files, n, filepath.Join(dir, n))
	}
	return filepath.Join(dir, from.File)
}

func writeOut(t *testing.T, files *store.Mem, name, path string) {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// editFile opens an image the way the program does.
func editFile(t *testing.T, path string, w, h int, set ...func(*tui.Config)) *bench {
	t.Helper()
	b := &bench{path: path}
	cfg := tui.Config{Path: path, Explorer: engine.Explorer{}, Finder: engine.Finder{}, Repairs: engine.Repairs}
	cfg.Copy = func(text string) (string, error) { b.clip = text; return "", nil }
	cfg.Open = func(ctx context.Context, path, _ string) (disk.Image, tui.Editing, error) {
		opt := engine.Options{}
		if filepath.Ext(path) == ".raw" { // nothing in it tells
			opt.Format = "raw"
		}
		ed, err := edit.Open(ctx, path, opt)
		if err != nil {
			return nil, tui.Editing{}, err
		}
		b.session = ed
		img, err := ed.Image()
		return img, tui.Editing{
			Editor: editor{ed, b}, Close: ed.Close,
			Keep:   func() error { b.kept.Reset(); return ed.Save(&b.kept) },
			Forget: func() error { b.kept.Reset(); return nil },
		}, err
	}
	for _, change := range set {
		change(&cfg)
	}
	b.story = tell(t, cfg, w, h)
	t.Cleanup(b.m.Close)
	b.first = b.file()
	return b
}

// editor is a session that can be broken.
type editor struct {
	*edit.Session
	b *bench
}

func (e editor) Stage(title string, edits ...disk.Edit) error {
	if e.b.broken {
		panic("out of luck")
	}
	return e.Session.Stage(title, edits...)
}

// image is the image as it is by now.
func (b *bench) image() disk.Image {
	b.t.Helper()
	img, err := b.session.Image()
	if err != nil {
		b.t.Fatal(err)
	}
	return img
}

// file is what is on disk.
func (b *bench) file() []byte {
	b.t.Helper()
	all, err := os.ReadFile(b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// differing lists the offsets at which the file on disk is not the first one.
func (b *bench) differing() []int {
	var out []int
	for i, c := range b.file() {
		if c != b.first[i] {
			out = append(out, i)
		}
	}
	return out
}

// write turns writing on and commits from the review screen.
func (b *bench) write() *bench {
	b.t.Helper()
	b.keys("W").expect("Turn writing on", "[ Cancel ]").keys("t").expect("RW")
	b.keys("s", "w").expect("Write to disk", "Type the file's name", filepath.Base(b.path))
	b.keys(filepath.Base(b.path), "enter").expect("written and read back")
	return b
}

// TestPartitionType changes the type byte of the first partition of a dynamic
// VHDX, as a newcomer would: to the sector, e, two digits, s, W, w. The new
// DataWriteGuid in both headers is a change of its own.
func TestPartitionType(t *testing.T) {
	b := onFile(t, "vhdx", 120, 40)
	before, err := os.Stat(b.path)
	if err != nil {
		t.Fatal(err)
	}
	b.keys("6", ":", "0x1c2", "enter").expect("LBA 0", "type")
	b.keys("e").expect("EDIT overwrite").keys("83").expect("* 2 staged", "RO", "before it: give the disk a new DataWriteGuid").keys("esc", "s")
	b.expect("Staged changes  2: ").keys("j").expect("header 2.Checksum, SequenceNumber").keys("G")
	b.expect("ee -> 83", "ee -> 83", "1 byte typed at LBA 0 +0x1c2", "partition entry 1.type", "LBA 0 +0x1c2")
	b.keys("w").expect("press W to turn it on")
	if after, err := os.Stat(b.path); err != nil || !after.ModTime().Equal(before.ModTime()) || len(b.differing()) > 0 {
		t.Fatal("the file changed before it was committed")
	}
	b.keys("esc")
	b.write()
	diff := b.differing()
	last := diff[len(diff)-1]
	if b.first[last] != 0xee || b.file()[last] != 0x83 || diff[len(diff)-2] >= 0x21000 {
		t.Fatalf("bytes %v differ", diff)
	}
	b.expect("Nothing is staged").not("staged  ").keys("esc").expect("LBA 0", "83")
	b.keys("u").expect("undone: 1 byte typed", "* 1 staged").keys("u").expect("* 2 staged").keys("s", "w").not("Type the file's name").keys("w").expect("written and read back")
	if len(b.differing()) > 0 {
		t.Error("an undo that was committed leaves other bytes")
	}
}

// TestTypingWaitsForTheGoTo types the digits before the go-to has led anywhere:
// they go where it leads, and nowhere if it fails or is given up.
func TestTypingWaitsForTheGoTo(t *testing.T) {
	for _, c := range []struct {
		to, key string
		want    []string
	}{
		{"0x1c2", "", []string{"* 1 staged", "000001c0* 03 00 83"}},
		{"nowhere", "", []string{"nowhere"}},
		{"0x1c2", "esc", []string{"stays here"}},
	} {
		b := onFile(t, "vhd", 120, 40)
		b.keys("6", ":", c.to)
		_, late := b.m.Update(tea.KeyMsg{Type: tea.KeyEnter})
		b.keys("e", "83").not("EDIT", "staged")
		if c.key != "" {
			b.keys(c.key)
		}
		b.run(late)
		b.expect(c.want...)
		if staged := b.staged(); staged != map[bool]int{true: 1}[c.key == "" && c.to == "0x1c2"] {
			t.Errorf("%s %s: %d changes staged", c.to, c.key, staged)
		}
	}
}

func TestQEMUReadsWhatWasPatched(t *testing.T) {
	enginetest.Tool(t, "qemu-io")
	for _, name := range []string{"vhd", "vhdx", "vmdk", "split"} {
		b := onFile(t, name, 120, 40)
		b.keys("6", ":", "0x1c0", "enter", "e").keys("deadbeef", "esc").expect(map[bool]string{true: "* 2 staged", false: "* 1 staged"}[name != "vhd"])
		b.write()
		format := map[string]string{"vhd": "vpc", "vhdx": "vhdx", "vmdk": "vmdk", "split": "vmdk"}[name]
		out := enginetest.Run(t, "qemu-io", "-r", "-f", format, "-c", "read -v 0x1c0 4", b.path)
		if !strings.Contains(out, "de ad be ef") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestUndoBringsTheScreenBack(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("6", ":", "0x1b8", "enter")
	want := b.screen()
	b.keys("e", "01020304", "esc").expect("* 1 staged", "01 02 03 04")
	b.keys("e", "ffff", "backspace", "esc", "F", "00", "e").keys("tab", "text", "esc")
	for range 20 {
		b.keys("u")
	}
	b.keys(":", "0x1b8", "enter", "[", "]").not("staged")
	if got := b.screen(); strings.Split(got, "\n")[10] != strings.Split(want, "\n")[10] {
		t.Errorf("after undo:\n%s\nbefore:\n%s", got, want)
	}
	if !bytes.Equal(b.file(), b.first) {
		t.Error("the file changed")
	}
}

// TestTypedBytesAreOneChange holds that a run of typing is one change, and
// that what is typed elsewhere is another.
func TestTypedBytesAreOneChange(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x28", "enter", "e").keys("01", "02", "03").expect("* 1 staged").keys("ctrl+u").expect("undone: 3 bytes typed at 0x28").not("staged")
	b.keys("ctrl+r").expect("redone: 3 bytes", "* 1 staged").keys("left", "44").expect("* 2 staged").keys("delete").expect("nothing to revert")
	b.keys("zz").expect("not a hexadecimal digit", "overwritten").keys("ctrl+s").expect("Staged changes  2", "3 bytes typed").keys("esc").expect("EDIT overwrite")
}

func TestFieldWithItsChecksum(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", ":", "footer.disk type", "enter").expect("disk_type")
	b.keys("e").expect("EDIT field", "was  3", "nothing changes yet").not("no checksum changes").keys("ctrl+u", "fixed").expect("= 2 (fixed", "[x] checksum of footer")
	b.keys("ctrl+u", "9zz").expect("! ").keys("enter").expect("EDIT field").keys("ctrl+u", "4", "enter")
	b.expect("* 2 staged", "checksum of footer", "the copy at 0x3c differs now")
	b.keys("s").expect("footer.disk_type", "3 (dynamic) -> 4 (differencing)").keys("j").expect("checksum of footer").keys("D").expect("dropped", "* 1 staged", "footer.disk_type")
	b.keys("u").expect("* 2 staged").keys("enter").expect("[2 Structure]", "*disk_type", "*checksum")
	b.keys("u").expect("checksum", "wrong").keys("u").not("staged")
	b.keys("e", "ctrl+u", "2", "alt+c").expect("[ ] checksum of footer").keys("enter").expect("* 1 staged").keys("D").not("* 1 staged")
}

func TestFieldStepsAndReasons(t *testing.T) {
	b := onFile(t, "vhd", 80, 24)
	b.keys("2").keys("e").expect("not a field")
	b.keys(":", "footer.timestamp", "enter", "e", "up", "up").expect("EDIT field").keys("enter").expect("* 2 staged")
	b.keys(":", "footer.disktype", "enter", "e", "up").expect("EDIT field", "differencing").keys("esc").expect("* 2 staged")
}

func TestQuitWithStagedChanges(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", "e", "7f", "esc", "q").expect("Changes are staged", "[ Keep for next time ]", "Discard").keys("esc")
	if b.quit {
		t.Fatal("escape quits")
	}
	b.keys("q", "r").expect("Staged changes").keys("q", "q", "enter")
	if !b.quit || b.kept.Len() == 0 {
		t.Fatal("nothing is kept")
	}
	saved := b.kept.Bytes()
	again := editFile(t, b.path, 120, 40)
	if _, err := again.session.Load(t.Context(), bytes.NewReader(saved)); err != nil {
		t.Fatal(err)
	}
	again.keys("2", "tab", "l", "e", "11", "esc").expect("* 2 staged").keys("q", "d")
	if !again.quit || again.kept.Len() > 0 || !bytes.Equal(again.file(), b.first) {
		t.Error("discarding keeps something, or changes the file")
	}
	hurried := onFile(t, "vhd", 120, 40)
	hurried.keys("2", "tab", "e", "7f", "esc", "ctrl+c", "ctrl+c")
	if !hurried.quit || hurried.kept.Len() == 0 {
		t.Error("ctrl+c twice does not quit and keep")
	}
}

func TestKeepsWhatIsStagedWhenTheTerminalGoes(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", "e", "7f", "esc")
	if err := b.m.KeepRest(); err != nil || b.kept.Len() == 0 {
		t.Errorf("%v, %d bytes kept", err, b.kept.Len())
	}
}

func TestReadOnlySaysWhy(t *testing.T) {
	cfg := tui.Config{Image: viewtest.New(), Path: "fake.vhdx", Editing: tui.Editing{Locked: "a sample can't be changed"}}
	s := tell(t, cfg, 120, 40)
	for _, k := range []string{"u", "s", "W", "ctrl+r"} {
		s.keys(k).expect("a sample can't be changed")
	}
	s.keys("2", "j", "e").expect("a sample can't be changed").keys("tab", "e").expect("a sample can't be changed").not("EDIT")
	withImage(t).keys("u").expect("open read-only")
}

func TestPastedBytesAndLines(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("2", "tab", ":", "0x100", "enter", "p").keys(`"hi" `, "enter").expect("hi..", "* 1 staged")
	b.keys("p", "0g", "enter").expect("PASTE", "is not hexadecimal").keys("esc").not("PASTE")
	b.keys("e")
	b.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("ca fe\nba be"), Paste: true})
	b.keys("esc").expect("ca fe ba be")
}

// TestPasteAsksPastTheSelection answers the question with the keyboard and with
// the mouse, and holds that nothing is pasted past the file's end.
func TestPasteAsksPastTheSelection(t *testing.T) {
	paste := func(b *bench, text string) *story {
		b.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
		return b.story
	}
	for _, size := range sizes {
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", "tab", ":", "0x100", "enter", "v", "right", "right", "e")
		paste(b, "a1 a2 a3 a4").expect("Paste past the selection", "[ Cancel ]").keys("enter").not("staged", "Paste past")
		paste(b, "a1 a2 a3 a4").click("Selection only").expect("a1 a2 a3 00", "* 1 staged")
		b.keys("ctrl+u", "esc", ":", "0x100", "enter", "esc", "v", "right", "right", "e")
		paste(b, "a1 a2 a3 a4").keys("a").expect("a1 a2 a3 a4", "* 1 staged").keys("esc", "u")
		b.keys(":", "end-2", "enter", "esc", "e")
		paste(b, "01 02 03").expect("3 bytes don't fit").not("staged")
	}
}

// TestEditGolden paints what editing looks like at all sizes.
func TestEditGolden(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		golden := func(b *bench, name string) {
			viewtest.Golden(t, fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), b.m.View(), size[0]-1, size[1])
		}
		b := onFile(t, "vhd", size[0], size[1])
		b.keys("2", ":", "footer.disktype", "enter", "e", "ctrl+u", "2")
		golden(b, "field")
		b.keys("enter", "tab", ":", "0x10", "enter", "e", "c0ffee", "4")
		golden(b, "edit")
		b.keys("esc", "s", "j")
		golden(b, "review")
		b.keys("W", "t", "w")
		golden(b, "commit")
		b.keys("esc", "?")
		golden(b, "review-help")
	}
}

// TestRandomKeys walks at random through edits, undos, redos and commits and
// compares what the pane shows and what is on disk with a model.
func TestRandomKeys(t *testing.T) {
	b := onFile(t, "vhd", 120, 40)
	b.keys("W", "t", "2", "tab")
	rnd := rand.New(rand.NewPCG(11, 12))
	seen := [][]byte{b.first}
	at := 0
	for range 150 {
		switch op := rnd.IntN(8); {
		case op < 4:
			off, c := rnd.IntN(4096), byte(1+rnd.IntN(0x90))
			next := bytes.Clone(seen[at])
			next[off] = c
			b.keys(":", fmt.Sprintf("0x%x", off), "enter", "e", fmt.Sprintf("%02x", c), "esc")
			if !bytes.Equal(next, seen[at]) {
				seen = append(seen[:at+1], next)
				at++
			}
		case op < 6:
			b.keys("u")
			at = max(at-1, 0)
		case op < 7:
			b.keys("ctrl+r")
			at = min(at+1, len(seen)-1)
		default:
			b.keys("s", "w")
			if screen := b.screen(); strings.Contains(screen, "Type the file's name") {
				b.keys("sample.vhd", "enter")
			} else if strings.Contains(screen, "Write to disk") {
				b.keys("w")
			}
			b.keys("esc")
			if !bytes.Equal(b.file(), seen[at]) {
				t.Fatal("the file is not what was committed")
			}
		}
		got := make([]byte, 4096)
		if _, err := b.image().Files()[0].Data.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(got, seen[at][:4096]) {
			t.Fatalf("the image is not the model: %v\n%s", err, b.screen())
		}
	}
}
