package nbd

import (
	"context"
	"errors"
	"io"
	"math"
	"syscall"

	"platter/engine/disk"
)

// serve answers one request. An error ends the connection.
func (c *client) serve() error {
	q, err := readRequest(c.conn)
	if err != nil {
		return err
	}
	if q.kind == commandDisconnect {
		return errLeft
	}
	var data []byte
	if q.kind == commandWrite {
		if q.length > maxTransfer {
			return errNonsense
		}
		data = c.room(int(q.length))
		if _, err := io.ReadFull(c.conn, data); err != nil {
			return err
		}
	}
	if number := c.allowed(q); number != 0 {
		return c.fail(q, number)
	}
	switch q.kind {
	case commandRead:
		return c.read(q)
	case commandBlockStatus:
		return c.blockStatus(q)
	}
	if err := c.change(q, data); err != nil {
		return c.fail(q, number(err))
	}
	return c.done(q)
}

// room is memory for n bytes, the same for every request.
func (c *client) room(n int) []byte {
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	return c.buf[:n]
}

// allowed is the number of the error that a request deserves, 0 for none.
func (c *client) allowed(q request) uint32 {
	known, writes := uint16(0), true
	switch q.kind {
	case commandRead:
		known, writes = commandDF, false
	case commandWrite, commandTrim:
		known = commandFUA
	case commandWriteZeroes:
		known = commandFUA | commandNoHole
	case commandFlush:
		return 0
	case commandBlockStatus:
		known, writes = commandOne, false
		if !c.status || q.length == 0 {
			return errorInvalid
		}
	default:
		return errorInvalid
	}
	size := uint64(c.export.Size)
	switch {
	case q.flags&^known != 0:
		return errorInvalid
	case writes && c.export.Write == nil:
		return errorPermission
	case q.offset > size || uint64(q.length) > size-q.offset:
		if writes {
			return errorNoSpace
		}
		return errorInvalid
	case q.kind == commandRead && q.length > maxTransfer:
		return errorOverflow
	}
	return 0
}

// number is the number of an error that the disk has.
func number(err error) uint32 {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, disk.ErrOutOfRange):
		return errorNoSpace
	case errors.Is(err, disk.ErrReadOnly):
		return errorPermission
	case errors.Is(err, disk.ErrUnsupported):
		return errorUnsupported
	}
	return errorIO
}

// change writes, zeroes, trims, or makes durable.
func (c *client) change(q request, data []byte) error {
	w, off, n := c.export.Write, int64(q.offset), int64(q.length)
	if w == nil { // a flush of what can't be written
		return nil
	}
	var err error
	switch q.kind {
	case commandWrite:
		_, err = w.WriteAt(data, off)
	case commandTrim:
		err = w.Trim(c.ctx, off, n)
	case commandWriteZeroes:
		err = w.Zero(c.ctx, off, n)
	case commandFlush:
		return w.Sync(c.ctx)
	}
	if err == nil && q.flags&commandFUA != 0 {
		err = w.Sync(c.ctx)
	}
	return err
}

// read sends bytes of the disk.
func (c *client) read(q request) error {
	b := c.room(int(q.length))
	if n, err := c.export.Read.ReadAt(b, int64(q.offset)); n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return c.fail(q, number(err))
	}
	if !c.structured {
		return c.send(message(uint32(magicSimple), uint32(0), q.cookie), b)
	}
	if len(b) == 0 {
		return c.done(q)
	}
	return c.send(message(uint32(magicChunk), uint16(chunkDone), uint16(chunkOffsetData), q.cookie, uint32(8+len(b)), q.offset), b)
}

func (c *client) send(parts ...[]byte) error {
	for _, b := range parts {
		if _, err := c.conn.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// done says that a request was carried out.
func (c *client) done(q request) error {
	if c.structured {
		return c.send(message(uint32(magicChunk), uint16(chunkDone), uint16(chunkNone), q.cookie, uint32(0)))
	}
	return c.send(message(uint32(magicSimple), uint32(0), q.cookie))
}

// fail says that it was not.
func (c *client) fail(q request, number uint32) error {
	if c.structured {
		return c.send(message(uint32(magicChunk), uint16(chunkDone), uint16(chunkError), q.cookie, uint32(6), number, uint16(0)))
	}
	return c.send(message(uint32(magicSimple), number, q.cookie))
}

// maxExtents bounds how many ranges one answer tells of.
const maxExtents = 4096

// blockStatus tells what is a hole and what is data.
func (c *client) blockStatus(q request) error {
	runs, err := c.export.Status(c.ctx, int64(q.offset), int64(q.length))
	if err != nil {
		return c.fail(q, number(err))
	}
	most := maxExtents
	if q.flags&commandOne != 0 {
		most = 1
	}
	b := message(uint32(allocationID))
	for _, r := range runs[:min(len(runs), most)] {
		flags := uint32(0)
		if r.Content == disk.Zeros {
			flags = statusHole | statusZero
		}
		b = append(b, message(uint32(min(r.Length, math.MaxUint32)), flags)...)
	}
	return c.send(message(uint32(magicChunk), uint16(chunkDone), uint16(chunkBlockStatus), q.cookie, uint32(len(b))), b)
}

// StatusOf tells what an image's disk is made of, at most as much as one answer holds.
func StatusOf(img disk.Image) func(ctx context.Context, off, n int64) ([]disk.Run, error) {
	return func(ctx context.Context, off, n int64) (list []disk.Run, err error) {
		for r, err := range disk.Runs(ctx, img, off, n) {
			if err != nil {
				return nil, err
			}
			if list = append(list, r); len(list) == maxExtents {
				break
			}
		}
		return list, nil
	}
}
