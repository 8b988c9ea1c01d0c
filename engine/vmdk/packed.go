package vmdk

import (
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"sync"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// packedBudget is the memory in bytes for grains kept unpacked. One grain is
// kept whatever its size.
const packedBudget = 4 << 20

// unpacker reads the compressed grains of a stream (vmdk.md 5.2).
type unpacker struct {
	file    *file
	grain   int64 // bytes
	markers bool  // grains start with their LBA and size, else with the size alone
	most    int   // grains kept
	working chan struct{}
	readers sync.Pool
	fast    fast

	mu   sync.Mutex
	kept []*unpacked // last used first
}

// unpacker reads the grains of a stream.
func (s *sparse) unpacker() *unpacker {
	if s.walk != nil {
		return s.walk.packed
	}
	return s.grid.packed
}

// unpacked is a grain as the guest sees it. What can't be unpacked is kept too:
// who reads such a grain sector by sector would unpack it again for each.
type unpacked struct {
	at   int64
	data []byte
	err  error
}

func newUnpacker(f *file, grain int64, markers bool) *unpacker {
	return &unpacker{
		file: f, grain: grain, markers: markers,
		most:    int(max(1, packedBudget/grain)),
		working: make(chan struct{}, min(64, max(1, 64<<20/grain))),
	}
}

// headBytes is the length of what precedes the compressed data.
func (u *unpacker) headBytes() int64 {
	if u.markers {
		return vmdk.GrainMarkerSize
	}
	return 4
}

// size is the length of the compressed data of the grain at a byte offset;
// false if there is no sound marker (vmdk.md 5.2: at most twice the grain).
func (u *unpacker) size(at int64) (int64, bool, error) {
	head := u.headBytes()
	if at < 0 || at%vmdk.SectorSize != 0 || at > u.file.Size-head {
		return 0, false, nil
	}
	n, err := u.file.tables.uint(at+head-4, 4)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	size := int64(n)
	return size, size > 0 && size <= 2*u.grain && size <= u.file.Size-at-head, nil
}

// locate completes a run whose grain was found, for the byte inside the grain.
func (u *unpacker) locate(r *run, inside int64) error {
	at := r.offset
	size, ok, err := u.size(at)
	if err != nil {
		return &disk.Error{Kind: disk.Damaged, Op: "read", At: u.file.place(at, u.headBytes()), What: "a grain's marker can't be read", Err: err}
	}
	if !ok {
		r.state, r.fault, r.offset = disk.Missing, markerInvalid, -1
		return nil
	}
	r.offset, r.packed, r.skip = at, u.headBytes()+size, inside
	return nil
}

// read copies bytes of the grain at a byte offset, from skip on.
func (u *unpacker) read(p []byte, at, skip int64) error {
	g, err := u.get(at)
	if err != nil {
		return err
	}
	if skip > int64(len(g.data)) || copy(p, g.data[skip:]) < len(p) {
		return disk.Errorf(disk.Damaged, u.file.place(at, u.headBytes()), "the compressed grain gives %d bytes, at least %d are needed", len(g.data), skip+int64(len(p)))
	}
	return nil
}

func (u *unpacker) get(at int64) (*unpacked, error) {
	u.mu.Lock()
	for i, g := range u.kept {
		if g.at == at {
			copy(u.kept[1:i+1], u.kept[:i])
			u.kept[0] = g
			u.mu.Unlock()
			return g, g.err
		}
	}
	u.mu.Unlock()
	u.working <- struct{}{}
	defer func() { <-u.working }()
	data, ok := u.fast.unpack(u, at)
	var err error
	if !ok {
		data, _, err = u.inflate(at)
	}
	g := &unpacked{at, data, err}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.kept) < u.most {
		u.kept = append(u.kept, nil)
	}
	copy(u.kept[1:], u.kept)
	u.kept[0] = g
	return g, err
}

var errTooLong = errors.New("unpacks to more than a grain")

// inflate unpacks the grain at a byte offset, and tells how many bytes of its
// compressed data were not needed.
func (u *unpacker) inflate(at int64) (data []byte, unused int64, err error) {
	size, ok, err := u.size(at)
	if err == nil && !ok {
		err = errors.New(faultTexts[markerInvalid])
	}
	if err != nil {
		return nil, 0, u.failed(at, u.headBytes(), err)
	}
	in := &counted{r: io.NewSectionReader(u.file.Data, at+u.headBytes(), size)}
	if in.wantsDictionary() {
		return nil, 0, u.failed(at, size, zlib.ErrDictionary)
	}
	z, err := u.reader(in)
	if err != nil {
		return nil, 0, u.failed(at, size, err)
	}
	defer u.readers.Put(z)
	data = make([]byte, u.grain)
	n, err := io.ReadFull(z, data)
	if err == nil {
		var over [1]byte
		if n, err := io.ReadFull(z, over[:]); n > 0 {
			return nil, 0, u.failed(at, size, errTooLong)
		} else if !errors.Is(err, io.EOF) {
			return nil, 0, u.failed(at, size, err)
		}
	} else if !errors.Is(err, io.EOF) && !ended(err, n, z) {
		return nil, 0, u.failed(at, size, err)
	}
	return data[:n], size - in.n, nil
}

// ended tells a stream that is shorter than a grain from one that is cut off:
// both end a full read early, but only the first goes on to say that it ended.
func ended(err error, n int, z io.Reader) bool {
	if n == 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	var more [1]byte
	_, err = z.Read(more[:])
	return err == io.EOF
}

func (u *unpacker) failed(at, size int64, err error) error {
	return &disk.Error{Kind: disk.Damaged, At: u.file.place(at, u.headBytes()+size), What: fmt.Sprintf("the compressed grain of %d bytes can't be unpacked", size), Err: err}
}

// reader takes a zlib reader from the pool.
func (u *unpacker) reader(in io.Reader) (io.ReadCloser, error) {
	if z, ok := u.readers.Get().(io.ReadCloser); ok {
		return z, z.(zlib.Resetter).Reset(in, nil)
	}
	return zlib.NewReader(in)
}

// counted hands on bytes one by one where asked to, so that the decompressor
// takes no more than it needs.
type counted struct {
	r   io.Reader
	n   int64
	buf [4096]byte
	at  int
	end int
}

func (c *counted) fill() error {
	if c.at < c.end {
		return nil
	}
	n, err := c.r.Read(c.buf[:])
	c.at, c.end = 0, n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// dictionary is the bit of a zlib header's second byte that announces a preset dictionary.
const dictionary = 0x20

// wantsDictionary reports whether a zlib header announces a preset dictionary
// (RFC 1950 2.2, FDICT). No VMDK has one; Go's reader would take the checksum
// of an empty one for granted, where zlib's own refuses.
func (c *counted) wantsDictionary() bool {
	return c.fill() == nil && c.end-c.at > 1 && c.buf[c.at+1]&dictionary != 0
}

// Read is io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	n := copy(p, c.buf[c.at:c.end])
	c.at += n
	c.n += int64(n)
	return n, nil
}

// ReadByte is io.ByteReader.
func (c *counted) ReadByte() (byte, error) {
	if err := c.fill(); err != nil {
		return 0, err
	}
	b := c.buf[c.at]
	c.at++
	c.n++
	return b, nil
}
