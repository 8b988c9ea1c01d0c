package vhd_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"platter/decode/decodetest"
	layout "platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd"
	"platter/engine/vhd/writer"
)

// FuzzOpen opens any bytes and uses everything that opens: no panic, regions
// that cover the file, a map without holes, reads that keep their promise.
func FuzzOpen(f *testing.F) {
	t := &testing.T{}
	small := plan{kind: layout.Dynamic, size: 8 << 10, block: 4 << 10, stored: []int64{1}, id: 1}
	child := plan{kind: layout.Differencing, size: 8 << 10, block: 4 << 10, stored: []int64{0}, id: 3, parent: 1, name: "disk.vhd", partial: true}
	for _, p := range []plan{small, child, {kind: layout.Fixed, size: 2048, id: 2}} {
		b := build(t, p).bytes
		f.Add(b)
		f.Add(b[:len(b)-1])
		f.Add(b[:len(b)-layout.FooterSize])
		f.Add(append(b[:len(b):len(b)], make([]byte, 700)...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			t.Skip()
		}
		m := store.NewMem()
		m.PutFile("disk.vhd", b)
		img, err := vhd.Open(t.Context(), enginetest.Memory(t, m, "disk.vhd", formats))
		if err != nil {
			if !errors.Is(err, disk.ErrNotThisFormat) {
				t.Fatal(err)
			}
			return
		}
		enginetest.Regions(t, img)
		decodetest.Walk(t, img.Tree(), 3000)
		for f, err := range img.Check(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			enginetest.Offers(t, m, img, writer.Repairs, f)
		}
		useDisk(t, img)
	})
}

func useDisk(t *testing.T, img disk.Image) {
	t.Helper()
	buf := make([]byte, 3000)
	pos, spans := int64(0), 0
	for s, err := range img.Map(0, img.Info().VirtualSize) {
		if err != nil {
			if img.Info().Readable() {
				t.Fatal(err)
			}
			break
		}
		if s.Start != pos || s.Length <= 0 {
			t.Fatalf("span %+v at %d", s, pos)
		}
		pos += s.Length
		n, err := img.ReadAt(buf[:min(s.Length, int64(len(buf)))], s.Start)
		readable := s.State != disk.Missing && s.State != disk.FromParent
		if readable != (err == nil) && err != io.EOF || n < 0 {
			t.Fatalf("%s span: read %d, %v", s.State, n, err)
		}
		if spans++; spans > 2000 {
			return
		}
	}
	if l, ok := img.(disk.Locator); ok {
		for _, err := range l.LocateFile(context.Background(), "disk.vhd", 4000) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
