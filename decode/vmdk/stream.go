package vmdk

import "platter/decode"

// The types of a metadata marker (vmdk.md 5.2).
const (
	MarkerEndOfStream = 0
	MarkerTableType   = 1
	MarkerDirectory   = 2
	MarkerFooter      = 3
	MarkerProgress    = 4
)

// GrainMarkerSize is the length in bytes of what precedes a compressed grain.
const GrainMarkerSize = 12

// IsZlib reports whether bytes start like a zlib stream (RFC 1950 2.2), as the data of
// compressed grains do.
func IsZlib(b []byte) bool {
	const deflate = 8
	return len(b) >= 2 && b[0]&0x0F == deflate && (int(b[0])<<8|int(b[1]))%31 == 0
}

// Marker is the sector in front of a structure of a stream.
type Marker struct{}

// The fields of [Marker] (vmdk.md 5.2).
var (
	MarkerTable = decode.New[Marker]("marker", 512, decode.Little,
		"A sector in a stream that tells what follows: a grain table, the grain directory, the footer, or the end. A marker of size 0 is one of these, any other size belongs to a compressed grain.",
		"VMware Virtual Disk Format 1.1, Stream-Optimized Compressed Sparse Extents")
	MarkerValue = MarkerTable.U64(0, "val",
		"Sectors of the structure that follows; 0 at the end of the stream.", decode.Count(decode.InSectors))
	MarkerSize = MarkerTable.U32(8, "size",
		"0 marks a metadata marker; for a grain it is the length of its compressed data.")
	MarkerType = MarkerTable.U32(12, "type", "What follows.",
		decode.Enum(
			decode.Name{Value: MarkerEndOfStream, Name: "end of stream"},
			decode.Name{Value: MarkerTableType, Name: "grain table"},
			decode.Name{Value: MarkerDirectory, Name: "grain directory"},
			decode.Name{Value: MarkerFooter, Name: "footer"},
			decode.Name{Value: MarkerProgress, Name: "progress"},
		))
	MarkerPad = MarkerTable.Bytes(16, 496, "pad", "Fills the sector. Zero.", decode.Zero())
)

// GrainMarker is the head of a compressed grain; the data follows at once.
type GrainMarker struct{}

// The fields of [GrainMarker] (vmdk.md 5.2).
var (
	GrainMarkerTable = decode.New[GrainMarker]("grain marker", GrainMarkerSize, decode.Little,
		"Stands in front of a compressed grain, so that a stream can be read without its tables. Grain and marker start on a sector and are padded with zeros to the next.",
		"VMware Virtual Disk Format 1.1, Stream-Optimized Compressed Sparse Extents")
	GrainMarkerLBA = GrainMarkerTable.U64(0, "lba",
		"First sector of the grain on the disk, counted within this extent. Must be the one that its table entry stands for.", decode.Count(decode.InSectors))
	GrainMarkerSizeField = GrainMarkerTable.U32(8, "size",
		"Bytes of compressed data that follow, a zlib stream. Data that can't be compressed grows a little: up to twice the grain is accepted.", decode.Count(decode.InBytes))
)
