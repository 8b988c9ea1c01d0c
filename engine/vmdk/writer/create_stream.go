package writer

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// streamLevel is how hard grains are compressed: harder gains a thousandth and takes
// several times as long.
const streamLevel = 3

// Stream writes a streamOptimized image in one pass, to a pipe if need be: header,
// descriptor, compressed grains in the order of the disk, each table after its grains, and
// at the end directory and footer (vmdk.md 5.1).
type Stream struct {
	to        io.Writer
	capacity  int64 // sectors of the disk
	grain     int64 // sectors
	header    decode.Record[vmdk.Header]
	at        int64   // the next sector of the file
	tables    []int64 // where the tables lie; 0 for one without grains
	table     []byte  // the one that grains are entered in
	filled    bool    // it has entries
	done      int64   // bytes of the disk that were written
	buf       []byte  // the start of a grain
	packed    bytes.Buffer
	compress  *zlib.Writer
	remaining int64 // bytes of the disk
}

// NewStream begins a stream. The spec is one that [disk.Resolve] gave; name is what the
// descriptor calls the file.
func NewStream(to io.Writer, name string, spec disk.Spec) (*Stream, error) {
	size := spec.Bytes(disk.OptionSize)
	s := &Stream{to: to, capacity: size / vmdk.SectorSize, grain: spec.Bytes(disk.OptionBlockSize) / vmdk.SectorSize, remaining: size}
	text, err := descriptor(spec, piece{vmdk.TypeSparse, s.capacity, name, false})
	if err != nil {
		return nil, err
	}
	s.tables = make([]int64, ceil(ceil(s.capacity, s.grain), vmdk.TableEntries))
	s.table = make([]byte, tableSectors*vmdk.SectorSize)
	s.buf = make([]byte, 0, s.grain*vmdk.SectorSize)
	if s.compress, err = zlib.NewWriterLevel(io.Discard, streamLevel); err != nil {
		return nil, err
	}
	return s, s.begin(text)
}

// begin writes all that comes before the grains.
func (s *Stream) begin(text []byte) error {
	room := max(descriptorRoom, ceil(int64(len(text)), vmdk.SectorSize)+descriptorFree)
	overHead := ceil(1+room, s.grain) * s.grain
	h := vmdk.HeaderTable.Blank()
	vmdk.HeaderVersion.Put(h, 3)
	vmdk.HeaderFlags.Put(h, vmdk.FlagNewlines|vmdk.FlagCompressed|vmdk.FlagMarkers)
	vmdk.HeaderCapacity.Put(h, uint64(s.capacity))
	vmdk.HeaderGrainSize.Put(h, uint64(s.grain))
	vmdk.HeaderDescriptorOffset.Put(h, 1)
	vmdk.HeaderDescriptorSize.Put(h, uint64(room))
	vmdk.HeaderTableEntries.Put(h, vmdk.TableEntries)
	vmdk.HeaderDirectoryOffset.Put(h, vmdk.DirectoryAtEnd)
	vmdk.HeaderOverHead.Put(h, uint64(overHead))
	vmdk.HeaderCompression.Put(h, 1)
	s.header = h
	front := make([]byte, overHead*vmdk.SectorSize)
	copy(front, h.Bytes())
	copy(front[vmdk.SectorSize:], text)
	return s.put(front)
}

// put writes whole sectors; what is missing of the last one is zeros.
func (s *Stream) put(b []byte) error {
	n := ceil(int64(len(b)), vmdk.SectorSize)
	if s.at+n > 1<<32 {
		return disk.Errorf(disk.Limit, decode.Place{}, "the data do not fit: a grain can't lie past 2 TiB of its file")
	}
	s.at += n
	_, err := s.to.Write(append(b, make([]byte, n*vmdk.SectorSize-int64(len(b)))...))
	return err
}

// Write takes the next bytes of the disk. Grains of zeros are not stored.
func (s *Stream) Write(p []byte) (int, error) {
	if int64(len(p)) > s.remaining {
		return 0, disk.Errorf(disk.OutOfRange, decode.Place{}, "%d bytes more than the disk has", int64(len(p))-s.remaining)
	}
	for done := 0; done < len(p); {
		n := min(cap(s.buf)-len(s.buf), len(p)-done)
		s.buf = append(s.buf, p[done:done+n]...)
		done += n
		s.remaining -= int64(n)
		if len(s.buf) < cap(s.buf) {
			continue
		}
		if err := s.flush(); err != nil {
			return done, err
		}
	}
	return len(p), nil
}

// Skip stands for n bytes of zeros.
func (s *Stream) Skip(n int64) error {
	unit := int64(cap(s.buf))
	if n < 0 || n > s.remaining {
		return disk.Errorf(disk.OutOfRange, decode.Place{}, "%d bytes: the disk has %d left", n, s.remaining)
	}
	if part := int64(len(s.buf)); part > 0 {
		head := min(n, unit-part)
		if _, err := s.Write(zeroes(head)); err != nil {
			return err
		}
		n -= head
	}
	for whole := n / unit; whole > 0; {
		toEnd := vmdk.TableEntries - s.done%vmdk.TableEntries
		step := min(whole, toEnd)
		s.done, s.remaining, whole = s.done+step, s.remaining-step*unit, whole-step
		if err := s.tableDone(); err != nil {
			return err
		}
	}
	_, err := s.Write(zeroes(n % unit))
	return err
}

func zeroes(n int64) []byte { return make([]byte, n) }

// flush stores the grain in buf, which is whole: readers want no other (vmdk.md 5.2).
func (s *Stream) flush() error {
	if !isZero(s.buf) {
		if err := s.store(); err != nil {
			return err
		}
	}
	s.buf, s.done = s.buf[:0], s.done+1
	return s.tableDone()
}

// store compresses the grain in buf and enters it in the table.
func (s *Stream) store() error {
	marker := vmdk.GrainMarkerTable.Blank()
	s.packed.Reset()
	s.packed.Write(marker.Bytes())
	s.compress.Reset(&s.packed)
	if _, err := s.compress.Write(s.buf); err != nil {
		return err
	}
	if err := s.compress.Close(); err != nil {
		return err
	}
	marker, _ = vmdk.GrainMarkerTable.Of(s.packed.Bytes())
	vmdk.GrainMarkerLBA.Put(marker, uint64(s.done*s.grain))
	vmdk.GrainMarkerSizeField.Put(marker, uint32(s.packed.Len()-vmdk.GrainMarkerSize))
	enter(s.table, s.done%vmdk.TableEntries, s.at)
	s.filled = true
	return s.put(s.packed.Bytes())
}

// tableDone writes the table when the grains that it describes are through. One without
// grains is left out.
func (s *Stream) tableDone() error {
	whole := s.done%vmdk.TableEntries == 0
	if !s.filled || !whole && s.remaining > 0 {
		return nil
	}
	i := (s.done - 1) / vmdk.TableEntries
	if err := s.marked(vmdk.MarkerTableType, s.table); err != nil {
		return err
	}
	s.tables[i] = s.at - tableSectors
	clear(s.table)
	s.filled = false
	return nil
}

// marked writes a structure after its marker.
func (s *Stream) marked(kind uint32, body []byte) error {
	m := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(m, uint64(ceil(int64(len(body)), vmdk.SectorSize)))
	vmdk.MarkerType.Put(m, kind)
	if err := s.put(m.Bytes()); err != nil || body == nil {
		return err
	}
	return s.put(bytes.Clone(body))
}

// Close writes the rest of the disk as zeros, and the tail: directory, footer, end of the
// stream. It does not close the writer.
func (s *Stream) Close() error {
	if err := s.Skip(s.remaining); err != nil {
		return err
	}
	if len(s.buf) > 0 {
		s.buf = s.buf[:cap(s.buf)] // the disk ends inside the grain
		clear(s.buf[s.capacity*vmdk.SectorSize-s.done*int64(cap(s.buf)):])
		if err := s.flush(); err != nil {
			return err
		}
	}
	directory := directoryOf(int64(len(s.tables)), func(i int64) int64 { return s.tables[i] })
	if err := s.marked(vmdk.MarkerDirectory, directory); err != nil {
		return err
	}
	vmdk.HeaderDirectoryOffset.Put(s.header, uint64(s.at-int64(len(directory))/vmdk.SectorSize))
	return errors.Join(s.marked(vmdk.MarkerFooter, s.header.Bytes()), s.marked(vmdk.MarkerEndOfStream, nil))
}

// makeStream makes a stream in a file, of the spec's content.
func makeStream(ctx context.Context, to store.FS, n naming, spec disk.Spec) (err error) {
	f, err := to.Create(n.descriptor)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, err := NewStream(io.NewOffsetWriter(f, 0), n.descriptor, spec)
	if err != nil {
		return err
	}
	size, done := spec.Bytes(disk.OptionSize), int64(0)
	data := window{spec.Filling, 0, size}
	err = data.each(ctx, int64(cap(s.buf)), func(i int64, b []byte) error {
		at := i * int64(len(b))
		if err := s.Skip(at - done); err != nil {
			return fmt.Errorf("grain %d: %w", i, err)
		}
		done = min(at+int64(len(b)), size)
		_, err := s.Write(b[:done-at])
		return err
	})
	if err != nil {
		return err
	}
	return s.Close()
}
