package report

import (
	"context"
	"io"

	"platter/decode"
	"platter/engine/disk"
)

// Layout reports what each byte of each of the image's files is for.
func Layout(ctx context.Context, w io.Writer, img disk.Image, form Form) error {
	if form == JSON {
		return layoutJSON(ctx, w, img)
	}
	return layoutText(ctx, w, img)
}

func layoutJSON(ctx context.Context, w io.Writer, img disk.Image) error {
	d := newDocument(w, "layout")
	d.number("file_size", img.Info().FileSize)
	d.list("regions")
	for r, err := range img.Regions(ctx) {
		if err != nil {
			return d.end(err)
		}
		d.item()
		d.text("file", r.File)
		d.number("offset", r.Offset)
		d.number("length", r.Length)
		d.text("kind", string(r.Kind))
		d.text("name", r.Name)
		d.close()
		if d.err != nil {
			break
		}
	}
	return d.end(nil)
}

func layoutText(ctx context.Context, w io.Writer, img disk.Image) error {
	p := newPage(w)
	size := int64(0)
	for _, f := range img.Files() {
		size = max(size, f.Size)
	}
	table := columns{{"offset", 2 + hexDigits(size), false}, {"length", len(decode.Grouped(size)), true}, {"size", 10, true}, {"kind", 10, false}, {"name", 0, false}}
	file, first := "", true
	for r, err := range img.Regions(ctx) {
		if err != nil {
			return p.end(err)
		}
		if first || r.File != file {
			if !first {
				p.print("")
			}
			file, first = r.File, false
			p.print("%s", file)
			table.head(p)
		}
		table.row(p, hexOffset(r.Offset, size), decode.Grouped(r.Length), decode.FormatSize(uint64(r.Length)), string(r.Kind), r.Name)
		if p.err != nil {
			break
		}
	}
	return p.end(nil)
}
