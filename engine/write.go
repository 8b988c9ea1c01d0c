package engine

import (
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
)

// opensWriter opens the disk of an image for writing; the image was opened on the
// same files.
type opensWriter = func(context.Context, disk.Image, store.FS, disk.WriteOptions) (disk.Writer, error)

// WriteIn opens the disk of an image for writing, in a folder or in a change that
// is being made ([store.Tx]). Name is the image's in there, path as the user named
// it. It is refused while a finding says that the structures which place the disk
// can't be trusted ([disk.Refusal]); what is no disk is [disk.Unsupported].
func WriteIn(ctx context.Context, to store.FS, name, path string, opt Options, how disk.WriteOptions) (disk.Writer, error) {
	file, err := to.Open(name)
	if err != nil {
		return nil, err
	}
	img, err := OpenIn(ctx, to, name, file, path, opt)
	if err != nil {
		return nil, err
	}
	w, err := openWriter(ctx, img, to, how)
	if err != nil {
		img.Close()
		return nil, err
	}
	return writing{w, img}, nil
}

func openWriter(ctx context.Context, img disk.Image, to store.FS, how disk.WriteOptions) (disk.Writer, error) {
	f, err := formatOf(img)
	if err != nil {
		return nil, err
	}
	if f.write == nil {
		return nil, disk.Errorf(disk.Unsupported, decode.Place{File: img.Info().Path}, "no disk of the format %s can be written", f.name)
	}
	return f.write(ctx, img, to, how)
}

// writing closes the image that a writer was opened on, with its parents.
type writing struct {
	disk.Writer
	img disk.Image
}

// Blocks hands on what the writer counts.
func (w writing) Blocks() (stored, dropped int64) {
	if c, ok := w.Writer.(disk.Counter); ok {
		return c.Blocks()
	}
	return 0, 0
}

// Reveal hands on a range that is to be left to the parent.
func (w writing) Reveal(ctx context.Context, off, n int64) error {
	if r, ok := w.Writer.(disk.Revealer); ok {
		return r.Reveal(ctx, off, n)
	}
	return disk.NoParent()
}

// Hides hands on what would be lost by it.
func (w writing) Hides(ctx context.Context, off, n int64) (disk.Loss, error) {
	if r, ok := w.Writer.(disk.Revealer); ok {
		return r.Hides(ctx, off, n)
	}
	return disk.Loss{}, disk.NoParent()
}

// Compact hands on the wish for a shorter file.
func (w writing) Compact(ctx context.Context, opt disk.CompactOptions) (disk.Compacted, error) {
	if c, ok := w.Writer.(disk.Compacter); ok {
		return c.Compact(ctx, opt)
	}
	return disk.Compacted{}, disk.Errorf(disk.Unsupported, decode.Place{File: w.img.Info().Path}, "each sector of this disk has its place in the file: only holes can be made (--punch-only)")
}

// Keeps hands on why the writer gives no room back.
func (w writing) Keeps() string {
	if k, ok := w.Writer.(disk.Keeper); ok {
		return k.Keeps()
	}
	return ""
}

// Close closes the writer and the image.
func (w writing) Close(ctx context.Context) error {
	err := w.Writer.Close(ctx)
	if e := w.img.Close(); err == nil {
		err = e
	}
	return err
}
