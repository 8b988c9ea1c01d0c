package report

import (
	"errors"
	"io"
	"iter"
	"strconv"

	"platter/decode"
	"platter/engine/compare"
	"platter/engine/disk"
)

// Compared is what a comparison came to.
type Compared struct {
	Identical bool
	Complete  bool // all could be read
	Ranges    int64
	Bytes     int64 // in the ranges that differ
}

// Compare reports the ranges in which two surfaces differ, as they come.
func Compare(w io.Writer, a, b disk.Surface, ranges iter.Seq2[compare.Range, error], form Form) (Compared, error) {
	if form == JSON {
		return compareJSON(w, a, b, ranges)
	}
	return compareText(w, a, b, ranges)
}

func differing(ranges iter.Seq2[compare.Range, error], emit func(compare.Range) bool, lost func(*disk.Error)) (Compared, error) {
	c := Compared{Complete: true}
	for r, err := range ranges {
		var partial *disk.Error
		switch {
		case errors.As(err, &partial):
			c.Complete = false
			lost(partial)
			continue
		case err != nil:
			c.Complete = false
			return c, err
		}
		c.Ranges++
		c.Bytes += r.Length
		if !emit(r) {
			c.Complete = false
			return c, nil
		}
	}
	c.Identical = c.Complete && c.Ranges == 0
	return c, nil
}

func compareJSON(w io.Writer, a, b disk.Surface, ranges iter.Seq2[compare.Range, error]) (Compared, error) {
	d := newDocument(w, "compare")
	d.key("sizes")
	d.open('[', ']', true)
	for _, s := range []disk.Surface{a, b} {
		d.next()
		d.write(strconv.FormatInt(s.Size, 10))
	}
	d.close()
	d.list("ranges")
	var unread []decode.Place
	c, err := differing(ranges, func(r compare.Range) bool {
		d.item()
		d.number("start", r.Start)
		d.number("length", r.Length)
		d.close()
		return d.err == nil
	}, func(e *disk.Error) {
		if len(unread) < unsearchedCap {
			unread = append(unread, e.At)
		}
	})
	if err != nil {
		return c, d.end(err)
	}
	d.close()
	d.bool("identical", c.Identical)
	d.bool("complete", c.Complete)
	d.places("uncompared", unread)
	return c, d.end(nil)
}

func compareText(w io.Writer, a, b disk.Surface, ranges iter.Seq2[compare.Range, error]) (Compared, error) {
	p := newPage(w)
	size := max(a.Size, b.Size)
	table := columns{{"start", 2 + hexDigits(size), false}, {"length", len(decode.Grouped(size)), true}, {"size", 10, true}}
	head := false
	c, err := differing(ranges, func(r compare.Range) bool {
		if !head {
			head = true
			table.head(p)
		}
		table.row(p, hexOffset(r.Start, size), decode.Grouped(r.Length), decode.FormatSize(uint64(r.Length)))
		return p.err == nil
	}, func(e *disk.Error) { p.print("! %v", e) })
	if err != nil {
		return c, p.end(err)
	}
	if a.Size != b.Size {
		p.print("the first has %s, the second %s", bytesLong(a.Size), bytesLong(b.Size))
	}
	switch {
	case c.Identical:
		p.print("identical")
	case c.Ranges == 0:
		p.print("no difference in what could be read")
	default:
		p.print("%s differ in %s", bytesLong(c.Bytes), decode.Plural(int(c.Ranges), "range", "ranges"))
	}
	return c, p.end(nil)
}
