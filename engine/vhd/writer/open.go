package writer

import (
	"bytes"
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/pages"
	"platter/engine/store"
	reader "platter/engine/vhd"
)

// Write opens an image for writing its disk. The image was opened on the same
// files, which must not change in between. It is refused, with the finding's code,
// while an error says that the structures which place the disk can't be trusted.
func Write(ctx context.Context, i disk.Image, to store.FS, how disk.WriteOptions) (disk.Writer, error) {
	img := i.(*reader.Image)
	p := img.Parts()
	if err := trusted(ctx, img); err != nil {
		return nil, err
	}
	f, err := to.OpenWrite(p.Source.Name)
	if err != nil {
		return nil, err
	}
	f = store.Strict(f)
	if p.Kind == vhd.Fixed {
		return layer.NewPlain(f, p.Virtual), nil
	}
	w := &dynamic{parts: p, below: layer.Under{Parent: img.Parent()}, file: f, tables: pages.NewLedger(f, vhd.Sector)}
	w.room = room{footer: tailFooter(p), block: p.Table.Stored, ahead: how.Blocks(p.Table.Stored), next: p.Tail.Off, last: p.Tail.Off}
	return w, nil
}

// tailFooter is the footer as it is written at a new end: one of 511 bytes gets
// the byte that it lacks.
func tailFooter(p reader.Parts) []byte {
	return append(bytes.Clone(p.Tail.Raw), make([]byte, vhd.FooterSize-len(p.Tail.Raw))...)
}

// trusted refuses an image whose structures are in doubt.
func trusted(ctx context.Context, img *reader.Image) error {
	if err := disk.Trusted(ctx, img); err != nil {
		return err
	}
	p := img.Parts()
	if p.Kind != vhd.Fixed && (!p.Tail.Valid || p.Tail.Off%vhd.Sector != 0 || p.Tail.Off+p.Tail.Length != p.Size) {
		return disk.Errorf(disk.Unsupported, decode.Place{File: p.Source.Name, Offset: p.Tail.Off}, "the file does not end with a valid footer: repair that first")
	}
	return nil
}

// why words the reason for a write.
func why(format string, block int64) string { return fmt.Sprintf(format, block) }
