package report

import (
	"context"
	"encoding/csv"
	"io"
	"iter"
	"math"
	"strconv"

	"platter/decode"
	"platter/engine/disk"
)

// Map reports where each byte of the virtual disk comes from. Neighbouring
// spans that are stored after one another count as one.
func Map(ctx context.Context, w io.Writer, img disk.Image, form Form) error {
	info := img.Info()
	if !info.Readable() {
		return info.Refused
	}
	if form == JSON {
		return mapJSON(ctx, w, img)
	}
	return mapText(ctx, w, img)
}

// plenty is how many spans are passed on before it is asked whether they can
// all be true.
const plenty = 1 << 20

// spans passes on the map of an image, or of a layer, as long as it can be true. Entries that
// all lead to the same few bytes make a map without end out of a small file: it
// is cut off where it has named more bytes of a file than the file has, or has
// more spans than all files have bits.
func spans(ctx context.Context, img disk.Image, all iter.Seq2[disk.Span, error]) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		size, bits := sizes(img)
		named := map[string]int64{}
		count := int64(0)
		for s, err := range all {
			if err == nil {
				err = ctx.Err()
			}
			if count++; err == nil && count > plenty && (count > bits || named[s.File] > size[s.File]) {
				err = disk.Errorf(disk.Damaged, decode.Place{File: s.File}, "the map says that more lies in the file than it has room for, and has no end (after %d extents, at byte 0x%x of the disk)", count, s.Start)
			}
			if err != nil {
				yield(disk.Span{}, err)
				return
			}
			if !yield(s, nil) {
				return
			}
			// Layers above may cut a compressed grain into any number of pieces.
			if s.State == disk.Data && s.Packed == 0 && named[s.File] <= size[s.File] {
				named[s.File] += s.Length
			}
		}
	}
}

// sizes are those of all files of all layers, in bytes, and their sum in bits.
func sizes(img disk.Image) (size map[string]int64, bits int64) {
	size = map[string]int64{}
	for ; img != nil; img = img.Parent() {
		for _, f := range img.Files() {
			size[f.Name] = f.Size
			bits += min(f.Size, math.MaxInt64/8-bits/8) * 8
		}
	}
	return size, bits
}

// extents are the map of an image with what is stored in one run as one, and the places in
// the files as they lie on disk.
func extents(ctx context.Context, img disk.Image) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		for s, err := range merged(ctx, img) {
			if err != nil || s.File == "" || s.Packed != 0 {
				if !yield(s, err) {
					return
				}
				continue
			}
			for _, at := range disk.PlacesOnDisk(img, decode.Place{File: s.File, Offset: s.Offset, Length: s.Length}) {
				s.File, s.Offset, s.Length = at.File, at.Offset, at.Length
				if !yield(s, nil) {
					return
				}
				s.Start += s.Length
			}
		}
	}
}

// merged joins spans that differ only in the table entries that led to them.
func merged(ctx context.Context, img disk.Image) iter.Seq2[disk.Span, error] {
	return func(yield func(disk.Span, error) bool) {
		var cur disk.Span
		for s, err := range spans(ctx, img, img.Map(0, img.Info().VirtualSize)) {
			if err != nil {
				yield(disk.Span{}, err)
				return
			}
			if cur.Length > 0 && follows(cur, s) {
				cur.Length += s.Length
				continue
			}
			if cur.Length > 0 && !yield(cur, nil) {
				return
			}
			cur, cur.Via = s, nil
		}
		if cur.Length > 0 {
			yield(cur, nil)
		}
	}
}

// follows reports whether b continues a: what has no place in a file does by
// being of the same kind, what has one by lying after it.
func follows(a, b disk.Span) bool {
	switch {
	case a.State != b.State || a.Layer != b.Layer || a.File != b.File || a.Packed != 0 || b.Packed != 0:
		return false
	case a.File == "":
		return true
	}
	return a.Offset+a.Length == b.Offset
}

func mapJSON(ctx context.Context, w io.Writer, img disk.Image) error {
	d := newDocument(w, "map")
	d.list("extents")
	for s, err := range extents(ctx, img) {
		if err != nil {
			return d.end(err)
		}
		d.item()
		d.number("start", s.Start)
		d.number("length", s.Length)
		d.text("state", s.State.String())
		d.number("layer", int64(s.Layer))
		if s.File == "" {
			d.null("file")
			d.null("offset")
		} else {
			d.text("file", s.File)
			d.number("offset", s.Offset)
		}
		if s.Packed > 0 {
			d.number("compressed", s.Packed)
		}
		d.close()
		if d.err != nil {
			break
		}
	}
	return d.end(nil)
}

// MapCSV reports the same as [Map] in lines of values with commas between
// them, the first of which names them. Numbers are bytes; what has no place in
// a file has none.
func MapCSV(ctx context.Context, w io.Writer, img disk.Image) error {
	if info := img.Info(); !info.Readable() {
		return info.Refused
	}
	out := csv.NewWriter(w)
	defer out.Flush()
	if err := out.Write([]string{"start", "length", "state", "layer", "file", "offset", "compressed"}); err != nil {
		return err
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for s, err := range extents(ctx, img) {
		if err != nil {
			return err
		}
		row := []string{number(s.Start), number(s.Length), s.State.String(), strconv.Itoa(s.Layer), "", "", ""}
		if s.File != "" {
			row[4], row[5] = decode.Printable(s.File), number(s.Offset)
		}
		if s.Packed > 0 {
			row[6] = number(s.Packed)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func mapText(ctx context.Context, w io.Writer, img disk.Image) error {
	info := img.Info()
	p := newPage(w)
	table := columns{{"start", 2 + hexDigits(info.VirtualSize), false}, {"length", len(decode.Grouped(info.VirtualSize)), true}, {"size", 10, true},
		{"state", 11, false}, {"layer", 5, true}, {"file offset", 2 + hexDigits(info.FileSize), false}, {"file", 0, false}}
	table.head(p)
	for s, err := range extents(ctx, img) {
		if err != nil {
			return p.end(err)
		}
		at, file := "", s.File
		if file != "" {
			at = hexOffset(s.Offset, info.FileSize)
		}
		if s.Packed > 0 {
			file += " (" + decode.FormatSize(uint64(s.Packed)) + " compressed)"
		}
		table.row(p, hexOffset(s.Start, info.VirtualSize), decode.Grouped(s.Length), decode.FormatSize(uint64(s.Length)), s.State.String(), strconv.Itoa(s.Layer), at, file)
		if p.err != nil {
			break
		}
	}
	return p.end(nil)
}
