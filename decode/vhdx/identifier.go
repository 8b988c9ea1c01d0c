package vhdx

import "platter/decode"

// Identifier is the file type identifier at the start of the file.
type Identifier struct{}

// Signature marks a VHDX file, at offset 0.
const Signature = "vhdxfile"

// The room and the length of the structures in the first MiB, in bytes.
const (
	IdentifierSize = 520      // the fields; the rest of the slot is reserved
	SlotSize       = 64 << 10 // each of them lies in a slot of its own
)

// The table of the file type identifier and its fields.
var (
	IdentifierTable = decode.New[Identifier]("file type identifier", IdentifierSize, decode.Little,
		"Tells that the file is a VHDX and which program made it. It is written once, when the file is created; the first 64 KiB are never overwritten afterwards, so that a torn write can't make the file unrecognisable.",
		"MS-VHDX 2.2.1")

	IdentifierSignature = IdentifierTable.Text(0, 8, "Signature",
		"Marks a VHDX file. With any other bytes no program recognises the image.", decode.Magic(Signature))
	IdentifierCreator = IdentifierTable.UTF16(8, 512, "Creator",
		"The program that made the file, for diagnosis only: Microsoft Windows and its version, QEMU, d2v (Disk2vhd). It may be empty, and must not change how a reader behaves.")
)
