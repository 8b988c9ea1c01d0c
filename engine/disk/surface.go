package disk

import (
	"context"
	"io"
	"iter"
)

// Surface is something to be gone through from end to end: the virtual disk
// of an image, or one of its files.
type Surface struct {
	Name string // "disk", or the file's name
	Disk bool   // the virtual disk: what is not stored there is nobody's
	Size int64  // bytes
	io.ReaderAt

	// Runs tells what has to be read in [off, off+n), see [Runs] and
	// [FileRuns].
	Runs func(ctx context.Context, off, n int64) iter.Seq2[Run, error]
}

// DiskSurface is the virtual disk of an image.
func DiskSurface(img Image) Surface {
	return Surface{"disk", true, img.Info().VirtualSize, img, func(ctx context.Context, off, n int64) iter.Seq2[Run, error] {
		return Runs(ctx, img, off, n)
	}}
}

// FileSurface is a file of an image.
func FileSurface(f File) Surface {
	return Surface{f.Name, false, f.Size, f.Data, func(ctx context.Context, off, n int64) iter.Seq2[Run, error] {
		return FileRuns(ctx, f, off, n)
	}}
}

// Noun is what an error message calls it; not escaped.
func (s Surface) Noun() string {
	if s.Disk {
		return "virtual disk"
	}
	return "file " + s.Name
}
