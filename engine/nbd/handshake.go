package nbd

import (
	"io"
	"slices"
)

// handshake agrees on a disk with the client. The error is errLeft if it wants none.
func (c *client) handshake() error {
	if _, err := c.conn.Write(message(uint64(magicServer), uint64(magicOption), uint16(handshakeFixed|handshakeNoZeros))); err != nil {
		return err
	}
	var b [4]byte
	if _, err := io.ReadFull(c.conn, b[:]); err != nil {
		return err
	}
	flags := order.Uint32(b[:])
	if flags&handshakeFixed == 0 || flags&^(handshakeFixed|handshakeNoZeros) != 0 {
		return errNonsense
	}
	c.noZeros = flags&handshakeNoZeros != 0
	for range maxOptions {
		if chosen, err := c.option(); err != nil || chosen {
			return err
		}
	}
	return errNonsense
}

// option answers an option, and reports whether a disk was chosen.
func (c *client) option() (chosen bool, err error) {
	var head [16]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return false, err
	}
	option, length := order.Uint32(head[8:]), order.Uint32(head[12:])
	if order.Uint64(head[:]) != magicOption {
		return false, errNonsense
	}
	if length > maxOption {
		if _, err := io.CopyN(io.Discard, c.conn, int64(length)); err != nil {
			return false, err
		}
		return false, c.answer(option, answerTooBig, nil)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(c.conn, data); err != nil {
		return false, err
	}
	switch option {
	case optionExportName:
		return true, c.exportName(string(data))
	case optionAbort:
		_ = c.answer(option, answerAck, nil) // it may have gone already
		return false, errLeft
	case optionList:
		name := []byte(c.export.Name)
		if err := c.answer(option, answerServer, message(uint32(len(name)), name)); err != nil {
			return false, err
		}
		return false, c.answer(option, answerAck, nil)
	case optionInfo, optionGo:
		return c.info(option, data)
	case optionStructured:
		if length != 0 {
			return false, c.answer(option, answerInvalid, nil)
		}
		c.structured = true
		return false, c.answer(option, answerAck, nil)
	case optionListMeta, optionSetMeta:
		return false, c.meta(option, data)
	}
	return false, c.answer(option, answerUnsupported, nil)
}

func (c *client) answer(option, kind uint32, data []byte) error {
	_, err := c.conn.Write(message(uint64(magicAnswer), option, kind, uint32(len(data)), data))
	return err
}

// exportName is the old way to choose a disk, which has no way to refuse.
func (c *client) exportName(name string) error {
	if !c.knows(name) {
		return errLeft
	}
	b := message(uint64(c.export.Size), c.export.flags())
	if !c.noZeros {
		b = append(b, make([]byte, 124)...)
	}
	_, err := c.conn.Write(b)
	return err
}

func (c *client) knows(name string) bool { return name == "" || name == c.export.Name }

// info describes the disk, and with the option GO chooses it.
func (c *client) info(option uint32, data []byte) (chosen bool, err error) {
	name, rest, ok := text(data)
	if !ok || len(rest) < 2 || len(rest) != 2+2*int(order.Uint16(rest)) {
		return false, c.answer(option, answerInvalid, nil)
	}
	if !c.knows(name) {
		return false, c.answer(option, answerUnknown, nil)
	}
	for _, info := range [][]byte{
		message(uint16(infoExport), uint64(c.export.Size), c.export.flags()),
		message(uint16(infoBlockSize), uint32(minBlock), uint32(usualBlock), uint32(maxTransfer)),
	} {
		if err := c.answer(option, answerInfo, info); err != nil {
			return false, err
		}
	}
	return option == optionGo, c.answer(option, answerAck, nil)
}

// text takes a text with its length before it from the front of b.
func text(b []byte) (s string, rest []byte, ok bool) {
	if len(b) < 4 || uint64(order.Uint32(b)) > uint64(len(b)-4) {
		return "", nil, false
	}
	n := int(order.Uint32(b))
	return string(b[4 : 4+n]), b[4+n:], true
}

// meta lists or chooses metadata contexts: there is one.
func (c *client) meta(option uint32, data []byte) error {
	name, rest, ok := text(data)
	if !ok || len(rest) < 4 || !c.structured {
		return c.answer(option, answerInvalid, nil)
	}
	if !c.knows(name) {
		return c.answer(option, answerUnknown, nil)
	}
	count, rest := order.Uint32(rest), rest[4:]
	var queries []string
	for range count {
		var q string
		if q, rest, ok = text(rest); !ok {
			return c.answer(option, answerInvalid, nil)
		}
		queries = append(queries, q)
	}
	if len(rest) > 0 {
		return c.answer(option, answerInvalid, nil)
	}
	has := c.export.Status != nil && (slices.Contains(queries, allocation) || option == optionListMeta && (count == 0 || slices.Contains(queries, "base:")))
	if option == optionSetMeta {
		c.status = has
	}
	if has {
		id := uint32(allocationID)
		if option == optionListMeta {
			id = 0
		}
		if err := c.answer(option, answerMeta, message(id, allocation)); err != nil {
			return err
		}
	}
	return c.answer(option, answerAck, nil)
}
