package writer

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/store"
)

// packed writes a sparse extent whose grains are compressed (vmdk.md 5.3). A grain is
// written again as a whole: where it lies if it fills the same sectors, which is allowed
// only where all that a change writes becomes visible at once, since a grain that is
// torn is lost; else at the end of the file, in streams that end with a grain.
type packed struct {
	*grains
	inPlace bool

	kept uint32 // the sector of the grain that was unpacked last; 0: none
	last []byte
}

// unpacked is the content of the grain at a sector, and how many sectors it fills.
func (s *packed) unpacked(sector uint32) ([]byte, int64, error) {
	at := int64(sector) * vmdk.SectorSize
	head := make([]byte, vmdk.GrainMarkerSize)
	if err := layer.ReadFull(s.file, head, at); err != nil {
		return nil, 0, s.broken(at, err)
	}
	marker, _ := vmdk.GrainMarkerTable.Of(head)
	size := int64(vmdk.GrainMarkerSizeField.Get(marker))
	if size == 0 || size > 2*s.x.Grain {
		return nil, 0, s.broken(at, fmt.Errorf("its marker says %d bytes", size))
	}
	sectors := ceil(vmdk.GrainMarkerSize+size, vmdk.SectorSize)
	if s.kept == sector {
		return s.last, sectors, nil
	}
	z, err := zlib.NewReader(io.NewSectionReader(s.file, at+vmdk.GrainMarkerSize, size))
	if err != nil {
		return nil, 0, s.broken(at, err)
	}
	content := make([]byte, s.x.Grain) // the last grain of a disk may unpack to less
	if _, err := io.ReadFull(z, content); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, 0, s.broken(at, err)
	}
	s.kept, s.last = sector, content
	return content, sectors, nil
}

func (s *packed) broken(at int64, err error) error {
	return &disk.Error{Kind: disk.Damaged, At: decode.Place{File: s.x.File, Offset: at}, What: "the compressed grain can't be unpacked", Err: err}
}

// content is what a grain reads as, up to the end of the grain.
func (s *packed) content(grain int64, e uint32) (content []byte, sectors int64, err error) {
	if e > zeroGrain {
		return s.unpacked(e)
	}
	content = make([]byte, s.x.Grain)
	if e == absent {
		start := grain * s.x.Grain
		err = s.below.Read(content[:min(s.x.Grain, s.x.Length-start)], s.x.Start+start)
	}
	return content, 0, err
}

func (s *packed) readAt(p []byte, off int64) error {
	return s.pieces(off, int64(len(p)), func(grain, at, n int64) error {
		e, err := s.load(grain)
		if err != nil {
			return err
		}
		content, _, err := s.content(grain, e)
		if err == nil {
			copy(p[at-off:][:n], content[(at-s.x.Start)%s.x.Grain:])
		}
		return err
	})
}

func (s *packed) write(p []byte, off int64) error {
	return s.pieces(off, int64(len(p)), func(grain, at, n int64) error {
		e, err := s.load(grain)
		if err != nil {
			return err
		}
		return s.writeGrain(p[at-off:][:n], grain, at, e)
	})
}

// writeGrain puts sectors into a grain and stores it again.
func (s *packed) writeGrain(p []byte, grain, off int64, e uint32) error {
	old, sectors, err := s.content(grain, e)
	if err != nil {
		return err
	}
	content := bytes.Clone(old)
	copy(content[(off-s.x.Start)%s.x.Grain:], p)
	if bytes.Equal(content, old) {
		return nil
	}
	lba := uint64(grain * s.x.Grain / vmdk.SectorSize)
	if s.inPlace && sectors > 0 {
		b, ok, err := packGrain(content, lba, sectors)
		if err != nil {
			return err
		}
		if ok {
			s.kept = 0
			_, err := store.WriteFor(s.file, b, int64(e)*vmdk.SectorSize, why("grain %d, compressed again", grain))
			return err
		}
	}
	if !s.x.Appends {
		return s.closed(grain, e)
	}
	return s.append(content, grain, lba)
}

// closed refuses a grain that can only go to the end of a stream which takes no more.
func (s *packed) closed(grain int64, e uint32) error {
	what, at := fmt.Sprintf("grain %d is not stored yet", grain), decode.Place{File: s.x.File}
	if e > zeroGrain {
		what, at.Offset = fmt.Sprintf("grain %d, compressed again, does not fit where it lies", grain), int64(e)*vmdk.SectorSize
	}
	return disk.Refuse(disk.RefusedStream, disk.Unsupported, []decode.Place{at},
		"%s, and nothing can be put at the end of this stream: convert the image to another kind, or make it again with the new content", what)
}

// append stores a grain at the end of the file.
func (s *packed) append(content []byte, grain int64, lba uint64) error {
	b, _, err := packGrain(content, lba, 0)
	if err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	at, _, err := s.take(int64(len(b)), vmdk.SectorSize)
	if err == nil && at/vmdk.SectorSize > maxSector {
		err = s.full(at)
	}
	if err != nil {
		return err
	}
	return s.place(b, grain, at, why("grain %d, compressed", grain))
}

// zero stores zeros, but for grains that read as zeros already.
func (s *packed) zero(off, n int64) error {
	return s.sweep(off, n, func(_, at, n int64, _ uint32) error { return s.write(make([]byte, n), at) })
}

// trim keeps everything: readers that walk a stream from marker to marker would find
// the grain all the same.
func (s *packed) trim(int64, int64) error { return nil }

// packGrain compresses a grain behind its marker, into that many sectors exactly, or where
// that is 0 into as many as it takes. It reports false where it does not fit. What is
// missing is filled with empty blocks inside of the compressed data (RFC 1951 3.2.4),
// since a sector of zeros would end the stream for readers that walk it.
func packGrain(content []byte, lba uint64, sectors int64) ([]byte, bool, error) {
	room := sectors * vmdk.SectorSize
	for _, level := range []int{streamLevel, zlib.BestCompression, zlib.HuffmanOnly} { // no one is the best for all content
		b, err := compressGrain(content, lba, level, 0)
		if err == nil && int64(len(b)) < room {
			b, err = compressGrain(content, lba, level, room)
		}
		if err != nil {
			return nil, false, err
		}
		if sectors == 0 || int64(len(b)) == room {
			return b, true, nil
		}
	}
	return nil, false, nil
}

// emptyBlock is the length of an empty stored block that begins between two bytes.
const emptyBlock = 5

// compressGrain compresses a grain behind its marker, to at least room bytes less one
// sector if it is shorter, in whole sectors.
func compressGrain(content []byte, lba uint64, level int, room int64) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, vmdk.GrainMarkerSize))
	z, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		return nil, err
	}
	const tail = emptyBlock + 4 // the last block, which is empty after a flush, and the checksum
	_, err = z.Write(content)
	if room > 0 {
		err = errors.Join(err, z.Flush())
	}
	for err == nil && int64(b.Len())+tail <= room-vmdk.SectorSize {
		err = z.Flush()
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	marker, _ := vmdk.GrainMarkerTable.Of(b.Bytes())
	vmdk.GrainMarkerLBA.Put(marker, lba)
	vmdk.GrainMarkerSizeField.Put(marker, uint32(b.Len()-vmdk.GrainMarkerSize))
	return append(b.Bytes(), make([]byte, roundUp(int64(b.Len()), vmdk.SectorSize)-int64(b.Len()))...), nil
}
