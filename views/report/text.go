package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"platter/decode"
)

// page writes plain text. All that comes from an image passes through print
// or row, which escape it. The first failure sticks.
type page struct {
	w   *bufio.Writer
	err error
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
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		switch pad := c[i].width - len(cell); {
		case i == len(cells)-1 && !c[i].right || pad <= 0:
			b.WriteString(cell)
		case c[i].right:
			b.WriteString(strings.Repeat(" ", pad) + cell)
		default:
			b.WriteString(cell + strings.Repeat(" ", pad))
		}
	}
	p.print("%s", b.String())
}

// hexOffset is an offset with as many digits as those of size bytes need.
func hexOffset(off, size int64) string {
	return fmt.Sprintf("0x%0*x", hexDigits(size), off)
}

// hexDigits is at least 8 and even: offsets of one report line up.
func hexDigits(size int64) int {
	n := len(strconv.FormatInt(max(size, 0), 16))
	return max(8, n+n&1)
}

// bytesLong is a size for people and exact: "127 GiB (136 365 211 648 bytes)".
func bytesLong(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%s (%s bytes)", decode.FormatSize(uint64(n)), grouped(n))
}

// grouped sets blanks between groups of three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
