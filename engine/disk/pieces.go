package disk

import (
	"slices"

	"platter/decode"
)

// Piece is a file of an image that is cut into several, which are read as one.
type Piece struct {
	File
	Start int64 // where it begins in the bytes of all, joined
}

// Pieced is an ability of images whose one file may be several on disk.
type Pieced interface {
	// Pieces are those files in their order; none of an image that is one file.
	Pieces() []Piece
}

// piecesOf are the pieces of the file of a name, of an image or of one below it.
func piecesOf(img Image, file string) []Piece {
	for ; img != nil; img = img.Parent() {
		if p, ok := img.(Pieced); ok && img.Files()[0].Name == file {
			return p.Pieces()
		}
	}
	return nil
}

// FilesOnDisk are the files of an image as they lie in its folder.
func FilesOnDisk(img Image) []File {
	list := piecesOf(img, img.Files()[0].Name)
	if len(list) == 0 {
		return img.Files()
	}
	var files []File
	for _, p := range list {
		files = append(files, p.File)
	}
	return files
}

// PlacesOnDisk is where a range of one of an image's files lies in the files of its
// folder.
func PlacesOnDisk(img Image, at decode.Place) []decode.Place {
	list := piecesOf(img, at.File)
	i, _ := slices.BinarySearchFunc(list, at.Offset, func(p Piece, off int64) int {
		switch {
		case off >= p.Start+p.Size:
			return -1
		case off < p.Start:
			return 1
		}
		return 0
	})
	var out []decode.Place
	for ; i < len(list) && at.Length > 0; i++ {
		p := list[i]
		n := min(at.Length, p.Start+p.Size-at.Offset)
		out = append(out, decode.Place{File: p.Name, Offset: at.Offset - p.Start, Length: n})
		at.Offset, at.Length = at.Offset+n, at.Length-n
	}
	if len(out) == 0 {
		return []decode.Place{at}
	}
	return out
}
