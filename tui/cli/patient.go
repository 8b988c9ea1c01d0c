package cli

import (
	"context"
	"io"
)

// patient reads what may come late or never, such as a pipe: a read ends with the
// context, though the one below may still wait.
type patient struct {
	ctx    context.Context
	pieces chan piece
	rest   piece
}

// piece is what one read gave.
type piece struct {
	data []byte
	err  error
}

// newPatient begins to read.
func newPatient(ctx context.Context, in io.Reader) *patient {
	p := &patient{ctx: ctx, pieces: make(chan piece)}
	go p.pump(in)
	return p
}

// pump reads ahead by one piece.
func (p *patient) pump(in io.Reader) {
	for {
		buf := make([]byte, pieceLength)
		n, err := in.Read(buf)
		select {
		case p.pieces <- piece{buf[:n], err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read gives the next bytes.
func (p *patient) Read(b []byte) (int, error) {
	for len(p.rest.data) == 0 && p.rest.err == nil {
		select {
		case p.rest = <-p.pieces:
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.rest.data)
	if p.rest.data = p.rest.data[n:]; len(p.rest.data) > 0 {
		return n, nil
	}
	return n, p.rest.err
}
