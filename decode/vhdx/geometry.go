package vhdx

import "math/bits"

// ChunkSectors is the number of logical sectors that one sector bitmap block
// describes: the bits of 1 MiB.
const ChunkSectors = 1 << 23

// Geometry tells how the BAT is laid out. It is valid only if NewGeometry made
// it. All counts follow vhdx.md 8.
type Geometry struct {
	BlockSize  int64 // bytes
	SectorSize int64 // bytes, logical
	DiskSize   int64 // bytes
	Blocks     int64 // payload blocks
	Ratio      int64 // payload blocks in a chunk
	Chunks     int64 // sector bitmap blocks that a differencing image could have
	blockBits  uint
	ratioBits  uint
}

// NewGeometry checks the three sizes, in bytes, and reports false if one of
// them is impossible: nothing may be divided by them then.
func NewGeometry(blockSize, sectorSize, diskSize uint64) (Geometry, bool) {
	if !GoodBlockSize(blockSize) || sectorSize != 512 && sectorSize != 4096 || diskSize == 0 || diskSize > MaxDiskSize {
		return Geometry{}, false
	}
	g := Geometry{BlockSize: int64(blockSize), SectorSize: int64(sectorSize), DiskSize: int64(diskSize)}
	g.Ratio = ChunkSectors * g.SectorSize / g.BlockSize
	g.Blocks = (g.DiskSize + g.BlockSize - 1) / g.BlockSize
	g.Chunks = (g.Blocks + g.Ratio - 1) / g.Ratio
	g.blockBits = uint(bits.TrailingZeros64(blockSize))
	g.ratioBits = uint(bits.TrailingZeros64(uint64(g.Ratio)))
	return g, true
}

// Block is the number of the block that holds the byte at off of the disk.
func (g Geometry) Block(off int64) int64 { return off >> g.blockBits }

// PayloadIndex is the BAT index of a payload block.
func (g Geometry) PayloadIndex(block int64) int64 { return block + block>>g.ratioBits }

// Chunk is the number of the chunk that a payload block belongs to.
func (g Geometry) Chunk(block int64) int64 { return block >> g.ratioBits }

// BitmapIndex is the BAT index of a chunk's sector bitmap block.
func (g Geometry) BitmapIndex(chunk int64) int64 { return chunk*(g.Ratio+1) + g.Ratio }

// IsBitmap reports whether the BAT entry at index is one of a sector bitmap,
// and tells the number of the chunk, else that of the payload block.
func (g Geometry) IsBitmap(index int64) (number int64, bitmap bool) {
	chunk, at := index/(g.Ratio+1), index%(g.Ratio+1)
	if at == g.Ratio {
		return chunk, true
	}
	return chunk*g.Ratio + at, false
}

// Entries is the number of BAT entries that have a meaning; only a
// differencing image needs the last sector bitmap.
func (g Geometry) Entries(differencing bool) int64 {
	if differencing {
		return g.Chunks * (g.Ratio + 1)
	}
	return g.PayloadIndex(g.Blocks-1) + 1
}

// BitmapByte is where the bits of a payload block start in the sector bitmap
// block of its chunk, and BitmapBytes is how many bytes they take.
func (g Geometry) BitmapByte(block int64) int64 { return block & (g.Ratio - 1) * g.BitmapBytes() }

// BitmapBytes is the number of bytes of sector bitmap for one payload block.
func (g Geometry) BitmapBytes() int64 { return MiB / g.Ratio }
