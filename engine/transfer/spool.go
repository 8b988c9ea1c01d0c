package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// spoolFile is what Spool writes to: a file of the host.
type spoolFile interface {
	io.WriterAt
	Truncate(size int64) error
}

// Spool copies all that is read to a file; pieces of zeros become holes.
func Spool(ctx context.Context, to spoolFile, from io.Reader) error {
	buf := make([]byte, chunkSize)
	for at := int64(0); ; {
		n, err := io.ReadFull(from, buf)
		b := buf[:n]
		if !bytes.Equal(b, zeros[:n]) {
			if _, err := to.WriteAt(b, at); err != nil {
				return err
			}
		}
		at += int64(n)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return to.Truncate(at)
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
