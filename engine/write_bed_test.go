package engine_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"platter/engine"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// readIn and writeIn open an image of an FS as the facade does.
func readIn(ctx context.Context, o store.Opener, name string) (disk.Image, error) {
	f, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	return engine.OpenIn(ctx, o, name, f, name, engine.Options{})
}

func writeIn(how disk.WriteOptions) func(context.Context, store.FS, string) (disk.Writer, error) {
	return func(ctx context.Context, fs store.FS, name string) (disk.Writer, error) {
		return engine.WriteIn(ctx, fs, name, name, engine.Options{}, how)
	}
}

// layered is an image and those that it is based on, all of one format. Base is the
// kind of the first, top that of all children.
type layered struct {
	name      string
	format    string
	base, top map[string]string
	block     int64 // what the writer allocates at once, in bytes
	how       disk.WriteOptions
}

// chains are all kinds that have parents.
func chains() []layered {
	const size = "5M"
	vhd := values("size", "600K", "block-size", "32K")
	return []layered{
		{"vhd", "vhd", vhd, values("block-size", "32K"), 32 << 10, disk.WriteOptions{Ahead: 100 << 10}},
		{"vhd on fixed, larger", "vhd", values("size", "300K", "type", "fixed"), values("size", "600K", "block-size", "16K"), 16 << 10, disk.WriteOptions{}},
		{"vhdx", "vhdx", values("size", size, "block-size", "1M"), values("block-size", "1M"), 1 << 20, disk.WriteOptions{Renew: true, Ahead: 2 << 20}},
		{"vhdx on fixed, larger", "vhdx", values("size", "3M", "block-size", "1M", "type", "fixed"), values("size", size, "block-size", "2M"), 2 << 20, disk.WriteOptions{}},
		{"vhdx, 4096", "vhdx", values("size", size, "block-size", "1M", "sector", "4096"), values("block-size", "1M", "sector", "4096"), 1 << 20, disk.WriteOptions{}},
		{"vmdk", "vmdk", values("size", size, "block-size", "8K"), values("block-size", "8K"), 8 << 10, disk.WriteOptions{Renew: true, Ahead: 32 << 10}},
		{"vmdk with zero grains", "vmdk", values("size", size, "block-size", "8K", "zeroed-grains", "yes"), values("block-size", "8K", "zeroed-grains", "yes"), 8 << 10, disk.WriteOptions{}},
		{"vmdk split", "vmdk", values("size", size, "type", "twoGbMaxExtentSparse", "split", "1M", "block-size", "8K"), values("type", "twoGbMaxExtentSparse", "split", "2M", "block-size", "16K"), 16 << 10, disk.WriteOptions{Renew: true}},
		{"vmdk redo log", "vmdk", values("size", "700K", "type", "vmfs"), values("type", "vmfsSparse"), 4 << 10, disk.WriteOptions{Renew: true, Ahead: 8 << 10}},
	}
}

// layer adds an image to the files: the first, or a child of the one before.
func (l layered) layer(t testing.TB, files *store.Mem, name, parent string) {
	t.Helper()
	k, spec := kindMade{l.format, l.base}, disk.Spec{}
	if parent != "" {
		img, err := readIn(t.Context(), files, parent)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		k.opt, spec.Parent = l.top, &disk.Base{Image: img, Relative: parent}
	}
	if err := makeNamed(t, files, name, k, spec); err != nil {
		t.Fatal(err)
	}
}

// bed is an image among files, all others of which belong to its parents.
func (l layered) bed(t testing.TB, files *store.Mem, name string, below []string) enginetest.Bed {
	t.Helper()
	b := enginetest.Bed{Name: l.name, Image: name, Known: append([]string{"vhd/V027", "vhd/V046"}, enginetest.Leaks...), Below: below, Files: map[string]*store.MemFile{}, Read: readIn, Write: writeIn(l.how)}
	for _, name := range names(t, files) {
		f, err := files.OpenWrite(name)
		if err != nil {
			t.Fatal(err)
		}
		b.Files[name] = f.(*store.MemFile)
	}
	return b
}

func names(t testing.TB, files *store.Mem) []string {
	t.Helper()
	list, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sizeOf is the length of a disk.
func sizeOf(t testing.TB, o store.Opener, name string) int64 {
	t.Helper()
	img, err := readIn(t.Context(), o, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	return img.Info().VirtualSize
}

// alone are all kinds that have no parent.
func alone() []layered {
	const size = "5M"
	return []layered{
		{"vhd fixed", "vhd", values("size", "600K", "type", "fixed"), nil, 32 << 10, disk.WriteOptions{}},
		{"vhd dynamic", "vhd", values("size", "600K", "block-size", "32K"), nil, 32 << 10, disk.WriteOptions{}},
		{"vhdx fixed", "vhdx", values("size", size, "block-size", "1M", "type", "fixed"), nil, 1 << 20, disk.WriteOptions{Renew: true}},
		{"vhdx dynamic", "vhdx", values("size", size, "block-size", "1M"), nil, 1 << 20, disk.WriteOptions{Renew: true}},
		{"vhdx dynamic, 4096", "vhdx", values("size", size, "block-size", "1M", "sector", "4096"), nil, 1 << 20, disk.WriteOptions{Ahead: 2 << 20}},
		{"vmdk monolithicSparse", "vmdk", values("size", size, "block-size", "8K"), nil, 8 << 10, disk.WriteOptions{Renew: true}},
		{"vmdk with zero grains", "vmdk", values("size", size, "block-size", "8K", "zeroed-grains", "yes"), nil, 8 << 10, disk.WriteOptions{}},
		{"vmdk monolithicFlat", "vmdk", values("size", "1M", "type", "monolithicFlat"), nil, 8 << 10, disk.WriteOptions{Renew: true}},
		{"vmdk twoGbMaxExtentSparse", "vmdk", values("size", size, "type", "twoGbMaxExtentSparse", "split", "2M", "block-size", "8K"), nil, 8 << 10, disk.WriteOptions{}},
		{"vmdk twoGbMaxExtentFlat", "vmdk", values("size", size, "type", "twoGbMaxExtentFlat", "split", "2M"), nil, 8 << 10, disk.WriteOptions{}},
		{"vmdk vmfs", "vmdk", values("size", "1M", "type", "vmfs"), nil, 8 << 10, disk.WriteOptions{}},
	}
}

// made is an image of a kind: alone, or the child of one whose sectors all hold something.
func (l layered) made(t testing.TB) enginetest.Bed {
	t.Helper()
	files := store.NewMem()
	name := "base." + l.format
	l.layer(t, files, name, "")
	if l.top == nil {
		return l.bed(t, files, name, nil)
	}
	l.write(t, files, name, func(w disk.Writer) error {
		_, err := w.WriteAt(bytes.Repeat([]byte{0xF6}, int(w.Size())), 0)
		return err
	})
	below := names(t, files)
	l.layer(t, files, "child."+l.format, name)
	return l.bed(t, files, "child."+l.format, below)
}

// write opens an image for writing, and closes it.
func (l layered) write(t testing.TB, files store.FS, name string, do func(disk.Writer) error) {
	t.Helper()
	w, err := writeIn(l.how)(t.Context(), files, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(w), w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}
