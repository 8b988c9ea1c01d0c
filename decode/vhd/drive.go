package vhd

import "platter/decode"

// Drive is what SIMH keeps in the reserved bytes of the footer: which drive of which
// machine the disk is.
type Drive struct{}

// The table of the emulated drive and its fields.
var (
	DriveTable = decode.New[Drive]("emulated drive", 427, decode.Big,
		"SIMH keeps here which drive the disk is. Other programs leave these bytes of the footer zero, and 7-Zip refuses images in which they are not.",
		"SIMH: sim_disk.c, VHD_Footer")

	_           = DriveTable.Reserved(0, 11)
	DriveType   = DriveTable.Text(11, 16, "DriveType", "The type of the drive, such as RD53 or RA81.")
	DriveSector = DriveTable.U32(27, "DriveSectorSize", "Bytes of a sector of the drive.", decode.Count(decode.InBytes))
	_           = DriveTable.U32(31, "DriveTransferElementSize", "Bytes that the drive transfers at once.", decode.Count(decode.InBytes))
	DriveMaker  = DriveTable.Text(35, 64, "CreatingSimulator", "The simulator that made the image.")
	_           = DriveTable.Bytes(99, 8, "MediaID", "The medium as the emulated controller names it.")
	DriveDevice = DriveTable.Text(107, 16, "DeviceName", "The device that the drive belongs to.")
	_           = DriveTable.Reserved(123, 304)
)
