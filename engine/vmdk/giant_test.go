package vmdk_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestGiantTemp(t *testing.T) {
	if os.Getenv("GIANT") == "" {
		t.Skip()
	}
	path := "/dev/shm/platter-giant.vmdk"
	defer os.Remove(path)
	w, _ := os.Create(path)
	const size = int64(2)<<40 - 1<<30
	const secs = size / 512
	f := hosted(text("monolithicSparse", fmt.Sprintf(`RW %d SPARSE "d.vmdk"`, secs)), nil)
	grains := size / 65536
	tables := (grains + 511) / 512
	gdSec := (tables*4 + 511) / 512
	over := (21 + gdSec + tables*4 + 127) / 128 * 128
	f.u32(8, 1)
	f.u64(12, uint64(secs))
	f.u64(20, 128)
	f.u64(56, 21)
	f.u64(64, uint64(over))
	w.WriteAt(f.b[:21*512], 0)
	gd := make([]byte, tables*4)
	gt := make([]byte, tables*2048)
	for i := range tables {
		binary.LittleEndian.PutUint32(gd[4*i:], uint32(21+gdSec+4*i))
	}
	for g := range grains {
		binary.LittleEndian.PutUint32(gt[4*g:], uint32(over+128*(grains-1-g)))
	}
	w.WriteAt(gd, 21*512)
	w.WriteAt(gt, (21+gdSec)*512)
	w.Truncate((over + 128*grains) * 512)
	w.Close()
	gt, gd = nil, nil
	runtime.GC()
	start := time.Now()
	lap := func(what string, args ...any) {
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		fmt.Println(what, time.Since(start), "heap", ms.HeapInuse>>20, "sys", ms.Sys>>20, args)
		start = time.Now()
	}
	img := open(t, path)
	lap("open")
	n := 0
	for _, err := range img.Map(0, size) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	lap("map", n)
	n = 0
	for _, err := range img.Regions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	lap("regions", n)
	for f, err := range img.Check(t.Context()) {
		fmt.Println(f.Code, f.Text, err)
	}
	lap("check")
}
