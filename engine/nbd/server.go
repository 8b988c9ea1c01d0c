package nbd

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"platter/engine/disk"
)

// Export is a disk that is served.
type Export struct {
	Name string // that clients ask for; the empty name asks for it too
	Size int64  // bytes
	Read io.ReaderAt

	// Status tells what a part of the disk is made of, as [disk.Image] does in Map.
	// Nil: everything is data.
	Status func(ctx context.Context, off, n int64) ([]disk.Run, error)

	Write disk.Writer // nil for a disk that can only be read
}

var (
	// errNonsense: a client does not speak the protocol.
	errNonsense = errors.New("the client does not speak the protocol")

	// errLeft: the client has said goodbye.
	errLeft = errors.New("the client has left")
)

// maxClients bounds how many are served at once.
const maxClients = 16

// Serve serves a disk to all who connect, until the context ends; that is no error. What
// a client does wrong ends its own connection only.
func Serve(ctx context.Context, l net.Listener, e Export) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var clients sync.WaitGroup
	defer clients.Wait()
	places := make(chan struct{}, maxClients)
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case err != nil:
			cancel()
			return err
		}
		select {
		case places <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		clients.Go(func() {
			defer func() { <-places }()
			serveOne(ctx, conn, e)
		})
	}
}

// serveOne serves a client until it leaves.
func serveOne(ctx context.Context, conn net.Conn, e Export) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	c := &client{ctx: ctx, conn: conn, export: e}
	if err := c.handshake(); err != nil {
		return
	}
	for c.serve() == nil {
	}
}

// client is a connection.
type client struct {
	ctx        context.Context
	conn       net.Conn
	export     Export
	structured bool // replies come in chunks
	status     bool // the client has asked for base:allocation
	noZeros    bool
	buf        []byte
}

// flags tell what can be done with the disk.
func (e Export) flags() uint16 {
	if e.Write == nil {
		return flagHasFlags | flagReadOnly | flagDF | flagMultiConn
	}
	return flagHasFlags | flagFlush | flagFUA | flagTrim | flagWriteZeroes | flagDF | flagMultiConn
}
