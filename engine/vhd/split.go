package vhd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"platter/decode"
	"platter/decode/vhd"
	"platter/engine/disk"
	"platter/engine/store"
)

// piece is a file of a split image (vhd.md 16).
type piece struct {
	name  string
	start int64 // in the image
	file  store.File
	fault error // it is there but can't be read: it ends what is
}

// pieces are the files of a split image after the first; none of another.
type pieces []piece

// whole is a source with all pieces of its image as one file. Closing the pieces
// leaves the first file open; closing that of the new source closes all.
func whole(src disk.Source) (disk.Source, pieces, error) {
	size, err := src.File.Size()
	if err != nil {
		return src, nil, err
	}
	list := openPieces(src, size)
	if len(list) == 0 {
		return src, nil, nil
	}
	files := []store.File{src.File}
	for _, p := range list {
		if p.fault == nil {
			files = append(files, p.file)
		}
	}
	if src.File, err = store.Join(files...); err != nil {
		return src, nil, errors.Join(err, list.Close())
	}
	src.Name = joinedName(src.Name, list)
	return src, list, nil
}

// joinedName is the name of all pieces as one file: what is said of a place in that is
// not taken for a place in the first one.
func joinedName(first string, list pieces) string {
	last := list[len(list)-1]
	if last.fault != nil && len(list) > 1 {
		last = list[len(list)-2]
	}
	return fmt.Sprintf("%s to %s, joined", first, last.name)
}

// openPieces opens the files that go on with an image that has no footer at its
// end: name.v01, name.v02 and so on beside name.vhd.
func openPieces(src disk.Source, size int64) pieces {
	stem, ok := cutExtension(path.Base(src.Name), ".vhd")
	if !ok || src.Opener == nil || endsWithFooter(src.File, size) {
		return nil
	}
	var list pieces
	for len(list) < vhd.MaxPieces-1 {
		p := piece{name: fmt.Sprintf("%s.v%02d", stem, len(list)+1), start: size}
		var n int64
		if p.file, _, p.fault = src.Opener.OpenFile(p.name); p.fault == nil {
			n, p.fault = p.file.Size()
		}
		if p.fault != nil && p.file != nil {
			p.file.Close()
			p.file = nil
		}
		if errors.Is(p.fault, fs.ErrNotExist) || p.fault != nil && len(list) == 0 {
			break // without the first piece it is no set
		}
		list, size = append(list, p), size+n
		if p.fault != nil {
			break
		}
	}
	return list
}

func cutExtension(name, ext string) (stem string, ok bool) {
	i := len(name) - len(ext)
	if i <= 0 || !strings.EqualFold(name[i:], ext) {
		return "", false
	}
	return name[:i], true
}

func endsWithFooter(f store.File, size int64) bool {
	start := max(0, size-vhd.FooterSize)
	end, err := readUpTo(f, start, int(size-start))
	return err == nil && tailOf(end, size).present
}

// Close closes the pieces, and not the first file.
func (p pieces) Close() error {
	var errs []error
	for _, piece := range p {
		if piece.file != nil {
			errs = append(errs, piece.file.Close())
		}
	}
	return errors.Join(errs...)
}

// String names the pieces and where each begins.
func (p pieces) String() string {
	text := fmt.Sprintf("%d files, read as one", len(p)+1)
	for _, piece := range p {
		if piece.fault != nil {
			return text + "; it ends there: " + decode.Printable(piece.fault.Error())
		}
		text += fmt.Sprintf(", %s from 0x%x", piece.name, piece.start)
	}
	return text
}

// Pieces are the files of a split image, see [disk.Pieced].
func (v *Image) Pieces() []disk.Piece {
	if len(v.pieces) == 0 {
		return nil
	}
	names, starts := []string{v.first}, []int64{0}
	for _, p := range v.pieces {
		if p.fault == nil {
			names, starts = append(names, p.name), append(starts, p.start)
		}
	}
	list := make([]disk.Piece, len(names))
	for i, start := range starts {
		n := v.size - start
		if i+1 < len(starts) {
			n = starts[i+1] - start
		}
		list[i] = disk.Piece{File: disk.File{Name: names[i], Size: n, Data: io.NewSectionReader(v.src.File, start, n)}, Start: start}
	}
	return list
}

// Sealed says why no byte of a split image can be changed; empty for others.
func (v *Image) Sealed() string {
	if len(v.pieces) == 0 {
		return ""
	}
	return fmt.Sprintf("the image is split over %d files, which are only read: put them together to one file first", len(v.pieces)+1)
}

var _ disk.Sealer = (*Image)(nil)
