package blockmap

import (
	"math/bits"

	"platter/engine/disk"
)

// Bounds on what a scan keeps in memory, whatever the size of the disk.
const (
	maxBuckets  = 1 << 16
	pageBuckets = 1 << 8 // that are scanned, and handed over, at once
)

// Units in bytes for disks without blocks of their own.
const (
	largeUnit = 64 << 10
	smallUnit = 4 << 10
)

// shape is how a virtual disk is divided: into blocks, and these into buckets
// of a power of two of blocks, which a scan counts.
type shape struct {
	size    int64 // bytes
	block   int64 // bytes
	blocks  int64
	natural bool // the format has blocks, these are no mere units
	shift   uint // a bucket is 1<<shift blocks
	buckets int
}

func shapeOf(info disk.Info) shape {
	s := shape{size: max(info.VirtualSize, 0), block: info.BlockSize, natural: info.BlockSize > 0}
	if !s.natural {
		s.block = largeUnit
		if s.size < 1024*largeUnit {
			s.block = smallUnit
		}
	}
	if s.size > 0 {
		s.blocks = (s.size-1)/s.block + 1
	}
	s.shift = s.level(maxBuckets)
	s.buckets = int(s.cells(s.shift))
	return s
}

// cells is how many cells of 1<<level blocks the disk has.
func (s *shape) cells(level uint) int64 {
	if s.blocks == 0 {
		return 0
	}
	return (s.blocks-1)>>level + 1
}

// level is the smallest one at which the disk has no more than n cells.
func (s *shape) level(n int64) uint {
	if s.blocks <= n {
		return 0
	}
	return uint(bits.Len64(uint64((s.blocks - 1) / max(n, 1))))
}

// offset is where a block starts on the virtual disk, its end for blocks
// after the last one.
func (s *shape) offset(block int64) int64 {
	if block >= s.blocks {
		return s.size
	}
	return max(block, 0) * s.block
}

// cell is the range of blocks of a cell.
func (s *shape) cell(level uint, cell int64) (first, count int64) {
	first = min(cell<<level, s.blocks)
	return first, min(1<<level, s.blocks-first)
}

// pages is in how many parts the buckets are scanned.
func (s *shape) pages() int { return (s.buckets + pageBuckets - 1) / pageBuckets }

// page is the range of buckets of a page.
func (s *shape) page(i int) (first, count int) {
	first = i * pageBuckets
	return first, min(pageBuckets, s.buckets-first)
}
