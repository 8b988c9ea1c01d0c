package enginetest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"platter/engine/disk"
	"platter/engine/store"
)

// Repairs carries out every repair that the check offers for findings of a
// code, each on its own: the finding must be gone, nothing of severity warning
// or above may be new but the codes in also, and undoing it must restore every
// byte. It returns how many repairs there were.
func Repairs(t testing.TB, files *store.Mem, name string, formats Formats, open Opening, repairs disk.Repairer, code, also string) int {
	t.Helper()
	w := workbench{t, store.NewWorkspace(files, name), name, formats, open, nil, repairs}
	defer w.ws.Close()
	before := w.check()
	content := w.content(before)
	n := 0
	for _, f := range before {
		if f.Code != code {
			continue
		}
		for _, r := range w.offered(f) {
			n++
			w.repair(before, f, r, also)
			if after := w.content(before); !bytes.Equal(content, after) {
				t.Errorf("%s: undoing %q does not restore every byte", code, r.Title)
			}
		}
	}
	return n
}

type workbench struct {
	t       testing.TB
	ws      *store.Workspace
	name    string
	formats Formats
	open    Opening
	img     disk.Image // that was checked last
	repairs disk.Repairer
}

// offered are the repairs of a finding: there are some where it says so.
func (w *workbench) offered(f disk.Finding) []disk.Repair {
	w.t.Helper()
	list, err := w.repairs(w.t.Context(), w.img, f)
	if err != nil || f.Repairable != (len(list) > 0) {
		w.t.Errorf("%s is repairable: %v; it has %d repairs, error %v", f.Code, f.Repairable, len(list), err)
	}
	return list
}

// image opens the image as staged.
func (w *workbench) image() disk.Image {
	w.t.Helper()
	img, err := w.open(w.t.Context(), Staged(w.t, w.ws, w.name, w.formats))
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

func (w *workbench) check() []disk.Finding {
	w.t.Helper()
	var list []disk.Finding
	w.img = w.image()
	for f, err := range w.img.Check(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// content is all bytes of the files that findings speak of.
func (w *workbench) content(list []disk.Finding) []byte {
	w.t.Helper()
	names := []string{w.name}
	for _, f := range list {
		for _, at := range f.Where {
			names = append(names, at.File)
		}
	}
	var all []byte
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		f, err := w.ws.Snapshot().Open(name)
		if err != nil {
			w.t.Fatal(err)
		}
		size, err := f.Size()
		if err != nil {
			w.t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
			w.t.Fatal(err)
		}
		f.Close()
		all = append(all, b...)
	}
	return all
}

// repair stages a repair of a finding, checks again, and undoes it.
func (w *workbench) repair(before []disk.Finding, f disk.Finding, r disk.Repair, also string) {
	w.t.Helper()
	defer func(img disk.Image) { w.img = img }(w.img)
	generation := w.ws.Generation()
	if err := Repair(w.t, w.ws, r); err != nil || w.ws.Generation() == generation || r.Title == "" {
		w.t.Errorf("%s: the repair %q changes something: %v, error %v", f.Code, r.Title, w.ws.Generation() != generation, err)
		return
	}
	for _, after := range w.check() {
		switch {
		case after.Code == f.Code && after.Text == f.Text:
			w.t.Errorf("%s is still there after %q: %s", f.Code, r.Title, after.Text)
		case after.Severity >= disk.SeverityWarning && !has(before, after.Code) && !strings.Contains(also, after.Code):
			w.t.Errorf("%s: %q brings %s: %s", f.Code, r.Title, after.Code, after.Text)
		}
	}
	if err := w.ws.Undo(); err != nil {
		w.t.Fatal(err)
	}
}

// Staged is a source over a file as a workspace has it staged.
func Staged(t testing.TB, ws *store.Workspace, name string, formats Formats) disk.Source {
	t.Helper()
	files := ws.Snapshot()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return disk.Source{Path: name, Name: name, File: f, Opener: &opener{t, files, name, formats, []store.FileID{idOf(t, f)}}}
}

// Repair makes one change of what a repair writes to the files of a workspace.
func Repair(t testing.TB, ws *store.Workspace, r disk.Repair) error {
	t.Helper()
	return ws.Do(r.Title, func(tx *store.Tx) error { return r.Apply(t.Context(), tx) })
}

func has(list []disk.Finding, code string) bool {
	for _, f := range list {
		if f.Code == code {
			return true
		}
	}
	return false
}

// Offers asks for the repairs of a finding, and tries each: they may fail, but
// not leave the image's files.
func Offers(t testing.TB, files *store.Mem, img disk.Image, repairs disk.Repairer, f disk.Finding) {
	t.Helper()
	list, err := repairs(t.Context(), img, f)
	if err != nil || f.Repairable != (len(list) > 0) {
		t.Errorf("%s is repairable: %v; it has %d repairs, error %v", f.Code, f.Repairable, len(list), err)
	}
	w := store.NewWorkspace(files, "")
	defer w.Close()
	for _, r := range list {
		edits, err := w.Try(func(tx *store.Tx) error { return r.Apply(t.Context(), tx) })
		for _, e := range edits {
			if err == nil && !slices.ContainsFunc(img.Files(), func(f disk.File) bool { return f.Name == e.File }) {
				t.Errorf("%s: %q changes %q", f.Code, r.Title, e.File)
			}
		}
	}
}
