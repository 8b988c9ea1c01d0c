package report

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"strings"

	"platter/decode"
	"platter/engine/disk"
)

// SearchOptions say what belongs to a report on a search.
type SearchOptions struct {
	Size  int64                           // of the largest surface searched, bytes
	Limit int                             // hits to print; 0 is all
	Where string                          // where nothing was found, in words
	Holds func(disk.Hit) disk.Whereabouts // what holds a hit
}

// Found counts what a search came to.
type Found struct {
	Hits     int
	Complete bool // nothing was unreadable, and no limit ended it
	Unread   int  // ranges that could not be searched
}

// Search reports the hits of a search as they come.
func Search(w io.Writer, hits iter.Seq2[disk.Hit, error], opt SearchOptions, form Form) (Found, error) {
	if form == JSON {
		return searchJSON(w, hits, opt)
	}
	return searchText(w, hits, opt)
}

// consume hands each hit to emit, which reports whether to go on, and each
// range that could not be searched to lost.
func consume(hits iter.Seq2[disk.Hit, error], opt SearchOptions, emit func(disk.Hit) bool, lost func(*disk.Error)) (Found, error) {
	f := Found{Complete: true}
	for h, err := range hits {
		var partial *disk.Error
		switch {
		case errors.As(err, &partial):
			f.Complete = false
			f.Unread++
			lost(partial)
			continue
		case err != nil:
			f.Complete = false
			return f, err
		case opt.Limit > 0 && f.Hits == opt.Limit:
			f.Complete = false
			return f, nil
		}
		if f.Hits++; !emit(h) {
			f.Complete = false
			return f, nil
		}
	}
	return f, nil
}

// unsearchedCap bounds how many unreadable ranges are kept to be listed.
const unsearchedCap = 10_000

func searchJSON(w io.Writer, hits iter.Seq2[disk.Hit, error], opt SearchOptions) (Found, error) {
	d := newDocument(w, "search")
	d.list("hits")
	var lost []decode.Place
	f, err := consume(hits, opt, func(h disk.Hit) bool {
		d.item()
		d.text("plane", plane(h))
		d.number("offset", h.Place.Offset)
		d.number("length", h.Place.Length)
		d.text("encoding", h.Encoding)
		d.whereabouts(opt.Holds(h))
		d.number("context_offset", h.Place.Offset-int64(h.Before))
		d.text("context", string(h.Context))
		d.close()
		return d.err == nil
	}, func(e *disk.Error) {
		if len(lost) < unsearchedCap {
			lost = append(lost, e.At)
		}
	})
	if err != nil {
		return f, d.end(err)
	}
	d.close()
	d.bool("complete", f.Complete)
	d.places("unsearched", lost)
	return f, d.end(nil)
}

// whereabouts writes what holds a hit, as far as it is known.
func (d *document) whereabouts(w disk.Whereabouts) {
	if w.Virtual >= 0 {
		d.number("disk_offset", w.Virtual)
	}
	d.words("structure", w.Structure)
	d.number("layer", int64(w.Layer))
	d.words("layer_path", w.Path)
	d.positive("partition", int64(w.Partition.Number))
	d.words("file_system", cmp.Or(w.Partition.System, w.System))
}

// places lists ranges that could not be read.
func (d *document) places(name string, list []decode.Place) {
	d.list(name)
	for _, at := range list {
		d.item()
		d.number("offset", at.Offset)
		d.number("length", at.Length)
		d.close()
	}
	d.close()
}

func searchText(w io.Writer, hits iter.Seq2[disk.Hit, error], opt SearchOptions) (Found, error) {
	p := newPage(w)
	table := columns{{"offset", 2 + hexDigits(opt.Size), false}, {"length", 6, true}, {"as", 9, false}, {"in", 4, false}, {"around", 34, false}, {"held by", 0, false}}
	head := false
	f, err := consume(hits, opt, func(h disk.Hit) bool {
		if !head {
			head = true
			table.head(p)
		}
		table.row(p, hexOffset(h.Place.Offset, opt.Size), decode.Grouped(h.Place.Length), h.Encoding, plane(h), around(h), opt.Holds(h).String())
		return p.err == nil
	}, func(e *disk.Error) { p.print("! %v", e) })
	if err != nil {
		return f, p.end(err)
	}
	switch {
	case f.Hits == 0 && f.Complete:
		p.print("not found %s", opt.Where)
	case opt.Limit > 0 && f.Hits == opt.Limit && !f.Complete && f.Unread == 0:
		p.print("%s; the limit ended the search", decode.Plural(f.Hits, "hit", "hits"))
	default:
		p.print("%s", decode.Plural(f.Hits, "hit", "hits"))
	}
	return f, p.end(nil)
}

// plane names what was searched: the disk, or a file.
func plane(h disk.Hit) string {
	if h.Place.File == disk.VirtualDisk {
		return "disk"
	}
	return h.Place.File
}

// around shows a hit between its neighbours, in the hit's own characters.
func around(h disk.Hit) string {
	const margin = 16
	before, match := h.Context[:h.Before], h.Context[h.Before:]
	end := int(min(h.Place.Length, int64(len(match))))
	match, after := match[:end], match[end:]
	before = before[max(0, len(before)-margin*wide(h)):]
	after = after[:min(len(after), margin*wide(h))]
	return shown(h, before[len(before)%wide(h):]) + "[" + shown(h, match) + "]" + shown(h, after)
}

// wide is how many bytes a character of the hit takes at least.
func wide(h disk.Hit) int {
	if strings.HasPrefix(h.Encoding, "UTF-16") {
		return 2
	}
	return 1
}

// shown spells bytes as text, with a dot for whatever has no shape.
func shown(h disk.Hit, b []byte) string {
	if wide(h) == 2 {
		order := decode.Little
		if h.Encoding == "UTF-16BE" {
			order = decode.Big
		}
		b = []byte(decode.DecodeUTF16(b, order))
	}
	if h.Encoding != "UTF-8" && wide(h) == 1 {
		return dots(b)
	}
	var out strings.Builder
	for _, r := range string(b) {
		if s := string(r); decode.Printable(s) == s && r != '\uFFFD' {
			out.WriteRune(r)
		} else {
			out.WriteByte('.')
		}
	}
	return out.String()
}

func dots(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = c; c < ' ' || c > '~' {
			out[i] = '.'
		}
	}
	return string(out)
}
