// Package nbd serves disks over the NBD protocol (fixed newstyle handshake, structured
// replies, block status of base:allocation), so that programs which know no image format
// can read them, and write to them.
package nbd

import (
	"encoding/binary"
	"io"
)

// The numbers of the protocol (NBD specification, doc/proto.md).
const (
	magicServer  = 0x4e42444d41474943 // "NBDMAGIC"
	magicOption  = 0x49484156454f5054 // "IHAVEOPT"
	magicAnswer  = 0x0003e889045565a9
	magicRequest = 0x25609513
	magicSimple  = 0x67446698
	magicChunk   = 0x668e33ef

	handshakeFixed   = 1 << 0
	handshakeNoZeros = 1 << 1

	optionExportName = 1
	optionAbort      = 2
	optionList       = 3
	optionInfo       = 6
	optionGo         = 7
	optionStructured = 8
	optionListMeta   = 9
	optionSetMeta    = 10

	answerAck         = 1
	answerServer      = 2
	answerInfo        = 3
	answerMeta        = 4
	answerUnsupported = 1<<31 + 1
	answerInvalid     = 1<<31 + 3
	answerUnknown     = 1<<31 + 6
	answerTooBig      = 1<<31 + 9

	infoExport    = 0
	infoBlockSize = 3

	flagHasFlags    = 1 << 0
	flagReadOnly    = 1 << 1
	flagFlush       = 1 << 2
	flagFUA         = 1 << 3
	flagTrim        = 1 << 5
	flagWriteZeroes = 1 << 6
	flagDF          = 1 << 7
	flagMultiConn   = 1 << 8

	commandRead        = 0
	commandWrite       = 1
	commandDisconnect  = 2
	commandFlush       = 3
	commandTrim        = 4
	commandWriteZeroes = 6
	commandBlockStatus = 7

	commandFUA    = 1 << 0
	commandNoHole = 1 << 1
	commandDF     = 1 << 2
	commandOne    = 1 << 3

	chunkDone        = 1 << 0
	chunkNone        = 0
	chunkOffsetData  = 1
	chunkBlockStatus = 5
	chunkError       = 1<<15 + 1

	statusHole = 1 << 0
	statusZero = 1 << 1

	errorPermission  = 1
	errorIO          = 5
	errorInvalid     = 22
	errorNoSpace     = 28
	errorOverflow    = 75
	errorUnsupported = 95
)

// The bounds of what a client may ask for, in bytes.
const (
	maxOption   = 64 << 10
	maxOptions  = 1000     // before a disk is chosen
	maxTransfer = 32 << 20 // what every client may ask for
	minBlock    = 1
	usualBlock  = 4096
)

// allocation is the one metadata context that is served.
const (
	allocation   = "base:allocation"
	allocationID = 1
)

// order is that of all numbers.
var order = binary.BigEndian

// message puts numbers of 16, 32 and 64 bits, and bytes, one after the other.
func message(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case uint16:
			b = order.AppendUint16(b, v)
		case uint32:
			b = order.AppendUint32(b, v)
		case uint64:
			b = order.AppendUint64(b, v)
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, v...)
		}
	}
	return b
}

// request is what a client asks for.
type request struct {
	flags, kind uint16
	cookie      uint64
	offset      uint64
	length      uint32
}

func readRequest(r io.Reader) (request, error) {
	var b [28]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return request{}, err
	}
	if order.Uint32(b[:]) != magicRequest {
		return request{}, errNonsense
	}
	return request{order.Uint16(b[4:]), order.Uint16(b[6:]), order.Uint64(b[8:]), order.Uint64(b[16:]), order.Uint32(b[24:])}, nil
}
