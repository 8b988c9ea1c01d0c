package nbd_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"testing"

	"platter/engine/disk"
	"platter/engine/nbd"
)

// memory is a disk that is open for writing.
type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error)      { return copy(p, m.b[off:]), nil }
func (m *memory) WriteAt(p []byte, off int64) (int, error)     { return copy(m.b[off:], p), nil }
func (m *memory) Size() int64                                  { return int64(len(m.b)) }
func (m *memory) Zero(_ context.Context, off, n int64) error   { clear(m.b[off : off+n]); return nil }
func (m *memory) Trim(ctx context.Context, off, n int64) error { return m.Zero(ctx, off, n) }
func (m *memory) Sync(context.Context) error                   { return nil }
func (m *memory) Close(context.Context) error                  { return nil }
func (m *memory) status(_ context.Context, off, n int64) ([]disk.Run, error) {
	return []disk.Run{{Start: off, Length: n, Content: disk.Zeros}}, nil
}

// served is a server of a disk, and a way to connect to it.
func served(t *testing.T, e nbd.Export) func() net.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here")
	}
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error)
	go func() { end <- nbd.Serve(ctx, l, e) }()
	t.Cleanup(func() {
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
	})
	return func() net.Conn {
		t.Helper()
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

var order = binary.BigEndian

func put(t *testing.T, c net.Conn, parts ...any) {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		if s, ok := p.(string); ok {
			b.WriteString(s)
			continue
		}
		if err := binary.Write(&b, order, p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c net.Conn, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// greet chooses the disk in the old way.
func greet(t *testing.T, c net.Conn, size int64) {
	t.Helper()
	if head := get(t, c, 18); string(head[:16]) != "NBDMAGICIHAVEOPT" || order.Uint16(head[16:]) != 3 {
		t.Fatalf("% x", head)
	}
	put(t, c, uint32(3), "IHAVEOPT", uint32(1), uint32(0))
	if b := get(t, c, 10); int64(order.Uint64(b)) != size {
		t.Fatalf("a disk of %d bytes", order.Uint64(b))
	}
}

// ask sends a request and returns the number of the error.
func ask(t *testing.T, c net.Conn, flags, kind uint16, off uint64, n uint32, data string) uint32 {
	t.Helper()
	put(t, c, uint32(0x25609513), flags, kind, uint64(77), off, n, data)
	b := get(t, c, 16)
	if order.Uint32(b) != 0x67446698 || order.Uint64(b[8:]) != 77 {
		t.Fatalf("% x", b)
	}
	return order.Uint32(b[4:])
}

// TestRequests holds what a client can do, and what it is told where it can't.
func TestRequests(t *testing.T) {
	m := &memory{make([]byte, 1<<20)}
	dial := served(t, nbd.Export{Size: 1 << 20, Read: m, Write: m})
	c := dial()
	greet(t, c, 1<<20)
	const last = 1<<20 - 2
	for _, q := range []struct {
		flags, kind uint16
		off         uint64
		n           uint32
		data        string
		want        uint32
	}{
		{0, 1, last, 2, "ab", 0}, {1, 1, 0, 2, "cd", 0}, {0, 1, last, 3, "abc", 28}, {0, 1, 1 << 63, 1, "a", 28}, {2, 1, 0, 1, "a", 22},
		{0, 3, 0, 0, "", 0}, {0, 4, 0, 1, "", 0}, {2, 6, 1, 1, "", 0}, {0, 6, 0, 1<<20 + 1, "", 28}, {0, 7, 0, 1, "", 22}, {0, 99, 0, 0, "", 22},
		{0, 0, last, 3, "", 22}, {0, 0, 1<<64 - 1, 2, "", 22},
	} {
		if got := ask(t, c, q.flags, q.kind, q.off, q.n, q.data); got != q.want {
			t.Errorf("%+v: error %d", q, got)
		}
	}
	if got := ask(t, c, 0, 0, last, 2, ""); got != 0 || string(get(t, c, 2)) != "ab" || m.b[0] != 0 || m.b[1] != 0 {
		t.Errorf("the last bytes: error %d", got)
	}
	put(t, c, uint32(0x25609513), uint16(0), uint16(2), uint64(1), uint64(0), uint32(0))
	if n, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the goodbye: %d bytes, %v", n, err)
	}
}

// TestReadOnly holds that nothing is written where that was not wanted.
func TestReadOnly(t *testing.T) {
	m := &memory{bytes.Repeat([]byte{1}, 4096)}
	c := served(t, nbd.Export{Size: 4096, Read: m})()
	greet(t, c, 4096)
	for kind, data := range map[uint16]string{1: "xx", 4: "", 6: ""} {
		if got := ask(t, c, 0, kind, 0, 2, data); got != 1 {
			t.Errorf("command %d: error %d", kind, got)
		}
	}
	if got := ask(t, c, 0, 3, 0, 0, ""); got != 0 || !bytes.Equal(m.b, bytes.Repeat([]byte{1}, 4096)) {
		t.Errorf("flush: error %d", got)
	}
}

// TestStructured holds the replies in chunks, and the block status.
func TestStructured(t *testing.T) {
	m := &memory{[]byte("0123456789")}
	c := served(t, nbd.Export{Name: "disk", Size: 10, Read: m, Status: m.status})()
	get(t, c, 18)
	put(t, c, uint32(3), "IHAVEOPT", uint32(8), uint32(0))
	get(t, c, 20)
	put(t, c, "", "IHAVEOPT", uint32(10), uint32(4+4+4+4+15), uint32(4), "disk", uint32(1), uint32(15), "base:allocation")
	if b := get(t, c, 20+4+15+20); string(b[24:39]) != "base:allocation" {
		t.Fatalf("%q", b)
	}
	put(t, c, "IHAVEOPT", uint32(7), uint32(4+5+2), uint32(5), "other", uint16(0))
	if b := get(t, c, 20); order.Uint32(b[12:]) != 1<<31+6 {
		t.Errorf("another disk: % x", b)
	}
	put(t, c, "IHAVEOPT", uint32(7), uint32(4+2), uint32(0), uint16(0))
	get(t, c, 20+12+20+14+20)
	put(t, c, uint32(0x25609513), uint16(0), uint16(0), uint64(5), uint64(3), uint32(4))
	if b := get(t, c, 20+8+4); order.Uint32(b) != 0x668e33ef || string(b[28:]) != "3456" || order.Uint64(b[20:]) != 3 {
		t.Errorf("read: % x", b)
	}
	put(t, c, uint32(0x25609513), uint16(0), uint16(7), uint64(5), uint64(2), uint32(8))
	if b := get(t, c, 20+12); order.Uint32(b[20:]) != 1 || order.Uint32(b[24:]) != 8 || order.Uint32(b[28:]) != 3 {
		t.Errorf("status: % x", b)
	}
	put(t, c, uint32(0x25609513), uint16(0), uint16(0), uint64(5), uint64(9), uint32(4))
	if b := get(t, c, 20+6); order.Uint16(b[6:]) != 1<<15+1 || order.Uint32(b[20:]) != 22 {
		t.Errorf("past the end: % x", b)
	}
}

// TestNonsense holds that a client that speaks nonsense, or leaves in the midst of a
// write, hurts nobody else.
func TestNonsense(t *testing.T) {
	m := &memory{make([]byte, 1<<20)}
	dial := served(t, nbd.Export{Size: 1 << 20, Read: m, Write: m})
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		c := dial()
		b := make([]byte, rnd.IntN(300))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		if rnd.IntN(2) == 0 {
			get(t, c, 18)
			put(t, c, uint32(3), "IHAVEOPT", rnd.Uint32N(12), rnd.Uint32N(400))
		}
		c.Write(b)
		c.Close()
	}
	half := dial()
	greet(t, half, 1<<20)
	put(t, half, uint32(0x25609513), uint16(0), uint16(1), uint64(1), uint64(0), uint32(1000), "only a part")
	half.Close()
	whole := dial()
	greet(t, whole, 1<<20)
	if got := ask(t, whole, 0, 0, 0, 11, ""); got != 0 || string(get(t, whole, 11)) != string(make([]byte, 11)) {
		t.Errorf("a part of a write was carried out, or nothing can be read: error %d", got)
	}
}
