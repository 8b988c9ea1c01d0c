package edit

import (
	"context"
	"io"

	"platter/decode"
	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/store"
)

// Patch stages the edits of a patch: sectors through the format's writer, bytes of files
// where they lie.
func (s *Session) Patch(ctx context.Context, p Patch) error {
	for _, e := range p.Edits {
		title := "patch"
		if e.Comment != "" {
			title += ": " + decode.Printable(e.Comment)
		}
		var err error
		if e.File == "" {
			_, err = s.Write(ctx, title, e.Offset, e.New)
		} else {
			err = s.patchFile(title, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) patchFile(title string, e PatchEdit) error {
	img, err := s.Image()
	if err != nil {
		return err
	}
	f, err := fileOf(img, e.File)
	if err != nil {
		return err
	}
	return s.Stage(title, disk.Edit{File: f.Name, Offset: e.Offset, Data: e.New})
}

// TouchesDisk reports whether a patch changes sectors of the disk.
func (p Patch) TouchesDisk() bool {
	for _, e := range p.Edits {
		if e.File == "" {
			return true
		}
	}
	return false
}

// Difference is the patch that makes one disk of another, or with files set the first
// file of one image that of another's. Both must be of one size. More than a workspace
// takes is [store.ErrTooMuch].
func Difference(ctx context.Context, from, to disk.Image, files bool) (Patch, error) {
	p := Patch{Image: IdentityOf(from)}
	a, b, name := disk.DiskSurface(from), disk.DiskSurface(to), ""
	if files {
		a, b, name = disk.FileSurface(from.Files()[0]), disk.FileSurface(to.Files()[0]), from.Files()[0].Name
	}
	if a.Size != b.Size {
		return Patch{}, &disk.Error{Kind: disk.Unsupported, Op: "patch", What: "sizes differ: " + decode.Grouped(a.Size) + " and " + decode.Grouped(b.Size) + " bytes; a patch changes no size"}
	}
	total := int64(0)
	for r, err := range compare.Compare(ctx, a, b, func(int64, int64) {}) {
		if err != nil {
			return Patch{}, err
		}
		if total += r.Length; total > store.MaxStaged {
			return Patch{}, store.ErrTooMuch
		}
		e := PatchEdit{File: name, Offset: r.Start, Old: make([]byte, r.Length), New: make([]byte, r.Length)}
		if err := both(a, b, e); err != nil {
			return Patch{}, err
		}
		p.Edits = append(p.Edits, e)
	}
	return p, nil
}

func both(a, b disk.Surface, e PatchEdit) error {
	if n, err := a.ReadAt(e.Old, e.Offset); n < len(e.Old) && err != io.EOF {
		return err
	}
	if n, err := b.ReadAt(e.New, e.Offset); n < len(e.New) && err != io.EOF {
		return err
	}
	return nil
}
