package engine_test

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
)

// giants are the largest disks that the formats can describe.
func giants() []layered {
	return []layered{
		{"vhd fixed", "vhd", values("size", "2040G", "type", "fixed"), nil, 0, disk.WriteOptions{}},
		{"vhd dynamic", "vhd", values("size", "2040G"), nil, 0, disk.WriteOptions{}},
		{"vhd differencing", "vhd", values("size", "2040G"), values(), 0, disk.WriteOptions{}},
		{"vhdx fixed", "vhdx", values("size", "64T", "type", "fixed", "block-size", "256M"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vhdx dynamic", "vhdx", values("size", "64T"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vhdx dynamic, blocks of 1 MiB", "vhdx", values("size", "64T", "block-size", "1M"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vhdx differencing", "vhdx", values("size", "64T"), values(), 0, disk.WriteOptions{Renew: true}},
		{"vmdk monolithicSparse", "vmdk", values("size", "2T"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vmdk monolithicFlat", "vmdk", values("size", "62T", "type", "monolithicFlat"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vmdk vmfs", "vmdk", values("size", "62T", "type", "vmfs"), nil, 0, disk.WriteOptions{Renew: true}},
		{"vmdk redo log", "vmdk", values("size", "1900G", "type", "vmfs"), values(), 0, disk.WriteOptions{Renew: true}},
	}
}

// maxGiant is what making, writing, reading and checking a giant may allocate together, in
// bytes; the files of the test are in memory too, and count.
const maxGiant = 64 << 20

// TestGiants makes the largest disks, writes their last sector, reads it back and checks
// the image. It prints how long that takes, which depends on the machine.
func TestGiants(t *testing.T) {
	for _, l := range giants() {
		t.Run(l.name, func(t *testing.T) {
			start, files, name := time.Now(), store.NewMem(), "base."+l.format
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			l.layer(t, files, name, "")
			if l.top != nil {
				l.layer(t, files, "child."+l.format, name)
				name = "child." + l.format
			}
			made := time.Since(start)
			lastSector(t, l, files, name)
			runtime.ReadMemStats(&after)
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d MiB allocated in all, %d ms, of which making took %d", took>>20, time.Since(start).Milliseconds(), made.Milliseconds())
			if took > maxGiant {
				t.Errorf("%d MiB were allocated", took>>20)
			}
		})
	}
}

// lastSector writes it, reads it back, and checks the image.
func lastSector(t *testing.T, l layered, files *store.Mem, name string) {
	t.Helper()
	data := bytes.Repeat([]byte{0x5A}, 512)
	var size int64
	l.write(t, files, name, func(w disk.Writer) error {
		size = w.Size()
		_, err := w.WriteAt(data, size-512)
		return err
	})
	img, err := readIn(t.Context(), files, name)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	b := make([]byte, 1024)
	if n, err := img.ReadAt(b, size-1024); n < len(b) || !bytes.Equal(b, append(make([]byte, 512), data...)) {
		t.Errorf("the end of the disk is %x... %x..., %v", b[:4], b[512:516], err)
	}
	enginetest.Clean(t, img, disk.SeverityWarning)
}
