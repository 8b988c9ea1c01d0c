package report

import (
	"context"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/unclaimed"
)

// Unaccounted reports the ranges of the image's files that no structure explains, and
// what they hold. All of them are read.
func Unaccounted(ctx context.Context, w io.Writer, img disk.Image, form Form) error {
	if form == JSON {
		return unaccountedJSON(ctx, w, img)
	}
	return unaccountedText(ctx, w, img)
}

func unaccountedJSON(ctx context.Context, w io.Writer, img disk.Image) error {
	d := newDocument(w, "unaccounted")
	d.list("ranges")
	for r, err := range unclaimed.Ranges(ctx, img) {
		if err != nil {
			return d.end(err)
		}
		d.item()
		d.text("file", r.File)
		d.number("offset", r.Offset)
		d.number("length", r.Length)
		d.text("kind", string(r.Kind))
		d.text("name", r.Name)
		d.bool("empty", r.Empty())
		if first := r.Filling.First(r.Offset); !r.Empty() && first >= 0 {
			d.number("not_zero_from", first)
		}
		if r.Text.Words != "" {
			d.text("text", r.Text.Words)
			d.number("text_offset", r.Text.Offset)
		}
		d.close()
		if d.err != nil {
			break
		}
	}
	return d.end(nil)
}

func unaccountedText(ctx context.Context, w io.Writer, img disk.Image) error {
	p := newPage(w)
	size := int64(0)
	for _, f := range img.Files() {
		size = max(size, f.Size)
	}
	table := columns{{"offset", 2 + hexDigits(size), false}, {"length", len(decode.Grouped(size)), true}, {"size", 10, true}, {"holds", 24, false}, {"what", 0, false}}
	file, count, filled := "", 0, 0
	for r, err := range unclaimed.Ranges(ctx, img) {
		if err != nil {
			return p.end(err)
		}
		if count == 0 || r.File != file {
			if count > 0 {
				p.print("")
			}
			file = r.File
			p.print("%s", file)
			table.head(p)
		}
		count++
		table.row(p, hexOffset(r.Offset, size), decode.Grouped(r.Length), decode.FormatSize(uint64(r.Length)), r.Content(), r.Name)
		if !r.Empty() {
			filled++
		}
		if r.Text.Words != "" {
			p.print("    text at 0x%x: %s", r.Text.Offset, decode.InQuotes(r.Text.Words))
		}
		if p.err != nil {
			break
		}
	}
	if count == 0 {
		p.print("Every byte lies in a structure of the image. What stands in unused parts of these, check says.")
		return p.end(nil)
	}
	p.print("")
	p.print("%s, %s", decode.Plural(count, "range that no structure explains", "ranges that no structure explains"), fmt.Sprintf("%d of them not empty", filled))
	return p.end(nil)
}
