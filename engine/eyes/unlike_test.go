package eyes_test

import (
	"testing"

	"platter/engine"
	"platter/engine/disk"
)

// TestUnlike holds that the bytes that a reader is said to see otherwise are those that
// differ when both disks are read, and that each known reader but the format comes once.
func TestUnlike(t *testing.T) {
	plain, err := engine.Open(t.Context(), "sample:damaged", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	want := sectorsOf(plain)
	var names []string
	for name := ""; ; {
		e, err := engine.Eyes(t.Context(), "sample:damaged", engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		img := e.After(name)
		if img == nil {
			e.Close()
			break
		}
		name = img.(disk.Foreign).Through()
		names = append(names, name)
		if img.Info().Refused == nil {
			holdUnlike(t, name, want, img)
		}
		if err := img.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(names) != 7 || names[0] != "qemu" || names[6] != "discutils" {
		t.Errorf("the readers are %v", names)
	}
}

// sectorsOf reads the first MiB of a disk sector by sector; what can't be read is nil.
func sectorsOf(img disk.Image) [][]byte {
	list := make([][]byte, min(img.Info().VirtualSize, 1<<20)/512)
	for i := range list {
		b := make([]byte, 512)
		if _, err := img.ReadAt(b, int64(i)*512); err == nil {
			list[i] = b
		}
	}
	return list
}

func holdUnlike(t *testing.T, name string, want [][]byte, img disk.Image) {
	t.Helper()
	got, size := sectorsOf(img), int64(len(want))*512
	unlike := make([]bool, size)
	for off := int64(0); off < size; {
		list, end, err := img.(disk.Foreign).Unlike(t.Context(), off, min(1<<20, size-off))
		if err != nil || end <= off {
			t.Fatalf("%s: from 0x%x to 0x%x: %v", name, off, end, err)
		}
		for _, p := range list {
			for i := p.Offset; i < p.End(); i++ {
				unlike[i] = true
			}
		}
		off = end
	}
	for i := range unlike {
		a, b := want[i/512], []byte(nil)
		if i/512 < len(got) {
			b = got[i/512]
		}
		if same := len(a) == len(b) && (a == nil || a[i%512] == b[i%512]); same == unlike[i] {
			t.Fatalf("%s: byte 0x%x: same %t, listed as different %t", name, i, same, unlike[i])
		}
	}
}
