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
		for _, at := range disk.PlacesOnDisk(img, decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}) {
			d.item()
			d.place(at)
			d.text("kind", string(r.Kind))
			d.text("name", r.Name)
			d.close()
		}
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
		for _, at := range disk.PlacesOnDisk(img, decode.Place{File: r.File, Offset: r.Offset, Length: r.Length}) {
			if first || at.File != file {
				if !first {
					p.print("")
				}
				file, first = at.File, false
				p.print("%s", file)
				table.head(p)
			}
			table.row(p, hexOffset(at.Offset, size), decode.Grouped(at.Length), decode.FormatSize(uint64(at.Length)), string(r.Kind), r.Name)
		}
		if p.err != nil {
			break
		}
	}
	return p.end(nil)
}
