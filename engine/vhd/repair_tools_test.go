package vhd_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	layout "platter/decode/vhd"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
)

// TestRepairedImagesElsewhere has other people's programs read what repairs
// make of damaged images: the disk is what it was before the damage, as far as
// the damage left it.
func TestRepairedImagesElsewhere(t *testing.T) {
	good := build(t, dynamicPlan)
	intact := openBytes(t, good.bytes)
	for _, c := range []struct {
		name, code string
		which      int
		plan       plan
		plant      func(f *fixture)
		lost       int64 // bytes at the end of block 2, the last one in the file
	}{
		{"cut off", "vhd/V002", 0, dynamicPlan, func(f *fixture) { f.bytes = f.bytes[:f.tail] }, 0},
		{"cut off with garbage", "vhd/V002", 1, dynamicPlan, func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail], bytes.Repeat([]byte{7}, 1300)...)
		}, 0},
		{"cut in a block", "vhd/V002", 1, dynamicPlan, func(f *fixture) { f.bytes = f.bytes[:f.tail-1024] }, 1024},
		{"both footers lost", "vhd/V001", 0, dynamicPlan, func(f *fixture) { clear(f.bytes[:512]); clear(f.bytes[f.tail:]) }, 0},
		{"header lost", "vhd/V024", 0, dynamicPlan, func(f *fixture) { clear(f.bytes[512:tableAt]) }, 0},
		{"table too short", "vhd/V029", 0, dynamicPlan, func(f *fixture) { layout.HeaderEntries.Put(f.header(), 5); f.sealHeader() }, 0},
		{"odd length", "vhd/V008", 0, dynamicPlan, func(f *fixture) { f.insert(make([]byte, 100)) }, 0},
		{"trailing garbage", "vhd/V009", 0, dynamicPlan, func(f *fixture) { f.bytes = append(f.bytes, make([]byte, 1024)...) }, 0},
		{"last block not whole", "vhd/V032", 0, dynamicPlan, func(f *fixture) {
			f.bytes = append(f.bytes[:f.tail-1024], f.bytes[f.tail:]...)
		}, 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := build(t, c.plan)
			c.plant(f)
			files := store.NewMem()
			files.PutFile("disk.vhd", f.bytes)
			w := store.NewWorkspace(files, "disk.vhd")
			repair(t, w, vhd.Open, c.code, c.which)
			want := make([]byte, intact.Info().VirtualSize)
			if _, err := intact.ReadAt(want, 0); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			clear(want[3*c.plan.block-c.lost:][:c.lost])
			dir := t.TempDir()
			image := filepath.Join(dir, "disk.vhd")
			write(t, image, bytesOf(t, w, "disk.vhd"))
			enginetest.CrossRead(t, open(t, enginetest.Host(t, image, formats)), bytes.NewReader(want), int64(len(want)))
			for tool, read := range map[string]func(raw string){
				"qemu-img": func(raw string) {
					enginetest.Run(t, "qemu-img", "convert", "--image-opts", "-O", "raw", "driver=vpc,force_size_calc=current_size,file.driver=file,file.filename="+image, raw)
				},
				"7z": func(raw string) {
					out, err := os.Create(raw)
					if err != nil {
						t.Fatal(err)
					}
					defer out.Close()
					enginetest.RunTo(t, out, "7z", "e", "-so", image)
				},
			} {
				raw := filepath.Join(dir, tool)
				read(raw)
				if got, err := os.ReadFile(raw); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s reads another disk of %d bytes, %v", tool, len(got), err)
				}
			}
		})
	}
}

// bytesOf is a file as staged.
func bytesOf(t *testing.T, w *store.Workspace, name string) []byte {
	t.Helper()
	f, err := w.Snapshot().Open(name)
	if err != nil {
		t.Fatal(err)
	}
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
