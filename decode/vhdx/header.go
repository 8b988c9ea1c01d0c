package vhdx

import "platter/decode"

// Header is the structure that is kept twice, at 64 KiB and at 128 KiB.
type Header struct{}

// HeaderSize is the length of a header in bytes; its checksum covers all of it.
const HeaderSize = 4096

// HeaderSignature marks a header.
const HeaderSignature = "head"

// HeaderOffset is where header i (0 or 1) lies in the file, in bytes.
func HeaderOffset(i int) int64 { return int64(i+1) * SlotSize }

// The table of the header and its fields.
var (
	HeaderTable = decode.New[Header]("header", HeaderSize, decode.Little,
		"The root of the file, kept twice. The current header is the valid one with the higher SequenceNumber. An update writes the other copy, so a torn write leaves one of them good; then it writes the first one too.",
		"MS-VHDX 2.2.2")

	HeaderSign = HeaderTable.Text(0, 4, "Signature",
		"Marks a header. A copy without it is invalid.", decode.Magic(HeaderSignature))
	HeaderChecksum = HeaderTable.U32(4, "Checksum",
		"CRC-32C over the 4096 bytes, this field taken as zero. A copy with a wrong one is invalid, which is how a torn update is noticed.",
		decode.Sum("CRC-32C", HeaderSize, Checksum))
	HeaderSequence = HeaderTable.U64(8, "SequenceNumber",
		"Grows by one with each write of a header; the copy with the higher number is current. A clean update writes both copies, so the two normally differ by one. Disk2vhd writes two identical headers.")
	HeaderFileGUID = HeaderTable.GUID(16, "FileWriteGuid",
		"Changes once per session, before the first change of any kind to the file. A program that caches what it knows about the file compares it.")
	HeaderDataGUID = HeaderTable.GUID(32, "DataWriteGuid",
		"Changes once per session, before the first change that the guest could see. It is the identity that differencing children name as their parent: when it changes, the children are orphaned.")
	HeaderLogGUID = HeaderTable.GUID(48, "LogGuid",
		"Zero: the log is empty, whatever its bytes hold. Otherwise the image was not closed cleanly: only the log entries that carry this GUID count, and they must be replayed before anything else is read.")
	HeaderLogVersion = HeaderTable.U16(64, "LogVersion",
		"Version of the log's format: 0. With any other and a LogGuid the file can't be opened.", decode.Is(0))
	HeaderVersion = HeaderTable.U16(66, "Version",
		"Version of the file format: 1, although the format is called version 2 of VHD. A reader must refuse any other.", decode.Is(1))
	HeaderLogLength = HeaderTable.U32(68, "LogLength",
		"Length of the log, a multiple of 1 MiB. Zero is allowed while LogGuid is zero: then there is no log.",
		decode.Multiple(MiB), decode.Count(decode.InBytes))
	HeaderLogOffset = HeaderTable.U64(72, "LogOffset",
		"Where the log lies in the file: a multiple of 1 MiB, after the first one.",
		decode.Points(decode.InBytes, "log"), decode.Multiple(MiB))
	HeaderReserved = HeaderTable.Reserved(80, 4016)
)
