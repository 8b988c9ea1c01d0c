package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"

	"platter/decode"
)

// page writes plain text. All that comes from an image passes through print
// or row, which escape it. The first failure sticks.
type page struct {
	w    *bufio.Writer
	line []byte // of the row that is being set
	err  error
}

func newPage(w io.Writer) *page { return &page{w: bufio.NewWriterSize(w, 64<<10)} }

// end writes everything out and passes a failure on.
func (p *page) end(failure error) error {
	if err := p.w.Flush(); p.err == nil {
		p.err = err
	}
	if failure != nil {
		return failure
	}
	return p.err
}

// print writes a line, escaped and without trailing blanks.
func (p *page) print(format string, args ...any) {
	if p.err != nil {
		return
	}
	line := decode.Printable(fmt.Sprintf(format, args...))
	_, p.err = p.w.WriteString(strings.TrimRight(line, " ") + "\n")
}

// column is how a cell of a row is set: that wide, numbers to the right.
type column struct {
	title string
	width int
	right bool
}

// columns is a table that is written row by row, so that it can be as long as
// it likes. The last column takes what room it needs.
type columns []column

func (c columns) head(p *page) {
	titles := make([]string, len(c))
	for i, col := range c {
		titles[i] = col.title
	}
	c.row(p, titles...)
}

func (c columns) row(p *page, cells ...string) {
	b := p.line[:0]
	for i, cell := range cells {
		if i > 0 {
			b = append(b, "  "...)
		}
		pad := c[i].width - len(cell)
		if c[i].right {
			b = blanks(b, pad)
		}
		b = append(b, cell...)
		if !c[i].right && i < len(cells)-1 {
			b = blanks(b, pad)
		}
	}
	p.line = append(bytes.TrimRight(b, " "), '\n')
	if text := p.line[:len(p.line)-1]; !printable(text) {
		p.print("%s", text)
		return
	}
	if p.err == nil {
		_, p.err = p.w.Write(p.line)
	}
}

func blanks(b []byte, n int) []byte {
	for range n {
		b = append(b, ' ')
	}
	return b
}

// printable reports whether a line has only characters that need no look.
func printable(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// hexOffset is an offset with as many digits as those of size bytes need.
func hexOffset(off, size int64) string {
	b := strconv.AppendInt(nil, off, 16)
	return "0x" + strings.Repeat("0", max(0, hexDigits(size)-len(b))) + string(b)
}

// hexDigits is at least 8 and even: offsets of one report line up.
func hexDigits(size int64) int {
	n := (bits.Len64(uint64(max(size, 1))) + 3) / 4
	return max(8, n+n&1)
}

// bytesLong is a size for people and exact: "127 GiB (136 365 211 648 bytes)".
func bytesLong(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%s (%s bytes)", decode.FormatSize(uint64(n)), decode.Grouped(n))
}
