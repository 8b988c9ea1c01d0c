package vmdk

import (
	"bytes"
	"io"
	"sync"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
	"platter/engine/store"
)

// textMode is what a program made of a file that it took for text.
type textMode uint8

const (
	noTextMode   textMode = iota
	textReturns           // each LF became CR LF
	textNoReturn          // each CR LF became LF
	textUnicode           // bytes that are no UTF-8 became the sign for that
	textFeeds             // each CR became LF: nothing has moved
)

// textWords say what happened, and what can be done.
var textWords = map[textMode]string{
	textReturns:  "the file went through a transfer in text mode, in which each LF became CR LF: all that follows from it lies elsewhere or is damaged, and nothing can be read",
	textNoReturn: "the file went through a transfer in text mode, in which each CR LF became LF: which those were can't be told any more, and nothing can be read; get the file again, in binary mode",
	textUnicode:  "the file was read as text in UTF-8 and written again: bytes that are no text were replaced and are lost; get the file again, without such a program",
	textFeeds:    "the file went through a transfer in text mode, in which each CR became LF: which those were can't be told any more, and data of the disk are damaged without a sign; get the file again, in binary mode",
}

// moved reports whether bytes lie elsewhere than they did.
func (t textMode) moved() bool { return t != noTextMode && t != textFeeds }

// textModeOf tells by the newline bytes of a hosted header, and what lies where they
// should be, what was done to the file (vmdk.md 4.1).
func textModeOf(h decode.Record[vmdk.Header]) textMode {
	at := decode.In(h.Bytes(), vmdk.HeaderSingleEndLine, vmdk.HeaderCompression)
	switch {
	case bytes.Contains(h.Bytes(), []byte("\r\n \r\r\n")):
		return textReturns
	case bytes.Contains(h.Bytes(), []byte("\uFFFD")):
		return textUnicode
	case bytes.HasPrefix(at, []byte("\n \n\n")):
		return textFeeds
	case bytes.HasPrefix(at, []byte("\n \n")):
		return textNoReturn
	}
	return noTextMode
}

// inText notes that the file went through a program for text. Where bytes have moved
// by that, its fields and tables are not those of the disk any more.
func (s *sparse) inText() bool {
	s.textMode = textModeOf(s.header)
	if !s.textMode.moved() {
		return false
	}
	at := s.file.field(0, vmdk.HeaderSingleEndLine, vmdk.HeaderDoubleEndLine2)
	s.damaged(disk.Damaged, at.Offset, at.Length, "%s", textWords[s.textMode])
	s.reversible = sync.OnceValue(s.eachAfterReturn)
	return true
}

// eachAfterReturn reports whether each LF of the file follows a CR: then taking those
// out gives back exactly what it was.
func (s *sparse) eachAfterReturn() bool {
	r := io.NewSectionReader(s.file.handle, 0, s.file.Size)
	b, last := make([]byte, 64<<10), byte(0)
	for {
		n, err := r.Read(b)
		for _, c := range b[:n] {
			if c == '\n' && last != '\r' {
				return false
			}
			last = c
		}
		if err != nil {
			return err == io.EOF
		}
	}
}

// textual is H4 for a file that went through a program for text. What else is wrong with
// it only follows from that.
func (c *checker) textual(s *sparse) {
	words := textWords[s.textMode]
	if s.textMode == textReturns && c.whole {
		if words += "; some LF have no CR before them, so that more happened to the file: get it again, in binary mode"; s.reversible() {
			words = textWords[s.textMode] + "; each LF of the file follows a CR, so that taking those out gives back exactly what it was"
		}
	}
	c.error("H4", s.file.field(0, vmdk.HeaderSingleEndLine, vmdk.HeaderDoubleEndLine2), "newline bytes % x, expected 0a 20 0d 0a: %s",
		decode.In(s.header.Bytes(), vmdk.HeaderSingleEndLine, vmdk.HeaderDoubleEndLine2), words)
}

// canRepairNewlines is H4: the four bytes alone are wrong, or the whole file can be made
// what it was.
func canRepairNewlines(s *sparse, _ disk.Finding) bool {
	switch s.textMode {
	case noTextMode:
		return true
	case textReturns:
		return s.file.Size <= store.MaxStaged && s.reversible()
	}
	return false
}

// InText reports whether the file is what a transfer in text mode made of it.
func (s *Sparse) InText() bool { return s.textMode == textReturns }
