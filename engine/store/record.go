package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// Steps in a file: a line that names the format, for each step a 1 and its fields, a 0,
// and the SHA-256 of all that. Numbers are unsigned varints; texts and bytes follow
// their length. The image's own file has no name: a journal belongs to the image that
// it lies beside, whatever that is called now.

const (
	// maxRecords bounds the bytes of all steps, written or read.
	maxRecords = 3 * MaxStaged
	// maxSteps bounds their number: a short one takes more memory than room.
	maxSteps = 1 << 17
	// maxText bounds a name and a title, in bytes.
	maxText = maxName
)

// putSteps writes what follows the first line: what head writes, then the steps.
func putSteps(to io.Writer, magic, image string, steps []Step, head func(*recordWriter)) error {
	out, sum := bufio.NewWriterSize(to, 64<<10), sha256.New()
	sum.Write([]byte(magic))
	w := recordWriter{w: io.MultiWriter(out, sum)}
	if len(steps) > maxSteps {
		return fmt.Errorf("%d steps: %w", len(steps), ErrTooMuch)
	}
	head(&w)
	for _, s := range steps {
		w.step(image, s)
	}
	w.number(0)
	if w.err != nil {
		return w.err
	}
	if _, err := out.Write(sum.Sum(nil)); err != nil {
		return err
	}
	return out.Flush()
}

// recordWriter writes fields; the first error stays.
type recordWriter struct {
	w   io.Writer
	n   int64
	err error
}

func (w *recordWriter) step(image string, s Step) {
	name := s.File
	if name == image {
		name = ""
	}
	w.number(1)
	for _, n := range []int64{s.Offset, s.SizeBefore, s.SizeAfter, int64(s.Change)} {
		w.number(uint64(n))
	}
	for _, b := range [][]byte{[]byte(name), []byte(s.Title[:min(len(s.Title), maxText)]), s.Old, s.New} {
		w.number(uint64(len(b)))
		w.bytes(b)
	}
}

func (w *recordWriter) number(n uint64) {
	var buf [binary.MaxVarintLen64]byte
	w.bytes(binary.AppendUvarint(buf[:0], n))
}

func (w *recordWriter) bytes(b []byte) {
	if w.n += int64(len(b)); w.n > maxRecords && w.err == nil {
		w.err = fmt.Errorf("records of more than %d MiB: %w", maxRecords>>20, ErrTooMuch)
	}
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// getSteps reads what follows the first line, of which at most limit bytes are there,
// what head reads first.
// What ends too early is io.ErrUnexpectedEOF, what is not as it was written ErrDamaged.
func getSteps(from io.Reader, limit int64, magic, image string, head func(*recordReader)) ([]Step, error) {
	r := newRecordReader(from, limit)
	r.sum.Write([]byte(magic))
	head(r)
	var steps []Step
	for len(steps) <= maxSteps && r.number() == 1 {
		steps = append(steps, r.step(image))
	}
	want := r.sum.Sum(nil)
	got := r.bytes(sha256.Size)
	switch {
	case r.err != nil:
		return nil, r.err
	case !bytes.Equal(got, want):
		return nil, ErrDamaged
	}
	if _, err := r.r.ReadByte(); err != io.EOF {
		return nil, ErrDamaged
	}
	return steps, nil
}

// recordReader reads fields; after an error they are empty.
type recordReader struct {
	r    *bufio.Reader
	sum  hash.Hash
	left int64
	err  error
}

func newRecordReader(from io.Reader, limit int64) *recordReader {
	return &recordReader{r: bufio.NewReaderSize(from, 64<<10), sum: sha256.New(), left: limit}
}

func (r *recordReader) step(image string) Step {
	var n [4]int64
	for i := range n {
		n[i] = int64(r.number())
	}
	s := Step{Offset: n[0], SizeBefore: n[1], SizeAfter: n[2], Change: int(n[3])}
	s.File, s.Title, s.Old, s.New = string(r.text(maxText)), string(r.text(maxText)), r.text(MaxStaged), r.text(MaxStaged)
	if r.err == nil && len(s.Old)+len(s.New) == 0 && !s.Resizes() {
		r.err = ErrDamaged // millions of them fit into little room
	}
	if s.File == "" {
		s.File = image
	}
	return s
}

func (r *recordReader) number() uint64 {
	n, err := binary.ReadUvarint(r)
	if err != nil && r.err == nil { // more than 64 bits
		r.err = ErrDamaged
	}
	if r.err != nil {
		return 0
	}
	return n
}

// ReadByte is io.ByteReader, for numbers.
func (r *recordReader) ReadByte() (byte, error) {
	b := r.bytes(1)
	if r.err != nil {
		return 0, r.err
	}
	return b[0], nil
}

// text reads bytes after their length, which may be at most limit.
func (r *recordReader) text(limit uint64) []byte {
	n := r.number()
	if n > limit && r.err == nil {
		r.err = ErrDamaged
	}
	return r.bytes(n)
}

// bytes reads n bytes, if there can be as many.
func (r *recordReader) bytes(n uint64) []byte {
	if r.err == nil && n > uint64(r.left) {
		r.err = ErrDamaged
	}
	if r.err != nil || n == 0 {
		return nil
	}
	r.left -= int64(n)
	b := make([]byte, n)
	if _, err := io.ReadFull(r.r, b); err != nil {
		if r.err = err; err == io.EOF {
			r.err = io.ErrUnexpectedEOF
		}
		return nil
	}
	r.sum.Write(b)
	return b
}
