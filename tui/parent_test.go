package tui_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/tui"
	"platter/views/viewtest"
)

// child is a differencing image that takes the file called good as its parent
// and no other.
type child struct {
	*viewtest.Image
	parent string
}

const wanted, other = "18a1c077-0e5d-4a4b-bf33-11e94c5d6e70", "5e2b9f10-0cc1-4f7d-8e10-2f9b6d33c001"

func newChild(path, parent string) *child {
	c := &child{viewtest.New(), filepath.Base(parent)}
	c.Describe = func(i *disk.Info) { i.Path, i.Type, i.Parent = path, "differencing", "gone.vhdx" }
	return c
}

func (c *child) Parent() disk.Image {
	if c.parent != "good.vhdx" {
		return nil
	}
	return viewtest.New()
}

func (c *child) Link() disk.LinkInfo {
	l := disk.LinkInfo{Term: "DataWriteGuid", Wanted: []string{wanted}, Names: []disk.LinkName{{Label: "relative_path", Name: "gone.vhdx", Fate: "not there"}}}
	switch c.parent {
	case "good.vhdx":
		l.Found = wanted
	case "other.vhdx":
		l.Found, l.Fault = other, errors.New("it is not the parent that was there when the child was made")
	default:
		l.Fault = errors.New("no file of that name")
	}
	return l
}

// orphan is a story of a child whose parent is not where it says, among other
// files; the path of its folder comes too.
func orphan(t *testing.T) (*story, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "child.vhdx")
	for _, name := range []string{path, filepath.Join(dir, "good.vhdx"), filepath.Join(dir, "other.vhdx"), filepath.Join(dir, "junk.vhdx"), filepath.Join(dir, "notes.txt")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func(_ context.Context, path, parent string) (disk.Image, error) { return newChild(path, parent), nil }
	open := func(_ context.Context, path, parent string) (disk.Image, tui.Editing, error) {
		return newChild(path, parent), tui.Editing{}, nil
	}
	return tell(t, tui.Config{Image: newChild(path, ""), Path: path, Look: look, Open: open}, 120, 40), dir
}

func TestFindParent(t *testing.T) {
	s, _ := orphan(t)
	s.keys("7").expect("! parent missing").keys("f").expect("Parent of child.vhdx", "1 of 3 files of the folder fit", "=  good.vhdx", "is the parent", "!  other.vhdx", "another disk, or the parent written to since", "another file ..").not("junk", "notes.txt")
	s.keys("j", "enter").expect("leave it", "open with it", "still can't be read").keys("enter").expect("! parent missing")
	s.keys("f", "enter").expect("good.vhdx is the parent while the image is open").expect("[7 Chain]", "ok")
	s.keys("f", "j", "enter", "down", "enter").expect("other.vhdx is not used: it is not the parent")
}

func TestTypedParent(t *testing.T) {
	s, dir := orphan(t)
	s.keys("7", "f", "G", "enter").expect("parent: " + dir)
	s.keys("go", "tab").expect("good.vhdx").keys("enter").expect("good.vhdx is the parent while the image is open")
	s.keys("7", "f", "G", "enter", "junk.vhdx", "enter").expect("can't be the parent").keys("7", "f", "G", "enter", "none", "enter").expect("no such file")
}

func TestVerifyLinks(t *testing.T) {
	s, _ := orphan(t)
	s.keys("7", "c").expect("Links of child.vhdx, read again", "1 of 1 links BROKEN", "!  0 -> 1  child.vhdx", "does not hold: no file of that name").keys("esc")
	s.keys("f", "enter", "7", "c").expect("the link holds", "holds: DataWriteGuid "+wanted+" is the one expected", "the base: it has no parent")
}

func TestSavesReports(t *testing.T) {
	s, dir := orphan(t)
	t.Chdir(dir)
	for _, tt := range []struct {
		screen, form, file string
		want               []string
	}{
		{"3", "CSV", "child-map.csv", []string{"start,length,state,layer,file,offset,compressed\n", ",data,0,fake.vhdx,"}},
		{"3", "JSON", "child-map.json", []string{`"schema": "platter/map/1"`, `"state": "data"`}},
		{"5", "text", "child-findings.txt", []string{"fake/"}},
		{"5", "JSON", "child-findings.json", []string{`"schema": "platter/check/1"`, `"complete": true`}},
		{"7", "text", "child-chain.txt", []string{"missing"}},
		{"7", "JSON", "child-chain.json", []string{`"schema": "platter/chain/1"`}},
	} {
		s.keys(tt.screen, "S", tt.form, "enter").expect("as "+tt.form+" to: "+tt.file).keys("enter").expect("saved", "bytes to "+tt.file)
		for _, want := range tt.want {
			if got := read(t, tt.file); !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", tt.file, want, got)
			}
		}
	}
}

func TestSavesALogEntry(t *testing.T) {
	t.Chdir(t.TempDir())
	s := tell(t, tui.Config{Image: viewtest.NewDirty(), Path: "fake.vhdx"}, 120, 40).keys("4", "S").expect("save log entry 18 to: ").keys("enter").expect("saved 32768 bytes")
	s.keys("c").expect("Entry 18 at 0xa000 of the log", "whole: its checksum and sequence numbers are right").keys("enter").expect("[2 Structure]")
}
