package start_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
	"platter/views/start"
	"platter/views/viewtest"
)

var samples = []start.Sample{
	{Name: "vhd", About: "dynamic VHD, 16 MiB: MBR, FAT16", Story: "Somebody made it to show what a disk looks like, \x1b and how long lines are broken into several ones where they must be.", Path: "sample:vhd"},
	{Name: "vhdx", About: "dynamic VHDX, 64 MiB: GPT, FAT32", Path: "sample:vhdx"},
}

// folder makes a folder with files of all kinds.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "disk.vhdx", "B.VMDK", ".hidden", "sub/inner.vhd", "evil\x1b[2J.vhd"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 3000), 0o666); err != nil {
			t.Skip("this system does not take the file name: ", err)
		}
	}
	return dir
}

func open(t *testing.T, cfg start.Config, w, h int) *start.View {
	t.Helper()
	cfg.Theme = viewtest.Theme(t)
	v := start.New(cfg)
	v.SetSize(w, h)
	viewtest.Run(v, v.Start())
	return v
}

func TestGolden(t *testing.T) {
	dir := folder(t)
	for _, size := range [][2]int{{79, 20}, {119, 36}, {199, 56}} {
		v := open(t, start.Config{Samples: samples, Recent: []string{"/vm/web01.vhdx", "/vm/old/db.vmdk"}, Folder: dir}, size[0], size[1])
		lines := viewtest.Lines(t, v.View(), size[0], size[1])
		for i, l := range lines {
			if at := strings.Index(l, " Files in "); at >= 0 {
				lines[i] = l[:at] + " Files in ." + strings.Repeat("-", len(l)-at-len(" Files in ."))
			}
		}
		viewtest.Golden(t, fmt.Sprintf("start-%dx%d", size[0], size[1]), strings.Join(lines, "\n"), size[0], size[1])
	}
}

func TestEverySizeIsExact(t *testing.T) {
	v := open(t, start.Config{Samples: samples, Folder: folder(t)}, 79, 20)
	for w := 0; w < 220; w += 9 {
		for _, h := range []int{1, 4, 9, 15, 20, 36} {
			v.SetSize(w, h)
			viewtest.Lines(t, v.View(), w, h)
		}
	}
}

// opened is the path that an action asks to open.
func opened(t *testing.T, v *start.View, actions ...keymap.Action) string {
	t.Helper()
	var msgs []tea.Msg
	for _, a := range actions {
		msgs = viewtest.Run(v, v.Do(a))
	}
	if len(msgs) != 1 {
		t.Fatalf("%d messages", len(msgs))
	}
	return msgs[0].(views.OpenPath).Path
}

func TestOpening(t *testing.T) {
	dir := folder(t)
	v := open(t, start.Config{Samples: samples, Recent: []string{"/vm/web01.vhdx"}, Folder: dir}, 79, 20)
	if got := opened(t, v, keymap.Open); got != "/vm/web01.vhdx" {
		t.Errorf("opens %q", got)
	}
	if got := opened(t, v, keymap.Down, keymap.Down, keymap.Open); got != "sample:vhdx" {
		t.Errorf("opens %q", got)
	}
	if got := opened(t, v, keymap.NextPane, keymap.Open, keymap.Open); got != filepath.Join(dir, "sub", "inner.vhd") {
		t.Errorf("opens %q", got)
	}
	viewtest.Run(v, v.Do(keymap.Left))
	if s := v.Status(); s != filepath.Join(dir, "sub") {
		t.Errorf("back on %q", s)
	}
	if got := opened(t, v, keymap.Down, keymap.Open); got != filepath.Join(dir, "B.VMDK") {
		t.Errorf("opens %q", got)
	}
}

func TestNamesAreEscapedAndHiddenFilesLeftOut(t *testing.T) {
	v := open(t, start.Config{Folder: folder(t)}, 119, 36)
	s := v.View()
	if strings.Contains(s, "\x1b[2J") || !strings.Contains(s, `evil\x1b[2J.vhd`) {
		t.Error("a file name reaches the terminal as it is")
	}
	if strings.Contains(s, ".hidden") {
		t.Error("a hidden file shows")
	}
}

func TestFolderThatCantBeRead(t *testing.T) {
	v := open(t, start.Config{Folder: filepath.Join(t.TempDir(), "missing")}, 79, 20)
	if s := v.Status(); !strings.HasPrefix(s, "! ") {
		t.Errorf("status %q", s)
	}
	if v.Disabled(keymap.Open) == "" {
		t.Error("nothing can be opened")
	}
}

// TestKeysWaitForTheFolder opens a folder and what is in it before it was read.
func TestKeysWaitForTheFolder(t *testing.T) {
	dir := folder(t)
	v := open(t, start.Config{Folder: dir}, 119, 36)
	v.Do(keymap.First)
	read := v.Do(keymap.Open) // the folder "sub"
	if v.Do(keymap.Open) != nil {
		t.Fatal("something opens before the folder is read")
	}
	var opened []string
	for queue := []tea.Cmd{read}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == nil {
			continue
		}
		switch msg := queue[0]().(type) {
		case tea.BatchMsg:
			queue = append(queue, msg...)
		case views.OpenPath:
			opened = append(opened, msg.Path)
		default:
			queue = append(queue, v.Update(msg))
		}
	}
	if want := filepath.Join(dir, "sub", "inner.vhd"); len(opened) != 1 || opened[0] != want {
		t.Errorf("opened %q, want %q", opened, want)
	}
}

// TestKeysOfAFolderThatFails has a folder go away before it is read.
func TestKeysOfAFolderThatFails(t *testing.T) {
	dir := folder(t)
	v := open(t, start.Config{Folder: dir}, 119, 36)
	v.Do(keymap.First)
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	read := v.Do(keymap.Open)
	v.Do(keymap.Down)
	v.Do(keymap.Open)
	if cmd := v.Update(read()); cmd != nil {
		t.Errorf("%v comes of keys that were meant for the folder", cmd())
	}
}
