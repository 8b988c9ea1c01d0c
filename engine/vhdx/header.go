package vhdx

import (
	"bytes"
	"fmt"
	"io"

	"platter/decode"
	"platter/decode/vhdx"
)

// headerCopy is one of the two headers.
type headerCopy struct {
	raw   []byte // as much as the file has
	rec   decode.Record[vhdx.Header]
	valid bool   // signature and checksum are right
	why   string // why it is not valid
}

func (c headerCopy) sequence() uint64 { return vhdx.HeaderSequence.Get(c.rec) }

// headers are both copies and which one is current.
type headers struct {
	copies  [2]headerCopy
	current int    // -1: none
	reason  string // why that one
	tied    bool   // both are valid and have the same sequence number
}

func readHeaders(r io.ReaderAt) (headers, error) {
	var h headers
	for i := range h.copies {
		raw, err := readUpTo(r, vhdx.HeaderOffset(i), vhdx.HeaderSize)
		if err != nil {
			return h, err
		}
		h.copies[i] = headerOf(raw)
	}
	h.choose()
	return h, nil
}

func headerOf(raw []byte) headerCopy {
	c := headerCopy{raw: raw}
	rec, ok := vhdx.HeaderTable.Of(raw)
	if !ok {
		c.why = fmt.Sprintf("the file ends %d bytes into it", len(raw))
		return c
	}
	c.rec = rec
	if m, _ := vhdx.HeaderSign.Field().Verdict(raw); m != decode.Good {
		c.why = fmt.Sprintf("signature %s, expected %q", vhdx.HeaderSign.Field().Value(raw), vhdx.HeaderSignature)
		return c
	}
	m, why := vhdx.HeaderChecksum.Field().Verdict(raw)
	if c.valid = m == decode.Good; !c.valid {
		c.why = why
	}
	return c
}

// choose finds the current header (vhdx.md 3): the valid one with the higher
// sequence number. Two with equal numbers are settled by judge.
func (h *headers) choose() {
	a, b := h.copies[0], h.copies[1]
	switch {
	case !a.valid && !b.valid:
		h.current, h.reason = -1, "neither header is valid"
	case !b.valid:
		h.current, h.reason = 0, "the other one is not valid"
	case !a.valid:
		h.current, h.reason = 1, "the other one is not valid"
	case a.sequence() == b.sequence():
		h.current, h.tied, h.reason = 0, true, "both have the same sequence number"
	case a.sequence() > b.sequence():
		h.current, h.reason = 0, "its sequence number is higher"
	default:
		h.current, h.reason = 1, "its sequence number is higher"
	}
}

// identical reports whether both copies have the same bytes.
func (h *headers) identical() bool { return bytes.Equal(h.copies[0].raw, h.copies[1].raw) }

// ruling is the current header; false if there is none.
func (h *headers) ruling() (decode.Record[vhdx.Header], bool) {
	if h.current < 0 {
		return decode.Record[vhdx.Header]{}, false
	}
	return h.copies[h.current].rec, true
}
