package engine_test

import (
	"path/filepath"
	"testing"

	"platter/engine"
	"platter/engine/disk"
)

// benchSize is the disk of the benchmarks, and benchStep how far apart writes lie that
// shall not follow each other: testdata/bench/write.sh has QEMU write in the same places.
const (
	benchSize = 2 << 30
	benchStep = 37<<20 + 12288
)

// BenchmarkScatteredWrites writes 4 KiB all over a fresh image: nearly every one takes room
// at first. Closing counts.
func BenchmarkScatteredWrites(b *testing.B) {
	benchmarkWrites(b, 4096, benchStep)
}

// BenchmarkSequentialWrites fills a fresh image from its start.
func BenchmarkSequentialWrites(b *testing.B) {
	benchmarkWrites(b, 1<<20, 1<<20)
}

func benchmarkWrites(b *testing.B, length, step int64) {
	for _, k := range []kindMade{{"vhd", values()}, {"vhdx", values()}, {"vmdk", values()}} {
		b.Run(k.format, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "d."+k.format)
			if _, err := engine.Create(b.Context(), path, engine.CreateOptions{Values: with(k.opt, "size", "2G")}); err != nil {
				b.Fatal(err)
			}
			data := make([]byte, length)
			for i := range data {
				data[i] = byte(i) | 1
			}
			b.SetBytes(length)
			b.ResetTimer()
			onHost(b, path, disk.WriteOptions{Ahead: 16 << 20}, func(w disk.Writer) error {
				for i := range int64(b.N) {
					if _, err := w.WriteAt(data, i*step%(benchSize-length)/4096*4096); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}
