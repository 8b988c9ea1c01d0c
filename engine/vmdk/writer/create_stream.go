package writer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/engine/transfer"
)

// optionLevel is the option that says how hard grains are compressed.
const optionLevel = "level"

// streamLevel is how hard they usually are: harder gains a thousandth and takes several
// times as long.
const streamLevel = 3

func levelOption() disk.Option {
	return disk.Option{
		Name: optionLevel, Hint: "N", Kind: disk.Number, Doc: "how hard grains are compressed", Min: 0, Max: 9, Default: disk.Constant(strconv.Itoa(streamLevel)),
		Useless: unless([]string{streamOptimized}, "only streamOptimized disks are compressed"),
	}
}

// makeStream makes a streamOptimized disk in a file.
func makeStream(ctx context.Context, to store.FS, n naming, spec disk.Spec) (err error) {
	f, err := to.Create(n.descriptor)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return writeStream(ctx, io.NewOffsetWriter(f, 0), n.descriptor, spec)
}

// newStream is a streamOptimized disk that is written in one pass, to a pipe if need be:
// header, descriptor, compressed grains in the order of the disk, each table after its
// grains, and at the end directory and footer (vmdk.md 5.1).
type newStream struct {
	to       *bufio.Writer
	capacity int64 // sectors of the disk
	grain    int64 // sectors
	header   decode.Record[vmdk.Header]
	at       int64   // the next sector of the file
	tables   []int64 // where the tables lie; 0 for one without grains
	table    []byte  // the one that grains are entered in
	number   int64   // of that table
	filled   bool    // it has entries
}

// writeStream writes the disk of the spec's content. All processors compress; the bytes
// do not depend on how many there are.
func writeStream(ctx context.Context, to io.Writer, name string, spec disk.Spec) error {
	size := spec.Bytes(disk.OptionSize)
	s := &newStream{to: bufio.NewWriterSize(to, 1<<20), capacity: size / vmdk.SectorSize, grain: spec.Bytes(disk.OptionBlockSize) / vmdk.SectorSize}
	text, err := descriptor(spec, piece{vmdk.TypeSparse, s.capacity, name, false})
	if err != nil {
		return err
	}
	s.tables = make([]int64, ceil(ceil(s.capacity, s.grain), vmdk.TableEntries))
	s.table = make([]byte, tableSectors*vmdk.SectorSize)
	if err := s.begin(text); err != nil {
		return err
	}
	p := &press{data: window{spec.Filling, 0, size}, length: s.grain * vmdk.SectorSize, level: int(spec.Number(optionLevel))}
	for g, err := range transfer.Convoy(ctx, spec.Workers(), p.grains(ctx), p.worker) {
		if err == nil {
			err = s.store(g)
		}
		if err != nil {
			return fmt.Errorf("grain %d: %w", g.number, err)
		}
		p.packs.Put(g.packed)
	}
	return s.end()
}

// begin writes all that comes before the grains.
func (s *newStream) begin(text []byte) error {
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
func (s *newStream) put(b []byte) error {
	n := ceil(int64(len(b)), vmdk.SectorSize)
	if s.at+n > 1<<32 {
		return disk.Errorf(disk.Limit, decode.Place{}, "the data do not fit: a grain can't lie past 2 TiB of its file")
	}
	s.at += n
	_, err := s.to.Write(b)
	if err == nil {
		_, err = s.to.Write(make([]byte, n*vmdk.SectorSize-int64(len(b))))
	}
	return err
}

// store writes a grain and enters it in its table.
func (s *newStream) store(g pressedGrain) error {
	if g.err != nil {
		return g.err
	}
	if table := g.number / vmdk.TableEntries; table != s.number {
		if err := s.tableDone(); err != nil {
			return err
		}
		s.number = table
	}
	marker, _ := vmdk.GrainMarkerTable.Of(g.packed.Bytes())
	vmdk.GrainMarkerLBA.Put(marker, uint64(g.number*s.grain))
	vmdk.GrainMarkerSizeField.Put(marker, uint32(g.packed.Len()-vmdk.GrainMarkerSize))
	enter(s.table, g.number%vmdk.TableEntries, s.at)
	s.filled = true
	return s.put(g.packed.Bytes())
}

// tableDone writes the table when the grains that it describes are through. One without
// grains is left out.
func (s *newStream) tableDone() error {
	if !s.filled {
		return nil
	}
	if err := s.marked(vmdk.MarkerTableType, s.table); err != nil {
		return err
	}
	s.tables[s.number] = s.at - tableSectors
	clear(s.table)
	s.filled = false
	return nil
}

// marked writes a structure after its marker.
func (s *newStream) marked(kind uint32, body []byte) error {
	m := vmdk.MarkerTable.Blank()
	vmdk.MarkerValue.Put(m, uint64(ceil(int64(len(body)), vmdk.SectorSize)))
	vmdk.MarkerType.Put(m, kind)
	if err := s.put(m.Bytes()); err != nil || body == nil {
		return err
	}
	return s.put(body)
}

// end writes the last table, and the tail: directory, footer, end of the stream.
func (s *newStream) end() error {
	if err := s.tableDone(); err != nil {
		return err
	}
	directory := directoryOf(int64(len(s.tables)), func(i int64) int64 { return s.tables[i] })
	if err := s.marked(vmdk.MarkerDirectory, directory); err != nil {
		return err
	}
	vmdk.HeaderDirectoryOffset.Put(s.header, uint64(s.at-int64(len(directory))/vmdk.SectorSize))
	return errors.Join(s.marked(vmdk.MarkerFooter, s.header.Bytes()), s.marked(vmdk.MarkerEndOfStream, nil), s.to.Flush())
}
