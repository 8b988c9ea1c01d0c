package vhdx

import (
	"encoding/binary"

	"platter/decode"
)

// LogEntry is the header of a log entry.
type LogEntry struct{}

// Zero is a descriptor that fills a range of the file with zeros.
type Zero struct{}

// Data is a descriptor that replaces one page of 4096 bytes.
type Data struct{}

// DataSector is a sector of the log that holds most of a page.
type DataSector struct{}

// The signatures of the log's structures.
const (
	LogEntrySignature   = "loge"
	ZeroSignature       = "zero"
	DataSignature       = "desc"
	DataSectorSignature = "data"
)

// The measures of the log, in bytes, and in descriptors per sector.
const (
	LogSector        = 4096 // the grain of the log and of the pages in it
	LogHeadSize      = 64
	DescriptorSize   = 32
	LogLowestTarget  = 192 << 10 // replay never touches identifier and headers
	descriptorsFirst = (LogSector - LogHeadSize) / DescriptorSize
	descriptorsMore  = LogSector / DescriptorSize
)

// DescriptorSectors is the number of sectors that the header of an entry and
// n descriptors take: 126 fit into the first, 128 into each further one
// (vhdx.md 5.1).
func DescriptorSectors(n int64) int64 {
	if n <= descriptorsFirst {
		return 1
	}
	return 1 + (n-descriptorsFirst+descriptorsMore-1)/descriptorsMore
}

// DescriptorOffset is where descriptor i lies, in bytes from the entry's start.
func DescriptorOffset(i int64) int64 { return LogHeadSize + i*DescriptorSize }

// The table of a log entry's header and its fields.
var (
	LogEntryTable = decode.New[LogEntry]("log entry", LogHeadSize, decode.Little,
		"One atomic update of the file's structures: a header, descriptors, and a data sector for each data descriptor. Entries lie in a ring, start at multiples of 4 KiB, and may wrap around its end. Payload data never pass through the log.",
		"MS-VHDX 2.3.1.1")

	LogSign = LogEntryTable.Text(0, 4, "Signature",
		"Marks the start of an entry.", decode.Magic(LogEntrySignature))
	LogChecksum = LogEntryTable.U32(4, "Checksum",
		"CRC-32C over the EntryLength bytes of the entry, descriptors and data sectors included, this field taken as zero. It tells a torn entry from a whole one.",
		decode.Sum("CRC-32C", 0, nil))
	LogEntryLength = LogEntryTable.U32(8, "EntryLength",
		"Length of the whole entry: a multiple of 4096, less than the log.",
		decode.Multiple(LogSector), decode.Count(decode.InBytes))
	LogTail = LogEntryTable.U32(12, "Tail",
		"Offset in the log of the oldest entry that was still needed when this one was written, possibly itself. Only the tail of the last entry counts: replay starts there, and what lies before was already applied.",
		decode.Points(decode.InBytes, "oldest entry needed"), decode.Multiple(LogSector))
	LogSequence = LogEntryTable.U64(16, "SequenceNumber",
		"Grows by one from entry to entry; a gap ends the sequence. Windows starts with a random number, QEMU with 1.",
		decode.Rule(func(v uint64) string {
			if v == 0 {
				return "expected a number above 0"
			}
			return ""
		}))
	LogDescriptors = LogEntryTable.U32(24, "DescriptorCount",
		"Number of descriptors. Zero is normal: Windows starts each session with an empty entry.")
	LogReserved = LogEntryTable.Reserved(28, 4)
	LogGUID     = LogEntryTable.GUID(32, "LogGuid",
		"The session that wrote the entry. An entry counts only if this equals the LogGuid of the current header; others are left over from earlier sessions.")
	LogFlushed = LogEntryTable.U64(48, "FlushedFileOffset",
		"Size of the file that was known to be durable when the entry was written. A smaller file was truncated and can't be replayed. Windows Server 2012 writes 0 in later entries.",
		decode.Count(decode.InBytes))
	LogLast = LogEntryTable.U64(56, "LastFileOffset",
		"Size of the file into which all allocated structures fit. Replay grows the file to at least this.",
		decode.Count(decode.InBytes))
)

// The table of a zero descriptor and its fields.
var (
	ZeroTable = decode.New[Zero]("zero descriptor", DescriptorSize, decode.Little,
		"Replay fills a range of the file with zeros.",
		"MS-VHDX 2.3.1.2")

	ZeroSign     = ZeroTable.Text(0, 4, "ZeroSignature", "Marks a zero descriptor.", decode.Magic(ZeroSignature))
	ZeroReserved = ZeroTable.Reserved(4, 4)
	ZeroLength   = ZeroTable.U64(8, "ZeroLength",
		"Number of bytes to fill, a multiple of 4096.", decode.Multiple(LogSector), decode.Count(decode.InBytes))
	ZeroFileOffset = ZeroTable.U64(16, "FileOffset",
		"Where the range starts in the file, a multiple of 4096.",
		decode.Points(decode.InBytes, "range to be zeroed"), decode.Multiple(LogSector))
	ZeroSequence = ZeroTable.U64(24, "SequenceNumber",
		"The same as in the entry's header; another one means that the entry is torn.")
)

// The table of a data descriptor and its fields.
var (
	DataTable = decode.New[Data]("data descriptor", DescriptorSize, decode.Little,
		"Replay replaces one page of 4096 bytes. The page's first 8 and last 4 bytes are here, because their place in the data sector is taken by its signature and sequence number; the rest is in the data sector.",
		"MS-VHDX 2.3.1.3")

	DataSign     = DataTable.Text(0, 4, "DataSignature", "Marks a data descriptor.", decode.Magic(DataSignature))
	DataTrailing = DataTable.U32(4, "TrailingBytes", "Bytes 4092 to 4095 of the page.", decode.Hex())
	DataLeading  = DataTable.U64(8, "LeadingBytes", "Bytes 0 to 7 of the page.", decode.Hex())
	DataOffset   = DataTable.U64(16, "FileOffset",
		"Where the page lies in the file, a multiple of 4096.",
		decode.Points(decode.InBytes, "page to be replaced"), decode.Multiple(LogSector))
	DataSequence = DataTable.U64(24, "SequenceNumber",
		"The same as in the entry's header; another one means that the entry is torn.")
)

// The table of a data sector and its fields.
var (
	DataSectorTable = decode.New[DataSector]("data sector", LogSector, decode.Little,
		"Holds bytes 8 to 4091 of a page. The two halves of the entry's sequence number stand at its edges, so that a sector which was written only in part is noticed.",
		"MS-VHDX 2.3.1.4")

	SectorSign = DataSectorTable.Text(0, 4, "DataSignature", "Marks a data sector.", decode.Magic(DataSectorSignature))
	SectorHigh = DataSectorTable.U32(4, "SequenceHigh",
		"The upper 32 bits of the entry's sequence number.", decode.Hex())
	SectorData = DataSectorTable.Bytes(8, 4084, "Data", "Bytes 8 to 4091 of the page.")
	SectorLow  = DataSectorTable.U32(4092, "SequenceLow",
		"The lower 32 bits of the entry's sequence number.", decode.Hex())
)

// SplitPage puts the edges of a page of 4096 bytes into its descriptor; the rest
// goes into a data sector.
func SplitPage(d decode.Record[Data], page []byte) {
	DataLeading.Put(d, binary.LittleEndian.Uint64(page))
	DataTrailing.Put(d, binary.LittleEndian.Uint32(page[LogSector-4:]))
}

// SealEntry computes the checksum of a whole log entry.
func SealEntry(entry []byte) {
	if rec, ok := LogEntryTable.Of(entry); ok {
		LogChecksum.Put(rec, 0)
		LogChecksum.Put(rec, uint32(Checksum(entry)))
	}
}
